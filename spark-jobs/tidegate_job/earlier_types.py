"""The types that columns had before they were widened, by lower-case name: kept with a table, so that a file
from then fits for ever."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

EARLIER = "tidegate.earlier-types"
Earlier = Mapping[str, frozenset[str]]
EarlierTypes = Callable[[], Earlier]
"""Read only if a file's type differs."""


def none_earlier() -> Earlier:
    """Of a table that never had other types."""
    return {}


def together(*all_types: Earlier) -> dict[str, frozenset[str]]:
    """All of them."""
    names = {name for types in all_types for name in types}
    return {name: frozenset().union(*(types.get(name, ()) for types in all_types)) for name in names}


def to_property(types: Earlier) -> dict[str, str]:
    """As a property of a table or a commit."""
    return {EARLIER: json.dumps({name: sorted(known) for name, known in sorted(types.items())})}


def from_property(value: str | None) -> dict[str, frozenset[str]]:
    """What `to_property` has in that property; none if there is no such property."""
    return {name: frozenset(types) for name, types in json.loads(value or "{}").items()}
