"""Random histories against a fold in plain Python: whatever the formats, the order of files and batches, the
kind of table and the repeats, the newest change of each key wins.

One example plays some histories side by side. A few always, many for each kind of table and each format of
files with `TIDEGATE_DEEP=1`, others each day.
"""

from __future__ import annotations

import datetime
from itertools import cycle, islice, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.kinds import DEEP, HISTORIES, KINDS, of_kind
from tests.lake import Lake, one_by_one
from tests.random_histories import History, course, every_version, final_rows, histories, plain
from tests.readers import read_elsewhere
from tests.real_history import differences

FORMATS = {
    "parquet": ("parquet",),
    "CSV": ("csv", "csv.gz"),
    "JSON lines": ("jsonl", "json.gz"),
    "mixed": ("parquet", "csv.gz", "jsonl"),
}
#: Names of kinds of tables and of formats, which take turns in an example.
TURNS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    ((*(kind for kind in (*KINDS, *HISTORIES) if "iceberg" in kind), "hudi merge on read"), tuple(FORMATS))
]
if DEEP:
    TURNS = [((kind,), (files,)) for kind, files in product((*KINDS, *HISTORIES), FORMATS)]
#: The first one is hypothesis's smallest.
EXAMPLES = 4 if DEEP else 2
AT_ONCE = 8
SEED = datetime.datetime.now(datetime.UTC).toordinal() if DEEP else 20231118


@pytest.mark.parametrize(("kinds", "files"), TURNS, ids=lambda names: "+".join(names))
def test_any_history_ends_with_the_newest_change_of_each_key(
    spark: SparkSession, tmp_path_factory: Any, kinds: tuple[str, ...], files: tuple[str, ...]
) -> None:
    """[sequence-guard] [no-revival] [all-or-nothing]"""
    played: list[History] = []
    places = list(islice(zip(cycle(kinds), cycle(files), strict=False), AT_ONCE))

    @seed(SEED)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*(histories(FORMATS[name], iceberg="iceberg" in kind) for kind, name in places)))
    def check(drawn: tuple[History, ...]) -> None:
        played.extend(drawn)
        folder = tmp_path_factory.mktemp("histories")
        lakes = [of_kind(Lake(spark, folder), kind) for kind, _ in places]
        one_by_one(lakes, [course(history, lake) for history, lake in zip(drawn, lakes, strict=True)])
        wrong = [line for history, lake in zip(drawn, lakes, strict=True) for line in wrong_in(history, lake)]
        assert not wrong, "\n".join(wrong)

    check()
    assert len(played) >= EXAMPLES * AT_ONCE


def wrong_in(history: History, lake: Lake) -> list[str]:
    """How the table differs from what its history must come to, and that history."""
    if lake.mode == "historical":
        found, expected = lake.versions(), every_version(history)
    else:
        found, expected = lake.rows(), final_rows(history)
    # A table that no new file has reached lacks a column: there is nothing in it.
    nothing = dict.fromkeys(history.new)
    wrong = differences([nothing | row for row in found], [plain(row) for row in expected])
    if lake.mode == "snapshot" and not spark_alone_reads(history, lake):
        other = [nothing | row for row in read_elsewhere(lake)]
        wrong += [f"another reader: {line}" for line in differences(other, expected)]
    return [f"{lake.table}, of {history}:", *wrong] if wrong else []


def spark_alone_reads(history: History, lake: Lake) -> bool:
    """PyIceberg 0.12 knows no deletion vectors, and `test_other_readers.py` says what hudi-rs does not."""
    logged = lake.format == "hudi" and lake.write_mode == "merge_on_read"
    return "format-version" in lake.properties or (logged and bool(history.partition_by))
