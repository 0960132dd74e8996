"""The job as a process of its own that kills or stops itself, with its JVM, at a given moment.

`python -m tests.killed_job <warehouse> <plan> <run id> <moment> <signal>`. Moments: the job's checkpoints
(`looked-up`, `before-commit`), `committing` (in the middle of the format's commit) and `committed`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.conftest import settings_of
from tidegate_job.apply_table import Job
from tidegate_job.hudi import table as hudi
from tidegate_job.iceberg import table as iceberg
from tidegate_job.object_store import ObjectsByScheme
from tidegate_job.plan import load_plan
from tidegate_job.run import run_plan
from tidegate_job.session import formats_of, prepare


def main(arguments: Sequence[str]) -> int:
    """Run the plan up to the moment, and on if the signal lets it."""
    warehouse, uri, run_id, moment, name = arguments
    number = signal.Signals[name]

    def die() -> None:
        os.killpg(0, number)

    builder: SparkSession.Builder = SparkSession.builder
    builder = builder.master("local[2]").appName("a job that dies")
    for key, value in settings_of(warehouse).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    prepare(spark)
    store = ObjectsByScheme()
    plan = load_plan(store, uri, run_id)

    def checkpoint(table: str, reached: str) -> None:
        if reached == moment:
            die()

    if moment.startswith("commit"):
        for commit in ("commit_files", "commit_replacement"):
            setattr(iceberg, commit, _dying_commit(getattr(iceberg, commit), moment, die))
        hudi.write = _dying_write(hudi.write, moment, die)
    job = Job(spark, store, plan.layout, formats=formats_of(spark), checkpoint=checkpoint)
    return run_plan(job, plan, tables_at_once=1)


def _dying_commit(really: Callable[..., None], moment: str, die: Callable[[], None]) -> Callable[..., None]:
    def commit(spark: SparkSession, table: Any, *more: Any) -> None:
        if moment == "committing":
            threading.Thread(target=_when_manifests_appear, args=(table, die), daemon=True).start()
        really(spark, table, *more)
        if moment == "committed":
            die()

    return commit


def _dying_write(really: Callable[..., None], moment: str, die: Callable[[], None]) -> Callable[..., None]:
    def write(writer: Any, location: str) -> None:
        if moment == "committing":
            threading.Thread(target=_when_commit_begins, args=(location, die), daemon=True).start()
        really(writer, location)
        if moment == "committed":
            die()

    return write


def _when_commit_begins(location: str, die: Callable[[], None]) -> None:
    folder = Path(location.removeprefix("file://")) / ".hoodie" / "timeline"
    before = len(list(folder.glob("*inflight")))
    while len(list(folder.glob("*inflight"))) == before:
        pass
    die()


def _when_manifests_appear(table: Any, die: Callable[[], None]) -> None:
    """A commit has begun once it has written a manifest list; whether it ends is then a matter of luck."""
    folder = Path(str(table.location()).removeprefix("file:")) / "metadata"
    before = len(list(folder.glob("snap-*.avro")))
    while len(list(folder.glob("snap-*.avro"))) == before:
        pass
    die()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
