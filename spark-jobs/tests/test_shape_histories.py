"""Random histories of partial updates, of values that Debezium leaves out, and of keys that change, against a
fold in plain Python. Each key (or group of keys) of a table has a history of its own, so that few commits try
many."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.courses import Course, Files, elsewhere, everywhere, tell
from tests.kinds import DEEP
from tests.lake import UNAVAILABLE, Lake, Row, change

HISTORIES = 3_000 if DEEP else 1_000
BATCHES = 3
GROUP = 3
OPERATIONS = {"I": "c", "U": "u", "D": "d"}
Batches = list[list[Row]]


def value(random: Random) -> int | None:
    return random.choice([None, random.randrange(10)])


def partial_updates(random: Random) -> Batches:
    """Changes of each key in the order of their batches, since a late one is refused; some come again, in
    their batch, or as what is stored already."""
    batches: Batches = [[] for _ in range(BATCHES)]
    for id_ in range(HISTORIES):
        places = sorted(random.choices(range(BATCHES), k=random.randint(1, 8)))
        last: Row | None = None
        for number, place in enumerate(places):
            row = change(random.choice("IUUUUD"), f"{number:02}", id=id_, v=value(random), a=value(random))
            again = [row] if random.random() < 0.1 else []
            if last is not None and place > places[number - 1] and random.random() < 0.3:
                again.append(last)
            batches[place] += [row, *again]
            last = row
    return batches


def fold_partial_updates(batches: Batches, left_out: str | None = None) -> list[Row]:
    """`a` is unchanged where an update has `left_out` in it, and that stays where there is no row before it;
    `v` is what each change says."""
    held: dict[int, Row] = {}
    for row in sorted((row for rows in batches for row in rows), key=lambda row: str(row["seq"])):
        before = held.pop(row["id"], {"a": left_out})
        if row["op"] != "D":
            unchanged = row["op"] == "U" and row["a"] == left_out
            held[row["id"]] = {"id": row["id"], "v": row["v"], "a": before["a"] if unchanged else row["a"]}
    return [held[key] for key in sorted(held)]


def values_left_out(random: Random) -> Batches:
    """The same changes, of whose updates some leave a text out."""
    batches = partial_updates(random)
    for row in {id(row): row for rows in batches for row in rows}.values():
        row["a"] = random.choice([None, "a", "b", *([UNAVAILABLE] * 2 if row["op"] == "U" else [])])
    return batches


def moving_keys(random: Random) -> Batches:
    """Changes of groups of keys that move into one another, in any order."""
    batches: Batches = [[] for _ in range(BATCHES)]
    for group in range(HISTORIES // GROUP):
        for number in random.sample(range(100), k=random.randint(1, 8)):
            id_, old = (group * GROUP + random.randrange(GROUP) for _ in range(2))
            op = random.choice("IUUUD")
            row = change(op, f"{number:02}", id=id_, v=random.randrange(100), bi_id=None)
            if op == "U" and random.random() < 0.9:
                row["bi_id"] = old
            random.choice(batches).append(row)
    return batches


def fold_moving_keys(batches: Batches) -> list[Row]:
    """Of each key what its newest change made of it, one that took it away included."""
    newest: dict[int, tuple[str, Row | None]] = {}
    for row in (row for rows in batches for row in rows):
        found = [(row["id"], None if row["op"] == "D" else {"id": row["id"], "v": row["v"]})]
        if row["bi_id"] not in (None, row["id"]):
            found.append((row["bi_id"], None))
        for key, held in found:
            if key not in newest or row["seq"] > newest[key][0]:
                newest[key] = (row["seq"], held)
    return [held for _, (_, held) in sorted(newest.items(), key=lambda one: one[0]) if held]


def files(rows: Sequence[Row], random: Random) -> Files:
    """Two files, with the rows in any order."""
    shuffled = random.sample(rows, len(rows))
    half = random.randint(1, len(rows) - 1)
    columns = [name for name in ("op", "seq", "id", "v", "a", "bi_id") if name in rows[0]]
    schema = pa.schema([(name, pa.string() if name in ("op", "seq") else pa.int64()) for name in columns])

    def put(lake: Lake) -> list[Row]:
        parts = (shuffled[:half], shuffled[half:])
        return [lake.put_table(pa.Table.from_pylist(part, schema=schema)) for part in parts]

    return put


def envelopes(rows: Sequence[Row], random: Random) -> Files:
    """The same as Debezium's events in JSON lines."""

    def event(row: Row) -> Row:
        held = {name: row[name] for name in ("id", "v", "a") if name in row}
        before = {"id": row["bi_id"], "v": None} if row.get("bi_id") is not None else None
        images = {"before": held, "after": None} if row["op"] == "D" else {"before": before, "after": held}
        return {"op": OPERATIONS[row["op"]], "source": {"lsn": int(row["seq"])}, **images}

    lines = "\n".join(json.dumps(event(row)) for row in random.sample(rows, len(rows)))
    return lambda lake: [lake.put_bytes(lines.encode(), f"{len(rows)}.json")]


Fold = Callable[[Batches], list[Row]]
TOLD: dict[str, tuple[Callable[[Random], Batches], Fold, dict[str, Any]]] = {
    "partial updates": (partial_updates, fold_partial_updates, {"null_means_unchanged": ["a"]}),
    "moving keys": (moving_keys, fold_moving_keys, {"before_image": {"prefix": "bi_"}}),
}
SEED = 20231118
BATCHES_OF = {name: make(Random(SEED)) for name, (make, _, _) in TOLD.items()}
COURSES = {
    name: Course([files(rows, Random(SEED)) for rows in BATCHES_OF[name]], {"merge": merge})
    for name, (_, _, merge) in TOLD.items()
}
AS_EVENTS: dict[str, tuple[Batches, Fold]] = {
    "moving keys": (BATCHES_OF["moving keys"], fold_moving_keys),
    "values left out": (values_left_out(Random(SEED)), partial(fold_partial_updates, left_out=UNAVAILABLE)),
}
DEBEZIUM = {
    "text_files": {"columns": [{"name": name, "type": "bigint"} for name in ("id", "v")]},
    "merge": {
        "shape": "debezium",
        "sequence_by": "source.lsn",
        "operations": {"column": "op", "inserts": ["c"], "updates": ["u"], "deletes": ["d"]},
        "unavailable_value": UNAVAILABLE,
    },
}
COURSES |= elsewhere(COURSES, deep=list(TOLD))
EVENTS = {
    name: Course([envelopes(rows, Random(SEED)) for rows in batches], DEBEZIUM)
    for name, (batches, _) in AS_EVENTS.items()
}
EVENTS |= elsewhere(EVENTS, deep=["values left out"])


@pytest.fixture(scope="module")
def courses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    tell(
        spark,
        tmp_path_factory.mktemp("shapes"),
        {**COURSES, **{f"{name}, events": EVENTS[name] for name in EVENTS}},
    )
    return COURSES


@pytest.mark.parametrize("name", TOLD)
def test_table_ends_as_a_fold_in_plain_python(courses: dict[str, Course], name: str) -> None:
    expected = TOLD[name][1](BATCHES_OF[name])
    assert len(expected) > HISTORIES / 3
    for course in everywhere(courses, name):
        assert course.rows(*expected[0]) == expected


@pytest.mark.parametrize("name", AS_EVENTS)
def test_envelopes_end_so_too(courses: dict[str, Course], name: str) -> None:
    batches, fold = AS_EVENTS[name]
    expected = fold(batches)
    assert len(expected) > HISTORIES / 3
    for course in everywhere(EVENTS, name):
        assert course.rows(*expected[0]) == expected
