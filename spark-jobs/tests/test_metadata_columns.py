"""Which of our columns a table has, by choice: what correctness needs is there whatever was chosen, and
every way of writing works without the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, put, tell
from tests.kinds import DEEP, HISTORIES, KINDS
from tests.lake import Lake, change
from tidegate_job.iceberg.properties import creation_properties, own_columns_of
from tidegate_job.names import OWN_COLUMNS
from tidegate_job.plan import parse_plan

BATCHES = (
    put({"id": 1, "v": 1}, {"id": 2, "v": 2}, kind="full"),
    put(change("U", "10", id=1, v=10), change("D", "11", id=2, v=2)),
    put(change("I", "05", id=1, v=5)),
)
HISTORY_NEEDS = ("_tg_sequence", "_tg_operation", "_tg_batch")
WAYS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "merge on read": ({}, ("_tg_sequence",)),
    "copy on write": ({"write_mode": "copy_on_write"}, ("_tg_sequence",)),
    "historical": ({"mode": "historical"}, HISTORY_NEEDS),
    "hudi history": (HISTORIES["hudi history"], HISTORY_NEEDS),
}
if DEEP:
    WAYS |= {name: (kind, ("_tg_sequence",)) for name, kind in KINDS.items()}


GOLDEN = Path(__file__).parents[2] / "test" / "fixtures" / "contracts.example.json"


@pytest.mark.parametrize(
    ("mode", "chosen", "expected"),
    [
        ("snapshot", None, OWN_COLUMNS),
        ("snapshot", [], ("_tg_sequence",)),
        (
            "snapshot",
            ["_tg_applied_at", "_tg_operation"],
            ("_tg_sequence", "_tg_operation", "_tg_applied_at"),
        ),
        ("historical", ["_tg_file"], ("_tg_sequence", "_tg_operation", "_tg_file", "_tg_batch")),
        ("historical", list(OWN_COLUMNS), OWN_COLUMNS),
    ],
)
def test_which_columns_a_new_table_gets_and_says_that_it_has(
    mode: str, chosen: list[str] | None, expected: tuple[str, ...]
) -> None:
    document = json.loads(GOLDEN.read_text())["plan"]
    entry = document["tables"][0]["entry"]
    entry["merge"]["mode"] = mode
    if chosen is not None:
        entry["target"]["metadata_columns"] = chosen
    [plan] = parse_plan(document).tables
    assert plan.own_columns == expected
    properties = creation_properties(plan)
    assert own_columns_of(properties) == expected
    # Iceberg refuses metrics of a column that is not there.
    assert ("write.metadata.metrics.column._tg_batch" in properties) == ("_tg_batch" in expected)
    assert ("tidegate.metadata-columns" in properties) == (expected != OWN_COLUMNS)


def columns_of(lake: Lake) -> tuple[str, ...]:
    return tuple(name for name in lake.frame().columns if name.startswith("_tg_"))


def test_a_table_has_at_least_what_correctness_needs(spark: SparkSession, tmp_path: Path) -> None:
    """[sequence-guard] The second batch finds the stored sequences, and the third one is late."""
    none: dict[str, Any] = {"metadata_columns": []}
    courses = {name: Course(BATCHES, settings | none) for name, (settings, _) in WAYS.items()}
    tell(spark, tmp_path, courses)
    for name, course in courses.items():
        rows = course.rows()
        assert course.lake
        assert columns_of(course.lake) == WAYS[name][1], name
        if course.lake.mode == "historical":
            found = sorted((row["op"], row["seq"], row["v"]) for row in course.lake.versions())
            assert found == [("D", "11", 2), ("I", "05", 5), ("L", "", 1), ("L", "", 2), ("U", "10", 10)]
        else:
            assert rows == [{"id": 1, "v": 10}], name


def test_a_batch_that_the_history_has_lost_is_still_found_by_its_rows(lake: Lake) -> None:
    """[commit-authority] Historical, with as few columns as may be."""
    lake.mode, lake.metadata_columns = "historical", []
    entry = lake.entry([lake.put([change("I", "01", id=1, v=1)])])
    assert lake.apply(entry)["result"] == "committed"
    lake.spark.sql(f"DELETE FROM shop.{lake.table} WHERE id = 99")
    other = lake.apply(lake.entry([lake.put([change("I", "02", id=2, v=2)])]))
    assert other["result"] == "committed"
    lake.expire_all_but_one()
    assert lake.apply(entry)["error"]["code"] == "TG4001"
    assert len(lake.versions()) == 2


def test_an_adopted_table_and_a_rebuilt_one_get_what_is_chosen(lake: Lake) -> None:
    """[generations] A table keeps its columns until it is built anew, whatever the configuration says
    meanwhile."""
    chosen = ["_tg_applied_at", "_tg_file"]
    lake.spark.sql("CREATE DATABASE IF NOT EXISTS shop")
    lake.spark.sql(f"CREATE TABLE shop.{lake.table} (id bigint, v bigint) USING iceberg")
    lake.spark.sql(f"INSERT INTO shop.{lake.table} VALUES (1, 1)")
    lake.adopt, lake.metadata_columns = True, chosen
    lake.apply_and_settle([lake.put([change("U", "01", id=1, v=2)])])
    expected = tuple(name for name in OWN_COLUMNS if name in ["_tg_sequence", *chosen])
    assert columns_of(lake) == expected
    lake.metadata_columns = None
    lake.apply_and_settle([lake.put([change("U", "02", id=1, v=3)])])
    assert (columns_of(lake), lake.rows()) == (expected, [{"id": 1, "v": 3}])
    for choice, columns in ((None, OWN_COLUMNS), (chosen, expected)):
        lake.metadata_columns = choice
        lake.next_generation()
        load = lake.put_table(pa.table({"id": pa.array([1]), "v": pa.array([4])}), kind="full")
        outcome = lake.apply(lake.entry([load], replaces=True))
        assert outcome["error"] is None, outcome["error"]
        lake.settle(outcome)
        lake.apply_and_settle([lake.put([change("U", "01", id=1, v=5)])])
        assert (columns_of(lake), lake.rows()) == (columns, [{"id": 1, "v": 5}])


if DEEP:

    def test_a_hudi_table_gets_others_with_a_reload(lake: Lake) -> None:
        """[generations] And not before. Hudi puts columns that it did not have behind the others."""
        lake.format, lake.write_mode, lake.metadata_columns = "hudi", "copy_on_write", ["_tg_file"]
        lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1)])])
        for choice, expected in ((None, OWN_COLUMNS), ([], ("_tg_sequence",))):
            before, lake.metadata_columns = columns_of(lake), choice
            lake.apply_and_settle([lake.put([change("U", "02", id=1, v=2)])])
            assert (columns_of(lake), lake.rows()) == (before, [{"id": 1, "v": 2}])
            lake.next_generation()
            outcome = lake.apply(lake.entry([lake.put([{"id": 1, "v": 4}], kind="full")], replaces=True))
            assert outcome["error"] is None, outcome["error"]
            lake.settle(outcome)
            assert (set(columns_of(lake)), lake.rows()) == (set(expected), [{"id": 1, "v": 4}])
