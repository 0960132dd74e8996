"""What a commit says of its batch, in whatever format: the table's own history answers for it (rule 1)."""

from __future__ import annotations

import json
from typing import Any

from .outcome import RowCounts, SchemaChange
from .plan import TablePlan

CHANGES = "tidegate.schema-changes"
"""In what a commit says: its changes of columns as JSON. In an Iceberg table's properties: those of the batch
that is named there."""


def commit_properties(plan: TablePlan, rows: RowCounts, evidence: str) -> dict[str, str]:
    """The names and values that each commit carries. `tidegate.fresh-as-of-ms`: when the newest of the
    applied files was put."""
    return {
        "tidegate.batch-id": plan.batch_id,
        "tidegate.token": str(plan.token),
        "tidegate.generation": str(plan.generation),
        "tidegate.evidence": evidence,
        "tidegate.fresh-as-of-ms": str(plan.fresh_as_of_s * 1000),
        "tidegate.rows.read": str(rows.read),
        "tidegate.rows.inserted": str(rows.inserted),
        "tidegate.rows.updated": str(rows.updated),
        "tidegate.rows.deleted": str(rows.deleted),
        "tidegate.rows.stale": str(rows.stale),
        "tidegate.rows.duplicate": str(rows.duplicate),
        **({"tidegate.rows.skipped": str(rows.skipped)} if rows.skipped else {}),
    }


def changes_property(changes: tuple[SchemaChange, ...]) -> dict[str, str]:
    """What a commit says of them; nothing if there were none."""
    return {CHANGES: json.dumps([change.document() for change in changes])} if changes else {}


def changes_of(summary: Any) -> tuple[SchemaChange, ...]:
    """What a commit's summary or metadata says."""
    return tuple(SchemaChange(**change) for change in json.loads(summary.get(CHANGES) or "[]"))
