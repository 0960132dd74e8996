"""Which rows insert, update and delete: a mapping of operations, files without an operation, rows that are no
change, and values that nobody listed."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, put, tell
from tests.lake import Lake, Row, change
from tidegate_job.changes.operations import Operations, operations_of

DEBEZIUM = {"column": "OP", "inserts": ["c", "r"], "updates": ["u"], "deletes": ["d", "t"]}
QLIK = {
    "column": "op",
    "inserts": ["INSERT"],
    "updates": ["UPDATE"],
    "deletes": ["DELETE"],
    "ignored": ["BEFOREIMAGE"],
}
FIRST = [change("c", "01", id=1, v=1), change("r", "02", id=2, v=2), change("c", "03", id=3, v=3)]
MIXED = [change("u", "04", id=1, v=10), change("d", "05", id=2, v=2), change("t", "06", id=3, v=3)]


def operation_last(lake: Lake) -> list[Row]:
    """Op after the data, and in upper case as an Oracle source has it."""
    rows = {"ID": pa.array([1, 2], pa.int64()), "V": pa.array([10, 2], pa.int64()), "SEQ": ["04", "05"]}
    return [lake.put_table(pa.table({**rows, "OP": ["U", "D"]}))]


def full_load(op: str | None) -> Course:
    """A full load with an operation in each row, or with a column of nulls, under a mapping."""
    rows = [{"id": 1, "v": 1, "op": op, "seq": None}]
    return Course([put(*rows, kind="full")], {"merge": {"operations": DEBEZIUM}})


COURSES = {
    "mapping": Course([put(*FIRST), put(*MIXED)], {"merge": {"operations": DEBEZIUM}}),
    "history": Course([put(*FIRST), put(*MIXED)], {"merge": {"operations": DEBEZIUM}, "mode": "historical"}),
    "none": Course(
        [put({"seq": "01", "id": 1, "v": 1}, columns=["id", "seq", "v"]),
         put({"seq": "02", "id": 1, "v": 2}, {"seq": "03", "id": 2, "v": 3}, columns=["id", "seq", "v"])],
        {"merge": {"operations": "none"}},
    ),
    "ignored": Course(
        [put(change("INSERT", "01", id=1, v=1)),
         put(change("BEFOREIMAGE", "", id=None, v=1), change("UPDATE", "02", id=1, v=2),
             change("BEFOREIMAGE", "03", id=2, v=0))],
        {"merge": {"operations": QLIK}},
    ),
    "unknown": Course(
        [put(*FIRST),
         put(change("u", "04", id=1, v=9), change("x", "05", id=2, v=9), change("D", "06", id=3, v=9))],
        {"merge": {"operations": DEBEZIUM}},
    ),
    "no operation": Course(
        [put(*FIRST, {"op": None, "seq": "04", "id": 4, "v": 4})], {"merge": {"operations": DEBEZIUM}}
    ),
    "full load with operations": full_load("r"),
    "full load with nulls": full_load(None),
    "full load with another": full_load("I"),
    "operation last": Course(
        [put(change("I", "01", id=1, v=1), change("I", "02", id=2, v=2)), operation_last]
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    tell(spark, tmp_path_factory.mktemp("operations"), COURSES)
    return COURSES


def test_operations_of_a_mapping_insert_update_and_delete(courses: dict[str, Course]) -> None:
    assert courses["mapping"].rows("id", "v", "_tg_operation") == [{"id": 1, "v": 10, "_tg_operation": "u"}]
    counts = courses["mapping"].outcomes[1]["rows"]
    assert (counts["updated"], counts["deleted"], "skipped" in counts) == (1, 2, False)


def test_versions_count_by_the_mapped_operation(courses: dict[str, Course]) -> None:
    first, second = (outcome["rows"] for outcome in courses["history"].outcomes)
    assert (first["inserted"], second["updated"], second["deleted"]) == (3, 1, 2)


def test_rows_of_files_without_an_operation_are_upserts(courses: dict[str, Course]) -> None:
    """CdcInsertsOnly without a flag: no operation column anywhere, by configuration."""
    assert courses["none"].rows() == [{"id": 1, "v": 2}, {"id": 2, "v": 3}]
    assert courses["none"].outcomes[1]["rows"]["updated"] == 1


def test_before_images_of_an_update_are_skipped_and_counted(courses: dict[str, Course]) -> None:
    """Not even their missing key or sequence is looked at."""
    course = courses["ignored"]
    assert course.rows() == [{"id": 1, "v": 2}]
    assert course.outcomes[1]["rows"] == {
        "read": 3, "inserted": 0, "updated": 1, "deleted": 0, "stale": 0, "duplicate": 0, "skipped": 2
    }  # fmt: skip
    assert course.outcomes[1]["files"][0]["min_sequence"] == "02"
    assert course.lake is not None
    assert course.lake.snapshots()[-1]["tidegate.rows.skipped"] == "2"


def test_an_operation_that_no_list_names_is_an_error_with_file_value_and_rows(
    courses: dict[str, Course],
) -> None:
    """[all-or-nothing] Never taken for an upsert in silence; `D` is not `d`."""
    course = courses["unknown"]
    outcome = course.outcomes[1]
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG2217")
    [bad] = outcome["bad_files"]
    assert (bad["reason"], bad["rows"]) == ("operation", [2, 3])
    message = outcome["error"]["message"]
    assert "/file-2.parquet` has 2 rows whose operation `op`" in message
    assert "such as `D`; the first are rows 2, 3." in message
    assert course.lake is not None
    assert len(course.lake.rows()) == 3


def test_a_change_without_operation_is_an_error_under_a_mapping(courses: dict[str, Course]) -> None:
    [outcome] = courses["no operation"].outcomes
    assert (outcome["error"]["code"], outcome["bad_files"][0]["rows"]) == ("TG2217", [4])
    assert "such as `null`" in outcome["error"]["message"]


def test_a_full_load_may_have_an_operation_or_none(courses: dict[str, Course]) -> None:
    """IncludeOpForFullLoad; what it has must be listed all the same."""
    assert courses["full load with operations"].rows("id", "_tg_operation") == [
        {"id": 1, "_tg_operation": "r"}
    ]
    assert courses["full load with nulls"].rows("id", "_tg_operation") == [{"id": 1, "_tg_operation": "L"}]
    assert courses["full load with another"].outcomes[0]["error"]["code"] == "TG2217"


def test_the_operation_may_be_any_column_in_any_case(courses: dict[str, Course]) -> None:
    assert courses["operation last"].rows() == [{"id": 1, "v": 10}]


def test_a_plan_says_operations_once() -> None:
    short = {"column": "Op", "equals": "D"}
    assert operations_of({"apply_as_deletes": short}) == Operations("op", ("D",))
    assert operations_of({"operations": "none"}) == Operations(None, ())
    for merge in ({}, {"operations": QLIK, "apply_as_deletes": short}):
        with pytest.raises(ValueError, match="either"):
            operations_of(merge)
