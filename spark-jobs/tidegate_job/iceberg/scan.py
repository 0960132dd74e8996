"""Reads the pinned snapshot of an Iceberg table, and of it only the files that can matter to a batch.

The files are planned here, in the driver, and handed to Spark as staged scan tasks: the way of Iceberg's own
compaction. What a task names is read, whatever happens to the table meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from .key_ranges import Bounds, within

_SMALLEST_SPLIT = 16 * 1024 * 1024


class PinnedScan:
    """Scans of one snapshot of one table. `name` is the qualified, quoted name of `table`. Close it when no
    frame of it is used any more."""

    def __init__(self, spark: SparkSession, table: Any, name: str, snapshot: int) -> None:
        self._spark = spark
        self._table = table
        self._name = name
        self._snapshot = snapshot
        self._staged: list[str] = []
        summary = table.snapshot(snapshot).summary()
        self._files = int(summary.get("total-data-files") or 0)
        self._bytes = int(summary.get("total-files-size") or 0)

    @property
    def files(self) -> int:
        """Data files of the snapshot."""
        return self._files

    def tasks(self, ranges: Sequence[Sequence[Bounds]], whole_files: bool = False) -> Any:
        """A Java list of scan tasks of all files that can have rows in one of `ranges`; of all files if there
        are none. `whole_files`: every row of these files, else perhaps only the row groups that matter."""
        scan = self._table.newScan().useSnapshot(self._snapshot).caseSensitive(False)
        if ranges:
            scan = scan.filter(within(self._spark, ranges))
        if whole_files:
            scan = scan.ignoreResiduals()
        planned = scan.planFiles()
        try:
            return self._jvm.org.apache.iceberg.relocated.com.google.common.collect.Lists.newArrayList(
                planned
            )
        finally:
            planned.close()

    def read(self, tasks: Any) -> DataFrame:
        """The rows of these tasks, deleted ones left out, with Iceberg's columns `_file` and `_pos`."""
        staged = f"tidegate-{uuid.uuid4().hex}"
        self._manager.stageTasks(self._table, staged, tasks)
        self._staged.append(staged)
        cores = max(1, self._spark.sparkContext.defaultParallelism)
        split = max(_SMALLEST_SPLIT, self._bytes // cores)
        reader = self._spark.read.option("scan-task-set-id", staged).option("split-size", str(split))
        return reader.table(self._name)

    def close(self) -> None:
        """Forget the tasks."""
        for staged in self._staged:
            self._manager.removeTasks(self._table, staged)
        self._staged.clear()

    @property
    def _manager(self) -> Any:
        return self._jvm.org.apache.iceberg.spark.ScanTaskSetManager.get()

    @property
    def _jvm(self) -> Any:
        return self._spark._jvm
