"""Debezium's envelopes (`before`, `after`, `op`, `source`, …) as the flat rows that all else works on.

A row's columns are those of `after`, or of `before` where there is no `after` (a delete). What says more of
the change keeps its path as its name: `op`, `ts_ms`, `source.lsn`; and `before.<key>` is a key as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..columns import Footer, special_columns
from ..errors import ENVELOPE_MISSING, JobError
from ..files.file_checks import BadFiles, FileError
from ..names import quote
from ..plan import Merge, PlannedFile
from ..struct_types import fields_of

BEFORE, AFTER = "before", "after"
_AROUND = ("op", "ts_ms", "ts_us", "ts_ns")
_INSIDE = ("source.", "transaction.")


def around_row(merge: Merge) -> frozenset[str]:
    """What the table takes of the envelope beside the row, by its path. Any other name is a column of the
    row, whatever it is."""
    return frozenset(
        name
        for name in special_columns(merge)
        if name in _AROUND or name.startswith((*_INSIDE, f"{BEFORE}."))
    )


def flat_footers(
    files: Sequence[PlannedFile], footers: Mapping[str, Footer], merge: Merge
) -> dict[str, Footer]:
    """Footers of parquet files that hold envelopes, as the flat rows have it. BadFiles if a file has none."""
    flat: dict[str, Footer] = {}
    errors: list[FileError] = []
    for file in files:
        footer = footers[file.file_id]
        try:
            flat[file.file_id] = replace(footer, columns=_flat_columns(file, footer, merge))
        except JobError as error:
            errors.append(FileError(file, "read", "columns", error))
    if errors:
        raise BadFiles(errors)
    return flat


def flat_rows(
    scan: Callable[[Mapping[str, str]], DataFrame], types: Mapping[str, str], merge: Merge
) -> DataFrame:
    """Rows with the columns of `types`, by a scan of the columns that it is given; what else the scan has
    stays."""
    around = around_row(merge)
    inside = {name: type_ for name, type_ in types.items() if name not in around}
    raw = {BEFORE: _struct(inside), AFTER: _struct(inside)} if inside else {}
    nested: dict[str, dict[str, str]] = {}
    for name in sorted(types.keys() & around):
        outer, _, field = name.partition(".")
        if outer == BEFORE:
            continue  # A key, which is there as a column of the row.
        if field:
            nested.setdefault(outer, {})[field] = types[name]
        else:
            raw[name] = types[name]
    rows = scan(raw | {outer: _struct(fields) for outer, fields in nested.items()})
    read = {*raw, *nested}
    columns = [F.col(quote(name)) for name in rows.columns if name not in read]
    for name in types:
        outer, _, field = name.partition(".")
        if name in inside:
            value = F.when(F.col(AFTER).isNotNull(), F.col(AFTER)[name]).otherwise(F.col(BEFORE)[name])
        else:
            value = F.col(outer)[field] if field else F.col(outer)
        columns.append(value.alias(name))
    return rows.select(*columns)


def _flat_columns(file: PlannedFile, footer: Footer, merge: Merge) -> tuple[tuple[str, str], ...]:
    around = {name.lower(): type_ for name, type_ in footer.columns}
    images = {image: fields_of(around.get(image, "")) for image in (AFTER, BEFORE)}
    row = images[AFTER] or images[BEFORE]
    if not row:
        raise JobError(ENVELOPE_MISSING, uri=file.uri)
    flat = [*row]
    before = {name.lower(): type_ for name, type_ in images[BEFORE]}
    for name in sorted(around_row(merge)):
        outer, _, field = name.partition(".")
        if outer == BEFORE:
            found = before.get(field)
        elif field:
            found = {inner.lower(): type_ for inner, type_ in fields_of(around.get(outer, ""))}.get(field)
        else:
            found = around.get(name)
        if found is not None:
            flat.append((name, found))
    return tuple(flat)


def _struct(fields: Mapping[str, str]) -> str:
    return f"struct<{', '.join(f'{quote(name)}: {type_}' for name, type_ in fields.items())}>"
