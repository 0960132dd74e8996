"""Changes that come after newer ones have left values out, which they would have given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.courses import Course, elsewhere, everywhere, put, tell
from tests.kinds import DEEP
from tests.lake import UNAVAILABLE, change
from tests.test_envelopes import MERGE, event, events, row
from tidegate_job import names
from tidegate_job.changes.effects import DELETED, EFFECT, STALE, with_effects
from tidegate_job.changes.fold import DELETE, PUT_AT
from tidegate_job.changes.operations import Operations
from tidegate_job.changes.partial_updates import fold_partial, keys_of_lost_values, stored_as
from tidegate_job.plan import Merge

STALE_ALLOWED = {"on_late_partial_update": "stale"}
LOADED = events(event("r", 1, None, row(1, "a")), event("r", 2, None, row(2, "b")))
LEFT_OUT = events(event("u", 10, None, row(1, UNAVAILABLE)), event("c", 11, None, row(3, "c")))
ANOTHER = events(event("u", 12, None, row(2, "b2")))
LATE = events(event("u", 9, None, row(1, "late")))
FLATTENED = {
    "unavailable_value": "?",
    "operations": {"column": "op", "inserts": ["I"], "updates": ["U"], "deletes": ["D"]},
}
NULLS = {"null_means_unchanged": ["A"]}
HALF = put(change("U", "03", id=1, v=3, a=None), change("I", "04", id=2, v=4, a=None))
WHOLE = put(change("I", "01", id=1, v=1, a=1))
COURSES = {
    "late": Course([LOADED, LEFT_OUT, ANOTHER, LATE], {"merge": MERGE}),
    "late may be lost": Course([LOADED, LEFT_OUT, ANOTHER, LATE], {"merge": MERGE | STALE_ALLOWED}),
    "nothing is lost": Course(
        [
            LOADED,
            LEFT_OUT,
            ANOTHER,
            events(
                event("u", 8, None, row(1, "a")),
                event("u", 7, None, row(1, UNAVAILABLE)),
                event("u", 6, None, row(3, "before it was inserted")),
                event("d", 5, row(2), None),
            ),
        ],
        {"merge": MERGE},
    ),
    "comes again with what is before it": Course(
        [
            LOADED,
            events(event("u", 9, None, row(1, "a2")), event("u", 10, None, row(1, UNAVAILABLE))),
            events(event("u", 9, None, row(1, "a2")), event("u", 10, None, row(1, UNAVAILABLE))),
        ],
        {"merge": MERGE},
    ),
    "nothing was ever left out": Course(
        [LOADED, ANOTHER, events(event("u", 9, None, row(2, "late")))], {"merge": MERGE}
    ),
    "nulls": Course([WHOLE, HALF, put(change("U", "02", id=1, v=2, a=2))], {"merge": NULLS}),
    "nulls may be lost": Course(
        [WHOLE, HALF, put(change("U", "02", id=1, v=2, a=2), change("U", "05", id=1, v=5, a=None))],
        {"merge": NULLS | STALE_ALLOWED},
    ),
    "nulls, nothing is lost": Course(
        [WHOLE, HALF, put(change("U", "02", id=1, v=2, a=1), change("U", "02", id=2, v=2, a=2))],
        {"merge": NULLS},
    ),
}
COURSES["flattened"] = Course(
    [
        put(change("I", "01", id=1, v=1, b="a"), change("I", "02", id=2, v=2, b="b")),
        put(change("U", "05", id=1, v=5, b="?"), change("U", "06", id=2, v=6, b=UNAVAILABLE)),
        put(change("U", "04", id=1, v=4, b="late")),
    ],
    {"merge": FLATTENED},
)
REFUSED = {"late": (9, 10), "nulls": ("02", "03"), "flattened": ("04", "05")}
COURSES |= elsewhere(COURSES, "late", deep=[name for name in COURSES if name != "late"])


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    tell(spark, tmp_path_factory.mktemp("late_partial"), COURSES)
    return COURSES


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_whose_value_a_newer_row_lacks_is_refused(courses: dict[str, Course], name: str) -> None:
    """Batches later too: the table remembers that values were left out of its rows."""
    for course in everywhere(courses, name):
        *before, late = course.outcomes
        assert {outcome["result"] for outcome in before} == {"committed"}
        assert (late["result"], late["error"]["code"], late["bad_files"]) == ("rejected", "TG2302", [])
        sequence, stored = (f"{one:020d}" if isinstance(one, int) else one for one in REFUSED[name])
        told = f"a change of `{sequence}` for a key whose stored row is of `{stored}`"
        assert told in late["error"]["message"]


def test_what_stands_for_a_value_may_be_any_text_of_rows_too(courses: dict[str, Course]) -> None:
    for course in everywhere(courses, "flattened"):
        assert course.lake is not None
        assert [(one["v"], one["b"]) for one in course.lake.rows()] == [(5, "a"), (6, UNAVAILABLE)]


def test_it_counts_as_stale_if_it_may_be_lost(courses: dict[str, Course]) -> None:
    """And what comes with it is applied as ever."""
    for course in everywhere(courses, "late may be lost"):
        assert [one["name"] for one in course.rows("id", "name")] == ["a", "b2", "c"]
        assert course.outcomes[-1]["rows"]["stale"] == 1
    for course in everywhere(courses, "nulls may be lost"):
        assert course.rows("id", "v", "a")[0] == {"id": 1, "v": 5, "a": 1}


def test_a_late_change_that_gives_nothing_new_is_stale(courses: dict[str, Course]) -> None:
    """The same value, none at all, one of a row that was inserted since, or a delete."""
    for course in everywhere(courses, "nothing is lost"):
        assert [one["name"] for one in course.rows("id", "name")] == ["a", "b2", "c"]
        assert course.outcomes[-1]["rows"]["stale"] == 3
    for course in everywhere(courses, "nulls, nothing is lost"):
        assert [one["a"] for one in course.rows("id", "a")] == [1, None]
        assert course.outcomes[-1]["rows"]["stale"] == 2


def test_changes_that_come_again_are_no_late_ones(courses: dict[str, Course]) -> None:
    for course in everywhere(courses, "comes again with what is before it"):
        assert [one["name"] for one in course.rows("id", "name")] == ["a2", "b"]


def test_a_table_whose_source_leaves_nothing_out_takes_late_changes_as_stale(
    courses: dict[str, Course],
) -> None:
    for course in everywhere(courses, "nothing was ever left out"):
        assert [one["name"] for one in course.rows("id", "name")] == ["a", "b2"]
        assert course.outcomes[-1]["rows"]["stale"] == 1


LISTED = Operations("op", ("D",), True, ("I",), ("U",))
MERGES = {
    "nulls": (Merge("snapshot", ("id",), ("seq",), Operations("op", ("D",)), frozenset()), None),
    "texts": (Merge("snapshot", ("id",), ("seq",), LISTED, frozenset(), unavailable="?"), "?"),
}
KEYS = 6_000 if DEEP else 2_000
Change = tuple[int, str, str, str | None]
"""Key, sequence, operation, value."""


def told(random: Random, key: int, nothing: str | None) -> Iterator[Change]:
    """A key's changes, as a source has them: a deleted row is inserted again before it is updated."""
    there = False
    for number in range(random.randint(1, 8)):
        operation = random.choice("UUUD") if there else "I"
        there = operation != "D"
        given = [None, "a", "b"] if operation == "I" else ["a", "b", nothing, nothing]
        yield key, f"{number:02}", operation, random.choice(given)


def folded(changes: Sequence[Change], nothing: str | None) -> Change | None:
    """The key's row, None if there is none."""
    held: Change | None = None
    for key, sequence, operation, value in sorted(changes, key=lambda one: one[1]):
        if operation == "U" and value == nothing and held is not None:
            value = held[3]
        held = None if operation == "D" else (key, sequence, operation, value)
    return held


@pytest.mark.parametrize("kind", MERGES)
def test_what_is_not_refused_is_as_if_all_had_come_in_order(spark: SparkSession, kind: str) -> None:
    """Random histories of which any changes come first: a table has their rows and deletes, and the others
    are folded into it. Keys of which nothing is said to be lost must have the row of the whole history."""
    merge, nothing = MERGES[kind]
    random = Random(20231118)
    histories = [list(told(random, key, nothing)) for key in range(KEYS)]
    first = [[one for one in history if random.random() < 0.5] for history in histories]
    then = [
        [one for one in history if one not in early] for history, early in zip(histories, first, strict=True)
    ]
    held = [folded(early, nothing) for early in first]
    gone = [early[-1][:2] for early, one in zip(first, held, strict=True) if early and one is None]

    changes = as_changes(spark, [one for late in then for one in late])
    stored = spark.createDataFrame(
        [one for one in held if one],
        f"id int, {names.SEQUENCE} string, {stored_as(names.OPERATION)} string, {stored_as('a')} string",
    )
    deleted = spark.createDataFrame(gone, f"id int, {names.SEQUENCE} string")
    lost = {one["id"] for one in keys_of_lost_values(merge, changes, ["a"], stored).collect()}
    found = with_effects(
        fold_partial(merge, changes, ["a"], stored, deleted),
        ["id"],
        stored.select("id", names.SEQUENCE),
        deleted,
    )
    now = dict(enumerate(held))
    for one in found.where(F.col(EFFECT) != STALE).collect():
        written = (one["id"], one[names.SEQUENCE], one[names.OPERATION], one["a"])
        now[one["id"]] = None if one[EFFECT] == DELETED else written

    whole = [folded(history, nothing) for history in histories]
    differing = {key for key in range(KEYS) if now[key] != whole[key]}
    assert differing <= lost
    assert differing
    for key in lost:
        outranking = held[key]
        assert outranking is not None
        assert outranking[2] == "U"
        assert then[key][0][1] < outranking[1]


def as_changes(spark: SparkSession, changes: Sequence[Change]) -> DataFrame:
    rows = spark.createDataFrame(
        list(changes), f"id int, {names.SEQUENCE} string, {names.OPERATION} string, a string"
    )
    return (
        rows.withColumn(DELETE, F.col(names.OPERATION) == "D")
        .withColumn(PUT_AT, F.lit(0))
        .withColumn(names.FILE, F.lit("file"))
        .coalesce(1)
    )
