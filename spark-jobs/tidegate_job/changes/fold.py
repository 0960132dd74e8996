"""A batch's files as changes, folded to the newest one of each key (rule 5). Spark expressions only, no I/O
of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession, Window, WindowSpec
from pyspark.sql import functions as F

from .. import names
from ..columns import BatchColumns, Footer, types_read
from ..files.landed_scan import PATH, spellings
from ..files.mixed_scan import RowsOf, scan_files
from ..plan import Merge, PlannedFile
from .key_changes import DERIVED, with_old_keys
from .kinds import is_change, is_delete, is_unlisted, mark_counts, marks
from .sequences import sequence_text

DELETE = "_tg_delete"
PUT_AT = "_tg_put_at"
_NULL_KEY = "_tg_null_key_"
_LOADED = "L"


@dataclass(frozen=True)
class FileRows:
    """What reading found in one file; `lowest` and `highest` are the normalised sequences, a missing one
    being empty. `derived` are deletes of old keys, which are not among `rows`. `unknown` rows have an
    operation that no list names, the first of which is `unknown_as`."""

    rows: int
    deletes: int
    lowest: str | None
    highest: str | None
    lowest_present: str | None
    null_keys: Mapping[str, int]
    skipped: int = 0
    derived: int = 0
    unknown: int = 0
    unknown_as: str | None = None
    without_operation: int = 0


def read_changes(
    spark: SparkSession,
    files: Sequence[PlannedFile],
    footers: Mapping[str, Footer],
    columns: BatchColumns,
    merge: Merge,
    now_ms: int,
    rows_of: RowsOf,
) -> DataFrame:
    """One row a change: the data columns, and sequence, operation, file, put time, whether it deletes, and
    `now_ms` (epoch milliseconds) as the time of being applied.

    One scan, whatever the number of files, as long as they have each column with one type: a column that a
    file lacks (a full load has no operation) reads as null. `rows_of` makes it.
    """
    types = types_read(columns)
    scan = scan_files(files, footers, types, columns, rows_of)
    by = merge.operations.column
    given = F.col(names.quote(by)) if by is not None and by in types else F.lit(None)
    operation = given.cast("string")
    rows, moved = with_old_keys(scan, merge, types, operation)
    deletes = is_delete(operation, merge.operations)
    changes = rows.select(
        *(F.col(names.quote(name)) for name in columns.data),
        sequence_text(merge.sequence_columns, types).alias(names.SEQUENCE),
        F.coalesce(operation, F.lit(_LOADED)).alias(names.OPERATION),
        (deletes if moved is None else deletes | moved).alias(DELETE),
        *([] if moved is None else [moved]),
        *marks(operation, merge),
        F.col(PATH),
    )
    known = F.broadcast(_file_table(spark, files, now_ms))
    if len(files) == 1:
        return changes.drop(PATH).crossJoin(known.drop(PATH).distinct())
    # An inner join: rows under a path that is not in the plan would show as missing rows of that file.
    return changes.join(known, PATH).drop(PATH)


def file_rows(changes: DataFrame, keys: Sequence[str]) -> dict[str, FileRows]:
    """What each file holds, in one job over its key, sequence and operation columns."""
    real = is_change(changes)
    sequence = F.when(real, F.col(names.SEQUENCE))
    nulls = {key: F.col(names.quote(key)).isNull() & real for key in keys}
    marked = mark_counts(changes)
    if DERIVED in changes.columns:
        marked["derived"] = F.count(F.when(F.col(DERIVED), 1))
    found = (
        changes.groupBy(names.FILE)
        .agg(
            F.count(F.lit(1)).alias("rows"),
            F.count(F.when(F.col(DELETE), 1)).alias("deletes"),
            F.min(sequence).alias("lowest"),
            F.max(sequence).alias("highest"),
            F.min(F.when(sequence != "", sequence)).alias("lowest_present"),
            *(count.alias(name) for name, count in marked.items()),
            *(F.count(F.when(null, 1)).alias(_NULL_KEY + key) for key, null in nulls.items()),
        )
        .collect()
    )
    return {
        row[names.FILE]: FileRows(
            rows=row["rows"] - (row["derived"] if "derived" in marked else 0),
            deletes=row["deletes"],
            lowest=row["lowest"],
            highest=row["highest"],
            lowest_present=row["lowest_present"],
            null_keys={key: row[_NULL_KEY + key] for key in keys if row[_NULL_KEY + key]},
            **{name: row[name] for name in marked},
        )
        for row in found
    }


def bad_rows(
    file: PlannedFile,
    column: str,
    columns: BatchColumns,
    merge: Merge,
    rows_where: Callable[[PlannedFile, str, str, Column], tuple[int, ...]],
) -> tuple[int, ...]:
    """The first rows of the file, counted from 1 in its own order, that have no value in the key `column`, or
    an operation there that no list names; none are told of envelopes. `rows_where` finds rows by a
    condition on one column of a type."""
    if merge.envelope:
        return ()
    is_key = column in merge.keys
    type_ = columns.data[column] if is_key else columns.special[column]
    value = F.col(names.quote(column))
    wanted = value.isNull() if is_key else is_unlisted(value.cast("string"), merge.operations, file.kind)
    return rows_where(file, column, type_, wanted)


def newest_first(changes: DataFrame, keys: Sequence[str]) -> WindowSpec:
    """The changes of each key in the order in which they win. A tie goes to the file put earliest, then to
    the smallest row hash."""
    data = [name for name in changes.columns if not name.startswith(names.RESERVED_PREFIX)]
    row_hash = _row_hash(changes, [*data, names.OPERATION]).asc()
    # Two rows that swap their keys: what each is now wins over what it was.
    derived = [F.col(DERIVED).asc()] if DERIVED in changes.columns else []
    return Window.partitionBy(*(F.col(names.quote(key)) for key in keys)).orderBy(
        F.col(names.SEQUENCE).desc(), F.col(PUT_AT).asc(), *derived, row_hash
    )


def fold(changes: DataFrame, keys: Sequence[str]) -> DataFrame:
    """The newest change of each key."""
    place = "_tg_place"
    numbered = changes.withColumn(place, F.row_number().over(newest_first(changes, keys)))
    return numbered.where(F.col(place) == 1).drop(place)


def keys_are_unique(changes: DataFrame, keys: Sequence[str], rows: int) -> bool:
    """Whether there are `rows` rows, each with a key, and no key twice: then there is nothing to fold, and
    nothing amiss. One pass over the key columns alone."""
    columns = [F.col(names.quote(key)) for key in keys]
    missing = F.greatest(*(column.isNull() for column in columns)) if len(keys) > 1 else columns[0].isNull()
    count = F.col("count")
    found = changes.groupBy(*columns).count().agg(F.sum(count), F.max(count), F.max(missing)).collect()[0]
    return tuple(found) == (rows, 1, False)


def rows_of_plain_files(footers: Mapping[str, Footer]) -> dict[str, FileRows]:
    """What is known of files that have neither sequence nor operation, and all of whose rows could be
    read."""
    return {
        file_id: FileRows(footer.rows, 0, "", "", None, {})
        for file_id, footer in footers.items()
        if footer.rows
    }


def _row_hash(changes: DataFrame, columns: Sequence[str]) -> Column:
    # xxhash64 skips nulls, so (null, 1) and (1, null) would tie without the flags; it has no hash for maps.
    types = dict(changes.dtypes)
    hashed = [
        F.to_json(names.quote(name)) if "map<" in types[name] else F.col(names.quote(name))
        for name in columns
    ]
    flags = F.concat(*(F.when(column.isNull(), "0").otherwise("1") for column in hashed))
    return F.xxhash64(flags, *hashed)


def _file_table(spark: SparkSession, files: Sequence[PlannedFile], now_ms: int) -> DataFrame:
    """Numbers come from a table and not as literals: those would be compiled into Spark's code, and each
    batch would have code of its own."""
    rows = [
        {"path": spelling, "id": file.file_id, "at": file.put_at_s, "now": now_ms}
        for file in files
        for spelling in spellings(spark, file)
    ]
    parsed = F.from_json(
        F.lit(json.dumps(rows)), "array<struct<path: string, id: string, at: bigint, now: bigint>>"
    )
    return (
        spark.range(1, numPartitions=1)
        .select(F.inline(parsed))
        .select(
            F.col("path").alias(PATH),
            F.col("id").alias(names.FILE),
            F.col("at").alias(PUT_AT),
            F.timestamp_millis("now").alias(names.APPLIED_AT),
        )
    )
