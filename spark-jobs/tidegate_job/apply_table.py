"""One table of a plan, from the look into its history to its outcome. Nothing that goes wrong here leaves
this module."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from tempfile import gettempdir

from py4j.protocol import Py4JError
from pyspark.errors.exceptions.captured import CapturedException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from . import names
from .changes.effects import (
    as_inserts,
    as_versions,
    collect_deletes,
    count_effects,
    inserted_only,
    remembered_frame,
    with_effects,
)
from .changes.fold import (
    DELETE,
    bad_rows,
    file_rows,
    fold,
    keys_are_unique,
    read_changes,
    rows_of_plain_files,
)
from .changes.kinds import without_marks
from .changes.late import FoundRows, check_rows, lowest_late_sequence
from .changes.partial_updates import (
    fold_partial,
    left_out_columns,
    refuse_late,
    unchanged_columns,
    without_values,
)
from .changes.tombstones import remembered_deletes
from .columns import BatchColumns, Footer, agree_columns, special_columns
from .errors import (
    DISK_FULL,
    ENGINE_FAILED,
    EVIDENCE_UNREADABLE,
    GENERATION_PASSED,
    LOOKUP_UNREACHABLE,
    PLAN_NOT_SUPPORTED,
    RESOLVED_ABSENT,
    STORAGE_FAILED,
    SUPERSEDED,
    JobError,
    ResultUnknown,
)
from .evidence import Evidence, KeyColumn, put_evidence, read_evidence
from .files.file_checks import BadFiles, as_found_now, check_unchanged
from .files.landed import LandedFiles
from .files.read_failures import blame_files
from .hudi.layout import as_hudi_has_them
from .iceberg.adopt import check_adopted_columns
from .java import first_line, is_full_disk
from .kept import kept
from .layout import ControlLayout
from .object_store import ObjectStore
from .outcome import AppliedFile, Lookup, Outcome, RowCounts
from .partition_spec import parse_partition_by
from .plan import PlannedFile, TablePlan
from .single_writer import become_the_only_writer
from .table_format import Commit, Look, OpenTable, TableFormat

_ONE_TASK_ROWS = 25_000
"""Up to this many rows are read by one task: what follows needs no shuffle then, which costs more than they
do."""
_ONE_PARTITION_ROWS = 250_000


@dataclass(frozen=True)
class Job:
    """What the tables of one application share. `now_ms` is epoch milliseconds; `checkpoint` lets tests hold
    a race open."""

    spark: SparkSession
    store: ObjectStore
    layout: ControlLayout
    formats: Mapping[str, TableFormat]
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    checkpoint: Callable[[str, str], None] = lambda table, name: None


@dataclass
class _Course:
    """How far a table has come, for its outcome."""

    lookup: Lookup = "unreachable"
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began


@dataclass(frozen=True)
class _Batch:
    """A batch that has been read and compared with the table, and waits for its commit."""

    columns: BatchColumns
    effects: DataFrame
    rows: RowCounts
    hit: Mapping[str, int]
    """Rows that are updated or deleted, by the table's data file; for formats that have such."""
    files: tuple[AppliedFile, ...]
    deletes: DataFrame


def apply_table(job: Job, plan: TablePlan) -> Outcome:
    """Apply one table's entry, or say why not. Never raises; the caller puts the outcome."""
    course = _Course()
    outcome = Outcome(job.layout.run_id, plan.table, plan.token, plan.batch_id, "rejected", "absent")
    try:
        outcome = _apply(job, plan, outcome, course)
    except Exception as error:
        outcome = _failed(job, plan, outcome, course, error)
    return replace(outcome, seconds=course.seconds)


def _apply(job: Job, plan: TablePlan, outcome: Outcome, course: _Course) -> Outcome:
    with course.phase("look"):
        table = _open(job, plan)
        look = table.look_up()
        course.lookup = "found" if look.commit else "absent"
    if look.commit:
        return _already_committed(job, plan, outcome, look.commit)
    _refuse_outranked(plan, look)
    if plan.resolve_only:
        raise JobError(RESOLVED_ABSENT, batch_id=plan.batch_id, target=plan.target.name)
    job.checkpoint(plan.table, "looked-up")
    table.check_target()
    with ExitStack() as held:
        held.callback(table.close)
        with course.phase("read"):
            batch = _read(job, plan, table, held)
        with course.phase("write"):
            faster = _stage(job, plan, table, batch)
        if faster is None:
            with course.phase("evidence"):
                evidence = _put_evidence(job, plan, batch)
                if not table.refuses_other_writers:
                    become_the_only_writer(job.store, evidence, plan.target.name)
            job.checkpoint(plan.table, "before-commit")
            with course.phase("commit"):
                commit = table.commit(batch.rows, evidence)
            faster = commit if commit.token != plan.token else None
    if faster:
        # Another run of the same entry; its evidence counts.
        course.lookup = "found"
        return _already_committed(job, plan, outcome, faster)
    return replace(
        outcome,
        result="committed",
        snapshot=commit.snapshot,
        committed_at_ms=commit.at_ms,
        rows=batch.rows,
        files=batch.files,
        evidence=evidence,
        schema_changes=commit.schema_changes,
    )


def _open(job: Job, plan: TablePlan) -> OpenTable:
    """The table, refreshed this once. If it cannot be opened nothing can be looked up either."""
    table_format = job.formats.get(plan.target.format)
    target = plan.target.name
    if table_format is None:
        why = f"this job has no support for format `{plan.target.format}`"
        raise ResultUnknown(LOOKUP_UNREACHABLE, batch_id=plan.batch_id, target=target, why=why)
    try:
        return table_format.open(plan)
    except Exception as error:
        raise ResultUnknown(
            LOOKUP_UNREACHABLE, batch_id=plan.batch_id, target=target, why=first_line(error)
        ) from error


def _refuse_outranked(plan: TablePlan, look: Look) -> None:
    """A run that lost its claim, or whose generation is over, must not write (rules 4 and 7)."""
    target = plan.target.name
    if look.highest_token > plan.token:
        raise JobError(SUPERSEDED, target=target, seen=look.highest_token, token=plan.token)
    if look.newest_generation > plan.generation:
        seen = look.newest_generation
        raise JobError(GENERATION_PASSED, target=target, seen=seen, generation=plan.generation)


def _already_committed(job: Job, plan: TablePlan, outcome: Outcome, commit: Commit) -> Outcome:
    """The commit is the authority (rule 1); its evidence says what the ledger needs, without reading the
    files again."""
    uri = commit.evidence or ""
    try:
        evidence = read_evidence(job.store, uri)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ResultUnknown(
            EVIDENCE_UNREADABLE, batch_id=plan.batch_id, target=plan.target.name, uri=uri, why=why
        ) from error
    return replace(
        outcome,
        result="already_committed",
        lookup="found",
        snapshot=commit.snapshot,
        committed_at_ms=commit.at_ms,
        rows=evidence.rows,
        files=evidence.files,
        evidence=uri,
        schema_changes=commit.schema_changes,
    )


def _read(job: Job, plan: TablePlan, table: OpenTable, held: ExitStack) -> _Batch:
    """Read the files and compare them with the table; BadFiles or JobError if the batch must not be applied.
    What is kept in memory goes when `held` is closed."""
    if plan.empties:
        return _no_rows(job, plan, table)
    files, keys = plan.files, plan.merge.keys
    check_unchanged(job.store, files, "check")
    landed = LandedFiles(job.spark, job.store, files, plan.merge, plan.text_files)
    with blame_files(job.store, files, plan.target.name):
        footers = as_hudi_has_them(plan, landed.describe(table.declared))
    check_adopted_columns(plan, footers, table.declared)
    columns, errors = agree_columns(
        files, footers, plan.merge, table.declared, plan.target.name, table.earlier_types, table.widens
    )
    if errors:
        raise BadFiles(errors)
    if table.declared is None:
        parse_partition_by(plan.target.partition_by, columns.data)
    with blame_files(job.store, files, plan.target.name):
        footers = as_hudi_has_them(plan, landed.read(columns, held))
    rows = sum(footer.rows for footer in footers.values())
    changes = read_changes(job.spark, files, footers, columns, plan.merge, job.now_ms(), landed.rows_of)
    changes = changes.withColumn(names.BATCH, F.lit(plan.batch_id))
    if rows <= _ONE_TASK_ROWS:
        changes = changes.coalesce(1)

    def rows_to_blame(file: PlannedFile, column: str) -> tuple[int, ...]:
        return bad_rows(file, column, columns, plan.merge, landed.rows_where)

    with blame_files(job.store, files, plan.target.name):
        if rows and _is_first_load(plan, table, footers) and keys_are_unique(changes, keys, rows):
            # The usual full load: nothing to fold, nothing to compare it with, so it needn't be kept either.
            applied = check_rows(plan, footers, rows_of_plain_files(footers), rows_to_blame)
            effects, counts, hit = as_inserts(changes), inserted_only(applied), dict[str, int]()
        else:
            changes = kept(changes, held)
            found = file_rows(changes, keys)
            applied = check_rows(plan, footers, found, rows_to_blame)
            changes = without_marks(changes)
            columns = replace(columns, left_out=left_out_columns(plan, changes, columns.data))
            effects = kept(_effects(job, plan, table, changes, columns, found, rows), held)
            read = sum(rows.rows + rows.derived for rows in found.values())
            skipped = sum(rows.skipped for rows in found.values())
            counts, hit = count_effects(effects, read, skipped)
    return _Batch(columns, effects, counts, hit, applied, changes.where(F.col(DELETE)))


def _no_rows(job: Job, plan: TablePlan, table: OpenTable) -> _Batch:
    """What is left of a table that was truncated at its source: its columns. JobError if there is none."""
    declared = table.declared
    if declared is None:
        why, todo = f"there is no table `{plan.target.name}` to empty", "Load it in full."
        raise JobError(PLAN_NOT_SUPPORTED, field="entry.files", value="[]", why=why, todo=todo)
    own = dict.fromkeys(names.OWN_COLUMNS, "string") | {names.APPLIED_AT: "timestamp"}
    types = {**declared, **own, DELETE: "boolean"}
    schema = ", ".join(f"{names.quote(name)} {type_}" for name, type_ in types.items())
    nothing = as_inserts(job.spark.createDataFrame([], schema))
    columns = BatchColumns(data=dict(declared), special={}, narrower=table.earlier_types())
    return _Batch(columns, nothing, inserted_only(()), {}, (), nothing)


def _is_first_load(plan: TablePlan, table: OpenTable, footers: Mapping[str, Footer]) -> bool:
    """Full-load files without sequence and operation, into a table that has nothing yet and from which
    nothing was deleted either."""
    special = special_columns(plan.merge)
    return (
        plan.merge.mode == "snapshot"
        and table.is_empty
        and plan.applied.max_sequence is None
        and all(file.kind == "full" for file in plan.files)
        and not any(name.lower() in special for footer in footers.values() for name, _ in footer.columns)
    )


def _effects(
    job: Job,
    plan: TablePlan,
    table: OpenTable,
    changes: DataFrame,
    columns: BatchColumns,
    found: Mapping[str, FoundRows],
    rows: int,
) -> DataFrame:
    if plan.merge.mode == "historical":
        # Late or not, deleted or not: a version outranks nothing, and nothing outranks it.
        return as_versions(changes, plan.merge.operations)
    keys = plan.merge.keys
    late = lowest_late_sequence(plan, found)
    key_columns = _key_columns(plan, columns)
    remembered = None
    if late is not None:
        deletes = remembered_deletes(job.store, plan.applied.tombstones, late, key_columns)
        remembered = remembered_frame(job.spark, deletes, key_columns) if deletes else None
    left_out = columns.left_out
    if late is not None and plan.merge.unavailable is not None:
        left_out |= table.left_out().intersection(columns.data)
    values = unchanged_columns(plan, columns.data) or tuple(sorted(left_out))
    wanted = (*values, names.OPERATION) if values else ()
    stored = table.hits(changes, key_columns, rows, wanted)
    # One partition needs no shuffle: for a small batch those cost more than the work.
    together = changes.coalesce(1) if rows <= _ONE_PARTITION_ROWS else changes
    if not values:
        return with_effects(fold(together, keys), keys, stored, remembered)
    if late is not None and stored is not None and not plan.merge.late_partial_is_stale:
        refuse_late(plan, changes, values, stored)
    folded = fold_partial(plan.merge, together, values, stored, remembered)
    return with_effects(folded, keys, without_values(stored, wanted), remembered)


def _stage(job: Job, plan: TablePlan, table: OpenTable, batch: _Batch) -> Commit | None:
    """Write the batch beside the table, and only then look at the landed files for the last time: they may
    have been read until here."""
    with blame_files(job.store, plan.files, plan.target.name, plan.target.location):
        commit = table.stage(batch.effects, batch.columns, batch.rows, batch.hit)
        if commit is None:
            check_unchanged(job.store, plan.files, "recheck")
    return commit


def _put_evidence(job: Job, plan: TablePlan, batch: _Batch) -> str:
    keys = _key_columns(plan, batch.columns)
    at_most = sum(file.deletes for file in batch.files)
    deletes = collect_deletes(batch.deletes, keys, at_most) if at_most else iter(())
    evidence = Evidence(
        job.layout.run_id, plan.table, plan.batch_id, plan.token, plan.generation, batch.rows, batch.files
    )
    try:
        return put_evidence(job.store, job.layout, evidence, keys, deletes)
    except (Py4JError, CapturedException):
        raise
    except Exception as error:
        uri = job.layout.evidence(plan.table, plan.batch_id, plan.token)
        raise JobError(STORAGE_FAILED, uri=uri, why=f"{type(error).__name__}: {error}") from error


def _key_columns(plan: TablePlan, columns: BatchColumns) -> Sequence[KeyColumn]:
    return [KeyColumn(key, columns.data[key]) for key in plan.merge.keys]


def _failed(job: Job, plan: TablePlan, outcome: Outcome, course: _Course, error: Exception) -> Outcome:
    """`rejected`, since whatever happens during the commit itself arrives as JobError or ResultUnknown."""
    errors = as_found_now(job.store, error).errors if isinstance(error, BadFiles) else ()
    if errors:
        numbered: JobError = errors[0].error
    elif isinstance(error, JobError):
        numbered = error
    elif is_full_disk(error):
        folder = job.spark.sparkContext.getConf().get("spark.local.dir", gettempdir())
        numbered = JobError(DISK_FULL, target=plan.target.name, folder=str(folder))
    else:
        numbered = JobError(ENGINE_FAILED, target=plan.target.name, why=first_line(error))
    return replace(
        outcome,
        result="unknown" if isinstance(numbered, ResultUnknown) else "rejected",
        lookup=course.lookup,
        bad_files=tuple(bad.bad_file() for bad in errors),
        error=numbered,
        error_details=_put_details(job, plan, error),
    )


def _put_details(job: Job, plan: TablePlan, error: Exception) -> str | None:
    uri = job.layout.error_details(plan.table, plan.token)
    try:
        job.store.put(uri, "".join(traceback.format_exception(error)).encode())
    except Exception:
        # The outcome itself is what counts; it then names no details.
        return None
    return uri
