"""[all-or-nothing] Bad files and settings: the batch is rejected with a number, the table untouched, others
go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from tests.lake import Lake, Row, change
from tidegate_job.changes.effects import count_effects
from tidegate_job.iceberg.batch import stage_batch
from tidegate_job.iceberg.stage import StagedFiles
from tidegate_job.outcome import RowCounts

GOOD = [change("I", "10", id=7, v=7)]


def columns(**arrays: pa.Array) -> pa.Table:
    return pa.table(
        {
            "op": ["I"],
            "seq": ["10"],
            "id": pa.array([7], pa.int64()),
            "v": pa.array([7], pa.int64()),
            **arrays,
        }
    )


def without(*names: str) -> pa.Table:
    return columns().drop_columns(list(names))


def truncated(lake: Lake) -> Row:
    whole = lake.put(GOOD)
    content = Path(whole["uri"].removeprefix("file://")).read_bytes()
    return lake.put_bytes(content[:-20])


def damaged(lake: Lake) -> Row:
    """Footer whole, pages overwritten."""
    content = bytearray(Path(lake.put(GOOD)["uri"].removeprefix("file://")).read_bytes())
    content[4:200] = b"\xff" * 196
    return lake.put_bytes(bytes(content))


def gone(lake: Lake) -> Row:
    file = lake.put(GOOD)
    Path(file["uri"].removeprefix("file://")).unlink()
    return file


def overwritten(lake: Lake) -> Row:
    file = lake.put(GOOD, name="same-key.parquet")
    lake.put([change("I", "11", id=8, v=8)], name="same-key.parquet")
    return file


def null_keys(lake: Lake) -> Row:
    """60 rows, every other one without a key."""
    return lake.put([change("I", "10", id=None if n % 2 else n, v=7) for n in range(60)])


#: Rows to blame, counted from 1: the first twenty.
ROWS = {"null key": [1], "null keys": list(range(2, 42, 2))}
NANOSECONDS = pa.array([1], pa.timestamp("ns"))
FILES: dict[str, tuple[Callable[[Lake], Row], str, str | None]] = {
    "truncated": (truncated, "TG2104", "truncated"),
    "damaged": (damaged, "TG2106", "damaged"),
    "empty": (lambda lake: lake.put_bytes(b""), "TG2103", "empty"),
    "not parquet": (lambda lake: lake.put_bytes(b"<html>" * 100), "TG2105", "not_parquet"),
    "gone": (gone, "TG2101", "gone"),
    "overwritten": (overwritten, "TG2102", "overwritten"),
    "csv": (lambda lake: lake.put_bytes(b"I,10,7,7\n", "a.csv"), "TG2107", None),
    "null key": (lambda lake: lake.put([change("I", "10", id=None, v=7)]), "TG2212", "null_key"),
    "null keys": (null_keys, "TG2212", "null_key"),
    "no sequence": (lambda lake: lake.put_table(without("seq")), "TG2213", "columns"),
    "no operation": (lambda lake: lake.put_table(without("op")), "TG2215", "columns"),
    "no key": (lambda lake: lake.put_table(without("id")), "TG2211", "columns"),
    "other column": (lambda lake: lake.put_table(columns(extra=pa.array(["x"]))), "TG2201", "columns"),
    "fewer columns": (lambda lake: lake.put_table(without("v")), "TG2202", "columns"),
    "other type": (lambda lake: lake.put_table(columns(v=pa.array(["7"]))), "TG2203", "columns"),
    "column twice": (lambda lake: lake.put_table(columns(V=pa.array([1], pa.int64()))), "TG2204", "columns"),
    "our column": (lambda lake: lake.put_table(columns(_tg_x=pa.array([1]))), "TG2205", "columns"),
    "nanoseconds": (lambda lake: lake.put_table(columns(v=NANOSECONDS)), "TG2206", "columns"),
    "float sequence": (lambda lake: lake.put_table(columns(seq=pa.array([1.5]))), "TG2214", "columns"),
    "list as key": (lambda lake: lake.put_table(columns(id=pa.array([[7]]))), "TG2216", "columns"),
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Lake, Row, Row]]:
    """All bad files in one plan, each in a batch with a good file and on a table of its own; one table has no
    bad file."""
    folder = tmp_path_factory.mktemp("bad")
    lakes = {name: Lake(spark, folder) for name in [*FILES, "good"]}
    firsts = [lake.planned(lake.entry([lake.put([change("I", "01", id=1, v=1)])])) for lake in lakes.values()]
    for lake, outcome in zip(lakes.values(), lakes["good"].run(*firsts), strict=True):
        lake.settle(outcome)
    bad: dict[str, Row] = {name: make(lakes[name]) for name, (make, _, _) in FILES.items()}
    planned = [
        lake.planned(lake.entry([lake.put(GOOD, name="good.parquet"), *([bad[name]] if name in bad else [])]))
        for name, lake in lakes.items()
    ]
    found = lakes["good"].run(*planned)
    return {
        name: (lakes[name], bad.get(name, {}), outcome) for name, outcome in zip(lakes, found, strict=True)
    }


@pytest.mark.parametrize("name", FILES)
def test_bad_file_rejects_its_batch_and_says_what_to_do(
    outcomes: dict[str, tuple[Lake, Row, Row]], name: str
) -> None:
    """[all-or-nothing]"""
    lake, file, outcome = outcomes[name]
    _, code, reason = FILES[name]
    assert (outcome["result"], outcome["lookup"], outcome["error"]["code"]) == ("rejected", "absent", code)
    assert f"`{file['uri']}`" in outcome["error"]["message"]
    bad = [(bad["file_id"], bad["reason"]) for bad in outcome["bad_files"]]
    assert bad == ([(file["file_id"], reason)] if reason else [])
    assert [bad.get("rows") for bad in outcome["bad_files"]] == ([ROWS.get(name)] if reason else [])
    assert outcome["evidence"] is None
    assert [row["id"] for row in lake.rows()] == [1]


def test_the_other_tables_of_the_plan_go_on(outcomes: dict[str, tuple[Lake, Row, Row]]) -> None:
    lake, _, outcome = outcomes["good"]
    assert outcome["result"] == "committed"
    assert [row["id"] for row in lake.rows()] == [1, 7]


def test_file_overwritten_while_it_is_read(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """[all-or-nothing] What was read may be neither the old nor the new object: nothing of it is
    committed."""
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)])])
    file = lake.put(GOOD, name="same-key.parquet")

    def count_then_overwrite(*given: Any) -> tuple[RowCounts, dict[str, int]]:
        counts = count_effects(*given)
        lake.put([change("I", "11", id=8, v=8)], name="same-key.parquet")
        return counts

    monkeypatch.setattr("tidegate_job.apply_table.count_effects", count_then_overwrite)
    outcome = lake.apply(lake.entry([file]))
    assert outcome["error"]["code"] == "TG2102"
    assert [(bad["stage"], bad["reason"]) for bad in outcome["bad_files"]] == [("recheck", "overwritten")]
    assert len(lake.snapshots()) == 1


def test_full_load_overwritten_while_it_is_written(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """[all-or-nothing] A first load is read again as it is written: the last look at the files comes
    after."""
    file = lake.put([{"id": 1, "v": 1}], name="load.parquet", kind="full")

    def write_then_overwrite(*given: Any) -> StagedFiles:
        staged = stage_batch(*given)
        lake.put([{"id": 8, "v": 8}], name="load.parquet", kind="full")
        return staged

    with monkeypatch.context() as patched:
        patched.setattr("tidegate_job.iceberg.table.stage_batch", write_then_overwrite)
        outcome = lake.apply(lake.entry([file]))
    assert outcome["error"]["code"] == "TG2102"
    assert lake.snapshots() == []
    assert not list(Path(lake.location.removeprefix("file://")).rglob("*.parquet"))
    assert lake.apply_and_settle([lake.put([{"id": 8, "v": 8}], kind="full")])["result"] == "committed"
    assert lake.rows() == [{"id": 8, "v": 8}]


SETTINGS: dict[str, tuple[dict[str, object], str]] = {
    "foreign function": ({"target": {"partition_by": ["truncate(4, id)"]}}, "TG2401"),
    "sql in a spec": ({"target": {"partition_by": ["id); DROP TABLE x; --"]}}, "TG2401"),
    "days of a number": ({"target": {"partition_by": ["days(id)"]}}, "TG2401"),
    "weak isolation": ({"target": {"properties": {"write.merge.isolation-level": "snapshot"}}}, "TG2402"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_cannot_be_followed_are_refused_before_anything_is_made(lake: Lake, name: str) -> None:
    changed, code = SETTINGS[name]
    entry = lake.entry([lake.put(GOOD)])
    for part, values in changed.items():
        assert isinstance(values, dict)
        entry[part].update(values)
    outcome = lake.apply(entry)
    assert outcome["error"]["code"] == code
    assert outcome["result"] == ("unknown" if code == "TG4001" else "rejected")
    assert not lake.exists()


def test_foreign_table_is_refused(lake: Lake) -> None:
    lake.spark.sql("CREATE DATABASE IF NOT EXISTS shop")
    lake.spark.sql(f"CREATE TABLE shop.{lake.table} (id bigint, v bigint) USING iceberg")
    assert lake.apply(lake.entry([lake.put(GOOD)]))["error"]["code"] == "TG2403"


def test_weakened_table_is_refused(lake: Lake) -> None:
    """[one-snapshot] With snapshot isolation a zombie's commit would go through."""
    lake.apply_and_settle([lake.put(GOOD)])
    lake.spark.sql(
        f"ALTER TABLE shop.{lake.table} SET TBLPROPERTIES ('write.merge.isolation-level' = 'snapshot')"
    )
    outcome = lake.apply(lake.entry([lake.put([change("U", "11", id=7, v=8)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG4008")


@pytest.mark.parametrize(
    ("said", "expected", "blamed"),
    [
        ("com.amazonaws.SdkClientException: Unable to execute HTTP request", "TG5001", False),
        ("java.net.SocketTimeoutException: Read timed out", "TG5001", False),
        ("org.apache.parquet.io.ParquetDecodingException: Can not read value at 1", "TG2106", True),
    ],
)
def test_a_silent_storage_is_not_blamed_on_the_file(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, said: str, expected: str, blamed: bool
) -> None:
    """Or else `on_bad_file: quarantine` would put good files aside whenever the network is down."""
    file = lake.put(GOOD)

    def fail(changes: DataFrame, keys: object) -> None:
        jvm: Any = lake.spark._jvm
        failure = jvm.java.lang.RuntimeException(f"Error while reading file {file['uri']}: {said}")
        raise Py4JJavaError("read", failure)

    monkeypatch.setattr("tidegate_job.apply_table.file_rows", fail)
    outcome = lake.apply(lake.entry([file]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", expected)
    assert bool(outcome["bad_files"]) is blamed
    assert outcome["error"]["transient"] is not blamed


def test_a_full_load_declares_the_columns_though_a_change_was_put_before_it(lake: Lake) -> None:
    early = lake.put([change("U", "01", id=1, v=1, a=1)])
    full = lake.put([{"id": 1, "v": 1}], kind="full")
    outcome = lake.apply(lake.entry([early, full]))

    assert outcome["result"] == "rejected"
    assert [bad["file_id"] for bad in outcome["bad_files"]] == [early["file_id"]]
    assert early["uri"] in outcome["error"]["message"]
    assert "`a`" in outcome["error"]["message"]
