"""One large table: full load, changes merged on read, changes by copy on write; and changes to few of its
files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.lake import NOT_THE_SOURCES
from tidegate_job.iceberg import batch as iceberg_batch

from .bucket import BucketLake
from .data import Changes, Data
from .rounds import Rounds

ROWS = 1_369_769
INSERTS, UPDATES, DELETES, FILES = 20_000, 10_000, 10_000, 14
_CLUSTERED_FILES = 16
_SMALL_FILES = {
    "write.target-file-size-bytes": str(2 * 1024 * 1024),
    "write.parquet.row-group-size-bytes": str(1024 * 1024),
}


def large(spark: SparkSession, bucket: str, data: Data) -> dict[str, Any]:
    """Seconds by name, `floor` being Spark reading the full load to nothing."""
    rounds = Rounds()
    full = data.full(ROWS)
    changes = data.changes(ROWS, INSERTS, UPDATES, DELETES, FILES)
    expected = fingerprint(frame_of(spark, bucket, "expected", [data.expected(ROWS)]))

    def one_round() -> None:
        floor(spark, bucket, full, rounds)
        for write_mode in ("merge_on_read", "copy_on_write"):
            lake = BucketLake(spark, bucket)
            lake.write_mode = write_mode
            full_load(lake, full, rounds, f"full, {write_mode}")
            apply_changes(lake, changes, rounds, write_mode)
            check(lake, expected, write_mode)
            spark.sql(f"DROP TABLE shop.{lake.table} PURGE")
            _bare(spark, bucket, full, changes, rounds, write_mode)

    rounds.run(one_round)
    return {"seconds": rounds.seconds, "phases": rounds.phases}


def clustered(spark: SparkSession, bucket: str, data: Data) -> dict[str, Any]:
    """The same number of changes, all in one of the table's files, with the bounds of their keys and
    without."""
    rounds = Rounds()
    full = data.full(ROWS, _CLUSTERED_FILES)
    one_file = ROWS // _CLUSTERED_FILES
    changes = data.changes(ROWS, INSERTS, UPDATES, DELETES, FILES, within=range(one_file, 2 * one_file))
    expected = fingerprint(frame_of(spark, bucket, "expected", [data.expected(ROWS)]))
    pruned_from = iceberg_batch.PRUNED_FROM

    def one_round() -> None:
        floor(spark, bucket, full, rounds)
        for write_mode in ("merge_on_read", "copy_on_write"):
            for name, files in (("pruned", pruned_from), ("not pruned", sys.maxsize)):
                iceberg_batch.PRUNED_FROM = files
                lake = BucketLake(spark, bucket)
                lake.write_mode = write_mode
                lake.properties = dict(_SMALL_FILES)
                full_load(lake, full, rounds, "full")
                apply_changes(lake, changes, rounds, f"{write_mode}, {name}")
                check(lake, expected, f"{write_mode}, {name}")
                spark.sql(f"DROP TABLE shop.{lake.table} PURGE")

    try:
        rounds.run(one_round)
    finally:
        iceberg_batch.PRUNED_FROM = pruned_from
    return {"seconds": rounds.seconds, "phases": rounds.phases}


def floor(spark: SparkSession, bucket: str, files: Sequence[bytes], rounds: Rounds) -> None:
    """Spark reads them to nothing."""
    frame = frame_of(spark, bucket, "floor", files)
    with rounds.timed("floor"):
        frame.write.format("noop").mode("overwrite").save()


def full_load(lake: BucketLake, files: Sequence[bytes], rounds: Rounds, name: str) -> None:
    """The job loads the table."""
    landed = [lake.put_bytes(content, kind="full") for content in files]
    with rounds.timed(name):
        outcome = lake.apply_and_settle(landed)
    rounds.note(name, outcome["seconds"])
    assert outcome["rows"]["inserted"] == ROWS, outcome


def apply_changes(lake: BucketLake, changes: Changes, rounds: Rounds, name: str) -> None:
    """The job applies them as one batch."""
    landed = [lake.put_bytes(content) for content in changes.files]
    with rounds.timed(name):
        outcome = lake.apply_and_settle(landed)
    rounds.note(name, outcome["seconds"])
    rows = outcome["rows"]
    found = (rows["inserted"], rows["updated"], rows["deleted"])
    assert found == (changes.inserts, changes.updates, changes.deletes), outcome


def _bare(
    spark: SparkSession, bucket: str, full: Sequence[bytes], changes: Changes, rounds: Rounds, write_mode: str
) -> None:
    """What Spark's own statements take for the same rows: nothing checked, folded, counted or remembered, and
    no columns of ours."""
    frame_of(spark, bucket, "bare_full", full).createOrReplaceTempView("bare_full")
    frame_of(spark, bucket, "bare_changes", changes.files).createOrReplaceTempView("bare_changes")
    mode = write_mode.replace("_", "-")
    name = f"shop.bare_{write_mode}"
    with rounds.timed(f"CREATE TABLE AS SELECT, {write_mode}"):
        spark.sql(
            f"CREATE TABLE {name} USING iceberg LOCATION 's3://{bucket}/bare/{write_mode}' "
            f"TBLPROPERTIES ('format-version' = '2', 'write.merge.mode' = '{mode}') "
            "AS SELECT * FROM bare_full"
        )
    with rounds.timed(f"MERGE, {write_mode}"):
        spark.sql(
            f"MERGE INTO {name} t USING (SELECT * FROM bare_changes) s ON t.id = s.id "
            "WHEN MATCHED AND s.op = 'D' THEN DELETE WHEN MATCHED THEN UPDATE SET * "
            "WHEN NOT MATCHED THEN INSERT *"
        )
    rows = spark.table(name).count()
    assert rows == ROWS + changes.inserts - changes.deletes, rows
    spark.sql(f"DROP TABLE {name} PURGE")


def frame_of(spark: SparkSession, bucket: str, name: str, files: Sequence[bytes]) -> DataFrame:
    """Spark's own view of these parquet files."""
    lake = BucketLake(spark, bucket)
    lake.table = name
    uris = [str(lake.put_bytes(content)["uri"]) for content in files]
    return spark.read.parquet(*uris)


def check(lake: BucketLake, expected: tuple[int, int], name: str) -> None:
    """AssertionError if the table is not what it must be."""
    if fingerprint(lake.frame()) != expected:
        raise AssertionError(f"{name}: the table is not what it must be")


def fingerprint(frame: DataFrame) -> tuple[int, int]:
    """Number of rows, and the sum of their hashes."""
    columns = sorted(name for name in frame.columns if not name.startswith(NOT_THE_SOURCES))
    hashed = frame.select(F.xxhash64(*columns).cast("decimal(38,0)").alias("hash"))
    [(rows, total)] = hashed.agg(F.count(F.lit(1)), F.sum("hash")).collect()
    return int(rows), int(total)
