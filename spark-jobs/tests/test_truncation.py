"""[generations] A table that was truncated at its source: an entry without files empties it in one commit."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from tests.kinds import DEEP, of_kind
from tests.lake import Lake, Row, at, change
from tidegate_job.errors import JobError
from tidegate_job.session import prepare

TRUNCATED_AT_S = 1_700_009_999


def load(lake: Lake, *keys: int) -> Row:
    """A full-load file of columns of many kinds, of which two have awkward names."""
    columns = {
        "id": pa.array(keys, pa.int64()),
        "v": pa.array([1] * len(keys), pa.int64()),
        "Price of `it`, net": pa.array([None] * len(keys), pa.decimal128(38, 10)),
        "a.b": pa.array(["x"] * len(keys)),
        "at": pa.array([0] * len(keys), pa.timestamp("us")),
        "tags": pa.array([["t"]] * len(keys), pa.list_(pa.string())),
    }
    return lake.put_table(pa.table(columns), kind="full")


def emptied(lake: Lake) -> Row:
    """The entry of a truncation: the next generation, and nothing in it."""
    lake.next_generation()
    entry = lake.entry([], replaces=True)
    entry["generation"]["from_s"] = TRUNCATED_AT_S
    return entry


def columns_of(lake: Lake) -> list[tuple[str, str]]:
    lake.spark.sql(f"REFRESH TABLE shop.{lake.table}")
    return lake.spark.table(f"shop.{lake.table}").dtypes


def ids_as_of(lake: Lake, snapshot: str | None) -> list[int]:
    query = f"SELECT id FROM shop.{lake.table} VERSION AS OF {snapshot} ORDER BY id"
    return [row[0] for row in lake.spark.sql(query).collect()]


@pytest.mark.parametrize("partition_by", [[], ["bucket(4, id)", "days(at)"]], ids=["whole", "partitioned"])
def test_a_truncated_table_is_emptied_by_one_commit_and_keeps_its_columns_and_its_past(
    lake: Lake, partition_by: list[str]
) -> None:
    lake.partition_by, lake.schema_policy = partition_by, "lenient"
    lake.apply_and_settle([load(lake, 1, 2, 3)])
    lake.apply_and_settle([lake.put([change("D", "51", id=2)])])
    before, columns = lake.settled_snapshot, columns_of(lake)
    entry = emptied(lake)
    outcome = lake.apply(entry)
    assert outcome["error"] is None, outcome["error"]["message"]
    assert outcome["files"] == []
    assert lake.rows() == []
    assert columns_of(lake) == columns
    summary = lake.snapshots()[-1]
    assert (summary["tidegate.batch-id"], summary["tidegate.generation"]) == (outcome["batch_id"], "2")
    assert (summary["total-records"], summary["total-delete-files"]) == ("0", "0")
    assert summary["tidegate.fresh-as-of-ms"] == str(TRUNCATED_AT_S * 1000)
    assert ids_as_of(lake, before) == [1, 3]

    again = lake.apply(entry)
    assert (again["result"], again["snapshot"]) == ("already_committed", outcome["snapshot"])
    lake.settle(outcome)
    # What the source goes on with: neither the mark nor the delete of before counts any more.
    lake.apply_and_settle([lake.put([change("I", "02", id=2, v=2), change("I", "03", id=9, v=9)])])
    assert lake.rows("id", "v") == [{"id": 2, "v": 2}, {"id": 9, "v": 9}]
    lake.expire_all_but_one()
    with pytest.raises(PySparkException, match=str(before)):
        ids_as_of(lake, before)


HUDI = [
    ("hudi copy on write", ["v"]),
    *([("hudi merge on read", ["v"]), ("hudi merge on read", [])] if DEEP else []),
]


@pytest.mark.parametrize(("kind", "partition_by"), HUDI)
def test_a_hudi_table_is_emptied_too(lake: Lake, kind: str, partition_by: list[str]) -> None:
    lake = of_kind(lake, kind)
    lake.partition_by = partition_by
    lake.apply_and_settle([lake.put([{"id": key, "v": 1} for key in (1, 2)], kind="full")])
    before = lake.settled_snapshot
    entry = emptied(lake)
    outcome = lake.apply(entry)
    assert outcome["error"] is None, outcome["error"]["message"]
    assert lake.rows() == []
    assert lake.apply(entry)["result"] == "already_committed"
    lake.settle(outcome)
    assert before
    travelled = lake.frame(**{"as.of.instant": before}).orderBy("id").collect()
    assert [row["id"] for row in travelled] == [1, 2]
    lake.apply_and_settle([lake.put([change("I", "02", id=2, v=2)])])
    assert lake.rows() == [{"id": 2, "v": 2}]


def test_it_is_emptied_once_however_many_runs_do_it_and_what_the_source_goes_on_with_stays(
    lake: Lake, spark: SparkSession
) -> None:
    """[one-snapshot] A stops before its commit, B empties the table, C adds a row, A goes on."""
    lake.schema_policy = "lenient"
    lake.apply_and_settle([load(lake, 1)])
    late = lake.entry([lake.put([change("I", "60", id=7, v=7)])])
    entry = emptied(lake)
    zombie, other = lake.planned(entry), spark.newSession()
    prepare(other)

    def meanwhile() -> None:
        lake.settle(lake.apply(entry))
        lake.apply_and_settle([lake.put([change("I", "61", id=5, v=5)])])

    [outcome] = lake.run(zombie, spark=other, checkpoint=at("before-commit", meanwhile))
    assert (outcome["result"], outcome["lookup"]) == ("already_committed", "found")
    late = lake.apply(late)
    assert (late["result"], late["error"]["code"]) == ("rejected", "TG4005")
    assert [row["id"] for row in lake.rows("id")] == [5]


def test_without_a_table_and_without_a_generation_of_its_own_there_is_nothing_to_empty(lake: Lake) -> None:
    outcome = lake.apply(emptied(lake))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG2003")
    assert outcome["error"]["message"].endswith("Load it in full.")
    run_id = lake.write_plan(lake.planned(lake.entry([], replaces=False)))
    with pytest.raises(JobError, match=json.dumps(f"shop_{lake.table}").strip('"')) as refused:
        lake.job(run_id)
    assert refused.value.code == "TG2002"
