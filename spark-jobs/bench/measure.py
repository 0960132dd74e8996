"""Measures the job on real Spark, Iceberg, Hudi, S3 and Glue catalogue of the emulator.

`python -m bench.measure <settings.json> <bucket> <section>`

`settings.json` maps Spark settings to their values. Prints one JSON document: per section the seconds of
every round by name. What the tables hold is compared in the same run; a difference is an error.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from tidegate_job.session import prepare

from .data import Data
from .hudi import hudi
from .large import clustered, large
from .small import small

_SECTIONS = {"large": large, "clustered": clustered, "small": small, "hudi": hudi}


def main(arguments: Sequence[str]) -> None:
    """Run the section named."""
    file, bucket, section = arguments
    builder: SparkSession.Builder = SparkSession.builder
    builder = builder.appName("tidegate bench")
    for name, value in json.loads(Path(file).read_text()).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    prepare(spark)
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        found = _SECTIONS[section](spark, bucket, Data(Path(folder)))
    spark.stop()
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
