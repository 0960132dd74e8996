"""The columns in which an update has ever left a value out: kept with a table, since from then on a row may
have a value of a change before it."""

from __future__ import annotations

import json

LEFT_OUT = "tidegate.left-out-columns"


def to_property(columns: frozenset[str]) -> dict[str, str]:
    """As a property of a table or a commit."""
    return {LEFT_OUT: json.dumps(sorted(columns))}


def from_property(value: str | None) -> frozenset[str]:
    """What `to_property` has in that property; none if there is no such property."""
    return frozenset(json.loads(value or "[]"))
