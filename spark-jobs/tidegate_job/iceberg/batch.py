"""What a batch writes: new rows, and how the rows that it updates or deletes disappear.

By the table's own `write.merge.mode`: position deletes (merge on read), or the files that hold such rows
written again without them (copy on write). Either way the table was scanned once, when the batch was compared
with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from .. import names
from ..changes.effects import CHANGING, DELETED, EFFECT, HIT_FILE, HIT_POSITION, INSERTED, UPDATED
from ..changes.partial_updates import stored_as
from ..evidence import KeyColumn
from ..outcome import RowCounts
from .key_ranges import Bounds, key_ranges
from .position_deletes import write_position_deletes
from .scan import PinnedScan
from .stage import StagedFiles, remove_files, write_data_files

PRUNED_FROM = 4
"""Data files of a table for which it pays to look where the keys of a batch lie."""
MOST_FILES = 10_000
MOST_POSITIONS = 1_000_000
"""Beyond these the driver would be the bottleneck, and Spark's MERGE is the better way."""
BROADCAST_ROWS = 500_000
"""Up to this many rows a join sends its smaller side to every task; beyond, Spark chooses."""


@dataclass(frozen=True)
class Hits:
    """The stored rows whose keys a batch has: keys, sequence, HIT_FILE and HIT_POSITION; and where they were
    looked for."""

    frame: DataFrame
    scan: PinnedScan
    ranges: list[list[Bounds]]
    tasks: Any

    def data_files(self, tasks: Any, wanted: Mapping[str, int]) -> dict[str, Any]:
        """The scan tasks of the wanted data files, by the file's location."""
        found: dict[str, Any] = {}
        for task in tasks:
            location = str(task.file().location())
            if location in wanted:
                found[location] = task
        return found


def find_hits(
    scan: PinnedScan, changes: DataFrame, keys: Sequence[KeyColumn], rows: int, values: Sequence[str] = ()
) -> Hits | None:
    """Look for the keys of `changes` (`rows` of them); None if no file of the table can hold one. `values`
    are columns whose stored values are wanted too, as `stored_as` names them."""
    ranges = key_ranges(changes, keys, rows) if scan.files >= PRUNED_FROM else []
    tasks = scan.tasks(ranges)
    if tasks.isEmpty():
        return None
    key_names = [key.name for key in keys]
    stored = scan.read(tasks)
    # A table that is about to be adopted has no sequences yet.
    sequence = F.col(names.SEQUENCE) if names.SEQUENCE in stored.columns else F.lit(None).cast("string")
    wanted = changes.select(*(F.col(names.quote(key)) for key in key_names))
    there = {name.lower() for name in stored.columns}
    small = rows <= BROADCAST_ROWS
    found = stored.select(
        *(F.col(names.quote(key)).alias(key) for key in key_names),
        F.coalesce(sequence, F.lit("")).alias(names.SEQUENCE),
        F.col("_file").alias(HIT_FILE),
        F.col("_pos").alias(HIT_POSITION),
        *(F.col(names.quote(name)).alias(stored_as(name)) for name in values if name in there),
    ).join(F.broadcast(wanted) if small else wanted, key_names, "left_semi")
    return Hits(F.broadcast(found) if small else found, scan, ranges, tasks)


def needs_spark(table: Any, hits: Hits | None, rows: RowCounts) -> bool:
    """Whether Spark must commit the batch itself, by a MERGE: too much for the driver, or format version 3,
    whose rows have identities and whose deletes are vectors, both of which only Spark's own writers know."""
    if format_version(table) > 2:
        return True
    changed = rows.updated + rows.deleted
    if hits is None or changed == 0:
        return False
    return hits.scan.files > MOST_FILES or (merges_on_read(table) and changed > MOST_POSITIONS)


def format_version(table: Any) -> int:
    return int(table.operations().current().formatVersion())


def merges_on_read(table: Any) -> bool:
    """As Iceberg has it: copy on write unless the table says otherwise."""
    return str(table.properties().getOrDefault("write.merge.mode", "copy-on-write")) == "merge-on-read"


def stage_batch(
    spark: SparkSession,
    table: Any,
    name: str,
    effects: DataFrame,
    columns: Sequence[str],
    hits: Hits | None,
    rows: RowCounts,
    hit: Mapping[str, int],
    historical: bool,
) -> StagedFiles:
    """Write the files of a batch; what is written is removed again if anything fails. `columns` are all of
    the table's."""
    staged = StagedFiles()
    every = [F.col(names.quote(column)) for column in columns]
    kinds = CHANGING if historical else (INSERTED, UPDATED)
    new = effects.where(F.col(EFFECT).isin(*kinds)).select(*every)
    new_rows = rows.inserted + rows.updated + (rows.deleted if historical else 0)
    replacing = not historical and rows.updated + rows.deleted > 0
    try:
        if not replacing or hits is None:
            staged.data = write_data_files(spark, table, name, new) if new_rows else []
            return staged
        gone = effects.where(F.col(EFFECT).isin(UPDATED, DELETED))
        if merges_on_read(table):
            tasks = hits.data_files(hits.tasks, hit)
            files = {location: task.file() for location, task in tasks.items()}
            positions = gone.select(HIT_FILE, HIT_POSITION)
            staged.deletes = write_position_deletes(spark, table, positions, hit, files)
            staged.referenced = list(hit)
        else:
            tasks = hits.data_files(hits.scan.tasks(hits.ranges, whole_files=True), hit)
            staged.replaced = [task.file() for task in tasks.values()]
            whole = hits.scan.read(_java_list(spark, list(tasks.values())))
            places = gone.select(HIT_FILE, HIT_POSITION)
            if rows.updated + rows.deleted <= BROADCAST_ROWS:
                places = F.broadcast(places)
            here = (F.col("_file").alias(HIT_FILE), F.col("_pos").alias(HIT_POSITION))
            kept = whole.select(*every, *here).join(places, [HIT_FILE, HIT_POSITION], "left_anti")
            new = kept.select(*every).unionByName(new)
            new_rows = 1
        staged.data = write_data_files(spark, table, name, new) if new_rows else []
    except Exception:
        remove_files(table, staged)
        raise
    return staged


def _java_list(spark: SparkSession, items: Sequence[Any]) -> Any:
    jvm: Any = spark._jvm
    java_list = jvm.java.util.ArrayList()
    for item in items:
        java_list.add(item)
    return java_list
