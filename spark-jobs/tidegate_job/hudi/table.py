"""Hudi tables: looked at once, and written by one commit a batch if nothing has happened to them since.

Hudi 1.0 does not validate a commit against what its writer has read, so the timeline is compared right before
the commit begins. What happens between that and its begin nobody would notice, which is why a claim on a Hudi
table is taken over only after its job has ended (rule 8); `docs/explanation/hudi-tables.md`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F

from .. import left_out, names
from ..changes.effects import CHANGING, EFFECT
from ..changes.partial_updates import stored_as
from ..columns import BatchColumns
from ..commit_properties import changes_property
from ..earlier_types import EARLIER, Earlier, from_property, to_property, together
from ..errors import (
    CATALOGUE_NOT_TOLD,
    COMMIT_UNKNOWN,
    COMMIT_UNMARKED,
    CONFLICT,
    ENGINE_FAILED,
    LOOKUP_UNREACHABLE,
    TARGET_FOREIGN,
    JobError,
    ResultUnknown,
)
from ..evidence import KeyColumn
from ..java import first_line, is_storage_failure
from ..outcome import RowCounts, SchemaChange
from ..plan import TablePlan
from ..schema_policy import column_changes, widens
from ..table_format import Commit, Look
from .catalog import HudiEntry, Registry
from .layout import HUDI_PREFIX, HudiLayout, hudi_rows, layout_of
from .options import check_properties, operation_options, table_type, write_options
from .stored import check_layout, check_not_shortened, check_stored
from .timeline import Timeline, clear_unmade, load_timeline

_BROADCAST_ROWS = 500_000
"""Up to this many changes are sent to every task that looks for their keys; beyond, Spark chooses."""


class Hudi:
    """Hudi tables by their location; `registry` makes them known to a catalogue, if there is one."""

    def __init__(self, spark: SparkSession, registry: Registry | None = None) -> None:
        self._spark = spark
        self._registry = registry

    def open(self, plan: TablePlan) -> HudiTable:
        return HudiTable(self._spark, plan, self._registry)


class HudiTable:
    """One table, its timeline loaded when it is opened."""

    def __init__(self, spark: SparkSession, plan: TablePlan, registry: Registry | None) -> None:
        self._spark = spark
        self._plan = plan
        self._registry = registry
        # Java's "active session" is per thread, and Hudi asks for it.
        jvm: Any = spark._jvm
        jvm.org.apache.spark.sql.SparkSession.setActiveSession(spark._jsparkSession)
        self._timeline = load_timeline(spark, plan.target.location)
        self._layout: HudiLayout | None = None
        self._frame: DataFrame | None = None
        self._rows: DataFrame | None = None
        self._kept: Any = None
        self._schema_changes: tuple[SchemaChange, ...] = ()
        self._remembered: dict[str, str] = {}

    @property
    def declared(self) -> Mapping[str, str] | None:
        if not self._has_commits or (self._plan.replaces and not self._plan.empties):
            return None
        return {
            name.lower(): type_
            for name, type_ in self._stored().dtypes
            if not name.startswith((names.RESERVED_PREFIX, HUDI_PREFIX))
        }

    def earlier_types(self) -> Earlier:
        return from_property(self._timeline.newest(EARLIER)) if self._timeline is not None else {}

    def left_out(self) -> frozenset[str]:
        if self._timeline is None or self._plan.replaces:
            return frozenset()
        return left_out.from_property(self._timeline.newest(left_out.LEFT_OUT))

    def widens(self, stored: str, type_: str) -> bool:
        # A decimal of more digits has more bytes, which Hudi takes for another type. Floats it reads as
        # doubles by their shortest text, so that digits beyond the seventh or so would change.
        return stored == "int" and widens(stored, type_)

    @property
    def refuses_other_writers(self) -> bool:
        return False

    @property
    def is_empty(self) -> bool:
        return not self._has_commits or self._plan.replaces

    def look_up(self) -> Look:
        settled = self._plan.applied.snapshot
        if self._timeline is None:
            if settled is not None:
                raise self._unreachable(f"the table is gone, but instant `{settled}` was settled")
            return Look()
        commits = self._timeline.commits_since(settled)
        if commits is None:
            raise self._unreachable(f"the settled instant `{settled}` is not in its timeline")
        for commit in commits:
            if commit.batch_id == self._plan.batch_id:
                return Look(commit=commit.as_commit())
        return Look(
            highest_token=max((commit.token for commit in commits), default=0),
            newest_generation=max((commit.generation for commit in commits), default=0),
        )

    def check_target(self) -> None:
        check_properties(self._plan)
        if self._timeline is None:
            return
        check_stored(self._plan, self._timeline)
        if not self.is_empty and names.SEQUENCE not in self._stored().columns:
            raise JobError(TARGET_FOREIGN, target=self._plan.target.name, column=names.SEQUENCE)

    def hits(
        self, changes: DataFrame, keys: Sequence[KeyColumn], rows: int, values: Sequence[str] = ()
    ) -> DataFrame | None:
        if self.is_empty:
            return None
        key_names = [key.name for key in keys]
        wanted = changes.select(*(F.col(names.quote(key)) for key in key_names))
        small = rows <= _BROADCAST_ROWS
        stored = self._stored()
        there = {name.lower() for name in stored.columns}
        found = stored.select(
            *(F.col(names.quote(key)).alias(key) for key in key_names),
            F.coalesce(F.col(names.SEQUENCE), F.lit("")).alias(names.SEQUENCE),
            *(F.col(names.quote(name)).alias(stored_as(name)) for name in values if name in there),
        ).join(F.broadcast(wanted) if small else wanted, key_names, "left_semi")
        return F.broadcast(found) if small else found

    def stage(
        self, effects: DataFrame, columns: BatchColumns, rows: RowCounts, hit: Mapping[str, int]
    ) -> Commit | None:
        """Hudi writes and commits in one call, so what is staged is the rows, computed: nothing is read from
        the landed files after this."""
        plan = self._plan
        self._layout = layout_of(plan, columns.data)
        historical = plan.merge.mode == "historical"
        if self._timeline is not None:
            check_layout(plan, self._timeline, self._layout)
        if historical and plan.replaces and self._has_commits:
            check_not_shortened(plan, self._stored().count(), rows)
        # Of a new table nothing is changed.
        self._schema_changes = column_changes(self.declared or columns.data, columns.data)
        earlier = {} if plan.replaces else self.earlier_types()
        self._remembered = to_property(together(earlier, columns.narrower))
        if plan.merge.unavailable is not None:
            self._remembered |= left_out.to_property(self.left_out() | columns.left_out)
        changes = effects.where(F.col(EFFECT).isin(*CHANGING))
        every_column = [*columns.data, *self._own_columns()]
        written = hudi_rows(changes, every_column, self._layout, historical)
        kept = written.localCheckpoint(eager=True)
        self._kept = kept._jdf.queryExecution().logical().rdd()
        self._rows = kept
        return None

    def commit(self, rows: RowCounts, evidence: str) -> Commit:
        assert self._rows is not None
        assert self._layout is not None
        plan, location = self._plan, self._plan.target.location
        options = write_options(plan, self._layout)
        options |= operation_options(self._operation(), plan, rows, evidence)
        options |= changes_property(self._schema_changes)
        # Each commit says all there were: those before it may be archived.
        options |= self._remembered
        writer = self._rows.write.format("hudi").options(**options).mode("append")
        faster = self._committed_by_another()
        if faster is not None:
            return faster
        try:
            if self._timeline is None:
                clear_unmade(self._spark, location)
            write(writer, location)
        except Exception as error:
            commit = self._after_failure(error)
        else:
            commit = self._own_commit()
        self._register(commit)
        return commit

    def close(self) -> None:
        if self._kept is not None:
            self._kept.unpersist(False)
            self._kept = None

    def _register(self, commit: Commit) -> None:
        """The commit stands whether the catalogue can be told or not, and the next one tells it again: so
        what fails is said in the log only."""
        if self._registry is None:
            return
        try:
            timeline = load_timeline(self._spark, self._plan.target.location)
            assert timeline is not None
            self._registry.register(self._entry(commit), timeline.paths_since)
        except Exception as error:
            told = JobError(CATALOGUE_NOT_TOLD, target=self._plan.target.name, why=first_line(error))
            line = {"table": self._plan.table, "error": told.code, "message": told.message}
            print(json.dumps(line, ensure_ascii=False), file=sys.stderr, flush=True)

    def _entry(self, commit: Commit) -> HudiEntry:
        assert self._rows is not None
        assert self._layout is not None
        target = self._plan.target
        return HudiEntry(
            database=target.database,
            table=target.table,
            location=target.location,
            table_type=table_type(self._plan),
            columns=tuple(self._rows.dtypes),
            schema_json=self._rows.schema.json(),
            partition_columns=self._layout.partitions,
            instant=commit.snapshot,
        )

    def _operation(self) -> str:
        if self._plan.replaces and self._has_commits:
            return "insert_overwrite_table"
        # An upsert would look for keys that are not there, and in a history for those that must not count.
        return "bulk_insert" if self.is_empty or self._plan.merge.mode == "historical" else "upsert"

    def _committed_by_another(self) -> Commit | None:
        """This very batch, by another run; JobError TG4002 if the timeline is otherwise no longer what was
        looked at: by a commit, a clean, or by what has only begun."""
        try:
            now = load_timeline(self._spark, self._plan.target.location)
        except Exception as error:
            raise self._failed(error) from error
        if now == self._timeline:
            return None
        commit = self._find_since_opened(now)
        if commit is None:
            why = f"its timeline was {self._timeline}, and is {now}"
            raise JobError(CONFLICT, target=self._plan.target.name, why=why)
        return commit

    def _own_commit(self) -> Commit:
        """The commit just made. It must carry the batch id, or else a replay could not be told from a new
        batch."""
        try:
            commit = self._find_since_opened(load_timeline(self._spark, self._plan.target.location))
        except Exception as error:
            raise self._unknown(error) from error
        if commit is None:
            raise ResultUnknown(COMMIT_UNMARKED, target=self._plan.target.name, batch_id=self._plan.batch_id)
        return commit

    def _after_failure(self, error: Exception) -> Commit:
        """After an error in the write the timeline decides: there (what follows a commit has failed), surely
        not there, or unknown, since a request that got no answer may still arrive."""
        try:
            commit = self._find_since_opened(load_timeline(self._spark, self._plan.target.location))
        except Exception:
            raise self._unknown(error) from error
        if commit is not None:
            return commit
        if is_storage_failure(error):
            raise self._unknown(error) from error
        raise self._failed(error) from error

    def _find_since_opened(self, now: Timeline | None) -> Commit | None:
        for commit in now.commits_unlike(self._timeline) if now else ():
            if commit.batch_id == self._plan.batch_id:
                return commit.as_commit()
        return None

    def _own_columns(self) -> Sequence[str]:
        if self.is_empty:
            return self._plan.own_columns
        stored = self._stored().columns
        return [name for name in names.OWN_COLUMNS if name in stored]

    def _stored(self) -> DataFrame:
        if self._frame is None:
            self._frame = self._spark.read.format("hudi").load(self._plan.target.location)
        return self._frame

    @property
    def _has_commits(self) -> bool:
        return self._timeline is not None and not self._timeline.is_empty

    def _failed(self, error: Exception) -> JobError:
        return JobError(ENGINE_FAILED, target=self._plan.target.name, why=first_line(error))

    def _unknown(self, error: Exception) -> ResultUnknown:
        target, batch_id = self._plan.target.name, self._plan.batch_id
        return ResultUnknown(COMMIT_UNKNOWN, target=target, batch_id=batch_id, why=first_line(error))

    def _unreachable(self, why: str) -> ResultUnknown:
        target, batch_id = self._plan.target.name, self._plan.batch_id
        return ResultUnknown(LOOKUP_UNREACHABLE, batch_id=batch_id, target=target, why=why)


def write(writer: DataFrameWriter, location: str) -> None:
    """The one call that writes and commits; what Hudi does for the table's upkeep is in it too."""
    writer.save(location)
