"""Measures the job on real Spark, Iceberg, S3 and Glue catalogue of the emulator.

`python -m bench.measure <settings.json> <bucket> [SECTION…]`

`settings.json` maps Spark settings to their values. Prints one JSON document: per section the seconds of
every round by name. What the tables hold is compared in the same run; a difference is an error.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tidegate_job.session import prepare

from .data import Data
from .large import clustered, large
from .small import small

_SECTIONS = {"large": large, "clustered": clustered, "small": small}


def main(arguments: Sequence[str]) -> None:
    """Run the sections named, or all."""
    settings = json.loads(Path(arguments[0]).read_text())
    bucket, sections = arguments[1], arguments[2:] or list(_SECTIONS)
    builder: SparkSession.Builder = SparkSession.builder
    builder = builder.appName("tidegate bench")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    prepare(spark)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        data = Data(Path(folder))
        for section in sections:
            found[section] = _SECTIONS[section](spark, bucket, data)
    spark.stop()
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
