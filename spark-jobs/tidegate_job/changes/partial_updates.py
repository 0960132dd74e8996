"""Updates that leave values out: folded in order, so that such a one takes the value of the row before it, of
the batch or of the table. A null is one where the table is configured so (`null_means_unchanged`), and in
Debezium's envelopes a text of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from .. import names
from ..errors import LATE_PARTIAL, UNCHANGED_COLUMN_MISSING, JobError
from ..plan import TablePlan
from .fold import DELETE, newest_first
from .kinds import is_update

UNAVAILABLE = "__debezium_unavailable_value"
"""What Debezium writes for a large value that an update did not touch, and that the source's log has not."""
_VALUE = "value"
_STORED, _REMEMBERED = "_tg_stored_sequence", "_tg_remembered_sequence"
_WHOLE, _COVERED, _BASED, _PLACE = "_tg_whole", "_tg_covered", "_tg_based", "_tg_place"


def unchanged_columns(plan: TablePlan, data: Mapping[str, str]) -> tuple[str, ...]:
    """The data columns whose nulls mean "unchanged"; JobError TG2218 if one is configured that there is not.
    None in historical mode, where each row stays as it came."""
    configured = plan.merge.null_means_unchanged
    if plan.merge.mode == "historical":
        return ()
    if configured == "all":
        return tuple(name for name in data if name not in plan.merge.keys)
    for name in configured:
        if name not in data:
            raise JobError(UNCHANGED_COLUMN_MISSING, column=name, target=plan.target.name)
    return tuple(name for name in configured if name not in plan.merge.keys)


def left_out_columns(plan: TablePlan, changes: DataFrame, data: Mapping[str, str]) -> tuple[str, ...]:
    """The text columns in which Debezium has left a value out of any of the changes; one pass over those of
    envelopes, and none over others."""
    texts = [name for name, type_ in data.items() if type_ == "string" and name not in plan.merge.keys]
    if not plan.merge.envelope or not texts:
        return ()
    found = changes.agg(*(F.max(_is_left_out(plan, F.col(names.quote(name)))) for name in texts)).collect()[0]
    return tuple(name for name, is_left_out in zip(texts, found, strict=True) if is_left_out)


def _is_left_out(plan: TablePlan, column: Column) -> Column:
    return column.eqNullSafe(UNAVAILABLE) if plan.merge.envelope else column.isNull()


def stored_as(column: str) -> str:
    """What the stored value of a column is called beside the changes."""
    return f"_tg_was_{column}"


def refuse_late(plan: TablePlan, changes: DataFrame, stored: DataFrame | None) -> None:
    """JobError TG2302 if a change is older than the stored row of its key: that one's values came from rows
    which lacked this change. One of an equal sequence is the stored change itself, once more."""
    if stored is None:
        return
    keys = plan.merge.keys
    of_keys = stored.select(*map(names.quote, keys), F.col(names.SEQUENCE).alias(_STORED))
    late = changes.where(~F.col(DELETE)).join(of_keys, list(keys))
    late = late.where(F.col(names.SEQUENCE) < F.col(_STORED)).orderBy(names.SEQUENCE, names.FILE)
    for row in late.select(names.FILE, names.SEQUENCE, _STORED).limit(1).collect():
        [file] = [file for file in plan.files if file.file_id == row[names.FILE]]
        raise JobError(LATE_PARTIAL, uri=file.uri, sequence=row[names.SEQUENCE], stored=row[_STORED])


def fold_partial(
    plan: TablePlan,
    changes: DataFrame,
    columns: Sequence[str],
    stored: DataFrame | None,
    remembered: DataFrame | None,
) -> DataFrame:
    """The newest change of each key, as `changes.fold` has it. If it is an update, what it leaves out of one
    of `columns` has become the newest value that older updates give, back to the newest row that stands alone
    (an insert, a load, a delete), or else the stored row's. Without either it stays as it came.

    `stored` has keys, SEQUENCE and the columns' values, but those that the table has not yet; what is not
    newer than the stored row or a remembered delete of its key gives nothing.
    """
    keys = plan.merge.keys
    order = newest_first(changes, keys)
    newer = order.rowsBetween(Window.unboundedPreceding, -1)
    every = order.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    joined = changes
    outranked = F.lit(False)
    for frame, name in ((stored, _STORED), (remembered, _REMEMBERED)):
        if frame is not None:
            joined = joined.join(frame.withColumnRenamed(names.SEQUENCE, name), list(keys), "left")
            outranked = outranked | F.coalesce(F.col(names.SEQUENCE) <= F.col(name), F.lit(False))
    whole = (~outranked & ~F.coalesce(is_update(plan.merge.operations), F.lit(False))).cast("int")
    # What a delete has in its columns was deleted.
    gives = ~outranked & ~F.col(DELETE) & (F.col(_COVERED) == 0)
    told = joined.withColumn(_WHOLE, whole).withColumn(
        _COVERED, F.coalesce(F.max(_WHOLE).over(newer), F.lit(0))
    )
    told = told.withColumn(_BASED, F.max(_WHOLE).over(every)).withColumn(_PLACE, F.row_number().over(order))

    def value(name: str) -> Column:
        column = F.col(names.quote(name))
        if name not in columns:
            return column
        # In a struct, since a null may be the value that is given.
        given = F.when(gives & ~_is_left_out(plan, column), F.struct(column.alias(_VALUE)))
        newest = F.first(given, ignorenulls=True).over(every)
        found = F.when(newest.isNotNull(), newest[_VALUE])
        if stored is not None and stored_as(name) in stored.columns:
            is_stored = (F.col(_BASED) == 0) & F.col(_STORED).isNotNull()
            found = found.when(is_stored, F.col(names.quote(stored_as(name))))
        return found.otherwise(column).alias(name)

    folded = told.select(*(value(name) for name in changes.columns), _PLACE)
    return folded.where(F.col(_PLACE) == 1).drop(_PLACE)


def without_values(stored: DataFrame | None, columns: Sequence[str]) -> DataFrame | None:
    """`stored` without the columns' values, which nobody needs after folding."""
    return stored.drop(*map(stored_as, columns)) if stored is not None else None
