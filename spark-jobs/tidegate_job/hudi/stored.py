"""Whether an existing Hudi table is the one that the plan means: what Hudi fixes when a table is made, it
cannot change."""

from __future__ import annotations

import json

from ..errors import HISTORY_SHORTENED, LAYOUT_CHANGED, MODE_CHANGED, JobError
from ..outcome import RowCounts
from ..plan import TablePlan
from .layout import HudiLayout
from .options import KEYS, table_type
from .timeline import Timeline


def check_stored(plan: TablePlan, timeline: Timeline) -> None:
    """JobError TG2404 if the table was made in the other mode, TG2415 if as another type of table."""
    target = plan.target.name
    stored = "snapshot" if timeline.property("hoodie.table.recordkey.fields") else "historical"
    if stored != plan.merge.mode:
        raise JobError(MODE_CHANGED, target=target, stored=stored, mode=plan.merge.mode)
    _check_same(
        plan, "write_mode", (timeline.property("hoodie.table.type") or "").lower(), table_type(plan).lower()
    )


def check_layout(plan: TablePlan, timeline: Timeline, layout: HudiLayout) -> None:
    """JobError TG2415 if the table's rows have other keys or lie in other partitions."""
    stored = timeline.property("hoodie.table.partition.fields") or ""
    _check_same(plan, "partition_by", stored, ",".join(layout.partitions))
    if plan.merge.mode == "historical":
        return
    stored_key = timeline.property("hoodie.table.recordkey.fields") or ""
    _check_same(plan, "the record key", stored_key, layout.record_key)
    keys = timeline.newest(KEYS)
    if keys is not None:
        _check_same(plan, "keys", keys, json.dumps(plan.merge.keys))


def check_not_shortened(plan: TablePlan, stored: int, rows: RowCounts) -> None:
    """JobError TG2411 if a history of `stored` versions is to be replaced by fewer."""
    if rows.read < stored:
        raise JobError(
            HISTORY_SHORTENED, target=plan.target.name, stored=f"{stored:,}", read=f"{rows.read:,}"
        )


def _check_same(plan: TablePlan, what: str, stored: str, planned: str) -> None:
    if stored != planned:
        raise JobError(LAYOUT_CHANGED, target=plan.target.name, what=what, stored=stored, planned=planned)
