"""Debezium's envelopes in parquet and JSON lines: rows of `before` and `after`, keys that change, tombstones,
and what is none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, Files, elsewhere, everywhere, put, tell
from tests.lake import UNAVAILABLE, Lake, Row, change
from tidegate_job.struct_types import fields_of

ROW = pa.struct([("ID", pa.int64()), ("name", pa.string()), ("at", pa.struct([("day", pa.int32())]))])
SOURCE = pa.struct([("connector", pa.string()), ("LSN", pa.int64())])
ENVELOPE = pa.schema(
    [("before", ROW), ("after", ROW), ("source", SOURCE), ("op", pa.string()), ("ts_ms", pa.int64())]
)
MERGE = {
    "shape": "debezium",
    "sequence_by": "source.lsn",
    "operations": {"column": "op", "inserts": ["c", "r"], "updates": ["u"], "deletes": ["d"]},
    "unavailable_value": UNAVAILABLE,
}
TOMBSTONE: Mapping[str, Any] = dict.fromkeys(ENVELOPE.names)


def row(id: int, name: str | None = None) -> dict[str, Any]:
    return {"ID": id, "name": name, "at": {"day": id} if name else None}


def event(
    op: str, lsn: int, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Mapping[str, Any]:
    source = {"connector": "postgresql", "LSN": lsn}
    return {"op": op, "source": source, "ts_ms": 1_700_000_000_000, "before": before, "after": after}


def events(*of_file: Mapping[str, Any], schema: pa.Schema = ENVELOPE, kind: str = "incremental") -> Files:
    return lambda lake: [lake.put_table(pa.Table.from_pylist(list(of_file), schema=schema), kind=kind)]


def lines(*of_file: Any, wrapped: bool = False, name: str = "events.json") -> Files:
    """The same as JSON lines, plain or as Kafka Connect's converter writes them with their schema; texts are
    lines as they are."""

    def line(value: Any) -> str:
        if isinstance(value, str):
            return value
        event = None if value is TOMBSTONE else unnested_images(value)
        return json.dumps(
            {"schema": {"type": "struct", "fields": []}, "payload": event} if wrapped else event
        )

    def put_lines(lake: Lake) -> list[Row]:
        content = "\n".join(map(line, of_file)).encode()
        return [lake.put_bytes(gzip.compress(content) if name.endswith(".gz") else content, name)]

    return put_lines


def unnested_images(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: unnested(event[name]) for name in event}


def unnested(value: Any) -> Any:
    """Without the struct, which text can't be read as."""
    return {name: value[name] for name in value if name != "at"} if isinstance(value, dict) else value


FIRST = (event("r", 1, None, row(1, "a")), event("r", 2, None, row(2, "b")))
THEN = (
    event("u", 9, None, row(1, "a2")), event("u", 10, row(1, "a2"), row(1, "a3")),
    event("d", 11, row(2), None), TOMBSTONE, event("c", 12, None, row(3, "c")),
)  # fmt: skip
AT_LAST = (event("u", 20, row(3), row(4, "c")), event("u", 13, None, row(3, "late")))
SNAPSHOT, CHANGES, MOVED = events(*FIRST), events(*THEN), events(*AT_LAST)
FLAT = ENVELOPE
for place in (0, 1):
    FLAT = FLAT.set(place, FLAT.field(place).with_type(pa.struct([ROW.field(0), ROW.field(1)])))
ID = {"columns": [{"name": "id", "type": "bigint"}]}
JSON: dict[str, Any] = {"merge": MERGE, "text_files": ID}
COURSES = {
    "events": Course([SNAPSHOT, CHANGES, MOVED], {"merge": MERGE}),
    "history": Course([SNAPSHOT, CHANGES, MOVED], {"merge": MERGE, "mode": "historical"}),
    "two orders": Course([SNAPSHOT, CHANGES], {"merge": {**MERGE, "sequence_by": ["ts_ms", "source.lsn"]}}),
    "no before": Course(
        [events(event("c", 1, None, row(1, "a")), schema=ENVELOPE.remove(0))], {"merge": MERGE}
    ),
    "JSON lines": Course(
        [lines(*FIRST), lines(*THEN, wrapped=True, name="2.jsonl.gz"), lines(*AT_LAST, name="3.json")], JSON
    ),
    "parquet, then JSON lines": Course(
        [
            events(*(unnested_images(one) for one in FIRST), schema=FLAT),
            lines(*THEN),
            lines(*AT_LAST, name="3.json"),
        ],
        {"merge": MERGE},
    ),
    "JSON lines, two orders": Course(
        [lines(*FIRST), lines(*THEN, name="2.json")],
        {
            "merge": {**MERGE, "sequence_by": ["ts_ms", "source.lsn"]},
            "text_files": {"columns": [*ID["columns"], {"name": "Source.LSN", "type": "decimal(20,0)"}]},
        },
    ),
    "JSON lines without envelopes": Course([lines('{"ID": 1, "LSN": 3, "name": "x"}')], {"merge": MERGE}),
    "JSON lines, some without": Course([lines(*FIRST, '{"ID": 1}', '{"op": "u", "after": 3}')], JSON),
    "JSON lines, a name twice": Course([lines(*FIRST, '{"op": "c", "after": {"ID": 1, "op": "x"}}')], JSON),
    "CSV": Course([lines("c,1,2", name="a.csv")], JSON),
    "truncate": Course([SNAPSHOT, events(event("t", 30, None, None))], {"merge": MERGE}),
    "left out": Course(
        [
            events(
                event("r", 1, None, row(1, "a")),
                event("r", 2, None, row(2)),
                event("r", 3, None, row(3, "c")),
            ),
            events(
                event("u", 10, None, row(1, UNAVAILABLE)),
                event("u", 11, None, row(2, UNAVAILABLE)),
                event("u", 12, None, row(3, "c2")),
                event("u", 13, None, row(3, UNAVAILABLE)),
                event("u", 14, None, row(4, UNAVAILABLE)),
            ),
            events(
                event("d", 20, row(1), None),
                event("c", 21, None, row(1)),
                event("u", 22, None, row(1, UNAVAILABLE)),
                event("u", 23, None, row(2, "b")),
                event("u", 24, None, row(2)),
                event("u", 25, None, row(2, UNAVAILABLE)),
                event("u", 26, None, row(3, UNAVAILABLE)),
            ),
        ],
        {"merge": MERGE},
    ),
    "no envelopes": Course([put(change("c", "01", id=1, v=1))], {"merge": MERGE}),
}

COURSES["history with values left out"] = Course(
    COURSES["left out"].batches, {"merge": MERGE, "mode": "historical"}
)
COURSES |= elsewhere(COURSES, deep=("events", "JSON lines", "left out"))


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    tell(spark, tmp_path_factory.mktemp("envelopes"), COURSES)
    return COURSES


def test_rows_of_envelopes_are_upserted_and_deleted(courses: dict[str, Course]) -> None:
    """A delete takes its key from `before`, and a key that changes is deleted and written anew."""
    names = ("events", "JSON lines", "parquet, then JSON lines")
    for course in [course for name in names for course in everywhere(courses, name)]:
        found = course.rows("id", "name", "_tg_operation", "_tg_sequence")
        assert [tuple(one.values()) for one in found] == [
            (1, "a3", "u", f"{10:020d}"),
            (4, "c", "u", f"{20:020d}"),
        ]
        counts = course.outcomes[2]["rows"]
        assert (counts["read"], counts["inserted"], counts["deleted"], counts["duplicate"]) == (3, 1, 1, 1)


def test_what_an_update_leaves_out_is_unchanged(courses: dict[str, Course]) -> None:
    """It takes the value before it, of the batch or of the stored row, also a null; without a row before it
    the text says that nobody knows the value."""
    for course in everywhere(courses, "left out"):
        for outcome in course.outcomes:
            assert outcome["error"] is None, outcome["error"]
        found = {one["id"]: one["name"] for one in course.rows("id", "name")}
        assert found == {1: None, 2: None, 3: "c2", 4: UNAVAILABLE}
        assert course.outcomes[2]["rows"]["updated"] == 3


def test_a_version_keeps_what_it_left_out(courses: dict[str, Course]) -> None:
    """A history has what came."""
    lake = courses["history with values left out"].lake
    assert lake is not None
    assert sum(one["name"] == UNAVAILABLE for one in lake.versions()) == 7


def test_columns_are_those_of_the_row(courses: dict[str, Course]) -> None:
    """In order, by lower-case name, structs as they are; nothing of the envelope."""
    [first, _] = courses["events"].rows()
    assert list(first) == ["id", "name", "at"]
    assert first["at"].day == 1
    assert list(courses["JSON lines"].rows()[0]) == ["id", "name"]


def test_tombstones_are_skipped_and_counted(courses: dict[str, Course]) -> None:
    for name in ("events", "JSON lines"):
        counts = courses[name].outcomes[1]["rows"]
        assert (counts["read"], counts["skipped"], counts["deleted"]) == (5, 1, 1)
        assert courses[name].outcomes[1]["files"][0]["min_sequence"] == f"{9:020d}"


def test_each_envelope_but_a_tombstone_is_one_version(courses: dict[str, Course]) -> None:
    lake = courses["history"].lake
    assert lake is not None
    assert sorted((one["op"], one["id"]) for one in lake.versions()) == [
        ("c", 3), ("d", 2), ("r", 1), ("r", 2), ("u", 1), ("u", 1), ("u", 3), ("u", 4)
    ]  # fmt: skip


def test_order_may_come_from_envelope_and_source(courses: dict[str, Course]) -> None:
    for name in ("two orders", "JSON lines, two orders"):
        [first, _] = courses[name].rows("_tg_sequence")
        assert first == {"_tg_sequence": f"{1_700_000_000_000:020d}\x1f{10:020d}"}


def test_envelopes_need_no_before(courses: dict[str, Course]) -> None:
    assert courses["no before"].rows("id", "name") == [{"id": 1, "name": "a"}]


def test_truncation_of_the_source_is_no_upsert(courses: dict[str, Course]) -> None:
    """It has neither row nor key, and no list names its operation."""
    outcome = courses["truncate"].outcomes[1]
    assert outcome["result"] == "rejected"
    assert [bad["reason"] for bad in outcome["bad_files"]] == ["null_key", "operation"]


def test_file_without_envelopes_is_refused(courses: dict[str, Course]) -> None:
    for name in ("no envelopes", "JSON lines without envelopes", "CSV"):
        [outcome] = courses[name].outcomes
        assert (outcome["error"]["code"], outcome["bad_files"][0]["reason"]) == ("TG2220", "columns")


def test_line_without_an_envelope_is_refused_with_its_number(courses: dict[str, Course]) -> None:
    """Nothing that is none passes for a tombstone."""
    for name, rows in (("JSON lines, some without", [3, 4]), ("JSON lines, a name twice", [3])):
        [outcome] = courses[name].outcomes
        assert outcome["error"]["code"] == "TG2108"
        assert "no envelope" in outcome["error"]["message"]
        assert outcome["bad_files"][0]["rows"] == rows


def test_fields_of_a_struct_are_told_by_its_type() -> None:
    nested = "struct<a:int,b:decimal(10,2),c:struct<d:string,e:array<int>>,f g:map<string,int>>"
    assert fields_of(nested) == [
        ("a", "int"),
        ("b", "decimal(10,2)"),
        ("c", "struct<d:string,e:array<int>>"),
        ("f g", "map<string,int>"),
    ]
    for other in ("int", "array<struct<a:int>>", "struct<>", ""):
        assert fields_of(other) == []
