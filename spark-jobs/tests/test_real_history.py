"""A real change history ends as its source did, however it arrives: whatever format, waves, order and kind
of table.

A few ways run always, all of them with `TIDEGATE_DEEP=1`.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.kinds import DEEP, HISTORIES, KINDS, of_kind
from tests.lake import Lake, one_by_one
from tests.real_history import (
    DATA,
    FORMATS,
    LANDING,
    ORDERS,
    TABLES,
    WAVES,
    Arrival,
    differences,
    every_version,
    final_rows,
)

FEW = [
    ("iceberg merge on read", Arrival("airport_frequencies", "csv.gz", "all at once", "a late month")),
    ("iceberg copy on write", Arrival("countries", "parquet", "a month", "shuffled")),
    ("iceberg v3 deletion vectors", Arrival("navaids", "csv.gz", "all at once", "a late month")),
    ("iceberg history", Arrival("countries", "csv.gz", "all at once", "shuffled")),
    ("hudi merge on read", Arrival("countries", "csv.gz", "all at once", "a late month")),
]
PIECES = {"a few": FEW}


def orders(turn: int, waves: str) -> list[tuple[str, str]]:
    """Each table in each order where that is quick; else in one order each, which take turns."""
    if waves == "all at once":
        return list(product(TABLES, ORDERS))
    return [(table, ORDERS[(turn + place) % len(ORDERS)]) for place, table in enumerate(TABLES)]


if DEEP:
    PIECES = {
        f"{kind}, {format_}, {waves}": [
            (kind, Arrival(table, format_, waves, order)) for table, order in orders(turn, waves)
        ]
        for turn, (kind, format_) in enumerate(product((*KINDS, *HISTORIES), FORMATS))
        for waves in WAVES
    }

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the ourairports history is not there")


@pytest.mark.parametrize("piece", PIECES)
def test_the_table_ends_as_its_source_did(spark: SparkSession, tmp_path: Path, piece: str) -> None:
    """[no-revival] [sequence-guard]"""
    lakes = [of_kind(Lake(spark, tmp_path), kind) for kind, _ in PIECES[piece]]
    courses = [arrival.course(lake) for lake, (_, arrival) in zip(lakes, PIECES[piece], strict=True)]
    one_by_one(lakes, courses)
    wrong: list[str] = []
    for lake, (kind, arrival) in zip(lakes, PIECES[piece], strict=True):
        if lake.mode == "historical":
            found = differences(lake.versions(), every_version(arrival))
        else:
            found = differences(lake.rows(), final_rows(arrival.table))
        wrong += [f"{kind}, {arrival}:", *found] if found else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("table", "waves", "order"), list(product(TABLES, WAVES, ORDERS)))
def test_every_file_is_in_one_batch(table: str, waves: str, order: str) -> None:
    batches = Arrival(table, "parquet", waves, order).batches()
    assert all(batches)
    assert sorted(path for files in batches for path in files) == sorted((LANDING / table).rglob("*.parquet"))
