"""What `schema_policy` does with other columns where rows are not plain: in envelopes, in partial updates,
and in tables without a key."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from tests.courses import Course, Files, put, tell
from tests.kinds import DEEP
from tests.lake import Lake, Row, change
from tests.test_envelopes import MERGE

Fields = dict[str, pa.DataType]
OLD: Fields = {"id": pa.int64(), "n": pa.int32()}
NEW: Fields = {"note": pa.string(), "id": pa.int64(), "n": pa.int64()}
WIDE = 2**40


def envelopes(lsn: int, row: Row, fields: Fields) -> Files:
    image = pa.struct(list(fields.items()))
    schema = pa.schema(
        [
            ("before", image),
            ("after", image),
            ("source", pa.struct([("lsn", pa.int64())])),
            ("op", pa.string()),
        ]
    )
    event = {"before": None, "after": row, "source": {"lsn": lsn}, "op": "u"}
    return lambda lake: [lake.put_table(pa.Table.from_pylist([event], schema=schema))]


def together(*batches: Files) -> Files:
    return lambda lake: [file for files in batches for file in files(lake)]


BEFORE_AND_AFTER = together(
    envelopes(2, {"id": 1, "n": 2}, OLD), envelopes(3, {"id": 2, "n": WIDE, "note": "x"}, NEW)
)
EVENTS = [envelopes(1, {"id": 1, "n": 1}, OLD), BEFORE_AND_AFTER]
COLUMNS_COME_AND_GO = [
    put(change("I", "01", id=1, v=1, a=1)),
    put(change("U", "02", id=1, v=2, b="x"), columns=["op", "seq", "id", "v", "b"]),
    put(change("U", "03", id=1, v=3, a=None), columns=["op", "seq", "id", "v", "a"]),
]


def lake_of(course: Course) -> Lake:
    assert course.lake
    assert [one["error"] for one in course.outcomes] == [None] * len(course.outcomes)
    return course.lake


def test_other_columns_where_rows_are_not_plain(spark: SparkSession, tmp_path: Path) -> None:
    """[schema-policy]"""
    evolves = {"schema_policy": "evolve"}
    courses = {
        "envelopes": Course(EVENTS, evolves | {"merge": MERGE}),
        "partial": Course(COLUMNS_COME_AND_GO, evolves | {"merge": {"null_means_unchanged": "all"}}),
        "no key": Course(COLUMNS_COME_AND_GO, evolves | {"mode": "historical", "keys": []}),
    }
    if DEEP:
        courses["lenient"] = Course(EVENTS, {"schema_policy": "lenient", "merge": MERGE})
    tell(spark, tmp_path, courses)
    changes = [
        {"change": "widened", "column": "n", "type": "bigint", "was": "int"},
        {"change": "added", "column": "note", "type": "string"},
    ]
    assert courses["envelopes"].outcomes[1]["schema_changes"] == changes
    assert lake_of(courses["envelopes"]).rows() == [
        {"id": 1, "n": 2, "note": None},
        {"id": 2, "n": WIDE, "note": "x"},
    ]
    # What a file lacks is null in its rows, and so unchanged.
    assert lake_of(courses["partial"]).rows() == [{"id": 1, "v": 3, "a": 1, "b": "x"}]
    versions = [(row["seq"], row["v"], row["a"], row["b"]) for row in lake_of(courses["no key"]).versions()]
    assert sorted(versions) == [("01", 1, 1, None), ("02", 2, None, "x"), ("03", 3, None, None)]
    if DEEP:
        assert lake_of(courses["lenient"]).rows() == [
            {"id": 1, "n": 2, "_rescued": None},
            {"id": 2, "n": None, "_rescued": {"n": str(WIDE), "note": "x"}},
        ]
