"""[one-snapshot] Zombies: a run that looked, paused, and wakes up after others have committed must not
write."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, at, change, make_table_without_rows

MODES = ("merge_on_read", "copy_on_write")


@pytest.mark.parametrize("paused_at", ["looked-up", "before-commit"])
@pytest.mark.parametrize(
    ("state", "mode"),
    # Without rows to change, both modes do the same.
    [("missing", "merge_on_read"), ("empty", "copy_on_write"), *(("filled", mode) for mode in MODES)],
)
def test_zombie_does_not_revive_a_deleted_row(
    lake: Lake, other_session: SparkSession, mode: str, state: str, paused_at: str
) -> None:
    """[one-snapshot] A looks and pauses, B applies the same files, C deletes a key, A goes on."""
    lake.write_mode = mode
    if state == "empty":
        make_table_without_rows(lake)
    if state == "filled":
        lake.apply_and_settle([lake.put([change("I", "01", id=9, v=9)])])
    entry = lake.entry([lake.put([change("I", "02", id=1, v=1), change("I", "03", id=2, v=2)])])
    zombie = lake.planned(entry)

    def others() -> None:
        lake.settle(lake.apply(entry))
        lake.apply_and_settle([lake.put([change("D", "04", id=1)])])

    [outcome] = lake.run(zombie, spark=other_session, checkpoint=at(paused_at, others))
    # The batch is in the table, by B's commit: A says so, and has written nothing.
    assert (outcome["result"], outcome["lookup"]) == ("already_committed", "found")
    expected = [{"id": 2, "v": 2}] + ([{"id": 9, "v": 9}] if state == "filled" else [])
    assert lake.rows() == expected
    assert [summary["tidegate.token"] for summary in lake.snapshots()].count(str(zombie["token"])) == 0


@pytest.mark.parametrize(
    "changes", [[change("U", "05", id=9, v=5)], [change("U", "00", id=9, v=0)]], ids=["some", "none"]
)
@pytest.mark.parametrize("mode", MODES)
def test_another_writer_in_between_is_a_conflict(
    lake: Lake, other_session: SparkSession, mode: str, changes: list[Row]
) -> None:
    """[one-snapshot] Also for a batch that changes nothing: what it was compared with is no longer the
    table."""
    lake.write_mode = mode
    lake.apply_and_settle([lake.put([change("I", "01", id=9, v=9)])])
    slow = lake.planned(lake.entry([lake.put(changes)]))

    def other() -> None:
        lake.apply_and_settle([lake.put([change("I", "07", id=1, v=1), change("U", "08", id=9, v=8)])])

    [outcome] = lake.run(slow, spark=other_session, checkpoint=at("before-commit", other))
    assert (outcome["result"], outcome["lookup"], outcome["error"]["code"]) == (
        "rejected",
        "absent",
        "TG4002",
    )
    assert outcome["error"]["transient"] is True
    assert lake.rows() == [{"id": 1, "v": 1}, {"id": 9, "v": 8}]


def test_a_changed_property_in_between_is_no_conflict(lake: Lake, other_session: SparkSession) -> None:
    lake.write_mode = "merge_on_read"
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1), change("I", "01", id=2, v=1)])])
    planned = lake.planned(lake.entry([lake.put([change("U", "02", id=1, v=2)])]))

    def change_a_property() -> None:
        lake.spark.sql(f"ALTER TABLE shop.{lake.table} SET TBLPROPERTIES ('comment' = 'looked at')")

    [outcome] = lake.run(planned, spark=other_session, checkpoint=at("before-commit", change_a_property))
    assert outcome["result"] == "committed"
    assert lake.rows() == [{"id": 1, "v": 2}, {"id": 2, "v": 1}]
