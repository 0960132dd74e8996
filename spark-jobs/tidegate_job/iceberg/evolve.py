"""Columns that an Iceberg table gets, or whose type is widened, for the batch that brings them.

A change of metadata of its own, before the batch is written: it makes no snapshot, so what the batch was
compared with stays pinned (rule 4), and if the batch then fails a column is there that nobody has filled.
What was changed is noted in the table for as long, so that whichever attempt commits the batch says it in
its summary.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame

from .. import left_out, names
from ..columns import BatchColumns
from ..commit_properties import CHANGES
from ..earlier_types import EARLIER, from_property, to_property, together
from ..outcome import SchemaChange
from ..plan import TablePlan
from ..schema_policy import column_changes
from .adopt import ChangedMeanwhile, state_of
from .relayout import spark_types


def evolve(
    jvm: Any, table: Any, plan: TablePlan, columns: BatchColumns, rows: DataFrame
) -> tuple[SchemaChange, ...]:
    """Add and widen until the table has `columns.data` (which `rows` have too), remember what else is to be
    remembered of them, and say what was changed for this batch, by this attempt or an earlier one.

    ChangedMeanwhile if the table is no longer what was looked at; Iceberg's own CommitFailedException if
    that shows only in the commit.
    """
    changes = column_changes(spark_types(jvm, table.schema()), columns.data)
    to_set = _to_remember(table, columns)
    if not changes and not to_set:
        return _noted(table, plan)
    seen = state_of(table)
    transaction = table.newTransaction()  # refreshes
    if state_of(table) != seen:
        raise ChangedMeanwhile("it was changed before its columns could be")
    if changes:
        _change_columns(jvm, transaction, rows, changes)
        note = {"batch": plan.batch_id, "changes": [change.document() for change in changes]}
        to_set[CHANGES] = json.dumps(note)
    properties = transaction.updateProperties()
    for key, value in to_set.items():
        properties = properties.set(key, value)
    properties.commit()
    transaction.commitTransaction()
    return changes or _noted(table, plan)


def _to_remember(table: Any, columns: BatchColumns) -> dict[str, str]:
    """The properties that have to change. Of a column that comes with this batch no schema of the table has
    the narrower types."""
    stored = table.properties()
    types = from_property(stored.get(EARLIER))
    to_set: dict[str, str] = {}
    if together(types, columns.narrower) != types:
        to_set |= to_property(together(types, columns.narrower))
    known = left_out.from_property(stored.get(left_out.LEFT_OUT))
    if not columns.left_out <= known:
        to_set |= left_out.to_property(known | columns.left_out)
    return to_set


def _change_columns(jvm: Any, transaction: Any, rows: DataFrame, changes: Sequence[SchemaChange]) -> None:
    java_rows = rows.select(*(names.quote(change.column) for change in changes))._jdf.schema().asNullable()
    types = jvm.org.apache.iceberg.spark.SparkSchemaUtil.convert(java_rows)
    update = transaction.updateSchema().caseSensitive(False)
    for change in changes:
        type_ = types.caseInsensitiveFindField(change.column).type()
        if change.change == "widened":
            update = update.updateColumn(change.column, type_)
        else:
            # The form with a parent, since a name may have a dot in it.
            update = update.addColumn(None, change.column, type_).moveBefore(change.column, names.SEQUENCE)
    update.commit()


def earlier_types(jvm: Any, table: Any) -> dict[str, frozenset[str]]:
    """The types that the table's columns have had in any of its schemas, or that files had which came with
    the column. A column that was dropped and added again is another column."""
    now = {int(field.fieldId()): str(field.name()).lower() for field in table.schema().columns()}
    found: dict[str, set[str]] = {}
    for schema in table.schemas().values():
        types = spark_types(jvm, schema)
        for field in schema.columns():
            name = now.get(int(field.fieldId()))
            if name is not None:
                found.setdefault(name, set()).add(types[str(field.name()).lower()])
    in_schemas = {name: frozenset(types) for name, types in found.items()}
    return together(in_schemas, from_property(table.properties().get(EARLIER)))


def _noted(table: Any, plan: TablePlan) -> tuple[SchemaChange, ...]:
    """What an earlier attempt at the same batch has changed."""
    note = json.loads(table.properties().get(CHANGES) or "{}")
    if note.get("batch") != plan.batch_id:
        return ()
    return tuple(SchemaChange(**change) for change in note["changes"])
