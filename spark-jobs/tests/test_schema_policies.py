"""What each `schema_policy` does with each change of a source's columns: the table of
docs/reference/schema-changes.md, line by line."""

from __future__ import annotations

import datetime
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.kinds import DEEP, of_kind
from tests.lake import Lake, Row, one_by_one

ALL_KINDS = ("iceberg merge on read", "hudi copy on write", "hudi merge on read")
TRIED = ALL_KINDS if DEEP else ALL_KINDS[:1]
POLICIES = ("strict", "evolve", "lenient")
MODES = ("snapshot", "historical")

Columns = dict[str, tuple[pa.DataType, Any]]

#: The first file. Each change has a column of its own.
BEFORE: Columns = {
    "id": (pa.int64(), 1),
    "gone": (pa.string(), "old"),
    "n": (pa.int32(), 1),
    "f": (pa.float32(), 0.5),
    "d": (pa.decimal128(6, 2), Decimal("1.00")),
    "big": (pa.int64(), 5),
    "scaled": (pa.decimal128(6, 2), Decimal("1.00")),
    "old_name": (pa.string(), "old"),
    "code": (pa.int32(), 1),
    "fits": (pa.int32(), 1),
    "list": (pa.string(), "old"),
    "day": (pa.date32(), datetime.date(2024, 1, 1)),
}
FIRST_ROW = {name: value for name, (_, value) in BEFORE.items()}
SECOND_ROW = FIRST_ROW | {"id": 2}


@dataclass(frozen=True)
class Done:
    """The batch is in the table: what of the second row is not as in the first file, new columns of the
    first row, and how the table was changed."""

    second: Row
    first: Row = field(default_factory=dict)
    changed: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Refused:
    """The file is bad; or (`held`) only an operator can decide."""

    code: str
    held: bool = False


@dataclass(frozen=True)
class Change:
    """Columns that the second file has instead of the first one's (None: has not), and what comes of it."""

    columns: dict[str, tuple[pa.DataType, Any] | None]
    strict: Done | Refused
    evolve: Done | Refused
    lenient: Done | Refused

    def under(self, policy: str, format: str = "iceberg") -> Done | Refused:
        """Of Hudi's types only int widens without a change of values; a table is held where another type of
        Iceberg's is widened."""
        found = {"strict": self.strict, "evolve": self.evolve, "lenient": self.lenient}[policy]
        widened = isinstance(found, Done) and any(one.get("was", "int") != "int" for one in found.changed)
        return HELD if widened and format == "hudi" else found


def added(column: str, type_: str) -> tuple[Row, ...]:
    return ({"change": "added", "column": column, "type": type_},)


def widened(column: str, was: str, type_: str) -> tuple[Row, ...]:
    return ({"change": "widened", "column": column, "type": type_, "was": was},)


def kept_aside(column: str, text: str) -> Done:
    return Done({column: None, "_rescued": {column: text}})


POINT = pa.struct([("x", pa.int32()), ("b", pa.binary())])
UNKNOWN, MISSING, OTHER_TYPE = Refused("TG2201"), Refused("TG2202"), Refused("TG2203")
HELD, OTHER_KEY = Refused("TG2221", held=True), Refused("TG2222", held=True)
EARLIER = ("with the declared columns", "`schema_policy`")
CHOICES = {
    "TG2201": EARLIER,
    "TG2202": EARLIER,
    "TG2203": EARLIER,
    "TG2211": ("`keys`", "the file"),
    "TG2221": ("with the old type", "`schema_policy: lenient`", "in full again", "`tidegate release`"),
    "TG2222": ("with the old key", "in full again", "`tidegate release`"),
}
"""What a message must offer whoever reads it."""

CHANGES = {
    "add": Change(
        {"x": (pa.string(), "new")},
        UNKNOWN,
        Done({"x": "new"}, {"x": None}, added("x", "string")),
        Done({"_rescued": {"x": "new"}}),
    ),
    "add, nested": Change(
        {"point": (POINT, {"x": 1, "b": b"\0\xff"})},
        UNKNOWN,
        Done(
            {"point": (1, bytearray(b"\0\xff"))}, {"point": None}, added("point", "struct<x:int,b:binary>")
        ),
        Done({"_rescued": {"point": '{"x":1,"b":"AP8="}'}}),
    ),
    "drop": Change({"gone": None}, MISSING, Done({"gone": None}), Done({"gone": None})),
    "widen int": Change(
        {"n": (pa.int64(), 2**40)},
        OTHER_TYPE,
        Done({"n": 2**40}, changed=widened("n", "int", "bigint")),
        kept_aside("n", str(2**40)),
    ),
    "widen float": Change(
        {"f": (pa.float64(), 0.1)},
        OTHER_TYPE,
        Done({"f": 0.1}, changed=widened("f", "float", "double")),
        kept_aside("f", "0.1"),
    ),
    "widen decimal": Change(
        {"d": (pa.decimal128(12, 2), Decimal("123456789.50"))},
        OTHER_TYPE,
        Done({"d": Decimal("123456789.50")}, changed=widened("d", "decimal(6,2)", "decimal(12,2)")),
        kept_aside("d", "123456789.50"),
    ),
    "narrow": Change({"big": (pa.int32(), 7)}, OTHER_TYPE, HELD, Done({"big": 7})),
    "narrow, fewer digits before the point": Change(
        {"scaled": (pa.decimal128(6, 3), Decimal("2.125"))}, OTHER_TYPE, HELD, kept_aside("scaled", "2.125")
    ),
    "rename": Change(
        {"old_name": None, "new_name": (pa.string(), "new")},
        UNKNOWN,
        Done({"old_name": None, "new_name": "new"}, {"new_name": None}, added("new_name", "string")),
        Done({"old_name": None, "_rescued": {"new_name": "new"}}),
    ),
    "other type": Change(
        {"code": (pa.string(), "seven")}, OTHER_TYPE, HELD, kept_aside("code", "seven")
    ),
    "other type, the value fits": Change({"fits": (pa.string(), "7")}, OTHER_TYPE, HELD, Done({"fits": 7})),
    "other type, nested": Change(
        {"list": (pa.list_(pa.int32()), [1, 2])}, OTHER_TYPE, HELD, kept_aside("list", "[1,2]")
    ),
    "date to timestamp": Change(
        {"day": (pa.timestamp("us"), datetime.datetime(2024, 1, 2, 12))},
        OTHER_TYPE,
        HELD,
        kept_aside("day", "2024-01-02 12:00:00"),
    ),
    "key of another type": Change({"id": (pa.int32(), 2)}, OTHER_TYPE, OTHER_KEY, OTHER_KEY),
    "key renamed": Change(
        {"id": None, "key": (pa.int64(), 2)}, Refused("TG2211"), OTHER_KEY, OTHER_KEY
    ),
}  # fmt: skip


def test_the_documentation_says_the_same() -> None:
    """[schema-policy] Its table has each change, and each number under the policy that gives it."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "schema-changes.md"
    lines = [line.strip("|").split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    cells = {line[0].strip(): line[1:] for line in lines if len(line) == 1 + len(POLICIES)}
    assert set(cells) - set(CHANGES) == {"change of the source", "reorder"}
    for name, change in CHANGES.items():
        for policy, text in zip(POLICIES, cells[name], strict=True):
            expected = change.under(policy)
            numbers = [expected.code] if isinstance(expected, Refused) else []
            assert re.findall(r"TG\d{4}", text) == numbers, (name, policy)
            held = isinstance(expected, Refused) and expected.held
            assert ("held" in text, "bad" in text) == (held, bool(numbers) and not held), (name, policy)


def second_file(*changes: Change) -> Columns:
    """All columns in another order than the first file has them."""
    columns: dict[str, tuple[pa.DataType, Any] | None] = {**BEFORE, "id": (pa.int64(), 2)}
    for change in changes:
        columns.update(change.columns)
    return {name: column for name, column in reversed(columns.items()) if column is not None}


def file_of(columns: Columns, seq: str) -> pa.Table:
    named = {"op": (pa.string(), "I"), "seq": (pa.string(), seq), **columns}
    return pa.table({name: pa.array([value], type_) for name, (type_, value) in named.items()})


@dataclass
class Course:
    """One table: the outcomes of the batches that were refused, with their files, and of the one that was
    not."""

    lake: Lake
    policy: str
    refused: dict[str, tuple[Row, Row]] = field(default_factory=dict)
    committed: Row = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def told(self) -> Generator[Row, Row, None]:
        """Each change that the policy refuses comes in a batch of its own, and then all others in one: what
        is refused must leave no trace."""
        lake = self.lake
        lake.settle((yield lake.planned(lake.entry([lake.put_table(file_of(BEFORE, "01"))]))))
        for name, change in CHANGES.items():
            if isinstance(change.under(self.policy, lake.format), Refused):
                file = lake.put_table(file_of(second_file(change), "02"))
                self.refused[name] = file, (yield lake.planned(lake.entry([file])))
        taken = [
            change for change in CHANGES.values() if isinstance(change.under(self.policy, lake.format), Done)
        ]
        last = lake.put_table(file_of(second_file(*taken), "02"))
        self.committed = yield lake.planned(lake.entry([last]))


@pytest.fixture(scope="module", params=TRIED)
def courses(
    request: pytest.FixtureRequest, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Course]:
    """A table for each mode and policy."""
    folder = tmp_path_factory.mktemp("schemas")
    courses = {(mode, policy): Course(Lake(spark, folder), policy) for mode in MODES for policy in POLICIES}
    for (mode, policy), course in courses.items():
        of_kind(course.lake, request.param)
        course.lake.mode, course.lake.schema_policy = mode, policy
    one_by_one([course.lake for course in courses.values()], [course.told() for course in courses.values()])
    for course in courses.values():
        course.rows = course.lake.rows()
    return courses


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", CHANGES)
def test_what_a_policy_does_with_a_change(
    courses: dict[tuple[str, str], Course], name: str, policy: str, mode: str
) -> None:
    """[schema-policy]"""
    course, change = courses[mode, policy], CHANGES[name]
    expected = change.under(policy, course.lake.format)
    if isinstance(expected, Refused):
        file, outcome = course.refused[name]
        assert (outcome["result"], outcome["error"]["code"]) == ("rejected", expected.code)
        blamed = [bad["file_id"] for bad in outcome["bad_files"]]
        assert blamed == ([] if expected.held else [file["file_id"]])
        assert f"`{file['uri']}`" in outcome["error"]["message"]
        # The column that is gone (of a key), or else the one that is not as it was.
        named = [column for column in change.columns if f"`{column}`" in outcome["error"]["message"]]
        assert named
        for choice in CHOICES[expected.code]:
            assert choice in outcome["error"]["message"]
        return
    first, second = course.rows
    assert {column: first[column] for column in expected.first} == expected.first
    rescued = expected.second.get("_rescued", {})
    assert {column: second[column] for column in expected.second if column != "_rescued"} == {
        column: value for column, value in expected.second.items() if column != "_rescued"
    }
    assert rescued.items() <= (second.get("_rescued") or {}).items()
    changed = [one for one in course.committed.get("schema_changes", []) if one["column"] in change.columns]
    assert changed == list(expected.changed)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_else_happens_to_the_table(
    courses: dict[tuple[str, str], Course], policy: str, mode: str
) -> None:
    """[schema-policy] Columns may stand in any order; what was refused has left no trace; ours stay
    behind."""
    course = courses[mode, policy]
    done = [change.under(policy, course.lake.format) for change in CHANGES.values()]
    rescued: Row = {}
    second, first = dict(SECOND_ROW), dict(FIRST_ROW)
    for expected in done:
        if isinstance(expected, Done):
            first |= expected.first
            second |= expected.second
            rescued |= expected.second.get("_rescued", {})
    if policy == "lenient":
        first["_rescued"], second["_rescued"] = None, rescued
    assert course.rows == [first, second]
    if course.lake.format == "iceberg":
        assert all(name.startswith("_tg_") for name in course.lake.frame().columns[-5:])
    assert len(course.lake.snapshots()) == 2
