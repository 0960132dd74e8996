"""One large Hudi table: full load and changes by the job, beside Hudi's own writer with the options that end
in the right rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from .bucket import BucketLake
from .data import Changes, Data
from .large import (
    DELETES,
    FILES,
    INSERTS,
    ROWS,
    UPDATES,
    apply_changes,
    check,
    fingerprint,
    floor,
    frame_of,
    full_load,
)
from .rounds import Rounds

_numbers = itertools.count(1)


def hudi(spark: SparkSession, bucket: str, data: Data) -> dict[str, Any]:
    """Seconds by name, `floor` being Spark reading the full load to nothing."""
    rounds = Rounds()
    full = data.full(ROWS)
    changes = data.changes(ROWS, INSERTS, UPDATES, DELETES, FILES)
    expected = fingerprint(frame_of(spark, bucket, "expected", [data.expected(ROWS)]))

    def one_round() -> None:
        floor(spark, bucket, full, rounds)
        for table_type in ("merge_on_read", "copy_on_write"):
            lake = BucketLake(spark, bucket)
            lake.format, lake.write_mode = "hudi", table_type
            full_load(lake, full, rounds, f"full, {table_type}")
            apply_changes(lake, changes, rounds, table_type)
            check(lake, expected, table_type)
            _remove(spark, lake.location)
            location = f"s3://{bucket}/plain/{next(_numbers)}"
            _plain(spark, bucket, location, full, changes, rounds, table_type)
            plain = spark.read.format("hudi").load(location)
            if fingerprint(plain.drop("seq")) != expected:
                raise AssertionError(f"plain, {table_type}: the table is not what it must be")
            _remove(spark, location)

    rounds.run(one_round)
    return {"seconds": rounds.seconds, "phases": rounds.phases}


def _plain(
    spark: SparkSession,
    bucket: str,
    location: str,
    full: Sequence[bytes],
    changes: Changes,
    rounds: Rounds,
    table_type: str,
) -> None:
    """Hudi's own writer with the same rows and none of our columns: nothing looked up, checked, folded,
    counted or remembered."""
    rows = frame_of(spark, bucket, "plain_full", full).withColumn("seq", F.lit(""))
    changed = frame_of(spark, bucket, "plain_changes", changes.files)
    options = {
        "hoodie.table.name": "plain",
        "hoodie.datasource.write.table.type": table_type.upper(),
        "hoodie.datasource.write.recordkey.field": "id",
        "hoodie.datasource.write.precombine.field": "seq",
        "hoodie.record.merge.mode": "EVENT_TIME_ORDERING",
        "hoodie.datasource.write.keygenerator.class": "org.apache.hudi.keygen.NonpartitionedKeyGenerator",
        "hoodie.index.type": "SIMPLE",
        "hoodie.metadata.enable": "false",
        "hoodie.embed.timeline.server": "false",
    }
    with rounds.timed(f"bulk_insert, {table_type}"):
        _write(rows.withColumn("_hoodie_is_deleted", F.lit(False)), "bulk_insert", options, location)
    deletes = (F.col("op") == "D").alias("_hoodie_is_deleted")
    with rounds.timed(f"upsert, {table_type}"):
        _write(changed.select("*", deletes).drop("op"), "upsert", options, location)


def _write(rows: DataFrame, operation: str, options: Mapping[str, str], location: str) -> None:
    writer = rows.write.format("hudi").options(**options).mode("append")
    writer.option("hoodie.datasource.write.operation", operation).save(location)


def _remove(spark: SparkSession, location: str) -> None:
    jvm: Any = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(location)
    path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, True)
