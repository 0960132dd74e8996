"""Every kind of table that one behaviour suite runs over: format, and how rows are merged."""

from __future__ import annotations

import os

from tests.lake import Lake

DEEP = os.environ.get("TIDEGATE_DEEP") == "1"

KINDS: dict[str, dict[str, object]] = {
    "iceberg copy on write": {"write_mode": "copy_on_write"},
    "iceberg merge on read": {"write_mode": "merge_on_read"},
    "iceberg v3 deletion vectors": {"write_mode": "merge_on_read", "properties": {"format-version": "3"}},
    "hudi copy on write": {"format": "hudi", "write_mode": "copy_on_write"},
    "hudi merge on read": {"format": "hudi", "write_mode": "merge_on_read"},
}
HISTORIES: dict[str, dict[str, object]] = {
    "iceberg history": {"mode": "historical"},
    "hudi history": {"mode": "historical", "format": "hudi"},
}


QUICK = ("iceberg copy on write", "iceberg merge on read", "iceberg history")
"""Kinds for which a commit takes tenths of a second; the others take seconds, so they have few cases unless
`TIDEGATE_DEEP` is 1, as it is in `npm run test:semantics`."""


def of_kind(lake: Lake, kind: str) -> Lake:
    """The lake's table, not made yet, as one of this kind."""
    for name, value in {**KINDS, **HISTORIES}[kind].items():
        setattr(lake, name, value)
    return lake
