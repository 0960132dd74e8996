"""What a change's operation means: which values of which column insert, update, delete, or are no change at
all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Operations:
    """How `column` (in lower case; None: the files have none, and every row is an upsert) is read.

    `listed`: each value that may appear is in one of the lists. Else only `deletes` count, and any other
    value is an upsert, as under `apply_as_deletes`. `ignored` values are no changes, such as before-images.
    """

    column: str | None
    deletes: tuple[str, ...]
    listed: bool = False
    inserts: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All values that may appear, if they are listed."""
        return (*self.inserts, *self.updates, *self.deletes, *self.ignored)


def operations_of(merge: Mapping[str, Any]) -> Operations:
    """The operations of a plan's `merge`. ValueError if it says them twice, or not at all."""
    mapping, short = merge.get("operations"), merge.get("apply_as_deletes")
    if (mapping is None) == (short is None):
        raise ValueError("`merge` needs either `operations` or `apply_as_deletes`")
    if short is not None:
        return Operations(short["column"].lower(), (short["equals"],))
    if mapping == "none":
        return Operations(None, ())
    assert mapping is not None
    lists = {kind: tuple(mapping.get(kind, ())) for kind in ("inserts", "updates", "deletes", "ignored")}
    return Operations(mapping["column"].lower(), listed=True, **lists)
