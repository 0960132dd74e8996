"""Many small tables in one application: what a table more adds to the wall time."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from .bucket import BucketLake
from .data import Data
from .rounds import Rounds

TABLES, ROWS = 50, 20_000
INSERTS, UPDATES, DELETES, FILES = 1_200, 600, 600, 2


def small(spark: SparkSession, bucket: str, data: Data) -> dict[str, Any]:
    """Seconds of the whole plan by write mode."""
    rounds = Rounds()
    full = data.full(ROWS)
    changes = data.changes(ROWS, INSERTS, UPDATES, DELETES, FILES)

    def one_round() -> None:
        for write_mode in ("merge_on_read", "copy_on_write"):
            lakes = [BucketLake(spark, bucket) for _ in range(TABLES)]
            for lake in lakes:
                lake.write_mode = write_mode
            _apply(
                lakes,
                [[lake.put_bytes(file, kind="full") for file in full] for lake in lakes],
                rounds,
                f"full, {write_mode}",
            )
            _apply(
                lakes,
                [[lake.put_bytes(file) for file in changes.files] for lake in lakes],
                rounds,
                write_mode,
            )
            for lake in lakes:
                lake.spark.sql(f"REFRESH TABLE shop.{lake.table}")
                found = lake.spark.table(f"shop.{lake.table}").count()
                if found != ROWS + INSERTS - DELETES:
                    raise AssertionError(f"`{lake.table}` has {found} rows")
                lake.spark.sql(f"DROP TABLE shop.{lake.table} PURGE")

    rounds.run(one_round)
    return {"seconds": rounds.seconds}


def _apply(lakes: list[BucketLake], landed: list[list[dict[str, Any]]], rounds: Rounds, name: str) -> None:
    planned = [lake.planned(lake.entry(files)) for lake, files in zip(lakes, landed, strict=True)]
    with rounds.timed(name):
        outcomes = lakes[0].run(*planned)
    for lake, outcome in zip(lakes, outcomes, strict=True):
        assert outcome["result"] == "committed", outcome
        lake.settle(outcome)
