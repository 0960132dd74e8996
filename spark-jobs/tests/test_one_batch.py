"""One plan, one Iceberg commit, one outcome: the thin path."""

from __future__ import annotations

import json

from tests.lake import Lake, change


def test_a_plan_becomes_one_commit_and_one_outcome(lake: Lake) -> None:
    """Defect 14: readers never see half of a batch."""
    first = lake.put(
        [change("I", "01", id=1, v=1), change("I", "02", id=2, v=2), change("U", "03", id=2, v=3)]
    )
    outcome = lake.apply_and_settle([first])

    assert outcome["result"] == "committed"
    assert outcome["lookup"] == "absent"
    assert outcome["rows"] == {
        "read": 3,
        "inserted": 2,
        "updated": 0,
        "deleted": 0,
        "stale": 0,
        "duplicate": 1,
    }
    expected = {
        "file_id": first["file_id"],
        "rows": 3,
        "min_sequence": "01",
        "max_sequence": "03",
        "deletes": 0,
    }
    assert outcome["files"] == [expected]
    assert lake.rows() == [{"id": 1, "v": 1}, {"id": 2, "v": 3}]

    second = lake.put(
        [change("D", "04", id=1, v=1), change("U", "05", id=2, v=9), change("I", "06", id=3, v=3)]
    )
    outcome = lake.apply_and_settle([second])

    assert outcome["rows"] == {
        "read": 3,
        "inserted": 1,
        "updated": 1,
        "deleted": 1,
        "stale": 0,
        "duplicate": 0,
    }
    assert lake.rows() == [{"id": 2, "v": 9}, {"id": 3, "v": 3}]
    summaries = lake.snapshots()
    assert len(summaries) == 2
    assert summaries[1]["tidegate.batch-id"] == outcome["batch_id"]
    assert summaries[1]["tidegate.token"] == "2"
    assert summaries[1]["tidegate.rows.updated"] == "1"
    assert summaries[1]["tidegate.evidence"] == outcome["evidence"]
    index = json.loads(lake.store.get(outcome["evidence"] + "deletes.json"))
    assert [(part["rows"], part["max_sequence"]) for part in index["parts"]] == [(1, "04")]
