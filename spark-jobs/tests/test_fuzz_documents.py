"""Whatever a plan, an evidence or a part of the tombstone log has become: read, or refused by number."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import EXAMPLES, almost, extremes
from tidegate_job.changes.tombstones import remembered_deletes
from tidegate_job.errors import FILE_EMPTY, JobError
from tidegate_job.evidence import KeyColumn, encode_part, read_evidence
from tidegate_job.layout import ControlLayout
from tidegate_job.object_store import ObjectGone, ObjectState
from tidegate_job.outcome import Outcome
from tidegate_job.plan import Plan, load_plan

GOLDEN = json.loads((Path(__file__).parents[2] / "test/fixtures/contracts.example.json").read_text("utf-8"))
PLAN = GOLDEN["plan"]
EVIDENCE = {
    "contract": "tidegate.evidence/1",
    "run_id": "r-1-0",
    "table": "shop_orders",
    "batch_id": "sha256:b",
    "token": 1,
    "generation": 1,
    "rows": {"read": 1, "inserted": 1, "updated": 0, "deleted": 0, "stale": 0, "duplicate": 0},
    "files": [
        {"file_id": "000000000001-a", "rows": 1, "min_sequence": None, "max_sequence": "1", "deletes": 0}
    ],
}
KEYS = [KeyColumn("id", "bigint"), KeyColumn("name", "string")]
PART = encode_part("sha256:b", KEYS, [("10", (1, "a")), ("20", (2, "b"))])
#: What the terminal and the next reader can stand.
LONGEST_MESSAGE = 5_000


class OneObject:
    """A store whose every object has this content."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def head(self, uri: str) -> ObjectState:
        raise ObjectGone(uri)

    def get(self, uri: str) -> bytes:
        return self.content

    def get_range(self, uri: str, start: int, end: int) -> bytes:
        return self.content[start:end]

    def put(self, uri: str, content: bytes) -> None:
        raise AssertionError(uri)

    def list_after(self, prefix: str, start_after: str) -> Any:
        return iter([f"{prefix}ff-b-0"])


def read_plan(content: bytes) -> Plan | JobError:
    """The plan, or the numbered error, whose message must be fit to be shown and put into an outcome."""
    try:
        return load_plan(OneObject(content), "s3://control/plan.json", PLAN["run_id"])
    except JobError as error:
        refused = error
    assert re.fullmatch(r"TG\d{4}", refused.code)
    assert len(refused.message) < LONGEST_MESSAGE
    assert not re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", refused.message)
    return refused


@EXAMPLES
@given(almost(PLAN))
def test_a_plan_is_read_or_refused_by_number(content: bytes) -> None:
    plan = read_plan(content)
    if isinstance(plan, JobError):
        assert plan.code == "TG2002"
        return
    # What was read can be answered: no name in it breaks the outcome's document or its place.
    for table in plan.tables:
        error = JobError(FILE_EMPTY, uri=table.files[0].uri)
        outcome = Outcome(
            plan.run_id, table.table, table.token, table.batch_id, "rejected", "absent", error=error
        )
        outcome.document()
        plan.layout.outcome(table.table, table.token).encode()


@pytest.mark.parametrize("number", range(27))
def test_a_plan_may_be_a_megabyte_or_ten_thousand_levels_deep(number: int) -> None:
    content = list(extremes(PLAN))[number]
    assert isinstance(read_plan(content), JobError)


@EXAMPLES
@given(almost(EVIDENCE))
def test_evidence_is_read_or_refused_by_value(content: bytes) -> None:
    try:
        evidence = read_evidence(OneObject(content), "s3://control/commits/t/b/1/")
    except ValueError:
        return
    # `already_committed` is answered from it.
    read = Outcome(PLAN["run_id"], "t", 1, "sha256:b", "already_committed", "found", rows=evidence.rows)
    replace(read, files=evidence.files).document()


def part_with(line: bytes) -> bytes:
    """A part whose last line was changed."""
    lines = gzip.decompress(PART).splitlines()
    return gzip.compress(b"\n".join([*lines[:-1], line, b""]))


@EXAMPLES
@given(
    st.one_of(
        st.binary(),
        st.integers(0, len(PART)).map(lambda length: PART[:length]),
        almost(["20", 2, "b"]).map(part_with),
        almost(json.loads(gzip.decompress(PART).splitlines()[0])).map(gzip.compress),
    )
)
def test_a_part_of_the_tombstone_log_is_read_or_refused_by_number(content: bytes) -> None:
    refused = None
    found: dict[Any, str] = {}
    try:
        found = remembered_deletes(OneObject(content), "s3://control/tombstones/t/1/", "", KEYS)
    except JobError as error:
        refused = error
    if refused is not None:
        assert refused.code == "TG5001"
    for key, sequence in found.items():
        assert isinstance(sequence, str)
        assert len(key) == len(KEYS)


@EXAMPLES
@given(st.text(), st.text())
def test_a_layout_takes_names_that_are_one_segment_or_refuses_them(table: str, batch: str) -> None:
    layout = ControlLayout.of("s3://control/runs/r/outcomes/", "r")
    try:
        uri = layout.evidence(table, batch, 1)
    except ValueError:
        return
    assert uri.count("/") == 7
    uri.encode()
