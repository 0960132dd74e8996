"""What `tidegate query` reads of Hudi tables, which is hudi-rs and not Spark, and what it can't."""

from __future__ import annotations

import pytest
from lake import Unreadable, read_hudi

from tests.kinds import of_kind
from tests.lake import Lake, change


@pytest.fixture
def partitioned(lake: Lake) -> Lake:
    """Three rows in two partitions of a merge on read table."""
    of_kind(lake, "hudi merge on read")
    lake.partition_by = ["b"]
    rows = [change("I", "01", id=key, b=b) for key, b in ((1, "x"), (2, "x"), (3, "y"))]
    lake.apply_and_settle([lake.put(rows)])
    return lake


def ids(lake: Lake) -> list[tuple[int, str]]:
    return sorted((row["id"], row["b"]) for row in read_hudi(lake.location).to_pylist())


def test_updates_and_deletes_in_the_log_are_read(partitioned: Lake) -> None:
    changes = [change("U", "02", id=3, b="y"), change("D", "03", id=2, b="x"), change("I", "04", id=4, b="z")]
    partitioned.apply_and_settle([partitioned.put(changes)])
    assert ids(partitioned) == [(1, "x"), (3, "y"), (4, "z")]


def test_a_row_that_moves_where_another_is_deleted_waits_for_the_compaction(partitioned: Lake) -> None:
    """Hudi writes both deletes into one block of the log, the row that left without a sequence: Spark reads
    that, and hudi-rs 0.5 refuses to."""
    changes = [change("U", "02", id=1, b="y"), change("D", "03", id=2, b="x")]
    partitioned.apply_and_settle([partitioned.put(changes)])
    assert partitioned.rows("id", "b") == [{"id": 1, "b": "y"}, {"id": 3, "b": "y"}]
    with pytest.raises(Unreadable, match="mixes ordering types"):
        read_hudi(partitioned.location)
    partitioned.properties = {"hoodie.compact.inline.max.delta.commits": "1"}
    partitioned.apply_and_settle([partitioned.put([change("I", "05", id=5, b="x")])])
    assert ids(partitioned) == [(1, "y"), (3, "y"), (5, "x")]
