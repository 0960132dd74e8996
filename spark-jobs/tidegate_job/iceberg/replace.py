"""A table's new generation: columns, partitions, properties and rows, swapped in by one change of metadata.

Iceberg's own way to replace a table (`createOrReplace`) lets the last writer win, and its overwrite tells
conflicts by added and removed files, so it misses a commit that had none. Here everything is prepared in a
transaction, and the catalogue is asked to put that in the place of exactly the metadata that was looked at:
whatever came in between is a conflict (rule 4). The old generation stays in the history, for time travel and
for look-ups (`docs/adr/0011-replacing-a-table.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import DataFrame, SparkSession

from ..errors import HISTORY_SHORTENED, PARTITION_COLUMN_GONE, PLAN_NOT_SUPPORTED, JobError
from ..outcome import RowCounts
from ..plan import TablePlan
from .adopt import ChangedMeanwhile
from .batch import format_version
from .position_deletes import SparkWriters
from .properties import MODE
from .relayout import lay_out, lost_partition_column
from .stage import StagedFiles, files_of, new_file


@dataclass(frozen=True)
class Replacement:
    """A table as it is to be: laid out in a `transaction` that nobody knows of yet, and the files for it."""

    transaction: Any
    staged: StagedFiles


def check_replaceable(
    spark: SparkSession, table: Any, plan: TablePlan, rows: DataFrame, counts: RowCounts
) -> None:
    """JobError if `table` cannot become what `rows` are: TG2003 in format version 3, whose rows only Spark's
    own commits can number; TG2411 if a history would have fewer versions, since a rebuild has the files of
    one generation only; TG2412 if a column of a partition spec is missing."""
    target, snapshot, version = plan.target.name, table.currentSnapshot(), format_version(table)
    if version > 2:
        why, todo = f"`{target}` is of format version {version}", "Give it another `target.table`."
        raise JobError(PLAN_NOT_SUPPORTED, field="generation.replaces", value="true", why=why, todo=todo)
    stays_history = plan.merge.mode == "historical" == table.properties().get(MODE)
    stored = int(snapshot.summary().get("total-records") or 0) if snapshot is not None else 0
    if stays_history and counts.read < stored:
        raise JobError(HISTORY_SHORTENED, target=target, stored=f"{stored:,}", read=f"{counts.read:,}")
    column = lost_partition_column(spark, table, rows)
    if column is not None:
        raise JobError(PARTITION_COLUMN_GONE, target=target, column=column)


def stage_replacement(
    spark: SparkSession,
    table: Any,
    plan: TablePlan,
    rows: DataFrame,
    remembered: Mapping[str, str],
    has_rows: bool,
    pinned: int | None,
) -> Replacement:
    """Lay the table out for `rows` (all columns, ours too), with what is to be `remembered` of those, and
    write their files; nobody sees either.

    ChangedMeanwhile if `pinned` is no longer the table's snapshot.
    """
    transaction = table.newTransaction()  # refreshes
    snapshot = transaction.table().currentSnapshot()
    if (snapshot.snapshotId() if snapshot is not None else None) != pinned:
        raise ChangedMeanwhile("somebody committed before it could be replaced")
    lay_out(spark, transaction, plan, rows, remembered)
    target = transaction.table()
    written = _write(spark, target, rows) if has_rows else [_file_without_rows(spark, target, rows)]
    return Replacement(transaction, StagedFiles(data=written))


def commit_replacement(
    spark: SparkSession, table: Any, replacement: Replacement, properties: Mapping[str, str]
) -> None:
    """Swap: one snapshot, child of the one looked at, its summary with `properties`, without any old file.
    CommitFailedException if the metadata of `table` is no longer what it was when the files were staged."""
    jvm: Any = spark._jvm
    every_row = jvm.org.apache.iceberg.expressions.Expressions.alwaysTrue()
    transaction = replacement.transaction
    commit = transaction.newOverwrite().overwriteByRowFilter(every_row)
    for file in replacement.staged.data:
        commit = commit.addFile(file)
    for key, value in properties.items():
        commit = commit.set(key, value)
    commit.commit()
    # Not commitTransaction, which repeats the changes on top of what others have committed meanwhile.
    table.operations().commit(transaction.startMetadata(), transaction.currentMetadata())


def _write(spark: SparkSession, table: Any, rows: DataFrame) -> list[Any]:
    """Write `rows` as data files of `table`, which no catalogue knows by this layout: so the plan names the
    table itself, as Spark's own CREATE OR REPLACE does."""
    jvm: Any = spark._jvm
    # Its catalogue knows how rows are spread over buckets.
    catalogs = spark._jsparkSession.sessionState().catalogManager()
    catalog = catalogs.catalog(spark.conf.get("spark.sql.defaultCatalog", "spark_catalog"))
    relation = jvm.org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation.create(
        jvm.org.apache.iceberg.spark.source.SparkTable(table, False),
        jvm.scala.Option.apply(catalog),
        jvm.scala.Option.empty(),
        jvm.org.apache.spark.sql.util.CaseInsensitiveStringMap.empty(),
    )
    plan = rows._jdf.queryExecution().analyzed()

    def append(option: str, value: str) -> None:
        options = jvm.org.apache.spark.api.python.PythonUtils.toScalaMap({option: value})
        command = jvm.org.apache.spark.sql.catalyst.plans.logical.AppendData.byName(relation, plan, options)
        jvm.org.apache.spark.sql.Dataset.ofRows(spark._jsparkSession, command)

    return files_of(spark, table, append)


def _file_without_rows(spark: SparkSession, table: Any, rows: DataFrame) -> Any:
    """A data file of no rows, which Spark would not write. A generation without rows must add a file too: by
    nothing else does Iceberg tell a batch of the old generation that only adds rows that it is too late."""
    jvm: Any = spark._jvm
    iceberg = jvm.org.apache.iceberg
    spec = table.spec()
    partition = None if spec.isUnpartitioned() else iceberg.PartitionData(spec.partitionType())
    ensure_callback_server_started(spark.sparkContext._gateway)  # type: ignore[no-untyped-call]
    writer = (
        iceberg.parquet.Parquet.writeData(new_file(jvm, table, spec, partition))
        .forTable(table)
        .withPartition(partition)
        .createWriterFunc(SparkWriters(jvm, rows._jdf.schema()))
        .overwrite()
        .build()
    )
    writer.close()
    return writer.toDataFile()
