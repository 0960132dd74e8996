"""What the operation of a change says about it, as Spark columns beside the change.

`SKIPPED` and `UNKNOWN` are there only where the table's operations need them, and only until its files are
checked.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..names import OPERATION, quote
from ..plan import Merge
from .operations import Operations

SKIPPED = "_tg_skipped"
"""Whether the row is no change: its operation is ignored, or it is empty."""
UNKNOWN = "_tg_unknown"
"""Whether no list names the row's operation; null where it has none."""
_UPDATES = ("U", "UPDATE")


def is_delete(operation: Column, operations: Operations) -> Column:
    """Never null: a row without operation deletes nothing."""
    if not operations.deletes:
        return F.lit(False)
    return F.coalesce(_is_one_of(operation, operations.deletes), F.lit(False))


def is_update(operation: Column, operations: Operations) -> Column:
    """Null where there is no operation. Where only deletes are configured, `U` (as DMS writes it) and
    `UPDATE` are updates, in any case."""
    if operations.listed:
        return _is_one_of(operation, operations.updates)
    return F.upper(operation).isin(*_UPDATES)


def marks(operation: Column, merge: Merge) -> list[Column]:
    """SKIPPED and UNKNOWN, as far as these settings need them."""
    operations = merge.operations
    skipped: Column | None = None
    if operations.ignored:
        skipped = F.coalesce(_is_one_of(operation, operations.ignored), F.lit(False))
    if merge.envelope:
        # A tombstone, which Debezium writes after a delete for the sake of Kafka.
        empty = operation.isNull()
        for key in merge.keys:
            empty = empty & F.col(quote(key)).isNull()
        skipped = empty if skipped is None else skipped | empty
    found = [] if skipped is None else [skipped.alias(SKIPPED)]
    if operations.listed:
        unknown = ~_is_one_of(operation, operations.known)
        found.append(
            (unknown if skipped is None else F.when(skipped, False).otherwise(unknown)).alias(UNKNOWN)
        )
    return found


def is_unlisted(operation: Column, operations: Operations, kind: str) -> Column:
    """Whether a row of a file of this kind can't be used for its operation. A full load needs none."""
    return F.coalesce(~_is_one_of(operation, operations.known), F.lit(kind == "incremental"))


def mark_counts(changes: DataFrame) -> dict[str, Column]:
    """What to count of marked rows, by the name that `changes.FileRows` has for it; nothing if none are."""
    counts: dict[str, Column] = {}
    if SKIPPED in changes.columns:
        counts["skipped"] = F.count(F.when(F.col(SKIPPED), 1))
    if UNKNOWN in changes.columns:
        counts["unknown"] = F.count(F.when(F.col(UNKNOWN), 1))
        counts["unknown_as"] = F.min(F.when(F.col(UNKNOWN), F.col(OPERATION)))
        counts["without_operation"] = F.count(F.when(F.col(UNKNOWN).isNull(), 1))
    return counts


def is_change(changes: DataFrame) -> Column:
    """Whether a row is a change, for rows that may have been marked."""
    return ~F.col(SKIPPED) if SKIPPED in changes.columns else F.lit(True)


def without_marks(changes: DataFrame) -> DataFrame:
    """The changes alone."""
    kept = changes.where(is_change(changes)) if SKIPPED in changes.columns else changes
    return kept.drop(SKIPPED, UNKNOWN)


def _is_one_of(operation: Column, values: tuple[str, ...]) -> Column:
    return operation == values[0] if len(values) == 1 else operation.isin(*values)
