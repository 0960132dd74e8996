"""Updates that leave values out: folded in order, so that such a one takes the value of the row before it, of
the batch or of the table. It says so by a null, where the table is configured so (`null_means_unchanged`), or
by a text of its own, as Debezium does (`unavailable_value`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from .. import names
from ..errors import LATE_PARTIAL, UNCHANGED_COLUMN_MISSING, JobError
from ..plan import Merge, TablePlan
from .fold import DELETE, newest_first
from .kinds import is_update
from .operations import Operations

_VALUE = "value"
_STORED, _REMEMBERED = "_tg_stored_sequence", "_tg_remembered_sequence"
_WHOLE, _COVERED, _BASED, _PLACE = "_tg_whole", "_tg_covered", "_tg_based", "_tg_place"
_HAS_WHOLE = "_tg_has_whole"


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


def left_out_columns(plan: TablePlan, changes: DataFrame, data: Mapping[str, str]) -> frozenset[str]:
    """The text columns in which any of the changes has the text that says that its value was left out; one
    pass over the changes if there is such a text, and else none."""
    texts = [name for name, type_ in data.items() if type_ == "string" and name not in plan.merge.keys]
    if plan.merge.unavailable is None or plan.merge.mode == "historical" or not texts:
        return frozenset()
    found = changes.agg(
        *(F.max(_is_left_out(plan.merge, F.col(names.quote(name)))) for name in texts)
    ).collect()[0]
    return frozenset(name for name, is_left_out in zip(texts, found, strict=True) if is_left_out)


def _is_left_out(merge: Merge, column: Column) -> Column:
    return column.isNull() if merge.unavailable is None else column.eqNullSafe(merge.unavailable)


def _is_update(operation: Column, operations: Operations) -> Column:
    return F.coalesce(is_update(operation, operations), F.lit(False))


def stored_as(column: str) -> str:
    """What the stored value of a column is called beside the changes."""
    return f"_tg_was_{column}"


def refuse_late(plan: TablePlan, changes: DataFrame, columns: Sequence[str], stored: DataFrame) -> None:
    """JobError TG2302 for the first change that `keys_of_lost_values` has a key of."""
    lost = keys_of_lost_values(plan.merge, changes, columns, stored)
    late = changes.where(~F.col(DELETE)).join(lost, list(plan.merge.keys))
    late = late.where(F.col(names.SEQUENCE) < F.col(_STORED)).orderBy(names.SEQUENCE, names.FILE)
    for row in late.select(names.FILE, names.SEQUENCE, _STORED).limit(1).collect():
        [file] = [file for file in plan.files if file.file_id == row[names.FILE]]
        raise JobError(LATE_PARTIAL, uri=file.uri, sequence=row[names.SEQUENCE], stored=row[_STORED])


def keys_of_lost_values(
    merge: Merge, changes: DataFrame, columns: Sequence[str], stored: DataFrame
) -> DataFrame:
    """The keys, and the stored rows' sequences, of which `changes` up to that sequence give one of `columns`
    another value than the stored row has: if that is an update, it may have left the value out and taken one
    from before them. Also of a stored change that comes once more as another one.

    `stored` is as for `fold_partial`, with the operations if the table keeps them.
    """
    keys, operations = list(merge.keys), merge.operations
    as_stored = stored.withColumnRenamed(names.SEQUENCE, _STORED)
    known = changes.join(as_stored.select(*map(names.quote, keys), _STORED), keys)
    # With the stored change itself, if it came once more: what it leaves out is given by those before it.
    known = known.where(F.col(names.SEQUENCE) <= F.col(_STORED)).drop(_STORED)
    is_partial = _is_update(F.col(names.OPERATION), operations)
    known = known.withColumn(
        _HAS_WHOLE, F.max(~is_partial & ~F.col(DELETE)).over(Window.partitionBy(*map(names.quote, keys)))
    )
    folded = fold_partial(merge, known, columns, None, None).where(~F.col(DELETE)).join(as_stored, keys)
    another = F.lit(False)
    for name in columns:
        was = F.col(names.quote(stored_as(name))) if stored_as(name) in stored.columns else F.lit(None)
        value = F.col(names.quote(name))
        # Of a row that stands alone a null is a value.
        is_given = F.col(_HAS_WHOLE) | ~_is_left_out(merge, value)
        another = another | (is_given & ~value.eqNullSafe(was))
    operation = stored_as(names.OPERATION)
    if operation in stored.columns:
        another = another & _is_update(F.col(operation), operations)
    return folded.where(another).select(*map(names.quote, keys), _STORED)


def fold_partial(
    merge: Merge,
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
    keys = merge.keys
    order = newest_first(changes, keys)
    newer = order.rowsBetween(Window.unboundedPreceding, -1)
    every = order.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    joined = changes
    outranked = F.lit(False)
    for frame, name in ((stored, _STORED), (remembered, _REMEMBERED)):
        if frame is not None:
            joined = joined.join(frame.withColumnRenamed(names.SEQUENCE, name), list(keys), "left")
            outranked = outranked | F.coalesce(F.col(names.SEQUENCE) <= F.col(name), F.lit(False))
    whole = (~outranked & ~_is_update(F.col(names.OPERATION), merge.operations)).cast("int")
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
        given = F.when(gives & ~_is_left_out(merge, column), F.struct(column.alias(_VALUE)))
        newest = F.first(given, ignorenulls=True).over(every)
        found = F.when(newest.isNotNull(), newest[_VALUE])
        if stored is not None and stored_as(name) in stored.columns:
            is_stored = (F.col(_BASED) == 0) & F.col(_STORED).isNotNull()
            found = found.when(is_stored, F.col(names.quote(stored_as(name))))
        return found.otherwise(column).alias(name)

    folded = told.select(*(value(name) for name in changes.columns), _PLACE)
    return folded.where(F.col(_PLACE) == 1).drop(_PLACE)


def without_values(stored: DataFrame | None, columns: Sequence[str]) -> DataFrame | None:
    """`stored` without the columns' values, which nobody needs after folding. Not all need be there."""
    return stored.drop(*map(stored_as, columns)) if stored is not None else None
