"""Evolving tables: files from before and after a change in one batch, every way of writing, attempts that
fail in between, reloads."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.kinds import DEEP
from tests.lake import Lake, Row, at, one_by_one
from tests.readers import read_elsewhere

BIG = 2**40
EXTRA, PLAIN = "ex.tra`s", "extra"
"""A name that would be another one if it were not quoted; and what a Hudi table can have."""
Change = tuple[str, str, int, int | None]


def old(*changes: Change) -> pa.Table:
    """A file from before the change: op, seq, id and v."""
    ops, seqs, ids, values = zip(*changes, strict=True)
    return pa.table(
        {"op": ops, "seq": seqs, "id": pa.array(ids, pa.int64()), "v": pa.array(values, pa.int32())}
    )


def new(*changes: Change, extra: str = EXTRA) -> pa.Table:
    """One from after it: `v` is wider, and there is an `extra` column."""
    table = old(*((op, seq, key, None) for op, seq, key, _ in changes)).drop_columns(["v"])
    wide = pa.array([value for *_, value in changes], pa.int64())
    return table.append_column(extra, pa.array(["x"] * len(wide))).append_column("v", wide)


WIDENED = {"change": "widened", "column": "v", "type": "bigint", "was": "int"}
ADDED = {"change": "added", "column": EXTRA, "type": "string"}
LATEST: list[Row] = [
    {"id": 1, "v": 10, EXTRA: None},
    {"id": 2, "v": BIG, EXTRA: "x"},
    {"id": 4, "v": 4, EXTRA: None},
]
MORE_WAYS: dict[str, Row] = {
    "hudi merge on read": {"format": "hudi", "write_mode": "merge_on_read"},
    "hudi partitioned by what is widened": {"format": "hudi", "partition_by": ["v"]},
    "hudi historical": {"format": "hudi", "mode": "historical"},
}
WAYS: dict[str, Row] = {
    "merge on read": {},
    "copy on write": {"write_mode": "copy_on_write"},
    "format version 3": {"properties": {"format-version": "3"}},
    "partitioned by what is widened": {"partition_by": ["v"], "write_mode": "copy_on_write"},
    "historical": {"mode": "historical"},
    "hudi copy on write": {"format": "hudi", "write_mode": "copy_on_write"},
    **(MORE_WAYS if DEEP else {}),
}


def extra_of(lake: Lake) -> str:
    return PLAIN if lake.format == "hudi" else EXTRA


def course(lake: Lake) -> Generator[Row, Row, None]:
    extra = extra_of(lake)
    full = old(("I", "", 1, 1), ("I", "", 2, 2), ("I", "", 3, 3)).drop_columns(["op", "seq"])
    lake.settle((yield lake.planned(lake.entry([lake.put_table(full, kind="full")]))))
    before = lake.put_table(old(("U", "10", 1, 10)))
    after = lake.put_table(new(("U", "20", 2, BIG), ("D", "21", 3, 3), extra=extra))
    outcome = yield lake.planned(lake.entry([before, after]))
    assert outcome["error"] is None, outcome["error"]
    changed = [ADDED | {"column": extra}, WIDENED]
    assert sorted(map(str, outcome["schema_changes"])) == sorted(map(str, changed))
    lake.settle(outcome)
    late = yield lake.planned(lake.entry([lake.put_table(old(("I", "05", 4, 4)))]))
    assert late["error"] is None, late["error"]
    assert "schema_changes" not in late


def test_files_from_before_and_after_a_change(spark: SparkSession, tmp_path: Path) -> None:
    """[schema-policy] In one batch, and one from before it in a later one; every way in which rows are
    written."""
    lakes = {name: Lake(spark, tmp_path) for name in WAYS}
    for name, lake in lakes.items():
        lake.schema_policy = "evolve"
        for setting, value in WAYS[name].items():
            setattr(lake, setting, value)
    one_by_one(list(lakes.values()), [course(lake) for lake in lakes.values()])
    for name, lake in lakes.items():
        if lake.mode == "historical":
            versions = sorted(
                (row["op"], row["id"], row["v"], row[extra_of(lake)]) for row in lake.versions()
            )
            expected = [("D", 3, 3, "x"), ("I", 4, 4, None), ("L", 1, 1, None), ("L", 2, 2, None)]
            assert versions == [*expected, ("L", 3, 3, None), ("U", 1, 10, None), ("U", 2, BIG, "x")]
            continue
        latest = [{"id": row["id"], "v": row["v"], extra_of(lake): row[EXTRA]} for row in LATEST]
        assert lake.rows() == latest, name
        assert name == "format version 3" or read_elsewhere(lake) == latest
        assert len(lake.snapshots()) == 3


@pytest.mark.parametrize("format_", ["iceberg", "hudi"])
def test_a_new_table_has_the_columns_of_all_files_of_its_first_batch(lake: Lake, format_: str) -> None:
    """[schema-policy] In whichever order they come, and older ones that come later fit too."""
    lake.schema_policy, lake.format = "evolve", format_
    first = old(("I", "", 1, 1)).drop_columns(["op", "seq"])
    wide = lake.put_table(new(("I", "20", 2, BIG), extra=PLAIN))
    files = [wide, lake.put_table(first, kind="full"), lake.put_table(old(("I", "15", 3, 3)))]
    outcome = lake.apply_and_settle(files)
    assert "schema_changes" not in outcome
    for key in (4, 5):
        lake.apply_and_settle([lake.put_table(old(("I", "10", key, key)))])
    rows = {row["id"]: (row["v"], row[PLAIN]) for row in lake.rows()}
    assert rows == {1: (1, None), 2: (BIG, "x"), 3: (3, None), 4: (4, None), 5: (5, None)}
    # A reload declares them anew, also what they were before.
    lake.next_generation()
    outcome = lake.apply(lake.entry([lake.put_table(new(("I", "30", 5, 5), extra=PLAIN))], replaces=True))
    lake.settle(outcome)
    assert lake.apply(lake.entry([lake.put_table(old(("U", "40", 5, 6)))]))["error"]["code"] == "TG2221"


@pytest.mark.parametrize("there", [False, True], ids=["made", "evolved"])
def test_what_an_attempt_that_died_has_made_fits_its_batch(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """[schema-policy] Of a column that the batch brings in two types the table has the wider one by then."""
    lake.schema_policy = "evolve"
    if there:
        lake.apply_and_settle([lake.put_table(old(("I", "01", 1, 1)).drop_columns(["v"]))])
    files = [lake.put_table(old(("I", "02", 2, 2))), lake.put_table(new(("I", "03", 3, BIG)))]
    entry = lake.entry(files)

    def die(*_: Any) -> None:
        raise KeyError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr("tidegate_job.iceberg.table.commit_files", die)
        patched.setattr("tidegate_job.iceberg.table.IcebergTable._fill", die)
        assert lake.apply(entry)["result"] == "rejected"
    outcome = lake.apply(entry)
    assert (outcome["result"], outcome["error"]) == ("committed", None)


def test_whichever_attempt_commits_says_what_was_changed(
    lake: Lake, other_session: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[schema-policy] The first attempt changes the columns and dies; the second finds them changed; a third
    one looks."""
    lake.schema_policy = "evolve"
    lake.apply_and_settle([lake.put_table(old(("I", "01", 1, 1)))])
    entry = lake.entry([lake.put_table(new(("U", "02", 1, BIG)))])

    def die(*_: Any) -> None:
        raise KeyError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr("tidegate_job.iceberg.table.commit_files", die)
        assert lake.apply(entry)["result"] == "rejected"
    assert lake.rows() == [{"id": 1, "v": 1, EXTRA: None}]
    second = lake.apply(entry, spark=other_session)
    assert [one["column"] for one in second["schema_changes"]] == ["v", EXTRA]
    third = lake.apply(entry)
    assert (third["result"], third["schema_changes"]) == ("already_committed", second["schema_changes"])
    assert lake.rows() == [{"id": 1, "v": BIG, EXTRA: "x"}]
    lake.settle(second)
    assert "schema_changes" not in lake.apply_and_settle([lake.put_table(new(("U", "03", 1, 3)))])


def test_two_attempts_at_once_change_the_columns_once(lake: Lake, other_session: SparkSession) -> None:
    """[one-snapshot] One of them commits; the other finds its batch there."""
    lake.schema_policy = "evolve"
    lake.apply_and_settle([lake.put_table(old(("I", "01", 1, 1)))])
    entry = lake.entry([lake.put_table(new(("U", "02", 1, BIG)))])
    others: list[Row] = []
    first, second = lake.planned(entry), lake.planned(entry)

    def overtake() -> None:
        others.extend(lake.run(second))

    [outcome] = lake.run(first, spark=other_session, checkpoint=at("looked-up", overtake))
    assert others[0]["result"] == "committed"
    assert (outcome["result"], outcome["snapshot"]) == ("already_committed", others[0]["snapshot"])
    assert outcome["schema_changes"] == others[0]["schema_changes"]
    assert lake.rows() == [{"id": 1, "v": BIG, EXTRA: "x"}]


def test_a_reload_takes_the_columns_of_its_files(lake: Lake) -> None:
    """[generations] Also the union of them; what only the old generation had is gone."""
    lake.schema_policy = "evolve"
    lake.apply_and_settle([lake.put_table(new(("I", "01", 1, BIG)))])
    lake.next_generation()
    narrow = old(("I", "", 1, 1)).drop_columns(["op", "seq"])
    more = narrow.append_column("more", pa.array(["m"]))
    more = more.set_column(0, "id", pa.array([2]))
    files = [lake.put_table(table, kind="full") for table in (narrow, more)]
    outcome = lake.apply(lake.entry(files, replaces=True))
    assert outcome["error"] is None, outcome["error"]
    assert lake.rows() == [{"id": 1, "v": 1, "more": None}, {"id": 2, "v": 1, "more": "m"}]


def test_a_lenient_table_keeps_what_it_has_rescued_when_it_evolves(lake: Lake) -> None:
    """[schema-policy] And `_rescued` is nobody else's, also of a table that was strict before."""
    lake.apply_and_settle([lake.put_table(old(("I", "01", 1, 1)))])
    lake.schema_policy = "lenient"
    both = [lake.put_table(old(("I", "02", 2, 2))), lake.put_table(new(("I", "03", 3, BIG)))]
    outcome = lake.apply_and_settle(both)
    assert [one["column"] for one in outcome["schema_changes"]] == ["_rescued"]
    rescued = {"v": str(BIG), EXTRA: "x"}
    kept = {"id": 3, "v": None, "_rescued": rescued}
    assert lake.rows()[2] == kept
    lake.schema_policy = "evolve"
    outcome = lake.apply_and_settle([lake.put_table(new(("I", "04", 4, 4)))])
    assert [one["column"] for one in outcome["schema_changes"]] == ["v", EXTRA]
    assert lake.rows()[2:] == [kept | {EXTRA: None}, {"id": 4, "v": 4, "_rescued": None, EXTRA: "x"}]
    texts = {11: "7", 12: "07", 13: "seven", 14: None, 15: "2.5", 16: str(BIG * BIG)}
    changes = [("I", "04", key, None) for key in texts]
    lake.schema_policy = "lenient"
    lake.apply_and_settle([lake.put_table(old(*changes).set_column(3, "v", pa.array(list(texts.values()))))])
    for row in lake.rows()[4:]:
        fits = texts[row["id"]] in ("7", None)
        assert row["v"] == (7 if texts[row["id"]] == "7" else None)
        assert row["_rescued"] == (None if fits else {"v": texts[row["id"]]})
    own = new(("I", "05", 5, 5)).append_column("_rescued", pa.array(["mine"]))
    assert lake.apply(lake.entry([lake.put_table(own)]))["error"]["code"] == "TG2205"
