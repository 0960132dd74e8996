"""Updates that change a key, with before-images of it and without; deletes that carry the key alone; keys of
several columns."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, Files, elsewhere, everywhere, tell
from tests.lake import Lake

BEFORE: dict[str, Any] = {"merge": {"before_image": {"prefix": "bi_"}}}
NUMBERS = ("ID", "A", "V", "BI_ID", "BI_A", "BI_V")


def changes(*rows: tuple[Any, ...], without: tuple[str, ...] = ()) -> Files:
    """One file as DMS writes it with add-before-image-columns: op, seq, then id, a, v and what they were
    (nothing but in updates)."""
    texts = {"Op": [row[0] for row in rows], "SEQ": [row[1] for row in rows]}
    numbers = {
        name: pa.array([row[2 + place] if 2 + place < len(row) else None for row in rows], pa.int64())
        for place, name in enumerate(NUMBERS)
    }
    table = pa.table({**texts, **numbers}).drop_columns(list(without))
    return lambda lake: [lake.put_table(table)]


FIRST = changes(("I", "01", 1, 1, 1), ("I", "02", 2, 2, 2))
MOVED = changes(("U", "05", 3, 1, 10, 1, 1, 1), ("U", "06", 2, 2, 20, 2, 2, 2))
LATE = changes(("U", "04", 1, 1, 4, 1, 1, 1), ("U", "07", 3, 1, 30, 3, 1, 10))
COURSES = {
    "moved": Course([FIRST, MOVED, LATE], BEFORE),
    "copy on write": Course([FIRST, MOVED], {**BEFORE, "write_mode": "copy_on_write"}),
    "in one batch": Course(
        [changes(("I", "01", 1, 0, 1), ("U", "02", 2, 0, 2, 1, 0, 1), ("U", "03", 3, 0, 3, 2, 0, 2))], BEFORE
    ),
    "swapped": Course(
        [FIRST, changes(("U", "03", 2, 2, 1, 1, 2, 1), ("U", "03", 1, 1, 2, 2, 1, 2))], BEFORE
    ),
    "composite": Course(
        [changes(("I", "01", 1, 1, 1), ("I", "02", 1, 2, 2)),
         changes(("U", "03", 1, 3, 3, 1, 1, 1), ("D", "04", 1, 2))],
        {**BEFORE, "keys": ["id", "a"]},
    ),
    "no before-image": Course(
        [FIRST, changes(("U", "05", 3, 1, 10), without=NUMBERS[3:])], {"drop_columns": [*NUMBERS[3:]]}
    ),
    "keys alone": Course([FIRST, changes(("D", "05", 1), ("D", "06", 9))], BEFORE),
    "missing": Course([FIRST, changes(("U", "05", 3, 1, 10), without=("BI_ID",))], BEFORE),
    "full load": Course(
        [lambda lake: [lake.put([{"id": 1, "a": 1, "v": 1}], kind="full")], MOVED], BEFORE
    ),
    "history": Course([FIRST, MOVED], {**BEFORE, "mode": "historical"}),
}  # fmt: skip

COURSES |= elsewhere(COURSES, "moved", deep=("composite", "swapped"))


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    tell(spark, tmp_path_factory.mktemp("keys"), COURSES)
    return COURSES


def held(course: Course, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in course.rows(*columns)]


def deletes_of(lake: Lake, outcome: dict[str, Any]) -> list[int]:
    index = json.loads(lake.store.get(f"{outcome['evidence']}deletes.json"))
    return [part["rows"] for part in index["parts"]]


def test_row_of_the_old_key_goes_in_the_same_commit(courses: dict[str, Course]) -> None:
    assert held(courses["copy on write"], "id", "a", "v") == [(2, 2, 20), (3, 1, 10)]
    for course in everywhere(courses, "moved"):
        assert held(course, "id", "a", "v") == [(2, 2, 20), (3, 1, 30)]
        assert course.lake is not None
        assert len(course.lake.snapshots()) == 3
        counts = course.outcomes[1]["rows"]
        assert (counts["read"], counts["inserted"], counts["updated"], counts["deleted"]) == (3, 1, 1, 1)
        assert course.outcomes[1]["files"][0]["rows"] == 2


def test_late_change_of_the_old_key_does_not_revive_it(courses: dict[str, Course]) -> None:
    """[no-revival] The delete of the old key is remembered as any other."""
    for course in everywhere(courses, "moved"):
        assert course.outcomes[2]["rows"]["stale"] == 1
        assert course.lake is not None
        assert deletes_of(course.lake, course.outcomes[1]) == [1]


def test_keys_may_change_again_or_swap_within_a_batch(courses: dict[str, Course]) -> None:
    """Where two rows swap keys at one time, what each is now wins over what it was."""
    assert held(courses["in one batch"], "id", "v") == [(3, 3)]
    for course in everywhere(courses, "swapped"):
        assert held(course, "id", "v") == [(1, 2), (2, 1)]


def test_one_column_of_a_composite_key_may_change(courses: dict[str, Course]) -> None:
    for course in everywhere(courses, "composite"):
        assert held(course, "id", "a", "v") == [(1, 3, 3)]


def test_before_images_are_no_columns_of_the_table(courses: dict[str, Course]) -> None:
    """Neither those of the keys nor others."""
    assert [sorted(row) for row in courses["full load"].rows()] == [["a", "id", "v"]] * 2


def test_without_before_images_the_row_of_the_old_key_stays(courses: dict[str, Course]) -> None:
    """Nobody can tell which row it was: documented, and the reason for `before_image`."""
    assert held(courses["no before-image"], "id", "v") == [(1, 1), (2, 2), (3, 10)]


def test_delete_needs_nothing_but_the_key(courses: dict[str, Course]) -> None:
    """PostgreSQL's before-images hold the key alone: all else is null."""
    assert held(courses["keys alone"], "id") == [(2,)]
    assert courses["keys alone"].outcomes[1]["rows"]["stale"] == 1


def test_change_file_without_the_promised_before_image_is_refused(courses: dict[str, Course]) -> None:
    outcome = courses["missing"].outcomes[1]
    assert outcome["error"]["code"] == "TG2219"
    assert "`bi_id`" in outcome["error"]["message"]


def test_history_has_a_version_of_the_new_key_alone(courses: dict[str, Course]) -> None:
    lake = courses["history"].lake
    assert lake is not None
    assert sorted((row["id"], row["op"]) for row in lake.versions()) == [
        (1, "I"), (2, "I"), (2, "U"), (3, "U")
    ]  # fmt: skip
