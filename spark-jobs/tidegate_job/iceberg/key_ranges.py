"""Where the keys of a batch lie: a few ranges that hold all of them, for skipping files of the table by their
bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from .. import names
from ..evidence import KeyColumn

RANGES = 32
"""More of them skip more files, and cost more to plan with."""
RANGED_ROWS = 1_000_000
"""Up to this many changes are sorted for their ranges; more are taken for one range."""
_BOUNDED = ("tinyint", "smallint", "int", "bigint", "string", "date", "timestamp")

Bounds = tuple[str, object, object]
"""A key column, and its lowest and highest value as a literal that Iceberg converts to the column's type."""


def key_ranges(changes: DataFrame, keys: Sequence[KeyColumn], rows: int) -> list[list[Bounds]]:
    """Ranges that together hold every key of `changes`, each as bounds of all columns that have an order;
    empty when none has."""
    bounded = [key for key in keys if key.type in _BOUNDED or key.type.startswith("decimal(")]
    if not bounded:
        return []
    frame = changes.select(*(_literal(key).alias(f"k{place}") for place, key in enumerate(bounded)))
    found = [bound for place in range(len(bounded)) for bound in (F.min(f"k{place}"), F.max(f"k{place}"))]
    tile = "_tg_tile"
    if rows <= RANGED_ROWS:
        frame = frame.withColumn(tile, F.ntile(RANGES).over(Window.orderBy("k0")))
    else:
        frame = frame.withColumn(tile, F.lit(1))
    ranges = [list(row)[1:] for row in frame.groupBy(tile).agg(*found).collect()]
    return [
        [
            (key.name, _plain(key, values[2 * place]), _plain(key, values[2 * place + 1]))
            for place, key in enumerate(bounded)
        ]
        for values in ranges
    ]


def within(spark: SparkSession, ranges: Sequence[Sequence[Bounds]]) -> Any:
    """An Iceberg expression for rows in any of the ranges."""
    jvm: Any = spark._jvm
    expressions = jvm.org.apache.iceberg.expressions.Expressions
    anywhere = expressions.alwaysFalse()
    for bounds in ranges:
        here = expressions.alwaysTrue()
        for column, low, high in bounds:
            here = getattr(expressions, "and")(here, expressions.greaterThanOrEqual(column, low))
            here = getattr(expressions, "and")(here, expressions.lessThanOrEqual(column, high))
        anywhere = getattr(expressions, "or")(anywhere, here)
    return anywhere


def _literal(key: KeyColumn) -> Column:
    column = F.col(names.quote(key.name))
    # Python's datetime would lose the zone; Iceberg takes microseconds.
    return F.unix_micros(column) if key.type == "timestamp" else column


def _plain(key: KeyColumn, value: object) -> object:
    """Dates and decimals as text: py4j has no such types, and Iceberg reads them from text."""
    if key.type == "date":
        return value.isoformat()  # type: ignore[attr-defined]
    return format(value, "f") if key.type.startswith("decimal(") else value
