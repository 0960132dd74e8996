"""[generations] A reload or a rebuild: the new generation takes the table over in one commit, or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, at, change
from tests.readers import metadata_of, read_elsewhere

MODES = ("merge_on_read", "copy_on_write")


def load(lake: Lake, *keys: int, v: int = 1) -> Row:
    """A full-load file of these keys; always under the same name, as DMS puts it again."""
    rows = [{"id": key, "v": v} for key in keys]
    return lake.put(rows, name=f"{lake.generation}/LOAD00000001.parquet", kind="full")


def first_generation(lake: Lake) -> None:
    """Three rows of a full load, of which one is updated, one deleted and one new by now."""
    lake.apply_and_settle([load(lake, 1, 2, 3)])
    changes = [change("U", "51", id=1, v=51), change("D", "52", id=2), change("I", "53", id=4, v=53)]
    lake.apply_and_settle([lake.put(changes)])


def reload(lake: Lake, *keys: int) -> Row:
    """The entry of a reload that has these keys."""
    lake.next_generation()
    return lake.entry([load(lake, *keys, v=2)], replaces=True)


def paused(lake: Lake, session: SparkSession, planned: Row, moment: str, meanwhile: Any) -> Row:
    [outcome] = lake.run(planned, spark=session, checkpoint=at(moment, meanwhile))
    return outcome


def test_a_reload_is_one_commit_and_leaves_the_old_generation_to_time_travel(lake: Lake) -> None:
    first_generation(lake)
    before, old = lake.settled_snapshot, lake.rows()
    entry = reload(lake, 2, 3, 3)
    outcome = lake.apply(entry)
    assert (outcome["result"], outcome["lookup"]) == ("committed", "absent")
    counted = {"read": 3, "inserted": 2, "updated": 0, "deleted": 0, "stale": 0, "duplicate": 1}
    assert outcome["rows"] == counted
    assert lake.rows() == read_elsewhere(lake) == [{"id": 2, "v": 2}, {"id": 3, "v": 2}]
    summary = lake.snapshots()[-1]
    assert len(lake.snapshots()) == 3
    assert (summary["tidegate.batch-id"], summary["tidegate.generation"]) == (outcome["batch_id"], "2")
    assert (summary["total-records"], summary["total-delete-files"]) == ("2", "0")
    assert before
    assert read_elsewhere(lake, before) == old
    travelled = lake.spark.sql(f"SELECT id, v FROM shop.{lake.table} VERSION AS OF {before} ORDER BY id")
    assert [row.asDict() for row in travelled.collect()] == old

    again = lake.apply(entry)
    assert (again["result"], again["snapshot"]) == ("already_committed", outcome["snapshot"])
    lake.settle(outcome)
    # The mark and the deletes of the old generation are not this one's: `51` and `52` were there before.
    later = [change("U", "40", id=3, v=40), change("I", "41", id=1, v=41), change("D", "42", id=2)]
    assert lake.apply_and_settle([lake.put(later)])["rows"]["stale"] == 0
    assert lake.rows() == [{"id": 1, "v": 41}, {"id": 3, "v": 40}]


@pytest.mark.parametrize("partition_by", [[], ["bucket(4, id)"]], ids=["whole", "partitioned"])
def test_a_reload_may_be_empty_and_still_keeps_the_old_generation_out(
    lake: Lake, other_session: SparkSession, partition_by: list[str]
) -> None:
    """[one-snapshot] Rows that are only added conflict with added files alone, so there must be one."""
    lake.partition_by = partition_by
    lake.apply_and_settle([load(lake, 1)])
    late = lake.planned(lake.entry([lake.put([change("I", "60", id=9, v=9)])]))

    def swap() -> None:
        lake.settle(lake.apply(reload(lake)))

    outcome = paused(lake, other_session, late, "before-commit", swap)
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG4002")
    assert lake.rows() == read_elsewhere(lake) == []
    lake.apply_and_settle([lake.put([change("I", "01", id=5, v=5)])])
    assert lake.rows() == read_elsewhere(lake) == [{"id": 5, "v": 5}]


@pytest.mark.parametrize("mode", MODES)
def test_a_batch_of_the_old_generation_is_too_late_after_the_swap(
    lake: Lake, other_session: SparkSession, mode: str
) -> None:
    """[one-snapshot] [generations] It looked before the swap, or it looks afterwards."""
    lake.write_mode = mode
    lake.apply_and_settle([load(lake, 1, 3)])
    entry = lake.entry([lake.put([change("U", "60", id=1, v=60), change("D", "61", id=3)])])
    looked, looks = lake.planned(entry), lake.planned(entry)

    def swap() -> None:
        lake.settle(lake.apply(reload(lake, 1, 3)))

    outcome = paused(lake, other_session, looked, "before-commit", swap)
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG4002")
    [outcome] = lake.run(looks)
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG4004")
    # A token of today does not help it either.
    outcome = lake.apply(entry)
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG4005")
    assert lake.rows() == [{"id": 1, "v": 2}, {"id": 3, "v": 2}]


@pytest.mark.parametrize("moment", ["looked-up", "before-commit"])
def test_a_swap_that_wakes_up_later_does_not_undo_what_followed(
    lake: Lake, other_session: SparkSession, moment: str
) -> None:
    """[one-snapshot] A stops, B swaps, C changes and deletes rows of the new generation, A goes on."""
    lake.apply_and_settle([load(lake, 1, 3)])
    entry = reload(lake, 1, 2)
    zombie = lake.planned(entry)

    def others() -> None:
        lake.settle(lake.apply(entry))
        lake.apply_and_settle([lake.put([change("U", "70", id=1, v=70), change("D", "71", id=2)])])

    outcome = paused(lake, other_session, zombie, moment, others)
    assert (outcome["result"], outcome["lookup"]) == ("already_committed", "found")
    assert lake.rows() == [{"id": 1, "v": 70}]
    assert str(zombie["token"]) not in [summary["tidegate.token"] for summary in lake.snapshots()]
    assert data_files(lake) == known_files(lake)


def test_any_commit_in_between_stops_the_swap(lake: Lake, other_session: SparkSession) -> None:
    """[one-snapshot] Also one of the old generation that changed nothing: the ledger must hear of it."""
    lake.apply_and_settle([load(lake, 1, 3)])
    old = lake.entry([lake.put([change("D", "60", id=9)])])
    swap = lake.planned(reload(lake, 1))

    def other() -> None:
        assert lake.apply(old)["rows"]["stale"] == 1

    outcome = paused(lake, other_session, swap, "before-commit", other)
    assert (outcome["result"], outcome["lookup"]) == ("rejected", "absent")
    assert (outcome["error"]["code"], outcome["error"]["transient"]) == ("TG4002", True)
    assert [row["id"] for row in lake.rows()] == [1, 3]
    assert data_files(lake) == known_files(lake)


def data_files(lake: Lake) -> set[str]:
    """Of the table's folder, whether a snapshot knows them or not."""
    folder = Path(lake.location.removeprefix("file://")) / "data"
    return {str(path) for path in folder.rglob("*.parquet")}


def known_files(lake: Lake) -> set[str]:
    found: set[str] = set()
    for kind in ("all_data_files", "all_delete_files"):
        query = f"SELECT file_path FROM shop.{lake.table}.{kind}"
        found |= {str(row[0]).removeprefix("file:") for row in lake.spark.sql(query).collect()}
    return found


def typed(lake: Lake, rows: list[tuple[Any, ...]], **columns: pa.DataType) -> Row:
    """A change file with these columns beside `op` and `seq`."""
    names = {"op": pa.string(), "seq": pa.string(), **columns}
    arrays = [
        pa.array(values, type_) for values, type_ in zip(zip(*rows, strict=True), names.values(), strict=True)
    ]
    return lake.put_table(pa.table(dict(zip(names, arrays, strict=True))))


def test_a_rebuild_has_other_keys_columns_and_partitions_in_the_same_commit(lake: Lake) -> None:
    """`v` is text now, `c` is gone, `x.y` new, `b` new and a key. What a spec needs cannot go."""
    lake.partition_by = ["bucket(4, id)", "a"]
    wide = {"id": pa.int64(), "v": pa.int64(), "a": pa.int64(), "c": pa.int64()}
    lake.apply_and_settle([typed(lake, [("I", "01", 1, 1, 1, 1), ("I", "02", 2, 2, 2, 2)], **wide)])
    lake.apply_and_settle([typed(lake, [("U", "03", 1, 3, 1, 1)], **wide)])
    before, old = lake.settled_snapshot, lake.rows()

    lake.next_generation()
    lake.keys, lake.partition_by, lake.write_mode = ["id", "b"], ["bucket(2, id)", "b"], "copy_on_write"
    other = {"b": pa.string(), "id": pa.int64(), "v": pa.string()}
    rows = [("I", "01", "x", 1, "one", 7), ("I", "02", "y", 1, "two", 7), ("D", "03", "y", 1, "two", 7)]
    refused = lake.apply(lake.entry([typed(lake, [row[:-1] for row in rows], **other)], replaces=True))
    assert (refused["result"], refused["error"]["code"]) == ("rejected", "TG2412")
    other |= {"a": pa.int64(), "x.y": pa.int64()}
    outcome = lake.apply(lake.entry([typed(lake, [(*row, 8) for row in rows], **other)], replaces=True))
    assert outcome["error"] is None, outcome["error"]
    assert outcome["rows"]["inserted"] == 1
    lake.settle(outcome)
    more = [("I", "04", "z", 1, "three", 7, 8), ("U", "05", "x", 1, "four", 7, 8)]
    lake.apply_and_settle([typed(lake, more, **other)])
    expected = [{"b": b, "id": 1, "v": v, "a": 7, "x.y": 8} for b, v in (("x", "four"), ("z", "three"))]
    assert lake.rows() == read_elsewhere(lake) == expected
    described = lake.spark.sql(f"DESCRIBE EXTENDED shop.{lake.table}").collect()
    parts = [row["data_type"] for row in described if row["col_name"].startswith("Part ")]
    assert parts == ["bucket(2, id)", "b"]
    stored = {
        row["key"]: row["value"] for row in lake.spark.sql(f"SHOW TBLPROPERTIES shop.{lake.table}").collect()
    }
    assert (stored["tidegate.keys"], stored["write.merge.mode"]) == ("id,b", "copy-on-write")
    lake.keys = ["id"]
    assert before
    assert read_elsewhere(lake, before) == old
    travelled = lake.spark.sql(
        f"SELECT id, v, a, c FROM shop.{lake.table} VERSION AS OF {before} ORDER BY id"
    )
    assert [row.asDict() for row in travelled.collect()] == old
    # `v` is another column than it was, whatever its name.
    ids = {field.name: field.field_id for field in metadata_of(lake).schema().fields}
    assert (ids["id"], ids["a"]) == (1, 3)
    assert min(ids["v"], ids["b"]) > len(old[0]) + 5


def test_a_table_changes_its_mode_by_a_rebuild(lake: Lake) -> None:
    """Snapshot, then historical, then snapshot again, each time from all files."""
    files = [lake.put([change("I", "01", id=1, v=1), change("I", "02", id=2, v=2)])]
    lake.apply_and_settle(files)
    files.append(lake.put([change("U", "03", id=1, v=3), change("D", "04", id=2)]))
    lake.apply_and_settle(files[1:])

    lake.next_generation()
    lake.mode = "historical"
    lake.settle(lake.apply(lake.entry(files, replaces=True)))
    files.append(lake.put([change("U", "05", id=1, v=5)]))
    lake.apply_and_settle(files[2:])
    assert sorted(row["seq"] for row in lake.versions()) == ["01", "02", "03", "04", "05"]

    lake.next_generation()
    # What a history has of other generations would be lost.
    outcome = lake.apply(lake.entry(files[2:], replaces=True))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG2411")
    lake.mode = "snapshot"
    lake.settle(lake.apply(lake.entry(files, replaces=True)))
    assert lake.rows() == read_elsewhere(lake) == [{"id": 1, "v": 5}]
    lake.apply_and_settle([lake.put([change("D", "06", id=1)])])
    assert lake.rows() == []


def test_a_rebuild_into_another_table_makes_it(lake: Lake) -> None:
    first_generation(lake)
    lake.next_generation()
    lake.table, lake.settled_snapshot = lake.table + "_new", None
    lake.location += "_new"
    lake.settle(lake.apply(lake.entry([load(lake, 7)], replaces=True)))
    assert lake.rows() == [{"id": 7, "v": 1}]
    assert lake.snapshots()[0]["tidegate.generation"] == "2"
