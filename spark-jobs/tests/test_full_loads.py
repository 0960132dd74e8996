"""[generations] Full loads as a source really writes them: in segments while changes arrive, empty ones, and
one that starts again before it was finished. The tests play the ledger, which groups the files."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.kinds import DEEP, KINDS, of_kind
from tests.lake import Lake, Row, change, one_by_one

RUN = [kind for kind in KINDS if DEEP or kind == "iceberg merge on read"]
MIDWAY, LOADED, RESTARTED = "midway", "loaded", "restarted"


def segment(lake: Lake, number: int, *keys: int, v: int = 1) -> Row:
    """A file of a parallel full load; every segment counts its files from one. It may have no rows."""
    rows = [{"id": key, "v": v} for key in keys]
    return lake.put(rows, name=f"{lake.generation}/SEGMENT{number}_LOAD00000001.parquet", kind="full")


def course_of(lake: Lake, seen: dict[str, list[Row]]) -> Generator[Row, Row, None]:
    """What each run finds in `seen`, by its name."""

    def applied(*files: Row, replaces: bool = False) -> Generator[Row, Row, None]:
        outcome = yield lake.planned(lake.entry(files, replaces=replaces))
        assert outcome["error"] is None, outcome["error"]["message"]
        lake.settle(outcome)

    # An empty source table's load may be a file without rows; then changes of rows that are not loaded yet.
    yield from applied(segment(lake, 1))
    yield from applied(segment(lake, 2, 1, 2), lake.put([change("U", "11", id=3, v=11)]))
    yield from applied(lake.put([change("D", "12", id=4), change("I", "13", id=9, v=13)]))
    seen[MIDWAY] = lake.rows()
    # The segment that has them comes last, with rows from before those changes.
    yield from applied(segment(lake, 3, 3, 4, 5), lake.put([change("U", "14", id=5, v=14)]))
    seen[LOADED] = lake.rows()
    if lake.properties.get("format-version") == "3":
        return  # cannot be swapped, see `test_replace.py`
    # The task fails and starts again from its beginning: the new load is what counts, with what came since.
    lake.next_generation()
    yield from applied(
        segment(lake, 1, 1, 5, v=2), segment(lake, 2), lake.put([change("D", "02", id=5)]), replaces=True
    )
    yield from applied(segment(lake, 3, 5, 6, v=2))
    seen[RESTARTED] = lake.rows()


@pytest.fixture(scope="module")
def seen(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[Row]]]:
    folder: Path = tmp_path_factory.mktemp("full_loads")
    lakes = {kind: of_kind(Lake(spark, folder), kind) for kind in RUN}
    found: dict[str, dict[str, list[Row]]] = {kind: {} for kind in RUN}
    one_by_one(list(lakes.values()), [course_of(lake, found[kind]) for kind, lake in lakes.items()])
    return found


def ids(rows: list[Row]) -> dict[Any, Any]:
    return {row["id"]: row["v"] for row in rows}


@pytest.mark.parametrize("kind", RUN)
def test_segments_come_while_changes_arrive(seen: dict[str, dict[str, list[Row]]], kind: str) -> None:
    assert ids(seen[kind][MIDWAY]) == {1: 1, 2: 1, 3: 11, 9: 13}
    assert ids(seen[kind][LOADED]) == {1: 1, 2: 1, 3: 11, 5: 14, 9: 13}


@pytest.mark.parametrize("kind", [kind for kind in RUN if "v3" not in kind])
def test_a_load_that_starts_again_replaces_what_it_had_begun(
    seen: dict[str, dict[str, list[Row]]], kind: str
) -> None:
    # A delete of the new generation is not undone by a segment of its load that comes later.
    assert ids(seen[kind][RESTARTED]) == {1: 2, 6: 2}
