"""Which columns a table declares, and whether each file of a batch has exactly those. Types are Spark's short
names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import earlier_types, left_out
from .earlier_types import Earlier, EarlierTypes, none_earlier
from .errors import (
    BEFORE_IMAGE_MISSING,
    COLUMN_RESERVED,
    COLUMN_TWICE,
    KEY_MISSING,
    KEY_TYPE,
    OPERATION_MISSING,
    SEQUENCE_MISSING,
    SEQUENCE_TYPE,
    JobError,
)
from .files.file_checks import FileError
from .key_values import can_be_key
from .names import RESCUED, RESCUED_TYPE, RESERVED_PREFIX
from .plan import Merge, PlannedFile
from .schema_policy import Agreement, SchemaHeld, Widens, check_same, widens

_STORED_AS_INT = {"tinyint": "int", "smallint": "int"}
_INTEGERS = ("tinyint", "smallint", "int", "bigint", "decimal(20,0)")
_SEQUENCE_TYPES = ("string", "date", "timestamp", "timestamp_ntz", *_INTEGERS)


@dataclass(frozen=True)
class Footer:
    """What a file says about itself: rows, and its top-level columns in order with their types. Parquet has
    this in its footer; of text it is told otherwise (`landed.py`)."""

    rows: int
    columns: tuple[tuple[str, str], ...]
    times: tuple[tuple[str, str], ...] = ()
    """Of the columns, lower case, those that are times of a day, and their unit: Spark has no such type, so
    they are read as numbers and become texts."""
    booleans: tuple[str, ...] = ()
    """Of the columns, lower case, those that are texts in the file, and read as the booleans that they
    say."""


@dataclass(frozen=True)
class BatchColumns:
    """What a batch is read as: the table's data columns by lower-case name, and those that say what a change
    is, as far as any file has them. `rescued` are columns of the files that the table does not get: their
    values go into RESCUED. `narrower` are types that files have instead of the wider ones of `data`, of
    columns that this batch brings or widens. `left_out` are those of `data` in which an update of this
    batch has left a value out."""

    data: Mapping[str, str]
    special: Mapping[str, str]
    rescued: tuple[str, ...] = ()
    narrower: Earlier = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    @property
    def remembered(self) -> dict[str, str]:
        """What a new table is to remember of them beside its schema, as properties."""
        types = earlier_types.to_property(self.narrower) if self.narrower else {}
        return types | (left_out.to_property(self.left_out) if self.left_out else {})


def agree_columns(
    files: Sequence[PlannedFile],
    footers: Mapping[str, Footer],
    merge: Merge,
    declared: Mapping[str, str] | None,
    target: str,
    earlier: EarlierTypes = none_earlier,
    in_table: Widens = widens,
) -> tuple[BatchColumns, list[FileError]]:
    """The batch's columns, and an error for each file that does not fit them, as `merge.schema_policy` has
    it.

    `declared` are the table's columns, without ours; None for a table that does not exist: then the batch's
    first full-load file declares them, or else its first file. Put times are whole seconds: among files of
    one second, "first" alone would be chance. `earlier` is asked if a type differs, `in_table` if a column of
    the table is to be widened. SchemaHeld TG2221 or TG2222 if the table must be held, whatever else is wrong.
    """
    errors: list[FileError] = []
    special: dict[str, str] = {}
    rescues = merge.schema_policy == "lenient" or RESCUED in (declared or {})
    known = None if declared is None else {name: declared[name] for name in declared if name != RESCUED}
    agreement = Agreement(known, merge, target, earlier, in_table)
    for file in sorted(files, key=lambda file: file.kind != "full"):
        try:
            columns = by_lower_name(file, footers[file.file_id])
            agreement.check_keys(file, columns)
            _check_special(file, columns, merge)
            for name in special_columns(merge):
                if name in columns:
                    check_same(
                        file, name, columns[name], special.setdefault(name, columns[name]), "the batch"
                    )
            agreement.admit(file, _data_columns(file, columns, merge, rescues))
        except SchemaHeld:
            raise
        except JobError as error:
            errors.append(FileError(file, "read", "columns", error))
    columns_of_batch = BatchColumns(
        data={**(agreement.data or {}), **({RESCUED: RESCUED_TYPE} if rescues else {})},
        special=special,
        rescued=tuple(sorted(agreement.rescued)),
        narrower=agreement.narrower,
    )
    return columns_of_batch, errors


def special_columns(merge: Merge) -> frozenset[str]:
    """Columns that say what a change is, and are no data (unless they are keys)."""
    operation = () if merge.operations.column is None else (merge.operations.column,)
    return frozenset((*merge.sequence_columns, *operation, *merge.before_keys.values()))


def types_read(columns: BatchColumns) -> dict[str, str]:
    """By lower-case name, what to read: the data columns, and those that say what a change is."""
    return {**columns.data, **columns.special}


def stored_type(type_: str) -> str:
    """The type as an Iceberg table has it: it knows no integers below 32 bits."""
    return _STORED_AS_INT.get(type_, type_)


def by_lower_name(file: PlannedFile, footer: Footer) -> dict[str, str]:
    """A file's columns as the table has their types. JobError TG2204 if two names differ by case only."""
    by_name: dict[str, str] = {}
    for name, type_ in footer.columns:
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
    for name in merge.sequence_columns:
        type_ = columns.get(name)
        if type_ is not None and type_ not in _SEQUENCE_TYPES:
            raise JobError(SEQUENCE_TYPE, uri=file.uri, column=name, type=type_)
    # Full-load files have neither, unless DMS is told to write them (IncludeOpForFullLoad).
    if file.kind == "incremental":
        for name in merge.sequence_columns:
            if name not in columns:
                raise JobError(SEQUENCE_MISSING, uri=file.uri, column=name)
        if merge.operations.column not in (None, *columns):
            raise JobError(OPERATION_MISSING, uri=file.uri, column=merge.operations.column)
        for name in merge.before_keys.values():
            # An envelope may have no `before` at all, as of a source that logs none.
            if name not in columns and not merge.envelope:
                raise JobError(BEFORE_IMAGE_MISSING, uri=file.uri, column=name)
    for key, name in merge.before_keys.items():
        if name in columns:
            check_same(file, name, columns[name], columns[key], f"the key `{key}`")


def _before_images(columns: Mapping[str, str], merge: Merge) -> frozenset[str]:
    """Of the keys, and of others if DMS was told to write those too."""
    prefix = merge.before_prefix
    if prefix is None:
        return frozenset()
    return frozenset(name for name in columns if name.startswith(prefix) and name[len(prefix) :] in columns)


def _data_columns(
    file: PlannedFile, columns: Mapping[str, str], merge: Merge, rescues: bool
) -> dict[str, str]:
    # A key may also be the sequence, or be listed under drop_columns by mistake: a table without its key has
    # no use.
    left_out = (special_columns(merge) | _before_images(columns, merge) | merge.drop_columns) - set(
        merge.keys
    )
    data = {name: type_ for name, type_ in columns.items() if name not in left_out}
    for name in data:
        if name.startswith(RESERVED_PREFIX) or (rescues and name == RESCUED):
            raise JobError(COLUMN_RESERVED, uri=file.uri, column=name)
    return data
