"""[commit-authority] The table says whether a batch was applied; replays, lost claims and expired history
follow from that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError

from tests.lake import Lake, change
from tidegate_job.iceberg.stage import commit_files


def test_replay_is_answered_from_the_evidence_without_the_files(lake: Lake) -> None:
    """[commit-authority]"""
    file = lake.put([change("I", "01", id=1, v=1), change("D", "02", id=2)])
    entry = lake.entry([file])
    first = lake.apply(entry)
    Path(file["uri"].removeprefix("file://")).unlink()
    again = lake.apply(entry)

    assert again["result"] == "already_committed"
    assert again["lookup"] == "found"
    for same in ("snapshot", "committed_at_ms", "evidence", "files", "rows"):
        assert again[same] == first[same]
    assert len(lake.snapshots()) == 1


def test_resolve_only_looks_and_never_applies(lake: Lake) -> None:
    """[frozen-set]"""
    entry = lake.entry([lake.put([change("I", "01", id=1, v=1)])])
    [absent] = lake.run(lake.planned(entry, resolve_only=True))
    assert (absent["result"], absent["lookup"], absent["error"]["code"]) == ("rejected", "absent", "TG4006")
    assert not lake.exists()

    lake.apply(entry)
    [found] = lake.run(lake.planned(entry, resolve_only=True))
    assert (found["result"], found["lookup"]) == ("already_committed", "found")


def test_lost_claim_and_passed_generation_are_refused(lake: Lake) -> None:
    """[commit-authority]"""
    lost = lake.planned(lake.entry([lake.put([change("I", "01", id=1, v=1)])]))
    lake.apply(lake.entry([lake.put([change("I", "02", id=2, v=2)])]))
    [outcome] = lake.run(lost)
    assert (outcome["result"], outcome["lookup"], outcome["error"]["code"]) == (
        "rejected",
        "absent",
        "TG4004",
    )

    lake.generation = 2
    lake.apply(lake.entry([lake.put([change("I", "03", id=3, v=3)])]))
    lake.generation = 1
    late = lake.apply(lake.entry([lake.put([change("I", "04", id=4, v=4)])]))
    assert (late["result"], late["error"]["code"]) == ("rejected", "TG4005")
    assert [row["id"] for row in lake.rows()] == [2, 3]


def test_history_that_does_not_reach_back_is_unknown_not_no(lake: Lake) -> None:
    """[commit-authority]"""
    lake.apply(lake.entry([lake.put([change("I", "01", id=1, v=1)])]))
    lake.apply(lake.entry([lake.put([change("I", "02", id=2, v=2)])]))
    # The parent is gone from the metadata, as after an expiry that kept one snapshot.
    lake.expire_all_but_one()
    outcome = lake.apply(lake.entry([lake.put([change("I", "03", id=3, v=3)])]))
    assert (outcome["result"], outcome["lookup"], outcome["error"]["code"]) == (
        "unknown",
        "unreachable",
        "TG4001",
    )

    lake.settled_snapshot = "12345"
    outcome = lake.apply(lake.entry([lake.put([change("I", "04", id=4, v=4)])]))
    assert (outcome["result"], outcome["lookup"]) == ("unknown", "unreachable")
    assert len(lake.rows()) == 2


def test_dropped_table_with_a_settled_snapshot_is_unknown(lake: Lake) -> None:
    lake.settled_snapshot = "12345"
    outcome = lake.apply(lake.entry([lake.put([change("I", "01", id=1, v=1)])]))
    assert (outcome["result"], outcome["lookup"]) == ("unknown", "unreachable")
    assert not lake.exists()


def test_history_beyond_the_settled_snapshot_is_not_needed(lake: Lake) -> None:
    first = lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)])])
    second = lake.apply_and_settle([lake.put([change("I", "02", id=2, v=2)])])
    assert first["snapshot"] != second["snapshot"]
    lake.expire_all_but_one()
    assert lake.apply_and_settle([lake.put([change("I", "03", id=3, v=3)])])["result"] == "committed"


def test_error_after_the_commit_arrived_is_still_committed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[commit-authority] The answer got lost on its way: the table knows better."""
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)])])

    def lose_the_answer(*given: Any) -> None:
        commit_files(*given)
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr("tidegate_job.iceberg.table.commit_files", lose_the_answer)
    outcome = lake.apply(lake.entry([lake.put([change("I", "02", id=2, v=2)])]))
    assert (outcome["result"], outcome["error"]) == ("committed", None)
    assert len(lake.rows()) == 2


def test_unknown_commit_state_that_left_nothing_is_unknown(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may still arrive, so a look-up that finds nothing proves nothing."""
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)])])

    def time_out(*given: Any) -> None:
        jvm: Any = lake.spark._jvm
        cause = jvm.java.lang.RuntimeException("Read timed out")
        unknown = jvm.org.apache.iceberg.exceptions.CommitStateUnknownException(cause)
        raise Py4JJavaError("commit", unknown)

    monkeypatch.setattr("tidegate_job.iceberg.table.commit_files", time_out)
    outcome = lake.apply(lake.entry([lake.put([change("I", "02", id=2, v=2)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("unknown", "TG4003")
    assert outcome["error"]["transient"] is True
    assert b"Read timed out" in lake.store.get(outcome["error"]["details"])


def test_commit_without_its_mark_is_not_called_committed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that ignores the commit properties in silence, as Spark's session property does."""
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)])])
    monkeypatch.setattr("tidegate_job.iceberg.table.needs_spark", lambda *given: True)
    monkeypatch.setattr(
        "tidegate_job.iceberg.table.with_commit_properties", lambda spark, properties, work: work()
    )
    outcome = lake.apply(lake.entry([lake.put([change("U", "02", id=1, v=2)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("unknown", "TG4007")


def test_batch_that_changes_nothing_leaves_its_mark(lake: Lake) -> None:
    lake.write_mode = "copy_on_write"
    lake.apply_and_settle([lake.put([change("I", "05", id=1, v=1)])])
    outcome = lake.apply_and_settle([lake.put([change("U", "03", id=1, v=3)])])
    assert outcome["rows"] == {
        "read": 1,
        "inserted": 0,
        "updated": 0,
        "deleted": 0,
        "stale": 1,
        "duplicate": 0,
    }
    [_, empty] = lake.snapshots()
    assert empty["tidegate.batch-id"] == outcome["batch_id"]
    assert "added-data-files" not in empty
    assert "deleted-data-files" not in empty
