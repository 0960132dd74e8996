"""Updates that change a key: beside the new key's row, the old key's is deleted in the same commit. Only for
tables whose files have before-images of the keys."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..names import quote
from ..plan import Merge
from .kinds import is_delete

DERIVED = "_tg_derived"
"""Whether the row stands for the delete of an old key, and is none of its file."""


def with_old_keys(
    rows: DataFrame, merge: Merge, types: Mapping[str, str], operation: Column
) -> tuple[DataFrame, Column | None]:
    """`rows`, and once more each that changes its key: then with the old one, and DERIVED. And whether a row
    is such a delete; None if these tables have none, for then nothing is looked at.

    In historical mode a row is a version of its own key, and nothing is added.
    """
    before = {key: name for key, name in merge.before_keys.items() if name in types}
    if not before or merge.mode == "historical":
        return rows, None
    changed = F.lit(False)
    for key, name in before.items():
        old, new = F.col(quote(name)), F.col(quote(key))
        changed = changed | (old.isNotNull() & new.isNotNull() & (old != new))
    both, one = F.array(F.lit(False), F.lit(True)), F.array(F.lit(False))
    times = F.when(changed & ~is_delete(operation, merge.operations), both).otherwise(one)
    told = rows.select("*", F.explode(times).alias(DERIVED))
    derived = F.col(DERIVED)
    for key, name in before.items():
        old = F.coalesce(F.col(quote(name)), F.col(quote(key)))
        told = told.withColumn(key, F.when(derived, old).otherwise(F.col(quote(key))))
    return told, derived
