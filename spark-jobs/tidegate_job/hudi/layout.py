"""How rows lie in a Hudi table: its record key, its partitions, and the types and names that it can have.

Hudi names a row by one text, its record key. What its key generators make of several columns, of binary or of
empty values can be the same text for different keys, so but for a single integer the text is made here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from .. import names
from ..changes.effects import DELETED, EFFECT
from ..columns import Footer, special_columns
from ..errors import HUDI_COLUMN, PARTITION_SPEC, JobError
from ..partition_spec import PartitionField, parse_partition_by
from ..plan import TablePlan

KEY = "_tg_key"
"""The record key, unless that is a single integer column: the keys' values as a JSON list of texts."""
IS_DELETED = "_hoodie_is_deleted"
HUDI_PREFIX = "_hoodie_"
_OWN_TEXT = ("int", "bigint")
_IN_PATHS = ("int", "bigint", "string")
_AVRO_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WITHOUT_ZONE = re.compile(r"(?<![^:<,])timestamp_ntz(?![^,>])")
_FORMATS = {"days": "yyyy-MM-dd", "months": "yyyy-MM"}


@dataclass(frozen=True)
class HudiLayout:
    """Columns that rows get besides the source's and our usual ones, and what the writer is told of them."""

    record_key: str
    partitions: tuple[str, ...]
    made: Mapping[str, Column]


def as_hudi_has_them(plan: TablePlan, footers: Mapping[str, Footer]) -> Mapping[str, Footer]:
    """The files' columns with the types that a Hudi table stores: it knows no time without a zone, which
    becomes a time in UTC. JobError TG2413 for a name that it cannot have."""
    if plan.target.format != "hudi":
        return footers
    left_out = special_columns(plan.merge) | plan.merge.drop_columns
    for footer in footers.values():
        for name, _ in footer.columns:
            if name.lower() not in left_out:
                _check_name(plan, name)
    return {
        file: replace(footer, columns=tuple((name, _stored(type_)) for name, type_ in footer.columns))
        for file, footer in footers.items()
    }


def layout_of(plan: TablePlan, columns: Mapping[str, str]) -> HudiLayout:
    """The layout for rows of these columns and types. JobError TG2401 if `partition_by` does not fit Hudi."""
    made: dict[str, Column] = {}
    keys = plan.merge.keys
    if plan.merge.mode == "historical":
        record_key = ""
    elif len(keys) == 1 and columns[keys[0]] in _OWN_TEXT:
        record_key = keys[0]
    else:
        record_key = KEY
        made[KEY] = F.to_json(F.array(*(_text(key, columns[key]) for key in keys)))
    partitions = []
    for field in parse_partition_by(plan.target.partition_by, columns):
        name, column = _partition(field, columns[field.column])
        partitions.append(name)
        if column is not None:
            made[name] = column
    return HudiLayout(record_key, tuple(partitions), made)


def hudi_rows(effects: DataFrame, columns: Sequence[str], layout: HudiLayout, historical: bool) -> DataFrame:
    """What the writer gets of `effects`: `columns`, those that the layout makes, and, unless every change is
    a row, which of them are deletes."""
    deleted = [] if historical else [(F.col(EFFECT) == DELETED).alias(IS_DELETED)]
    made = (column.alias(name) for name, column in layout.made.items())
    return effects.select(*(F.col(names.quote(name)) for name in columns), *made, *deleted)


def _check_name(plan: TablePlan, name: str) -> None:
    why = ""
    if name.lower().startswith(HUDI_PREFIX):
        why = f"names that begin with `{HUDI_PREFIX}` are Hudi's own"
    elif not _AVRO_NAME.fullmatch(name):
        why = "names there are of letters, digits and `_`, and begin with no digit"
    if why:
        raise JobError(HUDI_COLUMN, target=plan.target.name, column=name, why=why)


def _stored(type_: str) -> str:
    return _WITHOUT_ZONE.sub("timestamp", type_)


def _text(key: str, type_: str) -> Column:
    """A key's value as text: equal where Spark's join takes the values for equal, and else different."""
    column = F.col(names.quote(key))
    if type_ == "binary":
        return F.hex(column)
    if type_ == "timestamp":
        return F.unix_micros(column).cast("string")
    if type_ in ("float", "double"):
        # A join takes both zeros for one.
        return F.when(column == 0, "0").otherwise(column.cast("string"))
    return column.cast("string")


def _partition(field: PartitionField, type_: str) -> tuple[str, Column | None]:
    """Name of the column to partition by, and how to make it if it isn't there."""
    column = F.col(names.quote(field.column))
    if field.transform == "bucket":
        spec = f"bucket({field.buckets}, {field.column})"
        raise JobError(PARTITION_SPEC, spec=spec, why="a Hudi table has no buckets")
    if field.transform == "identity":
        if type_ in _IN_PATHS:
            return field.column, None
        return f"_tg_by_{field.column}", column.cast("string")
    return f"_tg_{field.transform}_{field.column}", F.date_format(column, _FORMATS[field.transform])
