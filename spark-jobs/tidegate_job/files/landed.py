"""The landed files of a batch, whatever their formats: what they say of themselves, their rows, and the
promise that each row is read or its file named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from ..changes.envelopes import flat_footers, flat_rows
from ..columns import BatchColumns, Footer, stored_type, types_read
from ..names import quote
from ..object_store import ObjectStore
from ..plan import Merge, PlannedFile, TextFiles
from .boolean_texts import boolean_columns, read_as_booleans, refuse_others
from .footers import read_footers
from .landed_scan import PATH, scan_parquet
from .landed_text import LandedText
from .text_values import ROWS_NAMED, as_time_text

_ROW = "_tg_row"
_TIME_TYPES = {"MILLIS": "int", "MICROS": "bigint", "NANOS": "bigint"}


class LandedFiles:
    """First `describe`, then `read`, then the rows by `rows_of`. Of parquet the first reads footers, and the
    last is one lazy scan. Text is read once, by `read`, and kept: only then is it known how many rows it
    has."""

    def __init__(
        self,
        spark: SparkSession,
        store: ObjectStore,
        files: Sequence[PlannedFile],
        merge: Merge,
        text: TextFiles,
    ) -> None:
        self._spark, self._store, self._merge, self._said = spark, store, merge, text
        self._parquet = [file for file in files if file.format == "parquet"]
        texts = [file for file in files if file.format != "parquet"]
        self._text = LandedText(spark, store, texts, merge, text) if texts else None
        self._footers: dict[str, Footer] = {}

    def describe(self, declared: Mapping[str, str] | None) -> Mapping[str, Footer]:
        """By file id; of text the rows are not counted yet. `declared`: the table's columns and types.
        BadFiles if a file does not say what it has, or has it in types that cannot be read."""
        if self._parquet:
            footers = read_footers(self._spark, self._store, self._parquet)
            if self._merge.envelope:
                footers = flat_footers(self._parquet, footers, self._merge)
            if booleans := boolean_columns(declared, self._said, self._merge):
                footers = {id_: read_as_booleans(footer, booleans) for id_, footer in footers.items()}
            self._footers = footers
        if self._text:
            self._footers |= self._text.describe(self._known(declared))
        return self._footers

    def read(self, columns: BatchColumns, held: ExitStack) -> Mapping[str, Footer]:
        """The same with all rows counted. What is kept of text goes when `held` is closed. BadFiles with the
        rows that are malformed, or hold what the type of their column does not."""
        wanted = {*types_read(columns), *columns.rescued}
        refuse_others(self._spark, self._parquet, self._footers, wanted)
        if self._text:
            self._footers |= self._text.read(self._footers, wanted, held)
        return self._footers

    def rows_of(self, files: Sequence[PlannedFile], types: Mapping[str, str]) -> DataFrame:
        """Rows of files that have columns of these types, null where one lacks a column; and PATH."""
        groups: dict[tuple[tuple[tuple[str, str], ...], tuple[str, ...]], list[PlannedFile]] = {}
        for file in files:
            if file.format == "parquet":
                footer = self._footers[file.file_id]
                groups.setdefault((footer.times, footer.booleans), []).append(file)
        frames = [self._rows_of_parquet(group, types) for group in groups.values()]
        if texts := [file for file in files if file.format != "parquet"]:
            assert self._text is not None
            frames.append(self._text.rows_of(texts, types))
        return reduce(DataFrame.unionAll, frames)

    def rows_where(self, file: PlannedFile, column: str, type_: str, condition: Column) -> tuple[int, ...]:
        """The first rows of the file, counted from 1 in its own order, that meet a condition on it."""
        if self._text and file.format != "parquet":
            return self._text.rows_where(file, condition)
        row = F.col("_metadata.row_index").alias(_ROW)
        scan = self._parquet_rows([file], {column: type_}, row)
        found = scan.where(condition).select(_ROW)
        return tuple(one[0] + 1 for one in found.orderBy(_ROW).limit(ROWS_NAMED).collect())

    def _rows_of_parquet(self, files: Sequence[PlannedFile], types: Mapping[str, str]) -> DataFrame:
        path = F.col("_metadata.file_path").alias(PATH)
        if not self._merge.envelope:
            return self._parquet_rows(files, types, path)
        return flat_rows(lambda raw: self._parquet_rows(files, raw, path), types, self._merge)

    def _parquet_rows(
        self, files: Sequence[PlannedFile], types: Mapping[str, str], more: Column
    ) -> DataFrame:
        """Files with the same columns that are times of a day, or texts of booleans."""
        footer = self._footers[files[0].file_id]
        times, booleans = dict(footer.times), set(footer.booleans)
        read = {name: _TIME_TYPES[times[name]] if name in times else type_ for name, type_ in types.items()}
        read |= dict.fromkeys(booleans & types.keys(), "string")
        schema = ", ".join(f"{quote(name)} {type_}" for name, type_ in read.items())
        rows = scan_parquet(self._spark, files, schema)
        for name in times.keys() & types.keys():
            rows = rows.withColumn(name, as_time_text(F.col(quote(name)), times[name]))
        for name in booleans & types.keys():
            rows = rows.withColumn(name, F.col(quote(name)).cast("boolean"))
        return rows.select("*", more)

    def _known(self, declared: Mapping[str, str] | None) -> dict[str, str]:
        """Types that text columns take if none is configured: the table's, or else those of the batch's
        parquet files, the first full load's before others'."""
        known: dict[str, str] = {}
        for file in sorted(self._parquet, key=lambda file: file.kind != "full"):
            for name, type_ in self._footers[file.file_id].columns:
                known.setdefault(name.lower(), stored_type(type_))
        return known | dict(declared or {})
