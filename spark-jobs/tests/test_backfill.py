"""[backfill] Files that were applied are applied again: what the table lost comes back, and nothing else."""

from __future__ import annotations

import pytest

from tests.lake import Lake, Row, change


def _two_batches(lake: Lake) -> tuple[list[Row], str]:
    """The files of two batches, and the snapshot of the first."""
    loaded = lake.put([{"id": key, "v": key} for key in (1, 2, 3)], kind="full")
    first = lake.apply_and_settle([loaded])
    changed = lake.put(
        [change("U", "05", id=1, v=10), change("D", "06", id=2), change("I", "07", id=4, v=40)]
    )
    lake.apply_and_settle([changed])
    return [loaded, changed], first["snapshot"]


def _applied_again(lake: Lake, files: list[Row]) -> Row:
    outcome = lake.apply_and_settle(files)
    counts: Row = {name: outcome["rows"][name] for name in ("inserted", "updated", "deleted", "stale")}
    return counts


def _roll_back(lake: Lake, snapshot: str) -> None:
    lake.spark.sql(f"CALL lake.system.rollback_to_snapshot('shop.{lake.table}', {snapshot})")
    lake.settled_snapshot = snapshot


AFTER = [{"id": 1, "v": 10}, {"id": 3, "v": 3}, {"id": 4, "v": 40}]


def test_deleted_rows_come_back_and_nothing_else_changes(lake: Lake) -> None:
    """[sequence-guard] [no-revival] Also the row that a change of the same files deleted stays deleted."""
    files, _ = _two_batches(lake)
    lake.spark.sql(f"DELETE FROM shop.{lake.table} WHERE id IN (1, 3)")
    assert _applied_again(lake, files) == {"inserted": 2, "updated": 0, "deleted": 0, "stale": 2}
    assert lake.rows() == AFTER
    assert _applied_again(lake, files) == {"inserted": 0, "updated": 0, "deleted": 0, "stale": 4}
    assert lake.rows() == AFTER


def test_the_files_of_one_batch_are_applied_again_under_its_own_id(lake: Lake) -> None:
    """[commit-authority] Its first commit lies at the last settled snapshot, and is not taken for the new
    one's."""
    files, _ = _two_batches(lake)
    lake.spark.sql(f"DELETE FROM shop.{lake.table} WHERE id = 4")
    assert _applied_again(lake, files[1:])["inserted"] == 1
    assert lake.rows() == AFTER


def test_what_a_rollback_took_away_comes_back_deletes_too(lake: Lake) -> None:
    """[no-revival] The log remembers the very delete that the table has lost."""
    files, snapshot = _two_batches(lake)
    _roll_back(lake, snapshot)
    assert _applied_again(lake, files[1:]) == {"inserted": 1, "updated": 1, "deleted": 1, "stale": 0}
    assert lake.rows() == AFTER


@pytest.mark.parametrize("rolled_back", [True, False])
def test_a_batch_of_a_history_goes_again_only_if_its_rows_are_gone(lake: Lake, rolled_back: bool) -> None:
    """[commit-authority] Under its own id, which its rows carry: where they are, nothing is applied."""
    lake.mode = "historical"
    files, snapshot = _two_batches(lake)
    whole = lake.versions()
    entry = lake.entry(files[1:])
    if rolled_back:
        _roll_back(lake, snapshot)
    outcome = lake.apply({**entry, "applied": {**entry["applied"], "snapshot": lake.settled_snapshot}})
    expected = ("committed", None) if rolled_back else ("unknown", "TG4001")
    assert (outcome["result"], outcome["error"] and outcome["error"]["code"]) == expected
    assert sorted(map(str, lake.versions())) == sorted(map(str, whole))
