"""The golden cases of `fixtures/folding.json` in mode S, for both write modes, and in mode H, on real parquet
files and real commits."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, one_by_one

CASES = json.loads((Path(__file__).parents[2] / "test/fixtures/folding.json").read_text("utf-8"))["cases"]
MODES = ("merge_on_read", "copy_on_write")
HISTORICAL = "historical"


def changes_of(case: dict[str, Any]) -> list[Row]:
    """Every change of every readable file of a case, as it was written down."""
    found: list[Row] = []
    for step in case["batches"]:
        if isinstance(step, str):
            found += json.loads(step.split(":", 3)[3]) if step.startswith("released:") else []
        else:
            found += [row for content in step if content != "bad-file" for row in content]
    return found


def course_of(lake: Lake, case: dict[str, Any]) -> Generator[Row, Row, None]:
    """One case, step by step: what is planned next, and what the ledger does with the outcome."""
    entries: list[Row] = []
    for step in case["batches"]:
        if isinstance(step, str) and step.startswith("again:"):
            outcome = yield lake.planned(entries[int(step.removeprefix("again:"))])
            assert outcome["result"] == "already_committed"
            assert outcome["files"]
            continue
        if isinstance(step, str):
            _, _, _, rows = step.split(":", 3)
            files = [lake.put(json.loads(rows))]
        else:
            bad = [lake.put_bytes(b"PAR1 cut short") for content in step if content == "bad-file"]
            files = [lake.put(content) for content in step if content != "bad-file"]
            if bad:
                outcome = yield lake.planned(lake.entry([*files, *bad]))
                assert outcome["result"] == "rejected"
                assert [file["file_id"] for file in outcome["bad_files"]] == [bad[0]["file_id"]]
        entries.append(lake.entry(files))
        outcome = yield lake.planned(entries[-1])
        assert outcome["result"] == "committed", outcome["error"]
        rows_of = outcome["rows"]
        assert rows_of["read"] == sum(rows_of[effect] for effect in rows_of if effect != "read")
        lake.settle(outcome)


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[Row]]:
    """What each case's table holds at its end, by name and write mode."""
    folder = tmp_path_factory.mktemp("folding")
    lakes: dict[tuple[str, str], Lake] = {}
    for mode in (*MODES, HISTORICAL):
        for case in CASES:
            lake = Lake(spark, folder)
            if mode == HISTORICAL:
                lake.mode = HISTORICAL
            else:
                lake.write_mode = mode
            lake.keys = case.get("keys", ["id"])
            lakes[case["name"], mode] = lake
    by_name = {case["name"]: case for case in CASES}
    one_by_one(list(lakes.values()), [course_of(lake, by_name[name]) for (name, _), lake in lakes.items()])
    return {
        (name, mode): lake.versions() if mode == HISTORICAL else lake.rows()
        for (name, mode), lake in lakes.items()
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_table_holds_what_the_case_says(
    tables: dict[Any, list[Row]], case: dict[str, Any], mode: str
) -> None:
    assert tables[case["name"], mode] == sorted(case["snapshot"], key=lambda row: list(row.values()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_history_holds_every_change_of_every_file_once(
    tables: dict[Any, list[Row]], case: dict[str, Any]
) -> None:
    versions = tables[case["name"], HISTORICAL]
    assert len(versions) == case["historicalVersions"]
    columns = [*case.get("keys", ["id"]), "v"]
    expected = [
        {"op": row["op"], "seq": row["seq"] or "", **{name: row.get(name) for name in columns}}
        for row in changes_of(case)
    ]
    # `v` may be null.
    assert sorted(versions, key=repr) == sorted(expected, key=repr)
