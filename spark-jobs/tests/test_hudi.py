"""Hudi tables where they differ from Iceberg's; what changes do to them is in `test_folding.py` and
`test_generations.py`, and how killed jobs end in `test_killed_jobs.py`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from tests.kinds import DEEP, of_kind
from tests.lake import Lake, Row, at, change
from tidegate_job.errors import JobError
from tidegate_job.hudi import table as hudi_module
from tidegate_job.object_store import LocalObjects
from tidegate_job.single_writer import become_the_only_writer

EITHER = ("hudi copy on write", "hudi merge on read") if DEEP else ("hudi merge on read",)
CLEANED = {
    "hoodie.clean.commits.retained": "1",
    "hoodie.keep.min.commits": "2",
    "hoodie.keep.max.commits": "3",
}


@pytest.fixture
def hudi(lake: Lake) -> Lake:
    return of_kind(lake, "hudi copy on write")


def newest_base_files(lake: Lake) -> list[Row]:
    """The table without any of Hudi's code: of each file group the newest base file whose commit is
    complete."""
    folder = Path(lake.location.removeprefix("file://"))
    completed = {path.name.split("_")[0] for path in (folder / ".hoodie" / "timeline").glob("*_*.commit")}
    newest: dict[str, tuple[str, Path]] = {}
    for path in folder.glob("*.parquet"):
        group, _, instant = path.stem.split("_")
        if instant in completed:
            newest[group] = max(newest.get(group, ("", path)), (instant, path))
    files = [pq.read_table(path, columns=["id", "v"]) for _, path in newest.values()]
    return sorted((row for file in files for row in file.to_pylist()), key=lambda row: int(row["id"]))


def changed_since(lake: Lake, instant: str) -> list[Row]:
    """Hudi's incremental query, as docs/how-to/read-the-tables.md has it: the rows that later commits have
    written, as they are now. It goes by the times at which commits were complete, so that the one requested
    at `instant` is in it."""
    query = {"query.type": "incremental", "read.begin.instanttime": instant}
    frame = lake.frame(**{f"hoodie.datasource.{name}": value for name, value in query.items()})
    frame = frame.where(frame["_hoodie_commit_time"] > instant)
    return [row.asDict() for row in frame.select("id", "v").orderBy("id").collect()]


def test_course_of_a_table(hudi: Lake) -> None:
    """[commit-authority] Deletes are in the commit that inserts and updates, and the timeline answers a
    replay. Of a job that was killed while it made the table there are folders."""
    (Path(hudi.location.removeprefix("file://")) / ".hoodie" / "timeline" / "history").mkdir(parents=True)
    first = hudi.apply_and_settle([hudi.put([{"id": 1, "v": 1}, {"id": 2, "v": 2}], kind="full")])
    file = hudi.put([change("U", "03", id=1, v=10), change("D", "04", id=2), change("I", "05", id=3, v=3)])
    entry = hudi.entry([file])
    second = hudi.apply(entry)
    assert second["error"] is None, second["error"]
    Path(file["uri"].removeprefix("file://")).unlink()
    again = hudi.apply(entry)
    assert again["result"] == "already_committed"
    for same in ("snapshot", "committed_at_ms", "evidence", "files", "rows"):
        assert again[same] == second[same]
    assert second["rows"] == {
        "read": 3,
        "inserted": 1,
        "updated": 1,
        "deleted": 1,
        "stale": 0,
        "duplicate": 0,
    }
    hudi.settle(second)
    third = hudi.apply_and_settle([hudi.put([change("U", "02", id=1, v=0), change("U", "01", id=2, v=2)])])
    assert third["rows"]["stale"] == 2
    expected = [{"id": 1, "v": 10}, {"id": 3, "v": 3}]
    assert hudi.rows() == newest_base_files(hudi) == expected
    commits = hudi.snapshots()
    assert [commit["tidegate.batch-id"] for commit in commits] == [
        outcome["batch_id"] for outcome in (first, second, third)
    ]
    assert commits[1]["tidegate.evidence"] == second["evidence"]
    assert changed_since(hudi, first["snapshot"]) == expected
    assert changed_since(hudi, second["snapshot"]) == []
    # What was read before is still there for whoever reads it.
    before = hudi.frame(**{"as.of.instant": first["snapshot"]}).orderBy("id").collect()
    assert [row["v"] for row in before] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "paused_at", "state"),
    [
        ("hudi copy on write", "looked-up", "missing"),
        ("hudi history", "before-commit", "filled"),
        *([("hudi merge on read", "before-commit", "filled")] if DEEP else []),
    ],
)
def test_zombie_does_not_write(
    lake: Lake, other_session: SparkSession, kind: str, paused_at: str, state: str
) -> None:
    """[one-snapshot] A looks and pauses, B applies the same files, C deletes a key, A goes on."""
    of_kind(lake, kind)
    if state == "filled":
        lake.apply_and_settle([lake.put([change("I", "01", id=9, v=9)])])
    entry = lake.entry([lake.put([change("I", "02", id=1, v=1), change("I", "03", id=2, v=2)])])
    zombie = lake.planned(entry)
    before: list[list[Row]] = []

    def others() -> None:
        lake.settle(lake.apply(entry))
        lake.apply_and_settle([lake.put([change("D", "04", id=1)])])
        before.append(lake.versions())

    [outcome] = lake.run(zombie, spark=other_session, checkpoint=at(paused_at, others))
    assert (outcome["result"], outcome["lookup"]) == ("already_committed", "found")
    assert sorted(map(str, lake.versions())) == sorted(map(str, before[0]))
    assert [commit["tidegate.token"] for commit in lake.snapshots()].count(str(zombie["token"])) == 0


def test_of_two_jobs_of_one_run_one_writes(lake: Lake, other_session: SparkSession) -> None:
    """[one-snapshot] Both have looked, and Hudi would take both commits: a history would have its versions
    twice."""
    of_kind(lake, "hudi history")
    planned = lake.planned(lake.entry([lake.put([change("I", "01", id=1, v=1)])]))
    twins: list[Row] = []

    def twin() -> None:
        twins.extend(lake.run(planned))

    [outcome] = lake.run(planned, spark=other_session, checkpoint=at("before-commit", twin))
    [left] = twins
    assert (left["result"], left["lookup"], left["error"]["code"]) == ("rejected", "absent", "TG4010")
    assert outcome["error"] is None, outcome["error"]
    assert len(lake.versions()) == 1


def test_of_jobs_that_come_as_far_at_once_at_most_one_writes(tmp_path: Path) -> None:
    """[one-snapshot] None does if each sees another; the next run tries again."""
    store, start = LocalObjects(), threading.Barrier(4)

    def refused_as(evidence: str) -> str | None:
        start.wait()
        try:
            become_the_only_writer(store, evidence, "lake.t")
        except JobError as error:
            return error.code
        return None

    with ThreadPoolExecutor(4) as jobs:
        for number in range(200):
            told = sorted(map(str, jobs.map(refused_as, [f"file://{tmp_path}/{number}/"] * 4)))
            assert told in (["None", *["TG4010"] * 3], ["TG4010"] * 4)
    become_the_only_writer(store, f"file://{tmp_path}/alone/", "lake.t")


def test_another_writer_in_between_is_a_conflict(hudi: Lake, other_session: SparkSession) -> None:
    """[one-snapshot] Also for a batch that changes nothing."""
    hudi.apply_and_settle([hudi.put([change("I", "05", id=9, v=9)])])
    slow = hudi.planned(hudi.entry([hudi.put([change("U", "01", id=9, v=5)])]))

    def other() -> None:
        hudi.apply_and_settle([hudi.put([change("I", "07", id=1, v=1)])])

    [outcome] = hudi.run(slow, spark=other_session, checkpoint=at("before-commit", other))
    assert (outcome["result"], outcome["lookup"]) == ("rejected", "absent")
    assert (outcome["error"]["code"], outcome["error"]["transient"]) == ("TG4002", True)
    assert len(hudi.snapshots()) == 2


def test_what_the_timeline_does_not_say_is_unknown(hudi: Lake) -> None:
    """[commit-authority] Batches are found in the archived timeline too; what is in neither part, is not
    'absent'."""
    hudi.properties = CLEANED
    entries = []
    for number in range(6):
        entries.append(hudi.entry([hudi.put([change("I", f"1{number}", id=number, v=number)])]))
        outcome = hudi.apply(entries[-1])
        if number == 0:
            hudi.settle(outcome)
    timeline = Path(hudi.location.removeprefix("file://")) / ".hoodie" / "timeline"
    assert hudi.settled_snapshot is not None
    assert not list(timeline.glob(f"{hudi.settled_snapshot}*"))
    assert hudi.apply(entries[1])["result"] == "already_committed"

    file = hudi.put([change("I", "20", id=7, v=7)])
    planned = hudi.planned(hudi.entry([file]))
    planned["token"] = 1
    [outcome] = hudi.run(planned)
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG4004")
    hudi.settled_snapshot = "20200101000000000"
    gone = hudi.apply(hudi.entry([file]))
    hudi.location += "-dropped"
    dropped = hudi.apply(hudi.entry([file]))
    for outcome in (gone, dropped):
        assert (outcome["result"], outcome["lookup"]) == ("unknown", "unreachable")
        assert outcome["error"]["code"] == "TG4001"


def test_error_after_the_commit_arrived_is_still_committed(
    hudi: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[commit-authority] What a table's upkeep fails at, after the commit, does not undo it."""
    hudi.properties = {"hoodie.metadata.enable": "true"}
    hudi.apply_and_settle([hudi.put([change("I", "01", id=1, v=1)])])
    really = hudi_module.write

    def fail_later(*given: Any) -> None:
        really(*given)
        raise ConnectionResetError("reset by peer")

    def fail(*given: Any) -> None:
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(hudi_module, "write", fail_later)
    outcome = hudi.apply(hudi.entry([hudi.put([change("I", "02", id=2, v=2)])]))
    assert (outcome["result"], outcome["error"]) == ("committed", None)
    hudi.settle(outcome)
    monkeypatch.setattr(hudi_module, "write", fail)
    outcome = hudi.apply(hudi.entry([hudi.put([change("I", "03", id=3, v=3)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG5002")
    monkeypatch.setattr(hudi_module, "write", lambda *given: None)
    outcome = hudi.apply(hudi.entry([hudi.put([change("I", "03", id=3, v=3)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("unknown", "TG4007")
    assert len(hudi.rows()) == 2


def test_keys_that_hudi_would_take_for_one_another(hudi: Lake) -> None:
    """Hudi's own text for several keys is `a:x,b:y`; of bytes it is the same for all."""
    hudi.keys = ["a", "b", "k", "at"]
    texts = [(name, pa.string()) for name in ("op", "seq", "a", "b")]
    schema = pa.schema([*texts, ("k", pa.binary()), ("at", pa.timestamp("us")), ("v", pa.int64())])
    when, later = datetime(2023, 8, 18, 2, 37, 5, 123456), datetime(2023, 8, 18, 2, 37, 5, 123457)
    keys = [
        {"a": "x,b:y", "b": "z", "k": b"\x00", "at": when},
        {"a": "x", "b": "y,b:z", "k": b"\x00", "at": when},
        {"a": "", "b": "__empty__", "k": b"\x00", "at": when},
        {"a": "__empty__", "b": "", "k": b"\x00", "at": when},
        {"a": "", "b": "__empty__", "k": b"\x01", "at": when},
        {"a": "", "b": "__empty__", "k": b"\x01", "at": later},
        {"a": "x,y", "b": "z", "k": b"\x00", "at": when},
        {"a": "x", "b": "y,z", "k": b"\x00", "at": when},
    ]

    def put(op: str, sequence: str, v: int, some: list[Row]) -> Row:
        rows = [{"op": op, "seq": sequence, "v": v, **key} for key in some]
        return hudi.put_table(pa.Table.from_pylist(rows, schema=schema))

    hudi.apply_and_settle([put("I", "01", 1, keys)])
    outcome = hudi.apply_and_settle([put("U", "02", 2, keys[::2]), put("D", "03", 3, keys[1:2])])
    assert (outcome["rows"]["updated"], outcome["rows"]["deleted"]) == (4, 1)
    found = {(row["a"], row["b"], bytes(row["k"]), row["at"]): row["v"] for row in hudi.rows()}
    expected = {tuple(key.values()): 2 if place % 2 == 0 else 1 for place, key in enumerate(keys)}
    del expected[tuple(keys[1].values())]
    assert found == expected


@pytest.mark.parametrize("kind", EITHER)
def test_row_leaves_its_old_partition(lake: Lake, kind: str) -> None:
    """A value may be no name for a folder, or be missing; a delete may carry the key only."""
    of_kind(lake, kind)
    lake.partition_by = ["b"]
    values = ["x", "../y/ü=%", None, "w"]
    lake.apply_and_settle([lake.put([change("I", "01", id=n, b=b, v=n) for n, b in enumerate(values)])])
    lake.apply_and_settle(
        [
            lake.put(
                [
                    change("U", "02", id=0, b="../y/ü=%", v=10),
                    change("U", "02", id=1, b=None, v=11),
                    change("U", "02", id=2, b="x", v=12),
                    change("D", "02", id=3, b=None, v=None),
                ]
            )
        ]
    )
    expected = [
        {"id": 0, "v": 10, "b": "../y/ü=%"},
        {"id": 1, "v": 11, "b": None},
        {"id": 2, "v": 12, "b": "x"},
    ]
    assert lake.rows("id", "v", "b") == expected
    folders = {path.name for path in Path(lake.location.removeprefix("file://")).iterdir()}
    assert "b=x" in folders
    assert not (Path(lake.location.removeprefix("file://")).parent / "y").exists()


def test_compaction_changes_nothing(lake: Lake) -> None:
    """[no-revival] After every commit; what was deleted stays so, and replays are still known. Nor does the
    table need more columns of ours than one."""
    lake.metadata_columns = []
    of_kind(lake, "hudi merge on read").properties = {"hoodie.compact.inline.max.delta.commits": "1"}
    first = lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1), change("I", "01", id=2, v=2)])])
    entry = lake.entry([lake.put([change("D", "05", id=1), change("U", "06", id=2, v=6)])])
    lake.settle(lake.apply(entry))
    late = lake.apply_and_settle([lake.put([change("U", "03", id=1, v=3), change("U", "04", id=2, v=4)])])
    assert late["rows"]["stale"] == 2
    assert lake.rows() == [{"id": 2, "v": 6}]
    assert lake.apply(entry)["result"] == "already_committed"
    assert [name for name in lake.frame().columns if name.startswith("_tg_")] == ["_tg_sequence"]
    assert changed_since(lake, first["snapshot"]) == lake.rows()
    assert len(lake.snapshots()) == 3
    timeline = Path(lake.location.removeprefix("file://")) / ".hoodie" / "timeline"
    assert list(timeline.glob("*.compaction.inflight"))


def test_reload_replaces_rows_and_columns_and_the_old_ones_stay_readable(hudi: Lake) -> None:
    """[generations]"""
    old = hudi.apply_and_settle([hudi.put([change("I", "01", id=n, v=n, a=n) for n in (1, 2)])])
    hudi.next_generation()
    new = hudi.put([{"id": 2, "v": 20, "b": "new"}], kind="full", columns=["id", "v", "b"])
    replacement = hudi.apply(hudi.entry([new], replaces=True))
    assert replacement["error"] is None, replacement["error"]
    hudi.settle(replacement)
    assert hudi.rows("id", "v", "b") == [{"id": 2, "v": 20, "b": "new"}]
    travelled = hudi.frame(**{"as.of.instant": old["snapshot"]})
    assert sorted((row["id"], row["v"]) for row in travelled.collect()) == [(1, 1), (2, 2)]
    hudi.next_generation()
    without = hudi.put([], kind="full", columns=["id", "v", "b"])
    emptied = hudi.apply(hudi.entry([without], replaces=True))
    assert emptied["error"] is None, emptied["error"]
    hudi.settle(emptied)
    assert hudi.rows() == []
    hudi.apply_and_settle([hudi.put([change("I", "02", id=5, v=5, b="after")])])
    assert hudi.rows("id", "v") == [{"id": 5, "v": 5}]


@pytest.mark.parametrize("kind", EITHER)
def test_clustering_is_no_commit_of_ours(lake: Lake, kind: str) -> None:
    """[commit-authority] It rewrites files, after our commits: replays are known, sequences are kept."""
    of_kind(lake, kind).properties = {
        "hoodie.clustering.inline": "true",
        "hoodie.clustering.inline.max.commits": "1",
    }
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1), change("I", "01", id=2, v=2)])])
    entry = lake.entry([lake.put([change("U", "05", id=1, v=5), change("D", "06", id=2)])])
    lake.settle(lake.apply(entry))
    assert lake.apply(entry)["result"] == "already_committed"
    late = lake.apply_and_settle([lake.put([change("U", "03", id=1, v=3), change("I", "04", id=3, v=4)])])
    assert (late["rows"]["stale"], late["rows"]["inserted"]) == (1, 1)
    assert lake.rows() == [{"id": 1, "v": 5}, {"id": 3, "v": 4}]
    timeline = Path(lake.location.removeprefix("file://")) / ".hoodie" / "timeline"
    assert list(timeline.glob("*.clustering.inflight"))


REFUSED: dict[str, tuple[Mapping[str, object], str]] = {
    "ordering": ({"properties": {"hoodie.record.merge.mode": "COMMIT_TIME_ORDERING"}}, "TG2402"),
    "payload": ({"properties": {"hoodie.compaction.payload.class": "x"}}, "TG2402"),
    "a second writer": ({"properties": {"hoodie.write.concurrency.mode": "x"}}, "TG2402"),
    "lazy rollback": ({"properties": {"hoodie.clean.failed.writes.policy": "LAZY"}}, "TG2402"),
    "record key": ({"properties": {"hoodie.datasource.write.recordkey.field": "v"}}, "TG2402"),
    "index": ({"properties": {"hoodie.index.type": "SIMPLE"}, "partition_by": ["v"]}, "TG2402"),
    "Iceberg's": ({"properties": {"format-version": "2"}}, "TG2414"),
    "buckets": ({"partition_by": ["bucket(4, id)"]}, "TG2401"),
    "adoption": ({"adopt": True}, "TG2003"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_settings_that_cannot_be_followed_are_refused_before_anything_is_made(hudi: Lake, name: str) -> None:
    changed, code = REFUSED[name]
    entry = hudi.entry([hudi.put([change("I", "01", id=1, v=1)])])
    entry["target"].update(changed)
    outcome = hudi.apply(entry)
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", code)
    assert not hudi.exists()


def test_what_hudi_cannot_change_is_refused(hudi: Lake) -> None:
    hudi.apply_and_settle([hudi.put([change("I", "01", id=1, v=1, a=1)])])
    entry = hudi.entry([hudi.put([change("I", "02", id=2, v=2, a=2)])])

    def refusal(part: str, **changed: object) -> str:
        other = {**entry, part: {**entry[part], **changed}}
        return str(hudi.apply(other)["error"]["code"])

    assert refusal("merge", keys=["a"]) == "TG2415"
    assert refusal("merge", keys=["id", "a"]) == "TG2415"
    assert refusal("merge", mode="historical") == "TG2404"
    assert refusal("target", write_mode="merge_on_read") == "TG2415"
    assert refusal("target", partition_by=["a"]) == "TG2415"
    table = pa.table({"op": ["I"], "seq": ["03"], "id": [3], "v": [3], "_hoodie_file_name": ["x"]})
    assert hudi.apply(hudi.entry([hudi.put_table(table)]))["error"]["code"] == "TG2413"
    table = pa.table({"op": ["I"], "seq": ["03"], "id": [3], "größe": [3]})
    assert hudi.apply(hudi.entry([hudi.put_table(table)]))["error"]["code"] == "TG2413"
