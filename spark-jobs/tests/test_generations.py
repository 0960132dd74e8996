"""[generations] The golden cases of `fixtures/folding.json` as far as the job decides them: the tests play
the ledger, which groups the files into entries."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.kinds import DEEP, HISTORIES, KINDS, QUICK, of_kind
from tests.lake import Lake, Row, one_by_one

CASES = json.loads((Path(__file__).parents[2] / "test/fixtures/folding.json").read_text("utf-8"))[
    "generations"
]
FEW = ("a byte-identical reload after changes is a new generation",)


def put_again(case: dict[str, Any]) -> bool:
    """Whether a key of the load comes twice: a reload."""
    names = [name for step in case["steps"] for name in step.get("full", [])]
    return len(names) != len(set(names))


def runs(case: dict[str, Any], kind: str) -> bool:
    """How rows are merged matters to a swap only; `test_folding.py` has the rest. A table of format version 3
    cannot be swapped, see `test_replace.py`."""
    if kind == "iceberg v3 deletion vectors":
        return DEEP and not put_again(case)
    if kind == "iceberg copy on write" and not put_again(case):
        return DEEP
    return DEEP or kind in QUICK or case["name"] in FEW


RUN = [(case, kind) for kind in (*KINDS, *HISTORIES) for case in CASES if runs(case, kind)]


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
        entry = lake.entry(files, replaces=again and lake.mode != "historical")
        outcome = yield lake.planned(entry)
        assert outcome["result"] == "committed", outcome["error"]
        lake.settle(outcome)
        if again:
            replay = yield lake.planned(entry)
            assert replay["result"] == "already_committed"


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[Row]]:
    """What each case's table holds at its end, by name and kind of table."""
    folder = tmp_path_factory.mktemp("generations")
    lakes = {(case["name"], kind): of_kind(Lake(spark, folder), kind) for case, kind in RUN}
    by_name = {case["name"]: case for case in CASES}
    one_by_one(list(lakes.values()), [course_of(lake, by_name[name]) for (name, _), lake in lakes.items()])
    return {
        (name, kind): lake.versions() if kind in HISTORIES else lake.rows()
        for (name, kind), lake in lakes.items()
    }


@pytest.mark.parametrize(
    ("case", "kind"), [pytest.param(case, kind, id=f"{case['name']}-{kind}") for case, kind in RUN]
)
def test_each_generation_is_what_the_case_says(
    tables: dict[Any, list[Row]], case: dict[str, Any], kind: str
) -> None:
    rows = tables[case["name"], kind]
    if kind in HISTORIES:
        assert len(rows) == case["historicalVersions"]
    else:
        assert rows == case["snapshot"]
