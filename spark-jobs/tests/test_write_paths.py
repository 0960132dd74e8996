"""How a batch gets into an Iceberg table, whichever way it takes: the rows are the same."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.table import StaticTable

from tests.lake import Lake, change
from tidegate_job.iceberg import batch as iceberg_batch
from tidegate_job.iceberg.scan import PinnedScan

MODES = ("merge_on_read", "copy_on_write")
DAY = datetime.date(2024, 1, 1)
NOON = datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.UTC)
KEYS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "bigint": (pa.int64(), list(range(-4, 4))),
    "string": (pa.string(), [f"{n}, longer than what bounds keep" for n in range(8)]),
    "date": (pa.date32(), [DAY + datetime.timedelta(days=n) for n in range(8)]),
    "decimal": (pa.decimal128(12, 2), [Decimal(n) / 4 - 1 for n in range(8)]),
    "timestamp": (pa.timestamp("us", "UTC"), [NOON + datetime.timedelta(seconds=n) for n in range(8)]),
    "double": (pa.float64(), [n / 8 for n in range(8)]),
}


@pytest.fixture
def planned_files(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of files that were planned to be read, one for each look into the table."""
    numbers: list[int] = []
    plan = PinnedScan.tasks

    def counted(self: PinnedScan, *given: Any, **named: Any) -> Any:
        tasks = plan(self, *given, **named)
        numbers.append(tasks.size())
        return tasks

    monkeypatch.setattr(PinnedScan, "tasks", counted)
    return numbers


def fill_and_change(lake: Lake) -> dict[str, int]:
    """A batch that inserts, updates and deletes, and two changes that come too late; the counts."""
    lake.apply_and_settle([lake.put([change("I", f"0{n}", id=n, v=n) for n in range(1, 6)])])
    batch = [
        change("U", "11", id=1, v=10),
        change("D", "12", id=2, v=0),
        change("I", "13", id=6, v=60),
        change("U", "01", id=3, v=0),
        change("D", "02", id=4, v=0),
    ]
    return dict(lake.apply_and_settle([lake.put(batch)])["rows"])


EXPECTED = [{"id": 1, "v": 10}, *({"id": n, "v": n} for n in (3, 4, 5)), {"id": 6, "v": 60}]
COUNTS = {"read": 5, "inserted": 1, "updated": 1, "deleted": 1, "stale": 2, "duplicate": 0}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("limit", ["MOST_FILES", "BROADCAST_ROWS", None])
def test_every_way_ends_in_the_same_rows(
    lake: Lake, mode: str, limit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`MOST_FILES` 0: Spark's MERGE. `BROADCAST_ROWS` 0: joins by shuffle."""
    lake.write_mode = mode
    if limit:
        monkeypatch.setattr(iceberg_batch, limit, 0)
    assert fill_and_change(lake) == COUNTS
    assert lake.rows() == EXPECTED


def test_deletion_vectors_of_format_3(lake: Lake) -> None:
    lake.properties = {"format-version": "3"}
    assert fill_and_change(lake) == COUNTS
    assert lake.rows() == EXPECTED
    assert lake.snapshots()[-1]["added-dvs"] == "1"


def test_history_of_format_3_is_refused(lake: Lake) -> None:
    lake.properties, lake.mode = {"format-version": "3"}, "historical"
    outcome = lake.apply(lake.entry([lake.put([change("I", "01", id=1, v=1)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG2003")
    assert not lake.exists()


def test_merge_on_read_rewrites_nothing(lake: Lake) -> None:
    fill_and_change(lake)
    summary = lake.snapshots()[-1]
    assert (summary["added-position-deletes"], summary["added-records"]) == ("2", "2")
    assert "deleted-data-files" not in summary
    query = f"SELECT file_path FROM shop.{lake.table}.delete_files"
    [(path,)] = lake.spark.sql(query).collect()
    assert "//" not in path
    folder = Path(lake.location.removeprefix("file://")) / "metadata"
    newest = max(folder.glob("v*.metadata.json"), key=lambda path: int(path.name[1:].split(".")[0]))
    read = StaticTable.from_metadata(str(newest)).scan(selected_fields=("id", "v")).to_arrow().to_pylist()
    assert sorted(read, key=lambda row: int(row["id"])) == EXPECTED


def test_copy_on_write_leaves_no_deletes_behind(lake: Lake) -> None:
    lake.write_mode = "copy_on_write"
    fill_and_change(lake)
    summary = lake.snapshots()[-1]
    assert (summary["deleted-data-files"], summary["total-delete-files"]) == ("1", "0")


@pytest.mark.parametrize(
    ("type_", "mode"), [*((type_, "merge_on_read") for type_ in KEYS), ("bigint", "copy_on_write")]
)
def test_only_files_that_can_hold_a_key_are_read(
    lake: Lake, mode: str, type_: str, planned_files: list[int]
) -> None:
    """Each of several files has one key; a batch changes the second, deletes the last and adds none."""
    arrow, values = KEYS[type_]
    lake.write_mode = mode

    def put(op: str, seq: str, value: Any, v: int) -> Any:
        columns = {"op": [op], "seq": [seq], "id": pa.array([value], arrow), "v": [v]}
        return lake.put_table(pa.table(columns))

    for place, value in enumerate(values):
        lake.apply_and_settle([put("I", f"{place:02}", value, place)])
    planned_files.clear()
    lake.apply_and_settle([put("U", "11", values[1], 100), put("D", "12", values[-1], 0)])
    bounded = type_ != "double"
    assert planned_files == [2 if bounded else len(values)] * (2 if mode == "copy_on_write" else 1)
    assert [row["v"] for row in lake.rows()] == [0, 100, *range(2, len(values) - 1)][: len(values) - 1]


def test_new_keys_beyond_all_files_read_none(lake: Lake, planned_files: list[int]) -> None:
    for n in range(5):
        lake.apply_and_settle([lake.put([change("I", f"0{n}", id=n, v=n)])])
    planned_files.clear()
    lake.apply_and_settle([lake.put([change("I", "11", id=100 + n, v=n) for n in range(3)])])
    assert planned_files == [0]
    assert len(lake.rows()) == 8


def test_bounds_of_composite_keys(lake: Lake, planned_files: list[int]) -> None:
    lake.keys = ["id", "a"]
    for n in range(6):
        lake.apply_and_settle([lake.put([change("I", f"0{n}", id=n // 3, a=n, v=n)])])
    planned_files.clear()
    lake.apply_and_settle([lake.put([change("U", "11", id=1, a=4, v=40), change("D", "12", id=0, a=0)])])
    assert planned_files == [2]
    assert [(row["id"], row["a"], row["v"]) for row in lake.rows()] == [
        (0, 1, 1),
        (0, 2, 2),
        (1, 3, 3),
        (1, 4, 40),
        (1, 5, 5),
    ]


def test_rewritten_files_keep_row_groups_without_any_key(lake: Lake) -> None:
    """Row groups that hold no key of the batch are skipped when it is compared, never when a file is written
    again."""
    lake.write_mode = "copy_on_write"
    lake.properties = {"write.parquet.row-group-size-bytes": "1024"}
    rows = 20_000
    full = pa.table({"id": range(rows), "v": range(rows)})
    lake.apply_and_settle([lake.put_table(full, kind="full")])
    for n in range(iceberg_batch.PRUNED_FROM):
        lake.apply_and_settle([lake.put([change("I", f"0{n}", id=rows + n, v=n)])])
    lake.apply_and_settle([lake.put([change("U", "11", id=7, v=-7), change("D", "12", id=19_000)])])
    values = [row["v"] for row in lake.rows()]
    expected = [-7 if n == 7 else n for n in range(rows) if n != 19_000]
    assert values == [*expected, *range(iceberg_batch.PRUNED_FROM)]


@pytest.mark.parametrize("mode", MODES)
def test_deletes_of_several_partitions_are_one_commit(lake: Lake, mode: str) -> None:
    lake.write_mode = mode
    lake.partition_by = ["bucket(4, id)"]
    lake.apply_and_settle([lake.put([change("I", "01", id=n, v=n) for n in range(40)])])
    before = len(lake.snapshots())
    lake.apply_and_settle([lake.put([change("D", "11", id=n) for n in range(0, 40, 2)])])
    assert [row["id"] for row in lake.rows()] == list(range(1, 40, 2))
    assert len(lake.snapshots()) == before + 1
    lake.apply_and_settle([lake.put([change("U", "12", id=n, v=-n) for n in range(40)])])
    assert [row["v"] for row in lake.rows()] == [-n for n in range(40)]
