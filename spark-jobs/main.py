"""Entry point: `spark-submit main.py --plan <uri> --run-id <id>`. Exit 0 all committed, 1 a table failed, 2
bad plan."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tidegate_job.errors import JobError
from tidegate_job.object_store import ObjectsByScheme
from tidegate_job.plan import load_plan
from tidegate_job.run import BAD_PLAN, DONE, run_plan


def main(arguments: Sequence[str]) -> int:
    """Run the plan named by the arguments and return the exit code."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--plan", required=True, help="URI of the plan, s3:// or file://")
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--tables-at-once", type=int, default=4)
    # Glue adds arguments of its own (--JOB_NAME, …), so unknown ones are none of our business.
    known, _ = parser.parse_known_args(arguments)
    store = ObjectsByScheme()
    try:
        plan = load_plan(store, known.plan, known.run_id)
    except JobError as error:
        print(error, file=sys.stderr, flush=True)
        return BAD_PLAN
    # Only now, since starting Spark takes seconds and a bad plan needs none of it.
    from tidegate_job.session import job_for, start_session, tune

    spark = start_session(f"tidegate {plan.run_id}", plan)
    tune(spark, plan)
    job = job_for(spark, store, plan.layout)
    return run_plan(job, plan, known.tables_at_once)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Glue takes SystemExit, even with 0, for a failure: success returns.
    if code != DONE:
        sys.exit(code)
