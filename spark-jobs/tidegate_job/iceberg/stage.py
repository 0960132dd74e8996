"""A batch as files that no snapshot knows yet, and the one commit that makes them part of the table.

Spark writes the data files without a commit, as Iceberg's own compaction does; the driver commits. So nothing
is visible before the last check of the landed files, and each commit is validated against the snapshot looked
at (rule 4), which Spark's plain append never is (`docs/adr/0008-history-by-validated-append.md`,
`docs/adr/0009-…`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, SparkSession


@dataclass
class StagedFiles:
    """What one commit adds, and the data files that it replaces."""

    data: list[Any] = field(default_factory=list)
    deletes: list[Any] = field(default_factory=list)
    replaced: list[Any] = field(default_factory=list)
    referenced: list[str] = field(default_factory=list)
    """Data files that `deletes` point into: they must still be there."""


def write_data_files(spark: SparkSession, table: Any, name: str, rows: DataFrame) -> list[Any]:
    """Write `rows` as data files. `name` is the qualified, quoted name of `table`."""
    return files_of(spark, table, lambda option, value: rows.writeTo(name).option(option, value).append())


def files_of(spark: SparkSession, table: Any, append: Callable[[str, str], object]) -> list[Any]:
    """The data files of an append to `table` that is given this write option and its value: it stages its
    files, as compaction does, and commits nothing."""
    jvm: Any = spark._jvm
    coordinator = jvm.org.apache.iceberg.spark.FileRewriteCoordinator.get()
    staging = f"tidegate-{uuid.uuid4().hex}"
    append("rewritten-file-scan-task-set-id", staging)
    try:
        return list(coordinator.fetchNewFiles(table, staging))
    finally:
        coordinator.clearRewrite(table, staging)


def commit_files(
    spark: SparkSession, table: Any, staged: StagedFiles, pinned: int | None, properties: Mapping[str, str]
) -> None:
    """One commit of `staged`, its summary with `properties`. ValidationException if any row was added,
    removed or rewritten since `pinned`, the snapshot looked at; None for a table that had none.

    Iceberg calls the operation `append` when rows are only added, so readers may follow such a table.
    """
    jvm: Any = spark._jvm
    every_row = jvm.org.apache.iceberg.expressions.Expressions.alwaysTrue()
    if staged.replaced or (staged.data and not staged.deletes):
        commit = table.newOverwrite().validateNoConflictingData().validateNoConflictingDeletes()
        for file in staged.replaced:
            commit = commit.deleteFile(file)
        for file in staged.data:
            commit = commit.addFile(file)
    else:
        commit = table.newRowDelta().validateNoConflictingDataFiles().validateNoConflictingDeleteFiles()
        commit = commit.validateDeletedFiles().validateDataFilesExist(staged.referenced)
        for file in staged.data:
            commit = commit.addRows(file)
        for file in staged.deletes:
            commit = commit.addDeletes(file)
    commit = commit.conflictDetectionFilter(every_row)
    if pinned is not None:
        commit = commit.validateFromSnapshot(pinned)
    for key, value in properties.items():
        commit = commit.set(key, value)
    commit.commit()


def new_file(jvm: Any, table: Any, spec: Any, partition: Any, suffix: str | None = None) -> Any:
    """A name for a parquet file of one partition, for the driver to write."""
    iceberg = jvm.org.apache.iceberg
    factory = iceberg.io.OutputFileFactory.builderFor(table, 0, 0).format(iceberg.FileFormat.PARQUET)
    factory = (factory.suffix(suffix) if suffix else factory).build()
    # Without a partition the longer form makes an empty folder name, which other readers refuse.
    file = factory.newOutputFile() if spec.isUnpartitioned() else factory.newOutputFile(spec, partition)
    return file.encryptingOutputFile()


def remove_files(table: Any, staged: StagedFiles) -> None:
    """Delete staged files that surely belong to no snapshot."""
    for file in [*staged.data, *staged.deletes]:
        table.io().deleteFile(str(file.location()))
