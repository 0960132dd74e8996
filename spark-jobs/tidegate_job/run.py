"""A whole plan: its tables concurrently in one application, an outcome for each as soon as it is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from .apply_table import Job, apply_table
from .outcome import Outcome
from .plan import Plan, TablePlan

DONE, TABLE_FAILED, BAD_PLAN = 0, 1, 2
"""Exit codes of the job."""


def run_plan(job: Job, plan: Plan, tables_at_once: int, say: Callable[[str], None] | None = None) -> int:
    """Work on all tables of a plan; DONE if each was committed (or already was), else TABLE_FAILED."""
    tell = say or (lambda line: print(line, flush=True))

    def work(table: TablePlan) -> bool:
        # Spark reads these per thread; the FAIR scheduler then shares the executors between the tables.
        context = job.spark.sparkContext
        context.setLocalProperty("spark.scheduler.pool", table.table)
        context.setJobDescription(f"{table.table}, token {table.token}")
        outcome = apply_table(job, table)
        put = _put(job, outcome)
        tell(progress_line(outcome))
        return put and outcome.succeeded

    with ThreadPoolExecutor(max_workers=tables_at_once, thread_name_prefix="table") as pool:
        results = list(pool.map(work, plan.tables))
    return DONE if all(results) else TABLE_FAILED


def progress_line(outcome: Outcome) -> str:
    """One JSON line for the driver's log; by its `time` it finds its place between the functions' lines."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: dict[str, object] = {"time": time, "table": outcome.table, "result": outcome.result}
    if outcome.rows:
        line |= {
            name: getattr(outcome.rows, name) for name in ("read", "inserted", "updated", "deleted", "stale")
        }
    if outcome.error:
        line |= {"error": outcome.error.code, "message": outcome.error.message}
    line["seconds"] = round(sum(outcome.seconds.values()), 1)
    return json.dumps(line, ensure_ascii=False)


def _put(job: Job, outcome: Outcome) -> bool:
    """Without an outcome the ledger takes the result for unknown, so a failed put must not end the other
    tables."""
    try:
        job.store.put(job.layout.outcome(outcome.table, outcome.token), outcome.document())
        return True
    except Exception as error:
        print(
            f"the outcome of `{outcome.table}` could not be put: {type(error).__name__}: {error}",
            file=sys.stderr,
        )
        return False
