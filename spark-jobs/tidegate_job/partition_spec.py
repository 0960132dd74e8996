"""`partition_by` of a target, parsed strictly: nothing of it ever becomes SQL text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .errors import PARTITION_SPEC, JobError

_BUCKET = re.compile(r"bucket\(\s*(\d{1,7})\s*,\s*([^()]+?)\s*\)", re.IGNORECASE)
_TIME = re.compile(r"(days|months)\(\s*([^()]+?)\s*\)", re.IGNORECASE)
_TIME_TYPES = ("date", "timestamp", "timestamp_ntz")
_NO_BUCKETS = ("float", "double", "boolean")


@dataclass(frozen=True)
class PartitionField:
    """One field of a partition spec; `buckets` is 0 unless it is a bucket."""

    transform: Literal["identity", "bucket", "days", "months"]
    column: str
    buckets: int = 0


def parse_partition_by(specs: Sequence[str], types: Mapping[str, str]) -> tuple[PartitionField, ...]:
    """Fields for `specs`, over columns of these (Spark) types by lower-case name. JobError TG2401 if one does
    not fit."""
    return tuple(_field(spec.strip(), types) for spec in specs)


def _field(spec: str, types: Mapping[str, str]) -> PartitionField:
    field = _parse(spec)
    type_ = types.get(field.column)
    if type_ is None:
        raise JobError(PARTITION_SPEC, spec=spec, why=f"the table has no column `{field.column}`")
    if field.transform == "bucket" and not 1 <= field.buckets <= 1_000_000:
        raise JobError(PARTITION_SPEC, spec=spec, why="buckets go from 1 to 1000000")
    if field.transform in ("days", "months") and type_ not in _TIME_TYPES:
        raise JobError(PARTITION_SPEC, spec=spec, why=f"`{field.column}` is `{type_}`, no date or timestamp")
    if (field.transform == "bucket" and type_ in _NO_BUCKETS) or "<" in type_:
        raise JobError(PARTITION_SPEC, spec=spec, why=f"`{field.column}` is `{type_}`")
    return field


def _parse(spec: str) -> PartitionField:
    if bucket := _BUCKET.fullmatch(spec):
        return PartitionField("bucket", bucket[2].lower(), int(bucket[1]))
    if time := _TIME.fullmatch(spec):
        return PartitionField("days" if time[1].lower() == "days" else "months", time[2].lower())
    return PartitionField("identity", spec.lower())
