"""The golden cases of `fixtures/folding.json` in mode S, for every kind of table, and in mode H, once a
format; on real parquet files and real commits."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.kinds import DEEP, HISTORIES, KINDS, QUICK, of_kind
from tests.lake import Lake, Row, one_by_one

CASES = json.loads((Path(__file__).parents[2] / "test/fixtures/folding.json").read_text("utf-8"))["cases"]


FEW = ("a late delete between two updates", "composite keys")
RUN = [
    (case, kind)
    for kind in (*KINDS, *HISTORIES)
    for case in CASES
    if DEEP or kind in QUICK or case["name"] in FEW
]


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
    """What each case's table holds at its end, by name and kind of table."""
    folder = tmp_path_factory.mktemp("folding")
    lakes: dict[tuple[str, str], Lake] = {}
    for case, kind in RUN:
        lake = lakes[case["name"], kind] = of_kind(Lake(spark, folder), kind)
        lake.keys = case.get("keys", ["id"])
    by_name = {case["name"]: case for case in CASES}
    one_by_one(list(lakes.values()), [course_of(lake, by_name[name]) for (name, _), lake in lakes.items()])
    return {
        (name, kind): lake.versions() if kind in HISTORIES else lake.rows()
        for (name, kind), lake in lakes.items()
    }


def _named(kinds: Mapping[str, object]) -> pytest.MarkDecorator:
    chosen = [pytest.param(case, kind, id=f"{case['name']}-{kind}") for case, kind in RUN if kind in kinds]
    return pytest.mark.parametrize(("case", "kind"), chosen)


@_named(KINDS)
def test_table_holds_what_the_case_says(
    tables: dict[Any, list[Row]], case: dict[str, Any], kind: str
) -> None:
    assert tables[case["name"], kind] == sorted(case["snapshot"], key=lambda row: list(row.values()))


@_named(HISTORIES)
def test_history_holds_every_change_of_every_file_once(
    tables: dict[Any, list[Row]], case: dict[str, Any], kind: str
) -> None:
    versions = tables[case["name"], kind]
    assert len(versions) == case["historicalVersions"]
    columns = [*case.get("keys", ["id"]), "v"]
    expected = [
        {"op": row["op"], "seq": row["seq"] or "", **{name: row.get(name) for name in columns}}
        for row in changes_of(case)
    ]
    # `v` may be null.
    assert sorted(versions, key=repr) == sorted(expected, key=repr)
