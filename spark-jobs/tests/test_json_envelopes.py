"""One line of JSON as an envelope, without Spark."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tidegate_job.files.json_files import lines_as_envelopes

FLAT = lines_as_envelopes(["op", "ts_ms", "source.lsn", "before.id", "transaction.total_order"])
EVENT: dict[str, Any] = {
    "before": {"ID": 1, "name": None},
    "after": {"ID": 2, "name": "a", "price": 1.10},
    "source": {"connector": "postgresql", "LSN": 9},
    "transaction": {"id": "7", "total_order": 3},
    "op": "u",
    "ts_ms": 5,
    "ts_us": 5000,
}
ROW = [("ID", "2"), ("name", "a"), ("price", "1.1")]
AROUND = [
    ("op", "u"),
    ("ts_ms", "5"),
    ("before.id", "1"),
    ("source.lsn", "9"),
    ("transaction.total_order", "3"),
]


def test_row_is_after_and_around_it_what_is_wanted() -> None:
    line = json.dumps(EVENT)
    assert FLAT(line) == ROW + AROUND
    assert FLAT(f'{{"schema": {{"fields": [1]}}, "payload": {line}}}\r\n') == ROW + AROUND
    assert FLAT(f'{{"payload": {line}}}') == ROW + AROUND


def test_row_of_a_delete_is_before() -> None:
    found = FLAT(json.dumps({"op": "d", "before": EVENT["before"], "after": None}))
    assert found == [("ID", "1"), ("name", None), ("op", "d"), ("before.id", "1")]


def test_row_may_be_json_in_a_text() -> None:
    """As Debezium's connector for MongoDB has it."""
    assert FLAT(json.dumps({"op": "c", "after": json.dumps(EVENT["after"])})) == [*ROW, ("op", "c")]


@pytest.mark.parametrize("line", ["null", ' {"schema": null, "payload": null}', '{"payload":null}'])
def test_tombstone_has_nothing(line: str) -> None:
    assert FLAT(line) == []


@pytest.mark.parametrize(
    "line",
    [
        *("", "{}", "[]", "1", '"null"', '{"id": 1}', '{"op": "u", "op": "d"}'),
        *('{"payload": {"id": 1}}', '{"payload": 3}', '{"payload": ""}', '{"payload":' * 9_000),
        *('{"op": "u", "after": 3}', '{"op": "u", "after": []}', '{"op": "u", "source": "x"}'),
        '{"op": "u", "after": {"a": 1}} x',
    ],
)
def test_what_is_no_envelope_is_told_from_a_tombstone(line: str) -> None:
    assert FLAT(line) is None
