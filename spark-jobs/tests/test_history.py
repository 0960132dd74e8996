"""Historical mode: every change of every file is a row, once, whatever is replayed, raced, compacted or
expired."""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.table import StaticTable
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, at, change, make_table_without_rows

WIDE = 120


@pytest.fixture
def history(lake: Lake) -> Lake:
    lake.mode = "historical"
    return lake


def sequences(lake: Lake) -> list[str]:
    return sorted(row["seq"] for row in lake.versions())


def compact(lake: Lake) -> None:
    """All data files into one, as maintenance may."""
    options = "map('min-input-files', '2')"
    call = f"rewrite_data_files(table => 'shop.{lake.table}', options => {options})"
    [result] = lake.spark.sql(f"CALL lake.system.{call}").collect()
    assert result["rewritten_data_files_count"] >= 2


def test_counts_are_by_operation_and_late_or_equal_changes_are_versions_too(history: Lake) -> None:
    """Defect 13: no counts are lost, and deletes are counted."""
    first = [{"id": 1, "v": 1}, {"id": 2, "v": 2}]
    loaded = history.apply_and_settle([history.put(first, kind="full")])
    assert loaded["rows"] == counts(inserted=2)
    changes = [change("I", "05", id=3, v=3), change("U", "06", id=3, v=4), change("D", "07", id=3, v=4)]
    outcome = history.apply_and_settle([history.put([*changes, change("u", None, id=1, v=1)])])
    assert outcome["rows"] == counts(inserted=1, updated=2, deleted=1)
    late = history.apply_and_settle(
        [history.put([change("U", "01", id=3, v=0), change("U", "07", id=3, v=0)])]
    )
    assert late["rows"] == counts(updated=2)
    assert sequences(history) == ["", "", "", "01", "05", "06", "07", "07"]
    assert sorted(row["op"] for row in history.versions()) == ["D", "I", "L", "L", "U", "U", "U", "u"]
    # For the ledger nothing differs: ranges, and the pairs of the batch's deletes.
    assert (outcome["files"][0]["max_sequence"], history.max_sequence) == ("07", "07")
    index = json.loads(history.store.get(outcome["evidence"] + "deletes.json"))
    assert [(part["rows"], part["max_sequence"]) for part in index["parts"]] == [(1, "07")]


def test_the_documented_query_gives_the_newest_state(history: Lake) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/columns.md").read_text("utf-8")
    [query] = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    history.apply_and_settle([history.put([{"id": key, "v": key} for key in range(3)], kind="full")])
    history.apply_and_settle([history.put([change("U", "05", id=0, v=5), change("D", "06", id=1)])])
    history.apply_and_settle([history.put([change("U", "03", id=0, v=3), change("U", "05", id=0, v=9)])])
    newest = history.spark.sql(query.replace("shop.orders", f"shop.{history.table}")).orderBy("id")
    assert [(row["id"], row["v"]) for row in newest.collect()] == [(0, 5), (2, 2)]


def counts(inserted: int = 0, updated: int = 0, deleted: int = 0) -> Row:
    read = inserted + updated + deleted
    found = {"inserted": inserted, "updated": updated, "deleted": deleted}
    return {"read": read, **found, "stale": 0, "duplicate": 0}


def test_table_of_120_columns_takes_two_batches_and_their_replays(history: Lake) -> None:
    """Past 100 columns, and for ids of 71 characters, Iceberg keeps whole bounds only where asked to."""

    def wide(op: str, seq: str) -> Row:
        columns = {f"c{place}": [place] for place in range(WIDE - 1)}
        return history.put_table(pa.table({"op": [op], "seq": [seq], "id": [1], **columns}))

    entries = [history.entry([wide("I", "01")]), history.entry([wide("U", "02")])]
    for entry in entries:
        assert history.apply(entry)["result"] == "committed"
    for entry in entries:
        assert len(entry["batch_id"]) == len("sha256:") + 64
        assert history.apply(entry)["result"] == "already_committed"
    assert sequences(history) == ["01", "02"]
    assert len(history.versions()[0]) == WIDE + 2
    bounds = history.spark.sql(
        f"SELECT readable_metrics._tg_batch.* FROM shop.{history.table}.files"
    ).collect()
    assert {row["upper_bound"] for row in bounds} == {entry["batch_id"] for entry in entries}


@pytest.mark.parametrize(
    ("state", "paused_at"),
    [
        ("missing", "before-commit"),
        ("empty", "before-commit"),
        ("filled", "looked-up"),
        ("filled", "before-commit"),
    ],
)
def test_zombie_adds_nothing(history: Lake, other_session: SparkSession, state: str, paused_at: str) -> None:
    """[one-snapshot] A looks and pauses, B applies the same files, C adds others, A goes on."""
    before = []
    if state == "empty":
        make_table_without_rows(history)
    if state == "filled":
        history.apply_and_settle([history.put([change("I", "01", id=9, v=9)])])
        before = ["01"]
    entry = history.entry([history.put([change("I", "02", id=1, v=1), change("I", "03", id=2, v=2)])])
    zombie = history.planned(entry)

    def others() -> None:
        history.settle(history.apply(entry))
        history.apply_and_settle([history.put([change("D", "04", id=1)])])

    [outcome] = history.run(zombie, spark=other_session, checkpoint=at(paused_at, others))
    assert (outcome["result"], outcome["lookup"]) == ("already_committed", "found")
    assert sequences(history) == [*before, "02", "03", "04"]
    assert str(zombie["token"]) not in [summary["tidegate.token"] for summary in history.snapshots()]


def test_zombie_is_refused_though_its_files_came_by_another_batch(
    history: Lake, other_session: SparkSession
) -> None:
    """[one-snapshot] No row of its batch id is there: to replace the rows of that id would let it through."""
    history.apply_and_settle([history.put([change("I", "01", id=9, v=9)])])
    file = history.put([change("I", "02", id=1, v=1)])
    zombie = history.planned(history.entry([file]))

    def others() -> None:
        history.apply_and_settle([file, history.put([change("U", "03", id=1, v=3)])])

    [outcome] = history.run(zombie, spark=other_session, checkpoint=at("before-commit", others))
    assert (outcome["result"], outcome["lookup"]) == ("rejected", "absent")
    assert (outcome["error"]["code"], outcome["error"]["transient"]) == ("TG4002", True)
    assert sequences(history) == ["01", "02", "03"]
    query = f"SELECT file_path FROM shop.{history.table}.all_data_files"
    known = {str(row[0]).removeprefix("file:") for row in history.spark.sql(query).collect()}
    assert data_files(history) == known


def data_files(lake: Lake) -> set[str]:
    """Of the table's folder, whether a snapshot knows them or not."""
    folder = Path(lake.location.removeprefix("file://")) / "data"
    return {str(path) for path in folder.rglob("*.parquet")}


def test_same_plan_twice_at_once_is_applied_once(history: Lake, other_session: SparkSession) -> None:
    """Both have looked and read before either commits."""
    history.apply_and_settle([history.put([change("I", "01", id=9, v=9)])])
    entry = history.entry([history.put([change("I", "02", id=1, v=1)])])
    both_are_there = threading.Barrier(2, timeout=120)

    def wait(table: str, reached: str) -> None:
        if reached == "before-commit":
            both_are_there.wait()

    outcomes: list[Row] = []

    def run(planned: Row, session: SparkSession) -> None:
        outcomes.extend(history.run(planned, spark=session, checkpoint=wait))

    attempts = [(history.planned(entry), history.spark), (history.planned(entry), other_session)]
    threads = [threading.Thread(target=run, args=attempt) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome["result"] for outcome in outcomes) == ["already_committed", "committed"]
    assert sequences(history) == ["01", "02"]


def test_after_a_compaction_new_batches_go_in_and_old_ones_are_known(history: Lake) -> None:
    """Batch ids are random: most new ones lie between those of a file that holds several. Here all do."""
    entries = [history.entry([history.put([change("I", f"{n:02}", id=n, v=n)])]) for n in range(8)]
    lowest, *between, highest = sorted(entries, key=lambda entry: str(entry["batch_id"]))
    for entry in (lowest, highest):
        history.apply(entry)
    compact(history)
    for entry in between:
        assert history.apply(entry)["result"] == "committed"
    for entry in entries:
        assert history.apply(entry)["result"] == "already_committed"
    assert len(history.versions()) == len(entries)


def test_replay_after_compaction_and_expiry_fails_loudly(history: Lake) -> None:
    """[commit-authority] The snapshot with the batch id is gone: `unknown`, and nothing is written."""
    replayed = history.entry([history.put([change("I", "01", id=1, v=1)])])
    history.settle(history.apply(replayed))
    history.apply_and_settle([history.put([change("I", "02", id=2, v=2)])])
    compact(history)
    history.expire_all_but_one()
    outcome = history.apply(replayed)
    assert (outcome["result"], outcome["error"]["code"]) == ("unknown", "TG4001")

    # Even if the ledger believed that all before the last snapshot is settled: the rows carry the batch id.
    [current] = history.spark.sql(f"SELECT snapshot_id FROM shop.{history.table}.snapshots").collect()
    history.settled_snapshot = str(current["snapshot_id"])
    again = history.entry(replayed["files"])
    assert again["batch_id"] == replayed["batch_id"]
    outcome = history.apply(again)
    assert (outcome["result"], outcome["error"]["code"]) == ("unknown", "TG4001")
    assert "has rows of it" in outcome["error"]["message"]
    assert sequences(history) == ["01", "02"]


def test_a_batch_without_rows_leaves_its_mark(history: Lake) -> None:
    history.apply_and_settle([history.put([change("I", "01", id=1, v=1)])])
    outcome = history.apply_and_settle([history.put([])])
    assert outcome["rows"] == counts()
    assert history.snapshots()[-1]["tidegate.batch-id"] == outcome["batch_id"]


def test_partitioned_history_is_what_pyiceberg_reads(history: Lake) -> None:
    """The partitions of a row's versions may differ. Snapshots after the first are appends, for readers that
    follow."""
    history.partition_by = ["days(made_at)", "bucket(2, id)"]
    days = [datetime(2023, 1, 31, 23, tzinfo=UTC), datetime(2023, 2, 1, 1, tzinfo=UTC)]

    def typed(*rows: tuple[str, str, int, datetime]) -> Row:
        types = [pa.string(), pa.string(), pa.int64(), pa.timestamp("us", "UTC")]
        columns = [
            pa.array(values, type_) for values, type_ in zip(zip(*rows, strict=True), types, strict=True)
        ]
        return history.put_table(pa.table(dict(zip(("op", "seq", "id", "made_at"), columns, strict=True))))

    history.apply_and_settle([typed(("I", "01", 1, days[0]), ("I", "02", 2, days[0]))])
    history.apply_and_settle([typed(("U", "03", 1, days[1])), typed(("D", "04", 2, days[0]))])
    folder = Path(history.location.removeprefix("file://")) / "metadata"
    newest = max(folder.glob("v*.metadata.json"), key=lambda path: int(path.name[1:].split(".")[0]))
    scan = StaticTable.from_metadata(str(newest)).scan(selected_fields=("id", "made_at", "_tg_sequence"))
    read = sorted(scan.to_arrow().to_pylist(), key=lambda row: str(row["_tg_sequence"]))
    assert [(row["_tg_sequence"], row["id"], row["made_at"]) for row in read] == [
        ("01", 1, days[0]),
        ("02", 2, days[0]),
        ("03", 1, days[1]),
        ("04", 2, days[0]),
    ]
    assert sequences(history) == ["01", "02", "03", "04"]
    query = f"SELECT operation FROM shop.{history.table}.snapshots"
    assert {row[0] for row in history.spark.sql(query).collect()} == {"append"}


@pytest.mark.parametrize(("made", "planned"), [("snapshot", "historical"), ("historical", "snapshot")])
def test_a_table_keeps_its_mode(lake: Lake, made: str, planned: str) -> None:
    lake.mode = made
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)])])
    lake.mode = planned
    outcome = lake.apply(lake.entry([lake.put([change("U", "02", id=1, v=2)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG2404")
    assert f"`{made}`" in outcome["error"]["message"]
    assert len(lake.snapshots()) == 1


def test_a_version_needs_its_key(history: Lake) -> None:
    outcome = history.apply(history.entry([history.put([change("I", "01", id=None, v=1)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG2212")
    assert not history.exists()
