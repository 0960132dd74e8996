"""Landed files that are text, read once: each row is a value of its columns' types, or its file is named
with the row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import reduce

from py4j.protocol import Py4JJavaError
from pyspark.errors.exceptions.captured import CapturedException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from .. import names
from ..changes.envelopes import around_row
from ..columns import Footer, stored_type
from ..errors import COLUMN_UNUSABLE, ENVELOPE_MISSING, JobError
from ..java import first_line, is_full_disk, is_storage_failure, java_text
from ..kept import kept
from ..object_store import ObjectStore
from ..plan import Merge, PlannedFile, TextFiles
from .csv_files import csv_texts
from .file_checks import BadFiles, FileError, damaged, for_each_file, malformed
from .json_envelopes import TYPES
from .json_files import (
    envelope_names_in,
    first_names,
    json_texts,
    lines_as_envelopes,
    lines_as_they_are,
    names_in,
    ordered,
)
from .landed_scan import PATH, scan_lines, spellings
from .text_heads import CsvHead, csv_head, text_types
from .text_values import DOUBTFUL, ROWS_NAMED, WHOLE, WRONG, as_values, can_be_text

_FILES_SEARCHED = 20
"""In so many bad files the rows are searched: each is read again for it."""

_ROW = "_tg_row"
_SECOND_PARTITION = 1 << 33
# What parsers and decompressors say of bytes that they cannot read.
_CONTENT = ("TextParsingException", "EOFException", "ZipException", "DataFormatException")


@dataclass(frozen=True)
class _Counted:
    """What reading found in a file: `wrong` is the number of its malformed rows."""

    rows: int = 0
    wrong: int = 0
    doubtful: bool = False


class LandedText:
    """The text files of one batch."""

    def __init__(
        self,
        spark: SparkSession,
        store: ObjectStore,
        files: Sequence[PlannedFile],
        merge: Merge,
        text: TextFiles,
    ) -> None:
        self._spark, self._store, self._files, self._merge, self._text = spark, store, files, merge, text
        self._heads: dict[str, CsvHead] = {}  # of CSV files
        self._types: Mapping[str, str] = {}
        self._rows: DataFrame | None = None
        self._around = around_row(merge) if merge.envelope else frozenset[str]()
        self._pairs_of = lines_as_envelopes(self._around) if merge.envelope else lines_as_they_are()

    def describe(self, known: Mapping[str, str]) -> dict[str, Footer]:
        """Columns by file id, in types that are configured or `known`; rows are 0 yet. BadFiles if a file
        does not say what it has. JobError TG2107 if nothing names its columns."""
        footers: dict[str, Footer] = {}
        errors: list[FileError] = []
        for file, found in self._names():
            if isinstance(found, FileError):
                errors.append(found)
                continue
            columns = text_types(found, self._text, self._known(known))
            for name, type_ in columns:
                if not can_be_text(type_):
                    why = f"text cannot be read as `{type_}`"
                    error = JobError(COLUMN_UNUSABLE, uri=file.uri, column=name, why=why)
                    errors.append(FileError(file, "read", "columns", error))
            footers[file.file_id] = Footer(0, columns)
        if errors:
            raise BadFiles(errors)
        return footers

    def read(
        self, footers: Mapping[str, Footer], wanted: Collection[str], held: ExitStack
    ) -> dict[str, Footer]:
        """The same with their rows, of which the `wanted` columns are kept until `held` is closed. BadFiles
        for malformed rows; else what Spark throws."""
        self._types = {
            name.lower(): stored_type(type_)
            for file in self._files
            for name, type_ in footers[file.file_id].columns
            if name.lower() in wanted
        }
        with self._blaming(self._files, lambda file: self._read([file]).select(F.max(WRONG)).collect()):
            self._rows = kept(self._read(self._files), held)
            counted = self._count(self._rows)
        self._refuse_wrong(counted)
        self._refuse_doubtful([file for file in self._files if counted[file.file_id].doubtful])
        return {
            file.file_id: replace(footers[file.file_id], rows=counted[file.file_id].rows)
            for file in self._files
        }

    def rows_of(self, files: Sequence[PlannedFile], types: Mapping[str, str]) -> DataFrame:
        """What was read of these files: columns of these types by lower-case name, null if no file has one;
        and PATH."""
        assert self._rows is not None, "rows before read"
        rows = self._rows
        if len(files) < len(self._files):
            rows = rows.where(
                F.col(PATH).isin([path for file in files for path in spellings(self._spark, file)])
            )
        columns = (
            (F.col(names.quote(name)) if name in self._types else F.lit(None)).cast(type_).alias(name)
            for name, type_ in types.items()
        )
        return rows.select(*columns, PATH)

    def rows_where(self, file: PlannedFile, condition: Column) -> tuple[int, ...]:
        """The first rows of the file, counted from 1 in its own order and without a header, that meet the
        condition."""
        found = self._numbered(file).where(condition).select(_ROW).orderBy(_ROW).limit(ROWS_NAMED)
        return tuple(row[0] for row in found.collect())

    def _numbered(self, file: PlannedFile) -> DataFrame:
        # The ids of one partition are the numbers of its rows, and only large files have several.
        row = F.monotonically_increasing_id()
        return self._read([file]).withColumn(_ROW, row + 1).where(F.col(_ROW) < _SECOND_PARTITION)

    def _known(self, types: Mapping[str, str]) -> Mapping[str, str]:
        """And what is known of envelopes: what a key was before is of its type."""
        if not self._merge.envelope:
            return types
        of_keys = {**types, **dict(self._text.columns)}
        before = {name: of_keys[key] for key, name in self._merge.before_keys.items() if key in of_keys}
        return {**TYPES, **types, **before}

    def _names(self) -> Iterator[tuple[PlannedFile, Sequence[str] | FileError]]:
        """The names of each file's columns, in their order."""
        csv = [file for file in self._files if file.format == "csv"]
        if self._merge.envelope:
            yield from ((file, _no_envelopes(file)) for file in csv)
            csv = []
        heads = for_each_file(self._head, csv) if csv else []
        for file, head in zip(csv, heads, strict=True):
            if isinstance(head, CsvHead):
                self._heads[file.file_id] = head
            yield file, head.names if isinstance(head, CsvHead) else head
        json = [file for file in self._files if file.format == "json"]
        firsts = for_each_file(self._first_names, json) if json else []
        readable = [one for one, first in zip(json, firsts, strict=True) if not isinstance(first, FileError)]
        all_names: dict[str, set[str]] = {}
        if readable:
            with self._blaming(readable, lambda file: self._names_in([file])):
                all_names = self._names_in(readable)
        for file, first in zip(json, firsts, strict=True):
            if isinstance(first, FileError):
                yield file, first
                continue
            found = ordered(self._text, first, all_names[file.file_id])
            nothing = self._merge.envelope and self._around.issuperset(name.lower() for name in found)
            yield file, _no_envelopes(file) if nothing else found

    def _names_in(self, files: Sequence[PlannedFile]) -> dict[str, set[str]]:
        if self._merge.envelope:
            return envelope_names_in(self._spark, files, self._pairs_of)
        return names_in(self._spark, files)

    def _head(self, file: PlannedFile) -> CsvHead | FileError:
        return csv_head(self._store, file, self._text, self._merge)

    def _first_names(self, file: PlannedFile) -> tuple[str, ...] | FileError:
        try:
            return first_names(self._store, file, self._pairs_of)
        except JobError as error:
            return FileError(file, "read", "columns", error)

    def _read(self, files: Sequence[PlannedFile]) -> DataFrame:
        groups: dict[CsvHead | None, list[PlannedFile]] = {}
        for file in files:
            groups.setdefault(self._heads.get(file.file_id), []).append(file)
        return reduce(DataFrame.unionAll, (self._group(head, group) for head, group in groups.items()))

    def _group(self, head: CsvHead | None, files: Sequence[PlannedFile]) -> DataFrame:
        if head is None:
            wanted = list(self._types)
            texts = json_texts(self._spark, files, wanted, self._pairs_of)
        else:
            wanted = [name.lower() for name in head.names]
            texts = csv_texts(self._spark, files, head, self._text)
        return as_values(texts, {name: place for place, name in enumerate(wanted)}, self._types)

    def _count(self, rows: DataFrame) -> dict[str, _Counted]:
        found = rows.groupBy(PATH).agg(
            F.count(F.lit(1)).alias("rows"),
            F.count(F.col(WRONG)).alias("wrong"),
            F.max(F.col(DOUBTFUL)).alias("doubtful"),
        )
        by_path = {row[PATH]: _Counted(row["rows"], row["wrong"], row["doubtful"]) for row in found.collect()}
        return {
            file.file_id: next(
                (by_path[path] for path in spellings(self._spark, file) if path in by_path), _Counted()
            )
            for file in self._files
        }

    def _refuse_wrong(self, counted: Mapping[str, _Counted]) -> None:
        wrong = [file for file in self._files if counted[file.file_id].wrong]
        searched = for_each_file(self._first_wrong, wrong[:_FILES_SEARCHED]) if wrong else []
        errors = []
        for place, file in enumerate(wrong):
            numbers, what = searched[place] if place < len(searched) else ((), "")
            number = counted[file.file_id].wrong
            errors.append(malformed(file, number, numbers, self._why(file, what)))
        if errors:
            raise BadFiles(errors)

    def _first_wrong(self, file: PlannedFile) -> tuple[tuple[int, ...], str]:
        wrong = self._numbered(file).where(F.col(WRONG).isNotNull()).select(_ROW, WRONG)
        first = wrong.orderBy(_ROW).limit(ROWS_NAMED).collect()
        return tuple(row[0] for row in first), first[0][1] if first else WHOLE

    def _why(self, file: PlannedFile, what: str) -> str:
        head = self._heads.get(file.file_id)
        if what == WHOLE:
            if head:
                return f"not {len(head.names)} fields"
            return f"no {'envelope' if self._merge.envelope else 'JSON object'}, or a name in it twice"
        return f"what `{what}` holds is no `{self._types[what]}`"

    @contextmanager
    def _blaming(self, files: Sequence[PlannedFile], read: Callable[[PlannedFile], object]) -> Iterator[None]:
        """Of what goes wrong with text Spark does not say in which file, so each is read by itself.
        BadFiles for those that `read` cannot read."""

        def fault(file: PlannedFile) -> FileError | None:
            try:
                read(file)
            except (Py4JJavaError, CapturedException) as error:
                if is_storage_failure(error) or is_full_disk(error):
                    raise
                # Whatever else fails is not the file's fault: good files must not be put aside for it.
                return self._fault(file, error) if _names_content(error) else None
            return None

        try:
            yield
        except (Py4JJavaError, CapturedException) as error:
            if is_storage_failure(error) or is_full_disk(error) or not _names_content(error):
                raise
            if errors := [found for found in for_each_file(fault, files) if found]:
                raise BadFiles(errors) from error
            raise

    def _fault(self, file: PlannedFile, error: Exception) -> FileError:
        said = java_text(error)
        if "Unescaped quote character" not in said:
            return damaged(file, first_line(error))
        # Counted from 0, and the header is a record.
        record = re.search(r"record=(\d+)", said)
        rows = (int(record[1]) + (0 if self._text.header else 1),) if record else ()
        return malformed(file, "some", rows, "a quote inside quotes that is not escaped")

    def _refuse_doubtful(self, files: Sequence[PlannedFile]) -> None:
        """A quote that nothing closes holds the rest of the file, and bytes that are no UTF-8 become other
        ones: the parser minds neither. The lines tell, and are asked only where a row looks like it."""
        errors = []
        for file in files:
            line = F.col("value")
            quotes = F.sum(F.length(line) - F.length(F.translate(line, self._text.quote, "")))
            lost = F.count(F.when(line.cast("binary") != F.encode(line, "UTF-8"), 1))
            found = scan_lines(self._spark, [file], "\n").select(quotes, lost).collect()[0]
            if found[1]:
                errors.append(malformed(file, found[1], (), "bytes that are no UTF-8"))
            elif self._text.quote == self._text.escape and found[0] % 2 == 1:
                errors.append(malformed(file, "some", (), "a quote that nothing closes"))
        if errors:
            raise BadFiles(errors)


def _no_envelopes(file: PlannedFile) -> FileError:
    return FileError(file, "read", "columns", JobError(ENVELOPE_MISSING, uri=file.uri))


def _names_content(error: Exception) -> bool:
    return any(name in java_text(error) for name in _CONTENT)
