"""Random small histories against a fold in plain Python: whatever the order of batches, the newest sequence
wins."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, change, one_by_one

CHANGE = st.fixed_dictionaries(
    {
        "op": st.sampled_from("IUD"),
        "id": st.integers(1, 3),
        "v": st.none() | st.integers(0, 9),
        "at": st.integers(1, 30),
    }
)
FILE = st.lists(CHANGE, max_size=4)
HISTORY = st.lists(st.lists(FILE, min_size=1, max_size=3), min_size=1, max_size=4)


def expected_rows(batches: list[list[list[Row]]]) -> list[Row]:
    """Each key's change of the highest sequence, wherever it stood; sequences are made unique by
    `numbered`."""
    newest: dict[int, Row] = {}
    for row in (row for files in batches for rows in files for row in rows):
        if row["id"] not in newest or row["seq"] > newest[row["id"]]["seq"]:
            newest[row["id"]] = row
    return [{"id": key, "v": row["v"]} for key, row in sorted(newest.items()) if row["op"] != "D"]


def numbered(history: list[list[list[dict[str, Any]]]]) -> list[list[list[Row]]]:
    """Drawn changes with sequences: `at` decides the order, the place in the history makes it unique."""
    places = iter(range(1000))
    return [
        [
            [change(c["op"], f"{c['at']:02}{next(places):03}", id=c["id"], v=c["v"]) for c in rows]
            for rows in files
        ]
        for files in history
    ]


def course_of(lake: Lake, batches: list[list[list[Row]]]) -> Generator[Row, Row, None]:
    for files in batches:
        entry = lake.entry([lake.put(rows) for rows in files])
        outcome = yield lake.planned(entry)
        assert outcome["result"] == "committed", outcome["error"]
        again = yield lake.planned(entry)
        assert again["result"] == "already_committed"
        lake.settle(outcome)


def test_any_history_ends_with_the_newest_change_of_each_key(
    spark: SparkSession, tmp_path_factory: Any
) -> None:
    """[sequence-guard] [no-revival] Some histories at once, since a plan of many tables costs little more
    than of one."""

    @seed(20231118)
    @settings(
        max_examples=2,
        deadline=None,
        derandomize=False,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(HISTORY, min_size=6, max_size=6))
    def check(histories: list[Any]) -> None:
        folder = tmp_path_factory.mktemp("histories")
        lakes = [Lake(spark, folder) for _ in histories]
        for place, lake in enumerate(lakes):
            lake.write_mode = ("merge_on_read", "copy_on_write")[place % 2]
        batches = [numbered(history) for history in histories]
        one_by_one(lakes, [course_of(lake, batch) for lake, batch in zip(lakes, batches, strict=True)])
        for lake, batch in zip(lakes, batches, strict=True):
            assert lake.rows() == expected_rows(batch)

    check()
