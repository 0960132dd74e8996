"""What each `schema_policy` does with other columns in CSV and JSON lines, which have names but no types."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, Files, tell
from tests.lake import Lake, Row

POLICIES = ("strict", "evolve", "lenient")
WIDE = 2**40
HEADER: Row = {"csv": {"header": True}}


def declare(lake: Lake) -> list[Row]:
    lake.text_files = HEADER
    columns = {"id": pa.array([1]), "n": pa.array([1], pa.int32()), "v": ["a"]}
    return [lake.put_table(pa.table({"op": ["I"], "seq": ["01"], **columns}))]


def add_reorder_and_drop(lake: Lake) -> list[Row]:
    added = lake.put_bytes(b"Seq,X,V,id,OP,n\n02,007,b,1,U,5\n", "added.csv")
    dropped = lake.put_bytes(b'{"v":{"a":1},"op":"I","seq":"03","id":2}\n', "dropped.json")
    return [added, dropped]


def hold_no_number(lake: Lake) -> list[Row]:
    return [lake.put_bytes(b"op,seq,id,v,n,x\nU,04,1,b,seven,\n", "seven.csv")]


def declare_wider(lake: Lake) -> list[Row]:
    lake.text_files = HEADER | {"columns": [{"name": "n", "type": "bigint"}]}
    return [lake.put_bytes(b"op,seq,id,v,n,x\nI,05,3,c,%d,y\n" % WIDE, "wide.csv")]


BATCHES: dict[str, Files] = {
    "declared": declare,
    "added, reordered, dropped": add_reorder_and_drop,
    "no number": hold_no_number,
    "wider": declare_wider,
}


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    courses = {policy: Course(list(BATCHES.values()), {"schema_policy": policy}) for policy in POLICIES}
    folder: Path = tmp_path_factory.mktemp("schema-text")
    tell(spark, folder, courses)
    return courses


def outcome_of(course: Course, batch: str) -> Row:
    return course.outcomes[list(BATCHES).index(batch)]


def rows_of(course: Course) -> list[Row]:
    assert course.lake
    return course.lake.rows()


def test_a_strict_table_refuses_them_by_name(courses: dict[str, Course]) -> None:
    """[schema-policy] Each file for its own reason."""
    refused = outcome_of(courses["strict"], "added, reordered, dropped")
    assert (refused["result"], refused["error"]["code"]) == ("rejected", "TG2201")
    added, dropped = (bad["detail"] for bad in refused["bad_files"])
    assert "has a column `x`" in added
    assert "lacks the column `n`" in dropped
    assert outcome_of(courses["strict"], "wider")["error"]["code"] == "TG2203"
    assert rows_of(courses["strict"]) == [{"id": 1, "n": 1, "v": "a"}]


def test_an_evolving_table_gets_them_as_text_unless_a_type_is_configured(courses: dict[str, Course]) -> None:
    """[schema-policy] 007 is no number, whatever it looks like."""
    course = courses["evolve"]
    added = {"change": "added", "column": "x", "type": "string"}
    assert outcome_of(course, "added, reordered, dropped")["schema_changes"] == [added]
    widened = {"change": "widened", "column": "n", "type": "bigint", "was": "int"}
    assert outcome_of(course, "wider")["schema_changes"] == [widened]
    assert rows_of(course) == [
        {"id": 1, "n": 5, "v": "b", "x": "007"},
        {"id": 2, "n": None, "v": '{"a":1}', "x": None},
        {"id": 3, "n": WIDE, "v": "c", "x": "y"},
    ]


def test_a_lenient_table_keeps_them_aside(courses: dict[str, Course]) -> None:
    """[schema-policy]"""
    assert rows_of(courses["lenient"]) == [
        {"id": 1, "n": 5, "v": "b", "_rescued": {"x": "007"}},
        {"id": 2, "n": None, "v": '{"a":1}', "_rescued": None},
        {"id": 3, "n": None, "v": "c", "_rescued": {"n": str(WIDE), "x": "y"}},
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_text_that_is_no_value_of_its_type_is_malformed(courses: dict[str, Course], policy: str) -> None:
    """A type of text is what the table or the configuration says, so another value is no other type."""
    refused = outcome_of(courses[policy], "no number")
    code = "TG2201" if policy == "strict" else "TG2108"
    assert (refused["result"], refused["error"]["code"]) == ("rejected", code)
