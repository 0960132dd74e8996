"""Rows that are computed once, whatever reads them."""

from __future__ import annotations

from contextlib import ExitStack

from pyspark.sql import DataFrame


def kept(frame: DataFrame, held: ExitStack) -> DataFrame:
    """Computed once, until `held` is closed; as rows, since putting them into Spark's columnar cache takes
    longer than all that is done with them, and as a plan without its past, which Spark need not analyse
    again."""
    checkpoint = frame.localCheckpoint(eager=False)
    rows = checkpoint._jdf.queryExecution().logical().rdd()
    held.callback(lambda: rows.unpersist(False))
    return checkpoint
