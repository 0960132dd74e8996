"""[sequence-guard] What does not outrank the stored row changes nothing, and is counted so."""

from __future__ import annotations

import pytest

from tests.lake import Lake, change


@pytest.mark.parametrize("sequence", ["05", "04", None], ids=["equal", "older", "none"])
@pytest.mark.parametrize("op", ["U", "D"])
def test_a_change_that_is_not_newer_is_stale(lake: Lake, op: str, sequence: str | None) -> None:
    """Defect 15: neither a late file nor a late delete overrules newer data. Defect 13: counted by effect."""
    lake.apply_and_settle([lake.put([change("I", "05", id=1, v=1)])])
    outcome = lake.apply_and_settle([lake.put([change(op, sequence, id=1, v=9)])])

    effects = {"inserted": 0, "updated": 0, "deleted": 0, "stale": 1, "duplicate": 0}
    assert outcome["rows"] == {"read": 1, **effects}
    assert lake.rows() == [{"id": 1, "v": 1}]
    # The batch leaves its mark all the same, and rewrites nothing.
    last = lake.snapshots()[-1]
    assert last["tidegate.batch-id"] == outcome["batch_id"]
    assert last.get("added-data-files", "0") == "0"
