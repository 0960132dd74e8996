"""[generations] The golden cases of `fixtures/folding.json` as far as the job decides them: the tests play
the ledger, which groups the files into entries."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, one_by_one

CASES = json.loads((Path(__file__).parents[2] / "test/fixtures/folding.json").read_text("utf-8"))[
    "generations"
]
MODES = ("merge_on_read", "copy_on_write")
HISTORICAL = "historical"


def put_again(case: dict[str, Any]) -> bool:
    """Whether a key of the load comes twice: a reload."""
    names = [name for step in case["steps"] for name in step.get("full", [])]
    return len(names) != len(set(names))


def course_of(lake: Lake, case: dict[str, Any]) -> Generator[Row, Row, None]:
    """One case, one entry a step. Changes from before a reload are superseded: no entry ever has them."""
    loaded: set[str] = set()
    for step in case["steps"]:
        again = not loaded.isdisjoint(step.get("full", []))
        assert again or "changesLandedBeforeNextFull" not in step
        if again:
            lake.next_generation()
            loaded.clear()
        files = []
        names = step.get("full", [])
        for place, name in enumerate(names):
            rows = step["rows"][place :: len(names)]
            files.append(lake.put(rows, name=f"{lake.generation}/{name}.parquet", kind="full"))
        loaded.update(names)
        files += [lake.put(step[kind]) for kind in ("changes", "changesSameSecond") if kind in step]
        # A history keeps what it has; see the plan's contract.
        entry = lake.entry(files, replaces=again and lake.mode != HISTORICAL)
        outcome = yield lake.planned(entry)
        assert outcome["result"] == "committed", outcome["error"]
        lake.settle(outcome)
        if again:
            replay = yield lake.planned(entry)
            assert replay["result"] == "already_committed"


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[Row]]:
    """What each case's table holds at its end, by name and write mode."""
    folder = tmp_path_factory.mktemp("generations")
    lakes: dict[tuple[str, str], Lake] = {}
    for mode in (*MODES, HISTORICAL):
        # How rows are merged matters to a swap only; `test_folding.py` has the rest.
        for case in CASES if mode != MODES[1] else filter(put_again, CASES):
            lake = lakes[case["name"], mode] = Lake(spark, folder)
            if mode == HISTORICAL:
                lake.mode = HISTORICAL
            else:
                lake.write_mode = mode
    by_name = {case["name"]: case for case in CASES}
    one_by_one(list(lakes.values()), [course_of(lake, by_name[name]) for (name, _), lake in lakes.items()])
    return {
        (name, mode): lake.versions() if mode == HISTORICAL else lake.rows()
        for (name, mode), lake in lakes.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_generation_is_what_the_case_says(tables: dict[Any, list[Row]], case: dict[str, Any]) -> None:
    for mode in MODES if put_again(case) else MODES[:1]:
        assert tables[case["name"], mode] == case["snapshot"]
    assert len(tables[case["name"], HISTORICAL]) == case["historicalVersions"]
