"""Small stories of several tables, told in step: batch after batch of each, all tables of a round in one
plan."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.kinds import DEEP, HISTORIES, KINDS
from tests.lake import Lake, Row, one_by_one

Files = Callable[[Lake], Sequence[Row]]


@dataclass
class Course:
    """A table's settings, by the lake's attributes, what is put for each of its batches, and then how those
    came out. What was rejected is not settled."""

    batches: Sequence[Files]
    settings: Mapping[str, Any] = field(default_factory=dict)
    outcomes: list[Row] = field(default_factory=list)
    lake: Lake | None = None

    def told(self, lake: Lake) -> Generator[Row, Row, None]:
        self.lake = lake
        for name, value in self.settings.items():
            assert hasattr(lake, name), name
            setattr(lake, name, value)
        for files in self.batches:
            outcome = yield lake.planned(lake.entry(files(lake)))
            self.outcomes.append(outcome)
            if outcome["result"] == "committed":
                lake.settle(outcome)

    def rows(self, *columns: str) -> list[Row]:
        """What the table holds at the end, all batches having been committed."""
        assert self.lake is not None
        assert [one["error"] for one in self.outcomes] == [None] * len(self.outcomes)
        return self.lake.rows(*columns)


def tell(spark: SparkSession, folder: Path, courses: Mapping[str, Course]) -> None:
    """Run all courses, side by side."""
    lakes = [Lake(spark, folder) for _ in courses]
    one_by_one(lakes, [course.told(lake) for course, lake in zip(courses.values(), lakes, strict=True)])


def elsewhere(courses: Mapping[str, Course], *quick: str, deep: Sequence[str] = ()) -> dict[str, Course]:
    """Courses once more, over other kinds of tables than a lake's own: those that are `quick` enough over one
    kind of Hudi's; if `TIDEGATE_DEEP` is 1 all of them over all kinds."""
    found: dict[str, Course] = {}
    for name in (*quick, *deep) if DEEP else quick:
        course = courses[name]
        kinds = HISTORIES if course.settings.get("mode") == "historical" else KINDS
        for kind in kinds if DEEP else [next(kind for kind in kinds if "hudi" in kind)]:
            found[f"{name}, {kind}"] = Course(course.batches, {**course.settings, **kinds[kind]})
    return found


def everywhere(courses: Mapping[str, Course], name: str) -> list[Course]:
    """The course of this name, and those of the same over other kinds."""
    kinds = {**KINDS, **HISTORIES}
    return [
        course
        for other, course in courses.items()
        if other == name or other.removeprefix(f"{name}, ") in kinds
    ]


def put(*rows: Row, **more: Any) -> Files:
    """A batch of one file with these rows; `more` as `Lake.put` takes it."""
    return lambda lake: [lake.put(rows, **more)]
