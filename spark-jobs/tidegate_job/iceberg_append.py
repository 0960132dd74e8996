"""A commit that only adds rows and is validated all the same: data added since the pinned snapshot conflicts.

Spark's own append conflicts with nothing. Its `overwrite` of the rows of one batch id is validated, but fails
once a compaction has put several batches into one file: a new id then lies between that file's lowest and
highest (`docs/adr/0008-history-by-validated-append.md`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame, SparkSession


@contextmanager
def staged_files(spark: SparkSession, table: Any, name: str, rows: DataFrame) -> Iterator[list[Any]]:
    """Write `rows` as data files that no snapshot knows yet. `name` is the qualified, quoted name of `table`.

    As Iceberg's own compaction does: Spark writes, and the driver keeps the files until they are fetched.
    """
    jvm: Any = spark._jvm
    coordinator = jvm.org.apache.iceberg.spark.FileRewriteCoordinator.get()
    staging = f"tidegate-{uuid.uuid4().hex}"
    rows.writeTo(name).option("rewritten-file-scan-task-set-id", staging).append()
    try:
        yield list(coordinator.fetchNewFiles(table, staging))
    finally:
        coordinator.clearRewrite(table, staging)


def append_validated(
    spark: SparkSession, table: Any, files: list[Any], pinned: int | None, properties: Mapping[str, str]
) -> None:
    """Add `files` in one commit whose summary has `properties`. ValidationException if data was added since
    `pinned`, the snapshot looked at; None for a table that had none.

    Iceberg calls the operation `append`, so readers may follow the table by its snapshots.
    """
    jvm: Any = spark._jvm
    every_row = jvm.org.apache.iceberg.expressions.Expressions.alwaysTrue()
    commit = table.newOverwrite().conflictDetectionFilter(every_row).validateNoConflictingData()
    if pinned is not None:
        commit = commit.validateFromSnapshot(pinned)
    for file in files:
        commit = commit.addFile(file)
    for name, value in properties.items():
        commit = commit.set(name, value)
    commit.commit()


def remove_files(table: Any, files: list[Any]) -> None:
    """Delete staged files that surely belong to no snapshot."""
    for file in files:
        table.io().deleteFile(str(file.location()))
