"""A full disk under Spark is nobody's file's fault: the batch is rejected whole, and applied later."""

from __future__ import annotations

from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from tests.lake import Lake, change
from tidegate_job.files.read_failures import blame_files
from tidegate_job.plan import PlannedFile

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")


def write_to_full_disk(spark: SparkSession) -> None:
    """What Java says when it writes where no room is left."""
    spark._jvm.java.io.FileOutputStream(str(FULL)).write(1)  # type: ignore[union-attr]


@pytest.mark.parametrize("reached", ["looked-up", "before-commit"])
def test_the_same_batch_is_applied_when_there_is_room_again(lake: Lake, reached: str) -> None:
    entry = lake.entry([lake.put([change("I", "01", id=1, v=1)])])

    def no_room(table: str, name: str) -> None:
        if name == reached:
            write_to_full_disk(lake.spark)

    outcome = lake.apply(entry, checkpoint=no_room)

    assert outcome["result"] == "rejected"
    assert outcome["error"]["code"] == "TG5003"
    folder = lake.spark.sparkContext.getConf().get("spark.local.dir")
    if folder:
        assert f"`{folder}`" in outcome["error"]["message"]
    assert outcome["error"]["transient"] is True
    assert outcome["bad_files"] == []

    again = lake.apply(entry)
    assert (again["result"], again["batch_id"]) == ("committed", entry["batch_id"])
    assert lake.rows() == [{"id": 1, "v": 1}]


def test_no_file_is_blamed_although_the_error_names_one(lake: Lake) -> None:
    """[regression] What is full is our disk; a file that is named with it would be put aside as damaged."""
    file = PlannedFile(
        file_id="000000000001-00",
        uri=f"file://{FULL}",
        kind="incremental",
        format="parquet",
        etag="00",
        bytes=0,
        put_at_s=1,
    )
    no_room = pytest.raises(Py4JJavaError, match="No space left on device")
    with no_room, blame_files(lake.store, [file], "shop.orders"):
        write_to_full_disk(lake.spark)
