"""The job's own lines in the driver's log: JSON, each with the time at which it was written."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tidegate_job.outcome import Outcome, RowCounts
from tidegate_job.run import progress_line


def test_a_line_says_when_which_table_and_what() -> None:
    rows = RowCounts(read=3, inserted=1, updated=1, deleted=0, stale=0, duplicate=1)
    outcome = Outcome(
        run_id="x-1-0",
        table="s_a",
        token=1,
        batch_id="sha256:00",
        result="committed",
        lookup="absent",
        rows=rows,
        seconds={"read": 1.0, "merge": 0.54},
    )
    before = datetime.now(UTC)
    line = json.loads(progress_line(outcome))
    after = datetime.now(UTC)

    time = line.pop("time")
    assert time.endswith("Z")
    written = datetime.fromisoformat(time)
    assert before.replace(microsecond=before.microsecond // 1000 * 1000) <= written <= after
    assert line == {
        "table": "s_a",
        "result": "committed",
        "read": 3,
        "inserted": 1,
        "updated": 1,
        "deleted": 0,
        "stale": 0,
        "seconds": 1.5,
    }
