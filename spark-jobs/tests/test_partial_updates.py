"""`null_means_unchanged`: an update's null takes the value before it, of the batch or of the stored row."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, Files, elsewhere, everywhere, put, tell
from tests.lake import change

A = {"merge": {"null_means_unchanged": ["A"]}}
OF_BATCH = dict[int, list[tuple[str, str, int | None, int | None]]]
#: By name: what each batch has of one key, as (op, seq, v, a), and what the key's row then is, as (v, a).
CASES: dict[str, tuple[OF_BATCH, tuple[int | None, int | None]]] = {
    "stored": ({0: [("I", "01", 1, 1)], 1: [("U", "03", 10, None)]}, (10, 1)),
    "the other column": ({0: [("I", "01", 1, 1)], 1: [("U", "03", None, 5)]}, (None, 5)),
    "in the batch": (
        {0: [("I", "01", 1, 1)], 1: [("U", "05", 12, None), ("U", "04", 11, 9), ("U", "03", 10, None)]},
        (12, 9),
    ),
    "over batches": (
        {0: [("I", "01", 1, 1)], 1: [("U", "03", 10, 9)], 2: [("U", "06", 11, None)]}, (11, 9)
    ),
    "inserted again": (
        {0: [("I", "01", 1, 1)], 1: [("D", "03", None, None), ("I", "04", 4, None)]}, (4, None)
    ),
    "insert over a row": (
        {0: [("I", "01", 1, 1)], 1: [("I", "03", 3, None), ("U", "04", 4, None)]}, (4, None)
    ),
    "updated after an insert": (
        {0: [("I", "01", 1, 1)], 1: [("D", "03", None, None), ("I", "04", 6, 6), ("U", "05", 7, None)]},
        (7, 6),
    ),
    "after a delete that has the row": (
        {0: [("I", "01", 1, 1)], 1: [("D", "03", 1, 1), ("U", "04", 7, None)]}, (7, None)
    ),
    "put twice": (
        {0: [("I", "01", 1, 1)], 1: [("U", "03", 10, 9)], 2: [("U", "03", 10, 9), ("U", "06", 11, None)]},
        (11, 9),
    ),
    "an old delete again": (
        {0: [("I", "02", 1, 1)], 1: [("U", "03", 10, 9)],
         2: [("D", "01", None, None), ("U", "06", 11, None)]},
        (11, 9),
    ),
    "no row before it": ({1: [("U", "03", 10, None)]}, (10, None)),
}  # fmt: skip


def batch(number: int) -> Files:
    """One file with what every case has for this batch; a case's key is its place."""
    return put(
        *(
            change(op, seq, id=place, v=v, a=a)
            for place, (of_batch, _) in enumerate(CASES.values())
            for op, seq, v, a in of_batch.get(number, [])
        )
    )


WHOLE = put(change("I", "01", id=1, v=1, a=1), change("I", "02", id=2, v=2, a=2))
NULLS = put(change("U", "03", id=1, v=None, a=None))
LATE = put(change("U", "02", id=1, v=4, a=4), change("U", "04", id=2, v=6, a=None))
COURSES = {
    "cases": Course([batch(0), batch(1), batch(2)], A),
    "all": Course([WHOLE, NULLS], {"merge": {"null_means_unchanged": "all"}}),
    "not configured": Course([WHOLE, NULLS]),
    "listed": Course(
        [put(change("c", "01", id=1, v=1, a=1)), put(change("u", "02", id=1, v=2, a=None))],
        {"merge": {**A["merge"], "operations": {"column": "op", "inserts": ["c"], "updates": ["u"]}}},
    ),
    "late": Course([WHOLE, NULLS, LATE], A),
    "history": Course([WHOLE, NULLS], {**A, "mode": "historical"}),
    "unknown column": Course([WHOLE], {"merge": {"null_means_unchanged": ["picture"]}}),
}

COURSES |= elsewhere(COURSES, "cases", deep=("late",))


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    tell(spark, tmp_path_factory.mktemp("partial"), COURSES)
    return COURSES


@pytest.fixture(scope="module")
def ends(courses: dict[str, Course]) -> list[dict[int, tuple[int | None, int | None]]]:
    """The cases' rows, (v, a) by key, of each kind of table."""
    return [
        {row["id"]: (row["v"], row["a"]) for row in course.rows("id", "v", "a")}
        for course in everywhere(courses, "cases")
    ]


@pytest.mark.parametrize("name", CASES)
def test_null_in_an_update_takes_the_value_before_it(
    ends: list[dict[int, tuple[int | None, int | None]]], name: str
) -> None:
    """What is inserted, deleted or loaded stands alone: no older value shows through it."""
    assert [rows[list(CASES).index(name)] for rows in ends] == [CASES[name][1]] * len(ends)


def test_all_columns_but_the_keys_may_be_meant(courses: dict[str, Course]) -> None:
    two = {"id": 2, "v": 2, "a": 2}
    assert courses["all"].rows() == [{"id": 1, "v": 1, "a": 1}, two]
    assert courses["not configured"].rows() == [{"id": 1, "v": None, "a": None}, two]


def test_updates_are_those_that_the_operations_list(courses: dict[str, Course]) -> None:
    assert courses["listed"].rows() == [{"id": 1, "v": 2, "a": 1}]


def test_late_change_of_a_partly_updated_key_is_refused_by_number(courses: dict[str, Course]) -> None:
    """The stored row took values from before it: what it would have changed can't be told any more."""
    for course in everywhere(courses, "late"):
        late = course.outcomes[2]
        assert (late["result"], late["error"]["code"], late["bad_files"]) == ("rejected", "TG2302", [])
        told = "/file-3.parquet` has a change of `02` for a key whose stored row is of `03`"
        assert told in late["error"]["message"]
        assert course.lake is not None
        assert [row["a"] for row in course.lake.rows()] == [1, 2]


def test_version_of_a_partial_update_stays_as_it_came(courses: dict[str, Course]) -> None:
    lake = courses["history"].lake
    assert lake is not None
    assert [row["a"] for row in lake.versions() if row["op"] == "U"] == [None]


def test_name_of_no_column_is_refused_before_nulls_overwrite_anything(courses: dict[str, Course]) -> None:
    [outcome] = courses["unknown column"].outcomes
    assert outcome["error"]["code"] == "TG2218"
    assert "`picture`" in outcome["error"]["message"]
