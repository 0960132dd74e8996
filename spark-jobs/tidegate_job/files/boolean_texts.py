"""Booleans that parquet files have as texts, as AWS DMS writes those of PostgreSQL by default: read as what
the table or the configuration says they are, if each text is one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from ..columns import Footer
from ..names import quote
from ..plan import Merge, PlannedFile, TextFiles
from .file_checks import BadFiles, FileError, malformed
from .landed_scan import PATH, scan_parquet, spellings
from .text_values import ROWS_NAMED, WRONG, is_wrong, place_of

_BOOLEAN = "boolean"
_ROW = "_tg_row"


def boolean_columns(declared: Mapping[str, str] | None, text: TextFiles, merge: Merge) -> frozenset[str]:
    """Columns, in lower case, whose texts are booleans: those that are configured so, and the table's own,
    unless the table keeps beside its rows what doesn't fit. None of envelopes."""
    if merge.envelope:
        return frozenset()
    types = {} if merge.schema_policy == "lenient" else dict(declared or {})
    return frozenset(name for name, type_ in (types | dict(text.columns)).items() if type_ == _BOOLEAN)


def read_as_booleans(footer: Footer, wanted: frozenset[str]) -> Footer:
    """The footer with those of the `wanted` columns as booleans that are texts in the file."""
    texts = tuple(
        name.lower() for name, type_ in footer.columns if type_ == "string" and name.lower() in wanted
    )
    if not texts:
        return footer
    columns = ((name, _BOOLEAN if name.lower() in texts else type_) for name, type_ in footer.columns)
    return replace(footer, columns=tuple(columns), booleans=texts)


def refuse_others(
    spark: SparkSession,
    files: Sequence[PlannedFile],
    footers: Mapping[str, Footer],
    wanted: Collection[str],
) -> None:
    """BadFiles for files whose texts, in columns that are `wanted`, are not all booleans. One job for all
    files with the same such columns."""
    groups: dict[tuple[str, ...], list[PlannedFile]] = {}
    for file in files:
        if booleans := tuple(name for name in footers[file.file_id].booleans if name in wanted):
            groups.setdefault(booleans, []).append(file)
    errors: list[FileError] = []
    for names, group in groups.items():
        wrong = _wrong(spark, group, names, F.col("_metadata.file_path").alias(PATH))
        rows_by_path = {row[PATH]: row["count"] for row in wrong.groupBy(PATH).count().collect()}
        for file in group:
            rows = sum(rows_by_path.get(path, 0) for path in spellings(spark, file))
            if rows:
                errors.append(_error(spark, file, names, rows))
    if errors:
        raise BadFiles(errors)


def _error(spark: SparkSession, file: PlannedFile, names: Sequence[str], rows: int) -> FileError:
    row = F.col("_metadata.row_index").alias(_ROW)
    first = _wrong(spark, [file], names, row).orderBy(_ROW).limit(ROWS_NAMED).collect()
    numbers = tuple(found[_ROW] + 1 for found in first)
    return malformed(file, rows, numbers, f"what `{first[0][WRONG]}` holds is no `{_BOOLEAN}`")


def _wrong(
    spark: SparkSession, files: Sequence[PlannedFile], names: Sequence[str], more: Column
) -> DataFrame:
    """`more` of each row that has a text which is no boolean, and the first such column of it as WRONG."""
    scan = scan_parquet(spark, files, ", ".join(f"{quote(name)} string" for name in names))
    texts = scan.select(
        *(F.col(quote(name)).alias(place_of(place)) for place, name in enumerate(names)), more
    )
    wrong = (F.when(is_wrong(place_of(place), _BOOLEAN), F.lit(name)) for place, name in enumerate(names))
    return texts.withColumn(WRONG, F.coalesce(*wrong)).where(F.col(WRONG).isNotNull())
