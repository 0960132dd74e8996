"""Small stories of several tables, told in step: batch after batch of each, all tables of a round in one
plan."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

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


def put(*rows: Row, **more: Any) -> Files:
    """A batch of one file with these rows; `more` as `Lake.put` takes it."""
    return lambda lake: [lake.put(rows, **more)]
