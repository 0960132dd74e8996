"""Iceberg tables: pinned to one snapshot, and committed to from that very one, by one commit a batch."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from .. import left_out, names
from ..changes.effects import CHANGING, EFFECT
from ..columns import BatchColumns
from ..commit_properties import changes_of, changes_property, commit_properties
from ..earlier_types import Earlier
from ..errors import (
    COMMIT_UNKNOWN,
    COMMIT_UNMARKED,
    CONFLICT,
    ENGINE_FAILED,
    LOOKUP_UNREACHABLE,
    JobError,
    ResultUnknown,
)
from ..evidence import KeyColumn
from ..java import first_line, java_causes, with_commit_properties
from ..outcome import RowCounts, SchemaChange
from ..partition_spec import parse_partition_by
from ..plan import TablePlan
from ..schema_policy import widens
from ..table_format import Commit, Look
from .adopt import ChangedMeanwhile, adopt, check_adoption, holds_none_of_ours, own_columns_in
from .batch import Hits, find_hits, needs_spark, stage_batch
from .create import create_table
from .evolve import earlier_types, evolve
from .merge_sql import merge_statement
from .properties import check_properties, check_stored_properties
from .replace import Replacement, check_replaceable, commit_replacement, stage_replacement
from .scan import PinnedScan
from .stage import StagedFiles, commit_files, remove_files

_PACKAGE = "org.apache.iceberg.exceptions."
_NOT_COMMITTED = {
    _PACKAGE + name for name in ("ValidationException", "CommitFailedException", "AlreadyExistsException")
}
_STATE_UNKNOWN = _PACKAGE + "CommitStateUnknownException"
_PINNED_KEY = "cache.expiration-interval-ms"


def pin_tables(spark: SparkSession) -> None:
    """Keep each table of the session's default catalogue as it was loaded, until it is refreshed (rule 4).

    Must run before the catalogue's first use, which reads its settings.
    """
    catalog = spark.conf.get("spark.sql.defaultCatalog", "spark_catalog")
    spark.conf.set(f"spark.sql.catalog.{catalog}.cache-enabled", "true")
    spark.conf.set(f"spark.sql.catalog.{catalog}.{_PINNED_KEY}", "-1")


class Iceberg:
    """The Iceberg tables of the session's default catalogue."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def open(self, plan: TablePlan) -> IcebergTable:
        return IcebergTable(self._spark, plan)


class IcebergTable:
    """One table, refreshed when it is opened and not again before its commit."""

    def __init__(self, spark: SparkSession, plan: TablePlan) -> None:
        self._spark = spark
        self._plan = plan
        self._name = names.qualified(plan.target.database, plan.target.table)
        # Java's "active session" is per thread, and without one a thread does not know the default catalogue.
        self._jvm.org.apache.spark.sql.SparkSession.setActiveSession(spark._jsparkSession)
        # Held as long as this object lives: the catalogue's cache keeps tables by soft references only.
        self._table = self._refreshed()
        self._pinned = _current_snapshot_id(self._table)
        self._scan: PinnedScan | None = None
        self._hits: Hits | None = None
        self._staged = StagedFiles()
        self._by_merge: tuple[DataFrame, Sequence[str]] | None = None
        self._replacement: Replacement | None = None
        self._schema_changes: tuple[SchemaChange, ...] = ()

    @property
    def declared(self) -> Mapping[str, str] | None:
        if self._table is None or (self._plan.replaces and not self._plan.empties):
            return None
        columns = self._spark.table(self._name).dtypes
        return {name.lower(): type_ for name, type_ in columns if name.lower() not in names.OWN_COLUMNS}

    def earlier_types(self) -> Earlier:
        return earlier_types(self._jvm, self._table) if self._table is not None else {}

    def left_out(self) -> frozenset[str]:
        if self._table is None or self._plan.replaces:
            return frozenset()
        return left_out.from_property(self._table.properties().get(left_out.LEFT_OUT))

    def widens(self, stored: str, type_: str) -> bool:
        return widens(stored, type_)

    @property
    def refuses_other_writers(self) -> bool:
        return True

    @property
    def is_empty(self) -> bool:
        return self._pinned is None or self._plan.replaces

    def look_up(self) -> Look:
        settled = self._plan.applied.snapshot
        if self._table is None:
            if settled is not None:
                raise self._unreachable(f"the table is gone, but snapshot `{settled}` was settled")
            return Look()
        highest_token, newest_generation = 0, 0
        for snapshot in self._back_to(settled):
            summary = snapshot.summary()
            if summary.get("tidegate.batch-id") == self._plan.batch_id:
                return Look(commit=_commit_of(snapshot))
            highest_token = max(highest_token, int(summary.get("tidegate.token") or 0))
            newest_generation = max(newest_generation, int(summary.get("tidegate.generation") or 0))
        if self._holds_rows_of_batch():
            since = f"the settled snapshot `{settled}`" if settled else "its first"
            why = f"the table has rows of it, but no snapshot since {since} says so"
            raise self._unreachable(why)
        return Look(highest_token=highest_token, newest_generation=newest_generation)

    def _back_to(self, settled: str | None) -> Iterator[Any]:
        """Snapshots from the pinned one back to the settled one, which is left out, or to the first that can
        be ours."""
        snapshot_id = self._pinned
        while snapshot_id is not None and str(snapshot_id) != settled:
            if settled is None and holds_none_of_ours(self._table, snapshot_id):
                return
            snapshot = self._table.snapshot(snapshot_id)
            if snapshot is None:
                raise self._unreachable(f"snapshot `{snapshot_id}` of its history has expired")
            yield snapshot
            snapshot_id = snapshot.parentId()
        if settled is not None and snapshot_id is None:
            raise self._unreachable(f"the settled snapshot `{settled}` is not in its history")

    def _holds_rows_of_batch(self) -> bool:
        """In historical mode the rows themselves tell a batch that the history has lost. Files of other
        batches are skipped by the bounds of their batch ids, but for those that a compaction has mixed."""
        if self._pinned is None or self._plan.merge.mode != "historical":
            return False
        if names.BATCH not in self._spark.table(self._name).columns:
            return False
        rows = self._spark.read.option("snapshot-id", str(self._pinned)).table(self._name)
        return not rows.where(F.col(names.BATCH) == self._plan.batch_id).isEmpty()

    def check_target(self) -> None:
        check_properties(self._plan)
        if self._table is None:
            return
        check_adoption(self._spark, self._table, self._name, self._plan)
        check_stored_properties(self._plan, dict(self._table.properties()))

    def hits(
        self, changes: DataFrame, keys: Sequence[KeyColumn], rows: int, values: Sequence[str] = ()
    ) -> DataFrame | None:
        if self._pinned is None or self._plan.replaces:
            return None
        self._scan = PinnedScan(self._spark, self._table, self._name, self._pinned)
        self._hits = find_hits(self._scan, changes, keys, rows, values)
        return self._hits.frame if self._hits else None

    def stage(
        self, effects: DataFrame, columns: BatchColumns, rows: RowCounts, hit: Mapping[str, int]
    ) -> Commit | None:
        every_column = [*columns.data, *self._plan.own_columns]
        changes = effects.where(F.col(EFFECT).isin(*CHANGING))
        if self._plan.replaces and self._table is not None:
            return self._stage_replacement(changes, every_column, columns.remembered, rows)
        try:
            if self._table is None:
                partitions = parse_partition_by(self._plan.target.partition_by, columns.data)
                written = changes.select(*(F.col(names.quote(name)) for name in every_column))
                create_table(self._spark, self._plan, written, partitions, columns.remembered)
                self._table = self._loaded()
            else:
                adopt(self._jvm, self._table, self._plan)
                self._schema_changes = evolve(self._jvm, self._table, self._plan, columns, changes)
                every_column = [*columns.data, *own_columns_in(self._table)]
            self._require_pinned()
        except Exception as error:
            return self._after_failure(error)
        if rows.inserted + rows.updated + rows.deleted and needs_spark(self._table, self._hits, rows):
            self._by_merge = (changes, every_column)
            return None
        historical = self._plan.merge.mode == "historical"
        self._staged = stage_batch(
            self._spark, self._table, self._name, changes, every_column, self._hits, rows, hit, historical
        )
        return None

    def _stage_replacement(
        self, changes: DataFrame, columns: Sequence[str], remembered: Mapping[str, str], rows: RowCounts
    ) -> Commit | None:
        new = changes.select(*(F.col(names.quote(name)) for name in columns))
        check_replaceable(self._spark, self._table, self._plan, new, rows)
        has_rows = rows.inserted + rows.updated + rows.deleted > 0
        try:
            adopt(self._jvm, self._table, self._plan)
            self._replacement = stage_replacement(
                self._spark, self._table, self._plan, new, remembered, has_rows, self._pinned
            )
        except Exception as error:
            return self._after_failure(error)
        self._staged = self._replacement.staged
        return None

    def commit(self, rows: RowCounts, evidence: str) -> Commit:
        properties = commit_properties(self._plan, rows, evidence) | changes_property(self._schema_changes)
        staged, self._staged = self._staged, StagedFiles()
        try:
            if self._replacement:
                commit_replacement(self._spark, self._table, self._replacement, properties)
            elif self._by_merge and self._pinned is None:
                self._fill(*self._by_merge, properties)
            elif self._by_merge:
                self._merge(*self._by_merge, properties)
            else:
                commit_files(self._spark, self._table, staged, self._pinned, properties)
        except JobError:
            raise
        except Exception as error:
            if _surely_not_committed(error):
                remove_files(self._table, staged)
            return self._after_failure(error)
        return self._own_commit()

    def close(self) -> None:
        if self._scan:
            self._scan.close()
        remove_files(self._table, self._staged)
        self._staged = StagedFiles()

    def _fill(self, rows: DataFrame, columns: Sequence[str], properties: Mapping[str, str]) -> None:
        """Into a table without a snapshot. Not an append, which conflicts with nothing: any commit since is a
        conflict."""
        self._require_pinned()
        written = rows.select(*(F.col(names.quote(name)) for name in columns))
        writer = written.writeTo(self._name).option("isolation-level", "serializable")
        for name, value in properties.items():
            writer = writer.option(f"snapshot-property.{name}", value)
        writer.overwrite(F.lit(True))

    def _merge(self, changes: DataFrame, columns: Sequence[str], properties: Mapping[str, str]) -> None:
        view = f"tidegate_{uuid.uuid4().hex}"
        changes.createOrReplaceTempView(view)
        try:
            statement = merge_statement(self._name, view, self._plan.merge.keys, columns)
            self._require_pinned()
            with_commit_properties(self._spark, properties, lambda: self._run(statement))
        finally:
            self._spark.catalog.dropTempView(view)

    def _run(self, statement: str) -> None:
        self._spark.sql(statement)

    def _require_pinned(self) -> None:
        """The statement loads the table by name: what the session's cache gives it must be the snapshot
        looked at."""
        if _current_snapshot_id(self._loaded()) != self._pinned:
            raise ChangedMeanwhile("this session has loaded a newer snapshot")

    def _own_commit(self) -> Commit:
        """The snapshot just made. It must carry the batch id, or else a replay could not be told from a new
        batch."""
        try:
            commit = self._find_since_pinned(self._loaded())
        except Exception as error:
            return self._after_failure(error)
        if commit is None:
            raise ResultUnknown(COMMIT_UNMARKED, target=self._plan.target.name, batch_id=self._plan.batch_id)
        return commit

    def _after_failure(self, error: Exception) -> Commit:
        """After an error in the commit the table decides: there, surely not there, or unknown."""
        target, why = self._plan.target.name, first_line(error)
        try:
            commit = self._find_since_pinned(self._refreshed())
        except Exception:
            commit = None
            reachable = False
        else:
            reachable = True
        if commit is not None:
            return commit
        if _surely_not_committed(error):
            raise JobError(CONFLICT, target=target, why=why) from error
        if _STATE_UNKNOWN in java_causes(error) or not reachable:
            raise ResultUnknown(
                COMMIT_UNKNOWN, target=target, batch_id=self._plan.batch_id, why=why
            ) from error
        raise JobError(ENGINE_FAILED, target=target, why=why) from error

    def _find_since_pinned(self, table: Any) -> Commit | None:
        snapshot = table.currentSnapshot() if table is not None else None
        while snapshot is not None and snapshot.snapshotId() != self._pinned:
            if snapshot.summary().get("tidegate.batch-id") == self._plan.batch_id:
                return _commit_of(snapshot)
            parent = snapshot.parentId()
            snapshot = table.snapshot(parent) if parent is not None else None
        return None

    def _refreshed(self) -> Any:
        """The table as the catalogue has it now, or None if there is none."""
        try:
            self._spark.sql(f"REFRESH TABLE {self._name}")
        except AnalysisException as error:
            if error.getErrorClass() in ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND"):
                return None
            raise
        return self._loaded()

    def _loaded(self) -> Any:
        return self._jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
            self._spark._jsparkSession, self._name
        )

    @property
    def _jvm(self) -> Any:
        return self._spark._jvm

    def _unreachable(self, why: str) -> ResultUnknown:
        return ResultUnknown(
            LOOKUP_UNREACHABLE, batch_id=self._plan.batch_id, target=self._plan.target.name, why=why
        )


def _surely_not_committed(error: Exception) -> bool:
    if isinstance(error, ChangedMeanwhile):
        return True
    causes = java_causes(error)
    return bool(_NOT_COMMITTED & set(causes)) and _STATE_UNKNOWN not in causes


def _current_snapshot_id(table: Any) -> int | None:
    snapshot = table.currentSnapshot() if table is not None else None
    return int(snapshot.snapshotId()) if snapshot is not None else None


def _commit_of(snapshot: Any) -> Commit:
    summary = snapshot.summary()
    return Commit(
        snapshot=str(snapshot.snapshotId()),
        at_ms=int(snapshot.timestampMillis()),
        token=int(summary.get("tidegate.token") or 0),
        evidence=summary.get("tidegate.evidence"),
        schema_changes=changes_of(summary),
    )
