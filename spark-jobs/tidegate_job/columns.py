"""Which columns a table declares, and whether each file of a batch has exactly those. Types are Spark's short
names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import (
    COLUMN_MISSING,
    COLUMN_RESERVED,
    COLUMN_TWICE,
    COLUMN_TYPE,
    COLUMN_UNKNOWN,
    KEY_MISSING,
    KEY_TYPE,
    OPERATION_MISSING,
    SEQUENCE_MISSING,
    SEQUENCE_TYPE,
    JobError,
)
from .file_checks import FileError
from .key_values import can_be_key
from .names import RESERVED_PREFIX
from .plan import Merge, PlannedFile

_STORED_AS_INT = {"tinyint": "int", "smallint": "int"}
_INTEGERS = ("tinyint", "smallint", "int", "bigint", "decimal(20,0)")
_SEQUENCE_TYPES = ("string", "date", "timestamp", "timestamp_ntz", *_INTEGERS)


@dataclass(frozen=True)
class Footer:
    """What a parquet file says about itself: rows, and its top-level columns in order with their types."""

    rows: int
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BatchColumns:
    """What a batch is read as: the declared data columns by lower-case name, and the types of the two special
    ones."""

    data: Mapping[str, str]
    sequence_type: str
    operation_type: str


def agree_columns(
    files: Sequence[PlannedFile],
    footers: Mapping[str, Footer],
    merge: Merge,
    declared: Mapping[str, str] | None,
    target: str,
) -> tuple[BatchColumns, list[FileError]]:
    """The batch's columns, and an error for each file that does not fit them.

    `declared` are the table's columns, without ours; None for a table that does not exist: then the batch's
    first full-load file declares them, or else its first file. Put times are whole seconds: among files of
    one second, "first" alone would be chance.
    """
    errors: list[FileError] = []
    special: dict[str, str] = {}
    for file in sorted(files, key=lambda file: file.kind != "full"):
        try:
            columns = _by_lower_name(file, footers[file.file_id].columns)
            _check_special(file, columns, merge)
            for name in special_columns(merge):
                if name in columns:
                    _check_same(
                        file, name, columns[name], special.setdefault(name, columns[name]), "the batch"
                    )
            data = _data_columns(file, columns, merge)
            if declared is None:
                declared = data
            _check_declared(file, data, declared, target)
        except JobError as error:
            errors.append(FileError(file, "read", "columns", error))
    columns_of_batch = BatchColumns(
        data=declared or {},
        sequence_type=special.get(merge.sequence_by, "string"),
        operation_type=special.get(merge.operations.column or "", "string"),
    )
    return columns_of_batch, errors


def special_columns(merge: Merge) -> frozenset[str]:
    """Columns that say what a change is, and are no data (unless they are keys)."""
    operation = merge.operations.column
    return frozenset({merge.sequence_by} if operation is None else {merge.sequence_by, operation})


def stored_type(type_: str) -> str:
    """The type as an Iceberg table has it: it knows no integers below 32 bits."""
    return _STORED_AS_INT.get(type_, type_)


def _by_lower_name(file: PlannedFile, columns: Sequence[tuple[str, str]]) -> dict[str, str]:
    by_name: dict[str, str] = {}
    for name, type_ in columns:
        if name.lower() in by_name:
            raise JobError(COLUMN_TWICE, uri=file.uri, column=name)
        by_name[name.lower()] = stored_type(type_)
    return by_name


def _check_special(file: PlannedFile, columns: Mapping[str, str], merge: Merge) -> None:
    for key in merge.keys:
        if key not in columns:
            raise JobError(KEY_MISSING, uri=file.uri, column=key)
        if not can_be_key(columns[key]):
            raise JobError(KEY_TYPE, uri=file.uri, column=key, type=columns[key])
    sequence_type = columns.get(merge.sequence_by)
    if sequence_type is not None and sequence_type not in _SEQUENCE_TYPES:
        raise JobError(SEQUENCE_TYPE, uri=file.uri, column=merge.sequence_by, type=sequence_type)
    # Full-load files have neither, unless DMS is told to write them (IncludeOpForFullLoad).
    if file.kind == "incremental":
        if sequence_type is None:
            raise JobError(SEQUENCE_MISSING, uri=file.uri, column=merge.sequence_by)
        if merge.operations.column not in (None, *columns):
            raise JobError(OPERATION_MISSING, uri=file.uri, column=merge.operations.column)


def _data_columns(file: PlannedFile, columns: Mapping[str, str], merge: Merge) -> dict[str, str]:
    # A key may also be the sequence, or be listed under drop_columns by mistake: a table without its key has
    # no use.
    left_out = (special_columns(merge) | merge.drop_columns) - set(merge.keys)
    data = {name: type_ for name, type_ in columns.items() if name not in left_out}
    for name in data:
        if name.startswith(RESERVED_PREFIX):
            raise JobError(COLUMN_RESERVED, uri=file.uri, column=name)
    return data


def _check_declared(
    file: PlannedFile, data: Mapping[str, str], declared: Mapping[str, str], target: str
) -> None:
    for name, type_ in data.items():
        if name not in declared:
            raise JobError(COLUMN_UNKNOWN, uri=file.uri, column=name, target=target)
        _check_same(file, name, type_, declared[name], target)
    for name in declared:
        if name not in data:
            raise JobError(COLUMN_MISSING, uri=file.uri, column=name, target=target)


def _check_same(file: PlannedFile, name: str, type_: str, declared: str, target: str) -> None:
    if type_ != declared:
        raise JobError(COLUMN_TYPE, uri=file.uri, column=name, type=type_, target=target, declared=declared)
