"""What each change does to the table. In snapshot mode that is one join of the folded changes with the pinned
snapshot, whose result is also the merge's source; in historical mode each change is a version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from .. import names
from ..evidence import ROWS_A_PART, Delete, KeyColumn
from ..key_values import KeyValue, encode
from ..outcome import AppliedFile, RowCounts
from .fold import DELETE
from .kinds import is_update
from .operations import Operations

EFFECT = "_tg_effect"
INSERTED, UPDATED, DELETED, STALE = "inserted", "updated", "deleted", "stale"
CHANGING = (INSERTED, UPDATED, DELETED)
_STORED = "_tg_stored_sequence"
_REMEMBERED = "_tg_remembered_sequence"
HIT_FILE, HIT_POSITION = "_tg_hit_file", "_tg_hit_position"
"""Where the stored row of a change is, in a format whose rows have a place."""


def with_effects(
    folded: DataFrame, keys: Sequence[str], stored: DataFrame | None, remembered: DataFrame | None
) -> DataFrame:
    """`folded` with a column EFFECT. `stored` has the keys and sequences of the table's rows (and what else
    is to be kept of them), `remembered` those of deletes; both may lack keys that are not among `folded`.

    Strictly greater is needed on both sides (rule 5), so whatever was applied first stays. A delete is
    compared with the stored row only: where a remembered delete has its equal sequence it may be that very
    delete, of a table that was rolled back.
    """
    sequence = F.col(names.SEQUENCE)
    joined = _left_join(folded, stored, keys, _STORED)
    joined = _left_join(joined, remembered, keys, _REMEMBERED)
    outranked = (sequence <= F.col(_STORED)) | (~F.col(DELETE) & (sequence <= F.col(_REMEMBERED)))
    effect = (
        F.when(F.coalesce(outranked, F.lit(False)), STALE)
        .when(F.col(_STORED).isNotNull() & F.col(DELETE), DELETED)
        .when(F.col(_STORED).isNotNull(), UPDATED)
        .when(F.col(DELETE), STALE)
        .otherwise(INSERTED)
    )
    return joined.withColumn(EFFECT, effect).drop(_STORED, _REMEMBERED)


def as_versions(changes: DataFrame, operations: Operations) -> DataFrame:
    """`changes` with a column EFFECT for historical mode, where each is a row and counts by its operation;
    what neither deletes nor updates is an insert."""
    effect = (
        F.when(F.col(DELETE), DELETED)
        .when(is_update(F.col(names.OPERATION), operations), UPDATED)
        .otherwise(INSERTED)
    )
    return changes.withColumn(EFFECT, effect)


def as_inserts(changes: DataFrame) -> DataFrame:
    """`changes` with a column EFFECT, for an empty table and rows without an operation, each key once."""
    return changes.withColumn(EFFECT, F.lit(INSERTED))


def count_effects(effects: DataFrame, read: int, skipped: int = 0) -> tuple[RowCounts, dict[str, int]]:
    """Rows by effect, and how many rows of each data file of the table are updated or deleted.

    `skipped` of the rows read are no changes. What else is not among the folded rows lost inside the batch:
    `duplicate`.
    """
    by_file = [HIT_FILE] if HIT_FILE in effects.columns else []
    found: dict[str, int] = {}
    hit: dict[str, int] = {}
    for row in effects.groupBy(EFFECT, *by_file).count().collect():
        effect, rows = row[EFFECT], int(row["count"])
        found[effect] = found.get(effect, 0) + rows
        if by_file and effect in (UPDATED, DELETED):
            hit[row[HIT_FILE]] = hit.get(row[HIT_FILE], 0) + rows
    counts = RowCounts(
        read=read,
        inserted=found.get(INSERTED, 0),
        updated=found.get(UPDATED, 0),
        deleted=found.get(DELETED, 0),
        stale=found.get(STALE, 0),
        duplicate=read - skipped - sum(found.values()),
        skipped=skipped,
    )
    return counts, hit


def inserted_only(files: Sequence[AppliedFile]) -> RowCounts:
    """The counts of `as_inserts`, from those of the files."""
    read = sum(file.rows for file in files)
    return RowCounts(read=read, inserted=read, updated=0, deleted=0, stale=0, duplicate=0)


def remembered_frame(
    spark: SparkSession, deletes: Mapping[tuple[KeyValue, ...], str], keys: Sequence[KeyColumn]
) -> DataFrame:
    """Deletes from the tombstone log as a frame: the keys in their own types, and the sequence."""
    places = [f"k{place}" for place in range(len(keys))]
    schema = ", ".join(f"{column} string" for column in (*places, "s"))
    rows = [(*map(_as_text, values), sequence) for values, sequence in deletes.items()]
    texts = spark.createDataFrame(rows, schema)
    typed = (_decoded(F.col(p), key.type).alias(key.name) for p, key in zip(places, keys, strict=True))
    return texts.select(*typed, F.col("s").alias(names.SEQUENCE))


def collect_deletes(deletes: DataFrame, keys: Sequence[KeyColumn], at_most: int) -> Iterator[Delete]:
    """Each deleted key, encoded, with the highest sequence of its deletes; in order of sequence, so that few
    parts of the log reach high. `deletes` are the changes that delete.

    `at_most` is how many there are: more than a part's rows are folded and sorted by Spark and fetched bit by
    bit.
    """
    rows = deletes.select(names.SEQUENCE, *(_encodable(key) for key in keys))
    if at_most > ROWS_A_PART:
        columns = rows.columns
        folded = rows.groupBy(*columns[1:]).agg(F.max(names.SEQUENCE).alias(names.SEQUENCE)).select(*columns)
        for row in folded.orderBy(names.SEQUENCE).toLocalIterator():
            yield str(row[0]), tuple(encode(value) for value in row[1:])
        return
    highest: dict[tuple[KeyValue, ...], str] = {}
    for row in rows.collect():
        key = tuple(encode(value) for value in row[1:])
        highest[key] = max(str(row[0]), highest.get(key, ""))
    yield from sorted(((sequence, key) for key, sequence in highest.items()), key=lambda delete: delete[0])


def _left_join(left: DataFrame, right: DataFrame | None, keys: Sequence[str], sequence_as: str) -> DataFrame:
    if right is None:
        return left.withColumn(sequence_as, F.lit(None).cast("string"))
    return left.join(right.withColumnRenamed(names.SEQUENCE, sequence_as), list(keys), "left")


def _encodable(key: KeyColumn) -> Column:
    column = F.col(names.quote(key.name))
    # Python's datetime would lose the zone.
    return F.unix_micros(column).alias(key.name) if key.type == "timestamp" else column


def _decoded(text: Column, type_: str) -> Column:
    if type_ == "timestamp":
        return F.timestamp_micros(text.cast("bigint"))
    if type_ == "binary":
        return F.unhex(text)
    return text.cast(type_)


def _as_text(value: KeyValue) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
