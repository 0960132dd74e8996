"""A lake on the emulator's S3 and Glue catalogue, driven by hand as the tests' lake is."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.lake import Lake, Row
from tidegate_job.run import run_plan
from tidegate_job.session import tune

_names = itertools.count(1)


class BucketLake(Lake):
    """One table `shop.b<n>` whose landed files, documents and data are objects of one bucket."""

    def __init__(self, spark: SparkSession, bucket: str) -> None:
        super().__init__(spark, Path("/nowhere"))
        self.bucket = bucket
        self.table = f"b{next(_names)}"
        self.control = f"s3://{bucket}/control/"
        self.location = f"s3://{bucket}/lake/{self.table}"

    def put_bytes(
        self, content: bytes, name: str | None = None, kind: str = "incremental", put_at_s: int | None = None
    ) -> Row:
        self._files += 1
        put_at_s = put_at_s or 1_700_000_000 + self._files
        uri = f"s3://{self.bucket}/staging/{self.table}/{name or f'file-{self._files}.parquet'}"
        self.store.put(uri, content)
        state = self.store.head(uri)
        identity = hashlib.sha256(f"{uri}{state.etag}{put_at_s}".encode()).hexdigest()
        return {
            "file_id": f"{put_at_s:012d}-{identity}",
            "uri": uri,
            "kind": kind,
            "format": "parquet",
            "etag": state.etag,
            "bytes": state.bytes,
            "put_at_s": put_at_s,
        }

    def run(self, *planned: Row, spark: SparkSession | None = None, **more: Any) -> list[Row]:
        """As the job's main does it: tuned for the plan first."""
        run_id = self.write_plan(*planned)
        job, plan = self.job(run_id, spark, **more)
        self.spark.conf.set("spark.sql.adaptive.enabled", "true")
        tune(self.spark, plan)
        run_plan(job, plan, tables_at_once=4, say=lambda line: None)
        return [self.outcome(run_id, item) for item in planned]
