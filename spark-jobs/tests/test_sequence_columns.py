"""What orders changes: one column or several, text or time, with ties broken; and tables without a key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, Files, elsewhere, everywhere, put, tell
from tests.lake import Lake, Row, change
from tidegate_job.errors import JobError
from tidegate_job.plan import load_plan

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
MOMENT = pa.timestamp("us", "UTC")
NUMBER = pa.int64()
TEXT = "2026-01-01 12:00:00.000000"
TWO = {"merge": {"sequence_by": ["COMMIT_TS", "change_no"]}}


def changes(*rows: tuple[Any, ...], at: pa.DataType = MOMENT, no: pa.DataType = NUMBER) -> Files:
    """One file of (op, commit_ts, change_no, id, v)."""
    named = ("op", "commit_ts", "change_no", "id", "v")
    schema = pa.schema(zip(named, (pa.string(), at, no, pa.int64(), pa.int64()), strict=True))
    table = pa.Table.from_pylist([dict(zip(named, row, strict=True)) for row in rows], schema=schema)
    return lambda lake: [lake.put_table(table)]


def one_column(lake: Lake) -> list[Row]:
    """TimestampColumnName alone: a transaction's changes tie, and the file put earliest wins."""
    first = pa.table({"op": ["I"], "commit_ts": [TEXT], "id": [1], "v": [1]})
    second = pa.table({"op": ["U"], "commit_ts": [TEXT], "id": [1], "v": [2]})
    return [lake.put_table(first), lake.put_table(second)]


def full_then_change(lake: Lake) -> list[Row]:
    """A full load has the time of the load and no number: older than a change of that very time."""
    load = pa.table({"commit_ts": pa.array([NOON], MOMENT), "id": [1], "v": [1]})
    return [lake.put_table(load, kind="full"), *changes(("U", NOON, 0, 1, 2))(lake)]


def load_then_older_change(lake: Lake) -> list[Row]:
    """A row has the time of its transfer, and a change of it that was committed before is in it already."""
    load = pa.table({"commit_ts": pa.array([LATER], MOMENT), "id": [1], "v": [2]})
    return [lake.put_table(load, kind="full"), *changes(("U", NOON, 0, 1, 1))(lake)]


COURSES = {
    "ties broken": Course(
        [changes(("U", NOON, 10, 1, 2), ("I", NOON, 9, 1, 1), ("I", LATER, 1, 2, 1)),
         changes(("U", NOON, 11, 1, 3), ("U", NOON, 99, 2, 9), ("U", LATER, 2, 2, 2))],
        TWO,
    ),
    "delete between": Course(
        [changes(("I", NOON, 1, 1, 1), ("D", NOON, 3, 1, 3), ("U", NOON, 2, 1, 2))], TWO
    ),
    "texts of any length": Course(
        [changes(("I", "a", "z", 1, 1), ("U", "ab", "a", 1, 2), ("U", None, "zz", 1, 0),
                 at=pa.string(), no=pa.string())],
        TWO,
    ),
    "one column": Course([one_column], {"merge": {"sequence_by": "commit_ts"}}),
    "full load": Course([full_then_change], TWO),
    "transferred later": Course([load_then_older_change], TWO),
    "a key twice": Course(
        [put({"id": 1, "v": 1}, {"id": 1, "v": 1}, {"id": 2, "v": 2}, kind="full"),
         put({"id": 2, "v": 2}, {"id": 3, "v": 3}, kind="full")],
    ),
    "missing": Course([put(change("I", "01", id=1, v=1))], TWO),
    "negative": Course([changes(("I", NOON, -1, 1, 1))], TWO),
    "no keys": Course(
        [put(*[change("I", "01", id=1, v=1)] * 2), put(change("D", "02", id=1, v=None))],
        {"keys": [], "mode": "historical"},
    ),
}  # fmt: skip

COURSES |= elsewhere(COURSES, "no keys", deep=("ties broken",))


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    tell(spark, tmp_path_factory.mktemp("sequences"), COURSES)
    return COURSES


def test_later_columns_break_the_ties_of_earlier_ones(courses: dict[str, Course]) -> None:
    """Inside a batch and against the stored row; 9 comes before 10."""
    for course in everywhere(courses, "ties broken"):
        assert course.rows("id", "v") == [{"id": 1, "v": 3}, {"id": 2, "v": 2}]
        assert course.outcomes[1]["rows"]["stale"] == 0
        assert course.outcomes[1]["rows"]["duplicate"] == 1
    assert courses["delete between"].rows() == []


def test_columns_are_compared_one_after_the_other_not_as_one_text(courses: dict[str, Course]) -> None:
    """`a`, `z` comes before `ab`, `a`; a missing first column before all."""
    assert courses["texts of any length"].rows("id", "v") == [{"id": 1, "v": 2}]


def test_changes_of_one_time_tie_without_a_second_column(courses: dict[str, Course]) -> None:
    assert courses["one column"].rows("id", "v", "_tg_sequence") == [{"id": 1, "v": 1, "_tg_sequence": TEXT}]
    assert courses["one column"].outcomes[0]["rows"]["duplicate"] == 1


def test_full_load_of_a_time_is_older_than_a_change_of_that_time(courses: dict[str, Course]) -> None:
    [row] = courses["full load"].rows("v", "_tg_sequence")
    assert row == {"v": 2, "_tg_sequence": f"{TEXT}\x1f{0:020d}"}


def test_row_that_was_loaded_after_a_change_keeps_what_it_has(courses: dict[str, Course]) -> None:
    assert courses["transferred later"].rows("id", "v") == [{"id": 1, "v": 2}]
    assert courses["transferred later"].outcomes[0]["rows"]["duplicate"] == 1


def test_key_that_full_loads_have_twice_is_one_row(courses: dict[str, Course]) -> None:
    """In one file, and in a second one of the same load."""
    assert courses["a key twice"].rows() == [{"id": number, "v": number} for number in (1, 2, 3)]
    counts = [outcome["rows"] for outcome in courses["a key twice"].outcomes]
    assert [(one["read"], one["inserted"], one["duplicate"], one["stale"]) for one in counts] == [
        (3, 2, 1, 0), (2, 1, 0, 1)
    ]  # fmt: skip


def test_table_remembers_the_columns_that_order_it(courses: dict[str, Course]) -> None:
    lake = courses["full load"].lake
    assert lake is not None
    shown = lake.spark.sql(f"SHOW TBLPROPERTIES shop.{lake.table} ('tidegate.sequence-by')").collect()
    assert [row["value"] for row in shown] == ["commit_ts,change_no"]


def test_change_without_one_of_them_is_refused(courses: dict[str, Course]) -> None:
    assert courses["missing"].outcomes[0]["error"]["code"] == "TG2213"
    assert courses["negative"].outcomes[0]["error"]["code"] == "TG2214"


def test_table_without_a_key_keeps_every_row_as_a_version(courses: dict[str, Course]) -> None:
    for course in everywhere(courses, "no keys"):
        assert [outcome["error"] for outcome in course.outcomes] == [None, None]
        assert course.lake is not None
        assert sorted(row["op"] for row in course.lake.versions()) == ["D", "I", "I"]


def test_table_without_a_key_has_no_snapshot_mode(lake: Lake) -> None:
    lake.keys = []
    entry = lake.entry(
        [lake.put([{"op": "I", "seq": "01", "id": 1, "v": 1}], columns=["op", "seq", "id", "v"])]
    )
    run_id = lake.write_plan(lake.planned(entry))
    with pytest.raises(JobError, match="one row a key, and no `keys`"):
        load_plan(lake.store, f"{lake.control}runs/{run_id}/plan.json", run_id)
