"""What a text file says of itself before it is read: its columns, from a header, from the configuration or
from its lines; and how its lines end. Reads the beginning of a file only."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..changes.operations import Operations
from ..errors import CSV_FIELDS, CSV_HEADER, CSV_UNNAMED, FILE_COMPRESSION, JobError
from ..object_store import ObjectStore
from ..plan import Merge, PlannedFile, TextFiles
from .file_checks import FileError

_GZIP = b"\x1f\x8b"
_FIRST_LOOK = 64 * 1024
_LONGEST_RECORD = 16 * 1024 * 1024
_OPERATIONS = ("I", "U", "D")


@dataclass(frozen=True)
class CsvHead:
    """The names of a CSV file's fields, in order, and what ends its lines."""

    names: tuple[str, ...]
    line_end: str


def head_text(store: ObjectStore, file: PlannedFile, at_most: int) -> tuple[str, bool]:
    """Text from the beginning of the file, out of about `at_most` bytes of it, and whether that is all.
    JobError TG2110 if name and content disagree on whether it is compressed."""
    content = store.get_range(file.uri, 0, min(at_most, file.bytes))
    zipped = content.startswith(_GZIP)
    # Hadoop goes by the name, and minds its case.
    if zipped != file.uri.endswith(".gz"):
        why = "its content is gzip" if zipped else "its content is no gzip"
        raise JobError(FILE_COMPRESSION, uri=file.uri, why=why)
    whole = at_most >= file.bytes
    if zipped:
        try:
            content = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content)
        except zlib.error as error:
            raise JobError(FILE_COMPRESSION, uri=file.uri, why=str(error)) from error
    return content.decode("utf-8-sig", "replace"), whole


def csv_head(store: ObjectStore, file: PlannedFile, text: TextFiles, merge: Merge) -> CsvHead | FileError:
    """The file's names. JobError TG2107 if nothing names its columns, which is not the file's fault."""
    look = _FIRST_LOOK
    try:
        content, whole = head_text(store, file, look)
        while (found := first_record(content, text, whole)) is None:
            if look >= _LONGEST_RECORD:
                raise JobError(CSV_HEADER, uri=file.uri, why="its first line has no end")
            look *= 16
            content, whole = head_text(store, file, look)
        fields, line_end = found
        return CsvHead(_names(file, fields, text, merge), line_end)
    except JobError as error:
        if error.code == CSV_UNNAMED.code:
            raise
        return FileError(file, "read", "columns", error)


def first_record(content: str, text: TextFiles, whole: bool) -> tuple[list[str], str] | None:
    """The fields of the first line that is not blank, and what ends it; no fields if there is none. None if
    more of the file is needed to tell."""
    at = len(content) - len(content.lstrip("\r\n"))
    fields: list[str] = []
    while at < len(content):
        value, at = _field(content, at, text)
        fields.append(value)
        if at >= len(content):
            break
        if content[at] == text.delimiter:
            at += 1
            if at == len(content) and whole:
                fields.append("")
            continue
        if content[at] == "\r" and at + 1 == len(content) and not whole:
            return None
        return fields, "\r\n" if content.startswith("\r\n", at) else content[at]
    return (fields, "\n") if whole else None


def _field(content: str, at: int, text: TextFiles) -> tuple[str, int]:
    """One field from `at`, and where it ends: at a delimiter, a line end or the end of the content."""
    value = ""
    if content.startswith(text.quote, at):
        at += 1
        while at < len(content):
            pair = content[at : at + 2]
            if pair == text.escape + text.quote:
                value, at = value + text.quote, at + 2
            elif content[at] == text.quote:
                at += 1
                break
            else:
                value, at = value + content[at], at + 1
    begin = at
    while at < len(content) and content[at] not in (text.delimiter, "\n", "\r"):
        at += 1
    return value + content[begin:at], at


def _names(file: PlannedFile, fields: Sequence[str], text: TextFiles, merge: Merge) -> tuple[str, ...]:
    if text.header:
        if not fields or "" in fields:
            raise JobError(CSV_HEADER, uri=file.uri, why="its first line does not name each column")
        return tuple(fields)
    configured = [name for name, _ in text.columns]
    if not configured:
        raise JobError(CSV_UNNAMED, uri=file.uri)
    if [field.lower() for field in fields] == configured:
        raise JobError(
            CSV_HEADER, uri=file.uri, why="its first line names the columns, but `csv.header` is not set"
        )
    return tuple(_in_order(file, fields, configured, merge))


def _in_order(file: PlannedFile, fields: Sequence[str], configured: list[str], merge: Merge) -> list[str]:
    """The configured names as this file has them. The operation may be configured or not, and comes first
    if not; full-load files have none, unless DMS is told to write it (IncludeOpForFullLoad)."""
    operation = merge.operations.column
    others = [name for name in configured if name != operation]
    listed = len(others) < len(configured)
    begins_with_operation = bool(fields) and fields[0] in _values(merge.operations)
    if not fields:
        return configured if listed or operation is None or file.kind == "full" else [operation, *configured]
    if len(fields) == len(others) + 1 and operation is not None and (listed or begins_with_operation):
        return configured if listed else [operation, *others]
    # A column too few behind an operation is no missing operation.
    if len(fields) == len(others) and not (listed and begins_with_operation):
        return others
    raise JobError(CSV_FIELDS, uri=file.uri, found=len(fields), columns=", ".join(configured))


def _values(operations: Operations) -> tuple[str, ...]:
    return operations.known if operations.listed else (*_OPERATIONS, *operations.deletes)


def text_types(
    names: Sequence[str], text: TextFiles, known: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Names with their types: configured, or `known` (by lower-case name) from the table or from parquet
    files of the batch, or text. Never told by the data: what looks like a number may begin with a zero."""
    types = {**known, **dict(text.columns)}
    return tuple((name, types.get(name.lower(), "string")) for name in names)
