"""Jobs that are killed or stopped as processes, on real Spark; the next attempt ends in the right table.

A few run always, all of them with `TIDEGATE_DEEP=1`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kinds import DEEP, of_kind
from tests.lake import Lake, Row, change

HERE = Path(__file__).parents[1]
HUDI = ("hudi copy on write", "hudi merge on read", "hudi history")
MODES = ("merge_on_read", "copy_on_write", "historical", *HUDI)
PATIENCE_S = 240
KILLS = [
    (mode, moment) for mode in MODES for moment in ("looked-up", "before-commit", "committing", "committed")
]
ZOMBIES = [
    (mode, moment, state)
    for mode in MODES
    for moment in ("looked-up", "before-commit")
    for state in ("empty", "filled")
]
SWAPS = [(mode, moment) for mode, moment in KILLS if "histor" not in mode and moment != "looked-up"]
ALWAYS = {
    ("merge_on_read", "committing"),
    ("copy_on_write", "committed"),
    ("merge_on_read", "before-commit", "filled"),
    ("hudi merge on read", "committing"),
}
ALWAYS_SWAPPED = {("merge_on_read", "committing")}
if not DEEP:
    SWAPS = [case for case in SWAPS if case in ALWAYS_SWAPPED]
    KILLS = [case for case in KILLS if case in ALWAYS]
    ZOMBIES = [case for case in ZOMBIES if case in ALWAYS]


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Ended at the end of the test, whatever it came to."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def start(lake: Lake, planned: Row, moment: str, name: str) -> tuple[subprocess.Popen[bytes], str]:
    run_id = lake.write_plan(planned)
    plan = f"{lake.control}runs/{run_id}/plan.json"
    warehouse = str(lake.spark.conf.get("spark.sql.catalog.lake.warehouse"))
    command = [sys.executable, "-m", "tests.killed_job", warehouse, plan, run_id, moment, name]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=HERE, stdout=quiet, stderr=quiet, start_new_session=True), run_id


def prepared(lake: Lake, mode: str) -> Lake:
    if mode in HUDI:
        return of_kind(lake, mode)
    if mode == "historical":
        lake.mode = mode
    else:
        lake.write_mode = mode
    return lake


def rows(lake: Lake) -> list[Row]:
    return lake.versions() if lake.mode == "historical" else lake.rows()


def unfinished(lake: Lake) -> list[str]:
    """Instants of a Hudi table that were begun and never ended or rolled back."""
    folder = Path(lake.location.removeprefix("file://")) / ".hoodie" / "timeline"
    begun = {path.name.split(".")[0] for path in folder.glob("*.requested")}
    return sorted(begun - {path.name.split("_")[0] for path in folder.glob("*_*.*")})


@pytest.mark.parametrize(("mode", "moment"), KILLS)
def test_a_killed_job_is_taken_up_by_the_next_attempt(
    lake: Lake, mode: str, moment: str, processes: list[subprocess.Popen[bytes]]
) -> None:
    """[commit-authority] `kill -9` of driver and JVM: the same entry under a new token, applied once."""
    prepared(lake, mode)
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1), change("I", "02", id=2, v=2)])])
    entry = lake.entry([lake.put([change("U", "03", id=1, v=10), change("D", "04", id=2, v=2)])])
    process, run_id = start(lake, lake.planned(entry), moment, "SIGKILL")
    processes.append(process)
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert not list(lake.folder.glob(f"control/runs/{run_id}/outcomes/*"))
    again = lake.apply(entry)
    if moment == "committed":
        assert again["result"] == "already_committed"
    else:
        assert again["result"] in ("committed", "already_committed")
    assert lake.format != "hudi" or unfinished(lake) == []
    if lake.mode == "historical":
        assert sorted(str(row["seq"]) for row in rows(lake)) == ["01", "02", "03", "04"]
    else:
        assert rows(lake) == [{"id": 1, "v": 10}]
    batches = [summary["tidegate.batch-id"] for summary in lake.snapshots()]
    assert len(batches) == len(set(batches)) == 2


@pytest.mark.parametrize(("mode", "moment"), SWAPS)
def test_a_killed_swap_leaves_one_generation_or_the_other(
    lake: Lake, mode: str, moment: str, processes: list[subprocess.Popen[bytes]]
) -> None:
    """[generations] `kill -9` around the commit that replaces the table; the next attempt ends it."""
    prepared(lake, mode)
    lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1), change("I", "02", id=2, v=2)])])
    lake.apply_and_settle([lake.put([change("D", "03", id=2, v=2)])])
    lake.next_generation()
    entry = lake.entry([lake.put([{"id": 2, "v": 20}, {"id": 3, "v": 30}], kind="full")], replaces=True)
    process, _ = start(lake, lake.planned(entry), moment, "SIGKILL")
    processes.append(process)
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    old, new = [{"id": 1, "v": 1}], [{"id": 2, "v": 20}, {"id": 3, "v": 30}]
    swapped = moment == "committed"
    assert rows(lake) == new if swapped else rows(lake) in (old, new)
    again = lake.apply(entry)
    assert again["result"] in (["already_committed"] if swapped else ["committed", "already_committed"])
    assert rows(lake) == new
    batches = [summary["tidegate.batch-id"] for summary in lake.snapshots()]
    assert len(batches) == len(set(batches)) == 3


@pytest.mark.parametrize(("mode", "moment", "state"), ZOMBIES)
def test_a_stopped_job_that_goes_on_is_too_late(
    lake: Lake, mode: str, moment: str, state: str, processes: list[subprocess.Popen[bytes]]
) -> None:
    """[one-snapshot] A stops (`kill -STOP`), B applies the same files, C deletes a key of them, A goes on."""
    prepared(lake, mode)
    if state == "filled":
        lake.apply_and_settle([lake.put([change("I", "01", id=9, v=9)])])
    entry = lake.entry([lake.put([change("I", "02", id=1, v=1), change("I", "03", id=2, v=2)])])
    process, run_id = start(lake, lake.planned(entry), moment, "SIGSTOP")
    processes.append(process)
    until_stopped(process)
    lake.settle(lake.apply(entry))
    lake.apply_and_settle([lake.put([change("D", "04", id=1, v=1)])])
    before = rows(lake)
    os.killpg(process.pid, signal.SIGCONT)
    assert process.wait(PATIENCE_S) in (0, 1)
    assert sorted(map(str, rows(lake))) == sorted(map(str, before))
    batches = [summary["tidegate.batch-id"] for summary in lake.snapshots()]
    assert len(batches) == len(set(batches))
    [outcome] = lake.folder.glob(f"control/runs/{run_id}/outcomes/*.json")
    assert '"committed"' not in outcome.read_text()


def until_stopped(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        status = Path(f"/proc/{process.pid}/stat")
        if status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "T":
            return
        if process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode} before it was stopped")
        time.sleep(0.05)
    raise AssertionError("it was not stopped in time")
