"""Partition specs, table properties, column rules, hostile names, and readers that are not Spark."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.table import StaticTable

from tests.lake import Lake, Row, change


def typed(*rows: tuple[str, str, int, datetime, str]) -> pa.Table:
    names = ["op", "seq", "id", "made_at", "kind"]
    schema = pa.schema(
        zip(
            names, [pa.string(), pa.string(), pa.int64(), pa.timestamp("us", "UTC"), pa.string()], strict=True
        )
    )
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (["bucket(4, ID)"], "bucket(4, id)"),
        (["days(made_at)"], "days(made_at)"),
        (["months(made_at)", "kind"], "months(made_at), kind"),
    ],
)
def test_partitioned_tables_follow_a_row_that_moves(lake: Lake, spec: list[str], expected: str) -> None:
    lake.partition_by = spec
    old, new = datetime(2023, 1, 31, 23, tzinfo=UTC), datetime(2023, 2, 1, 1, tzinfo=UTC)
    lake.apply_and_settle([lake.put_table(typed(("I", "01", 1, old, "a"), ("I", "02", 2, old, "a")))])
    lake.apply_and_settle([lake.put_table(typed(("U", "03", 1, new, "b"), ("D", "04", 2, old, "a")))])
    assert lake.rows("id", "kind") == [{"id": 1, "kind": "b"}]
    described = lake.spark.sql(f"DESCRIBE EXTENDED shop.{lake.table}").collect()
    parts = [row["data_type"] for row in described if row["col_name"].startswith("Part ")]
    assert ", ".join(parts) == expected


def test_table_says_who_writes_it_and_how_fresh_it_is(lake: Lake) -> None:
    lake.write_mode = "copy_on_write"
    lake.properties = {"write.parquet.compression-codec": "gzip"}
    file = lake.put([change("I", "01", id=1, v=1)])
    lake.apply_and_settle([file])
    shown = {
        row["key"]: row["value"] for row in lake.spark.sql(f"SHOW TBLPROPERTIES shop.{lake.table}").collect()
    }
    assert shown["tidegate.managed"] == "true"
    assert shown["tidegate.source-table"] == f"shop_{lake.table}"
    assert (shown["tidegate.keys"], shown["tidegate.sequence-by"]) == ("id", "seq")
    assert shown["write.merge.mode"] == "copy-on-write"
    assert shown["write.metadata.metrics.column._tg_batch"] == "full"
    assert shown["write.parquet.compression-codec"] == "gzip"
    [summary] = lake.snapshots()
    assert summary["tidegate.fresh-as-of-ms"] == str(file["put_at_s"] * 1000)


def test_our_columns_say_where_a_row_comes_from(lake: Lake) -> None:
    file = lake.put([change("I", "01", id=1, v=1)])
    full = lake.put([{"id": 2, "v": 2}], kind="full")
    before = datetime.now(UTC).replace(tzinfo=None)
    outcome = lake.apply_and_settle([file, full])
    first, second = lake.rows("_tg_sequence", "_tg_operation", "_tg_file", "_tg_batch", "_tg_applied_at")
    assert (first["_tg_sequence"], first["_tg_operation"], first["_tg_file"]) == ("01", "I", file["file_id"])
    assert (second["_tg_sequence"], second["_tg_operation"], second["_tg_file"]) == ("", "L", full["file_id"])
    assert {first["_tg_batch"], second["_tg_batch"]} == {outcome["batch_id"]}
    assert abs((first["_tg_applied_at"] - before).total_seconds()) < 600


def test_names_in_upper_case_dropped_columns_and_sequences_that_are_numbers(lake: Lake) -> None:
    """DMS can upper-case all names. `9` must not beat `10`."""
    lake.drop_columns = ["cdc_operation"]

    def put(op: str, seq: int, v: int) -> Row:
        columns = {
            "Op": [op],
            "SEQ": pa.array([seq], pa.int32()),
            "CDC_OPERATION": ["x"],
            "ID": pa.array([1], pa.int16()),
        }
        return lake.put_table(pa.table({**columns, "V`; --": pa.array([v], pa.int64())}))

    lake.apply_and_settle([put("I", 9, 9)])
    lake.apply_and_settle([put("U", 10, 10)])
    lake.apply_and_settle([put("U", 9, 0)])
    assert lake.rows() == [{"id": 1, "v`; --": 10}]
    assert lake.rows("_tg_sequence") == [{"_tg_sequence": "00000000000000000010"}]


def test_tie_goes_to_the_file_put_first_and_a_second_tie_to_one_row_for_good(lake: Lake) -> None:
    """[sequence-guard]"""
    later = lake.put([change("I", "01", id=1, v=2)], name="a.parquet")
    content = Path(
        lake.put([change("I", "01", id=1, v=1)], name="z.parquet")["uri"].removeprefix("file://")
    ).read_bytes()
    earlier = lake.put_bytes(content, name="z2.parquet", put_at_s=1_600_000_000)
    outcome = lake.apply_and_settle([later, earlier])
    assert outcome["rows"]["duplicate"] == 1
    assert lake.rows() == [{"id": 1, "v": 1}]

    rows = [change("I", "02", id=5, v=v) for v in (1, None, 3)]
    winners = []
    for order in (rows, rows[::-1]):
        lake.apply_and_settle([lake.put([change("D", "01", id=5)])])
        lake.apply_and_settle([lake.put(order)])
        winners += [row["v"] for row in lake.rows() if row["id"] == 5]
        lake.apply_and_settle([lake.put([change("D", "03", id=5)])])
        lake.max_sequence, lake.generation = None, lake.generation + 1
        rows = [change("I", "04", id=5, v=row["v"]) for row in order]
    assert winners[0] == winners[1]


@pytest.mark.parametrize(
    "name", ["a b.parquet", "p%20q+r.parquet", "g*[x]{y}?.parquet", "ü&#.parquet", "k=v/x.parquet"]
)
def test_hostile_file_names_are_just_names(lake: Lake, name: str) -> None:
    lake.put([change("I", "02", id=2, v=2)], name="gax.parquet")
    outcome = lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)], name=name)])
    assert outcome["rows"]["inserted"] == 1
    assert lake.rows() == [{"id": 1, "v": 1}]


def test_file_that_spark_would_hide_is_rejected_not_lost(lake: Lake) -> None:
    """[all-or-nothing] Spark skips names that begin with `_`: the footer says how many rows there must be."""
    outcome = lake.apply(lake.entry([lake.put([change("I", "01", id=1, v=1)], name="_a.parquet")]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG2106")
    assert not lake.exists()


def test_many_small_files_need_no_job_each(lake: Lake) -> None:
    files = [lake.put([change("I", f"{place:03}", id=place, v=place)]) for place in range(300)]
    before = _jobs_so_far(lake)
    outcome = lake.apply_and_settle(files)
    assert outcome["rows"]["inserted"] == 300
    assert [file["rows"] for file in outcome["files"]] == [1] * 300
    assert _jobs_so_far(lake) - before < 20


def _jobs_so_far(lake: Lake) -> int:
    scheduler: Any = lake.spark.sparkContext._jsc.sc().dagScheduler()
    return int(scheduler.nextJobId())


@pytest.mark.parametrize("mode", ["merge_on_read", "copy_on_write"])
def test_pyiceberg_reads_what_spark_reads(lake: Lake, mode: str) -> None:
    lake.write_mode = mode
    lake.apply_and_settle([lake.put([change("I", f"{key:02}", id=key, v=key) for key in range(20)])])
    changes = [change("D", "30", id=3), change("U", "31", id=4, v=None), change("I", "32", id=99, v=99)]
    lake.apply_and_settle([lake.put(changes)])
    folder = Path(lake.location.removeprefix("file://")) / "metadata"
    newest = max(folder.glob("v*.metadata.json"), key=lambda path: int(path.name[1:].split(".")[0]))
    read = StaticTable.from_metadata(str(newest)).scan(selected_fields=("id", "v")).to_arrow().to_pylist()
    expected = [{"id": key, "v": None if key == 4 else key} for key in [*range(20), 99] if key != 3]
    assert sorted(read, key=lambda row: int(row["id"])) == expected == lake.rows()
