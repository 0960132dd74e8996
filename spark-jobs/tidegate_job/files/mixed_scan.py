"""Reads landed files as rows of one shape, also where their columns have other types, or are such that the
table has not. Files that agree are one scan, whatever their number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..columns import BatchColumns, Footer, by_lower_name
from ..names import RESCUED, RESCUED_TYPE, quote
from ..plan import PlannedFile
from ..schema_policy import widens
from .landed_scan import PATH

_NUMBERS = ("int", "bigint", "float", "double", "decimal")
_FROM_TEXT = (*_NUMBERS, "boolean", "date", "timestamp", "timestamp_ntz")
_TIMES = ("date", "timestamp", "timestamp_ntz")
_PLAIN = re.compile(r"[a-z_]+(\(\d+,\d+\))?")

Types = Mapping[str, str]
RowsOf = Callable[[Sequence[PlannedFile], Types], DataFrame]
"""Rows of files that agree on the types of these columns: the columns, null where a file lacks one, and
PATH."""


def scan_files(
    files: Sequence[PlannedFile],
    footers: Mapping[str, Footer],
    types: Types,
    columns: BatchColumns,
    rows_of: RowsOf,
) -> DataFrame:
    """The rows of `files` with the columns of `types`, and PATH. A column that a file lacks is null there;
    one of a narrower type is widened; what else does not fit goes into RESCUED, if the batch has that."""
    wanted = {name: type_ for name, type_ in types.items() if name != RESCUED}
    found = [by_lower_name(file, footers[file.file_id]) for file in files]
    extra = {name: type_ for of_file in found for name, type_ in of_file.items() if name in columns.rescued}
    read_as = {**wanted, **extra}
    differing = sorted(
        name for name in read_as if any(o.get(name, read_as[name]) != read_as[name] for o in found)
    )
    groups: dict[tuple[str | None, ...], tuple[list[PlannedFile], dict[str, str]]] = {}
    for file, of_file in zip(files, found, strict=True):
        group = groups.setdefault(tuple(of_file.get(name) for name in differing), ([], {}))
        group[0].append(file)
        group[1].update((name, of_file[name]) for name in read_as if name in of_file)
    frames = [
        _scan(rows_of(group, {**wanted, **have}), {**wanted, **have}, wanted, RESCUED in types)
        for group, have in groups.values()
    ]
    return reduce(DataFrame.unionByName, frames)


def _scan(rows: DataFrame, have: Types, wanted: Types, rescues: bool) -> DataFrame:
    """Rows of files that agree on the types of what they `have`."""
    shaped, left_over = [], []
    for name, type_ in have.items():
        column = F.col(quote(name))
        if name not in wanted:
            left_over.append((name, _text(column, type_)))
        elif type_ == wanted[name]:
            shaped.append(column)
        elif widens(type_, wanted[name]):
            shaped.append(column.cast(wanted[name]).alias(name))
        else:
            fits, value = _fitting(name, type_, wanted[name])
            shaped.append(F.when(fits, value).cast(wanted[name]).alias(name))
            left_over.append((name, F.when(~fits, _text(column, type_))))
    if rescues:
        shaped.append(_rescued(left_over).alias(RESCUED))
    return rows.select(*shaped, PATH)


def _rescued(left_over: Sequence[tuple[str, Column]]) -> Column:
    """What has a value, by name; null if nothing has."""
    if not left_over:
        return F.lit(None).cast(RESCUED_TYPE)
    pairs = F.array(*(F.struct(F.lit(name).alias("k"), text.alias("v")) for name, text in left_over))
    found = F.map_from_entries(F.filter(pairs, lambda pair: pair["v"].isNotNull()))
    return F.when(F.size(found) > 0, found)


def _text(column: Column, type_: str) -> Column:
    if "<" in type_:
        return F.to_json(column)
    return F.base64(column) if type_ == "binary" else column.cast("string")


def _fitting(name: str, type_: str, wanted: str) -> tuple[Column, Column]:
    """Whether a value can be had back from the `wanted` type as it is, and what it is there."""
    if not _may_fit(type_, wanted):
        return F.col(quote(name)).isNull(), F.lit(None)
    there = f"try_cast({quote(name)} AS {wanted})"
    back = F.expr(f"try_cast({there} AS {type_})")
    return back.eqNullSafe(F.col(quote(name))), F.expr(there)


def _may_fit(type_: str, wanted: str) -> bool:
    if not (_PLAIN.fullmatch(type_) and _PLAIN.fullmatch(wanted)):
        return False
    one, other = type_.split("(")[0], wanted.split("(")[0]
    return (
        (one in _NUMBERS and other in _NUMBERS)
        or (one == "string" and other in _FROM_TEXT)
        or (other == "string" and one in _FROM_TEXT)
        or (one in _TIMES and other in _TIMES)
    )
