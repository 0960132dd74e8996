"""Random histories of a table for hypothesis: changes of few keys in files of any format, batches in any
order, repeats, one change of the columns; and what the table must hold then, by a fold in plain Python."""

from __future__ import annotations

import datetime
import gzip
import io
import json
from collections.abc import Generator, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.lake import Lake, Row

TEXTS = st.sampled_from(
    ["", "a", "A", "NULL", "null", " x ", "007", 'say "x"', "a,b", "l\nf", "c\r\nf", "\\", "ü€𝄞"]
)
TEXTS |= st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
#: Python itself has no first year of times without a zone.
_TIMES = st.datetimes(datetime.datetime(2, 1, 1), timezones=st.just(datetime.UTC))


def _decimals(digits: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1 - 10**digits, 10**digits - 1).map(lambda number: Decimal(f"{number}e-2"))


#: By Spark's name: how a parquet file has it, and its values.
TYPES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "bigint": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "float": (pa.float32(), st.floats(width=32, allow_nan=False)),
    "double": (pa.float64(), st.floats(allow_nan=False)),
    "decimal(6,2)": (pa.decimal128(6, 2), _decimals(6)),
    "decimal(38,2)": (pa.decimal128(38, 2), _decimals(38)),
    "string": (pa.string(), TEXTS),
    "boolean": (pa.bool_(), st.booleans()),
    "date": (pa.date32(), st.dates()),
    "timestamp": (pa.timestamp("us", "UTC"), _TIMES),
}
WIDER = {"int": "bigint", "float": "double", "decimal(6,2)": "decimal(38,2)"}
SEQUENCES = {
    "string": st.sampled_from(["1", "10", "2", "é", "𝄞"]),
    "bigint": st.integers(0, 12) | st.just(2**63 - 1),
    "timestamp": st.integers(0, 12).map(lambda n: datetime.datetime(2024, 1, 1, 0, 0, n, n, datetime.UTC)),
}


KEY_TYPES = ("bigint", "string", "date", "decimal(38,2)", "timestamp")
Types = list[tuple[str, str]]
"""Of the columns of a file, in order."""


class File(NamedTuple):
    """A landed file. `new`: written after the columns changed; `odd`: with names and their order changed."""

    batch: int
    format: str
    full: bool
    new: bool
    odd: bool
    rows: list[Row]


class History(NamedTuple):
    """Files in the order in which they are put; batches are applied by number. After batch `a`, batch `b` is
    applied `again` for each pair (a, b)."""

    keys: list[str]
    sequence: str
    old: dict[str, str]
    new: dict[str, str]
    partition_by: list[str]
    files: list[File]
    again: list[tuple[int, int]]


def final_rows(history: History) -> list[Row]:
    """The newest change of each key; among equal ones the first applied, and in a batch the first put."""
    newest: dict[Any, Row] = {}
    for file in sorted(history.files, key=lambda file: file.batch):
        for row in file.rows:
            key = tuple(row[name] for name in history.keys)
            if key not in newest or _order(row) > _order(newest[key]):
                newest[key] = row
    return [_data(history, row) for row in newest.values() if row.get("op") != "D"]


def every_version(history: History) -> list[Row]:
    """Each row of each file once."""
    rows = [row for file in history.files for row in file.rows]
    own = [{"op": row.get("op", "L"), "seq": _as_text(row.get("seq"))} for row in rows]
    return [ours | _data(history, row) for ours, row in zip(own, rows, strict=True)]


def _order(row: Row) -> tuple[bool, Any]:
    sequence = row.get("seq")
    return sequence is not None, sequence


def _data(history: History, row: Row) -> Row:
    return {name: row.get(name) for name in history.new}


def _as_text(sequence: Any) -> str:
    if isinstance(sequence, datetime.datetime):
        return f"{sequence:%Y-%m-%d %H:%M:%S.%f}"
    return f"{sequence:020}" if isinstance(sequence, int) else sequence or ""


def plain(row: Row) -> Row:
    """A row as Spark collects it: times have no zone, and are this machine's."""
    return {
        name: value.astimezone().replace(tzinfo=None) if isinstance(value, datetime.datetime) else value
        for name, value in row.items()
    }


# --- drawing


@st.composite
def histories(draw: st.DrawFn, formats: tuple[str, ...], iceberg: bool) -> History:
    """A history whose files have these formats (what their names end in). A Hudi table has no buckets, its
    decimals don't widen, and a column that it is partitioned by has no empty texts: they would read as
    null."""
    key_types = draw(st.lists(st.sampled_from(KEY_TYPES), min_size=1, max_size=2))
    keys = {f"k{place}": type_ for place, type_ in enumerate(key_types)}
    change = draw(st.sampled_from(["none", "added", "widened"]))
    widening = list(WIDER) if iceberg else ["int"]
    type_ = draw(st.sampled_from(widening if change == "widened" else list(TYPES)))
    old = {**keys, "p": "string", "v": type_}
    more = {"extra": draw(st.sampled_from(list(TYPES)))} if change == "added" else {}
    new = {**old, **more, "v": WIDER[type_] if change == "widened" else type_}
    sequence = draw(st.sampled_from(list(SEQUENCES)))
    few = draw(st.lists(st.tuples(*(TYPES[type_][1] for type_ in key_types)), min_size=1, max_size=3))
    slots = draw(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), min_size=1, max_size=6))
    partition = draw(st.sampled_from([[], ["p"], *([["bucket(2, k0)"]] if iceberg else [])]))
    first_batch = min(batch for batch, _, _ in slots)
    first = next(place for place, (batch, _, _) in enumerate(slots) if batch == first_batch)
    files = []
    for place, (batch, full, later) in enumerate(slots):
        # A table whose first batch knows only the wider type never had the narrower one; nor has it if text
        # declares it.
        is_new = later and not full and place != first
        declares = change == "widened" and batch == first_batch
        form = formats[0] if declares else draw(st.sampled_from(formats))
        columns = new if is_new else old
        row = _row(keys, few, columns, None if full else sequence)
        if not iceberg and partition:
            row = row.filter(lambda one: one["p"] != "")
        # No two rows have one key and one sequence: the rules leave open which one wins. JSON without a line
        # is no file.
        rows = st.lists(row, min_size=int("json" in form), max_size=5, unique_by=partial(_place, keys))
        files.append(File(batch, form, full, is_new, draw(st.booleans()), draw(rows)))
    again = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2))
    return History(list(keys), sequence, old, new, partition, files, again)


def _row(
    keys: Mapping[str, str], few: list[Any], columns: Mapping[str, str], sequence: str | None
) -> st.SearchStrategy[Row]:
    data = {name: st.none() | TYPES[type_][1] for name, type_ in columns.items() if name not in keys}
    if sequence:
        data = {"op": st.sampled_from("IUD"), "seq": st.none() | SEQUENCES[sequence], **data}
    return st.builds(
        lambda key, values: {**dict(zip(keys, key, strict=True)), **values},
        st.sampled_from(few),
        st.fixed_dictionaries(data),
    )


def _place(keys: Iterable[str], row: Row) -> tuple[Any, ...]:
    return *(row[key] for key in keys), row.get("seq")


# --- playing


def course(history: History, lake: Lake) -> Generator[Row, Row, None]:
    """Batch by batch and again, each of which must come out right."""
    lake.keys, lake.partition_by, lake.schema_policy = history.keys, history.partition_by, "evolve"
    items = [_put(lake, history, file) for file in history.files]
    entries: list[Row] = []
    columns = history.old
    for number, batch in enumerate(sorted({file.batch for file in history.files})):
        members = [place for place, file in enumerate(history.files) if file.batch == batch]
        if any(history.files[place].new for place in members):
            columns = history.new
        typed = {**columns, "seq": history.sequence}
        named = [{"name": name, "type": type_} for name, type_ in typed.items()]
        lake.text_files = {"columns": named, "csv": {"header": True, "null_value": ""}}
        entries.append(lake.entry([items[place] for place in members]))
        outcome = yield lake.planned(entries[-1])
        assert outcome["result"] == "committed", (outcome["error"], history)
        lake.settle(outcome)
        for after, which in history.again:
            if after == number and which <= number:
                outcome = yield lake.planned(entries[which])
                assert outcome["result"] == "already_committed", (outcome["error"], history)


def _put(lake: Lake, history: History, file: File) -> Row:
    columns = history.new if file.new else history.old
    own = {} if file.full else {"op": "string", "seq": history.sequence}
    types = list({**own, **columns}.items())
    if file.odd:
        types = [(name.upper(), type_) for name, type_ in reversed(types)]
    rows = [[row[name.lower()] for name, _ in types] for row in file.rows]
    content = _WRITERS[file.format.removesuffix(".gz")](types, rows)
    content = gzip.compress(content) if file.format.endswith(".gz") else content
    name = f"{len(list(lake.folder.glob(f'staging/{lake.table}/*')))}.{file.format}"
    return lake.put_bytes(content, name, "full" if file.full else "incremental")


def _parquet(types: Types, rows: list[list[Any]]) -> bytes:
    schema = pa.schema([(name, TYPES[type_][0]) for name, type_ in types])
    named = [dict(zip(schema.names, row, strict=True)) for row in rows]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(named, schema=schema), sink)
    return sink.getvalue()


def _csv(types: Types, rows: list[list[Any]]) -> bytes:
    """Texts in quotes and null as nothing, so that none is taken for the other."""
    texts = [["" if value is None else _quoted(_text(value)) for value in row] for row in rows]
    lines = [[_quoted(name) for name, _ in types], *texts]
    return "".join(",".join(line) + "\n" for line in lines).encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _jsonl(types: Types, rows: list[list[Any]]) -> bytes:
    lines = []
    for row in rows:
        values = zip(types, row, strict=True)
        fields = [f"{json.dumps(name)}: {_json(value)}" for (name, _), value in values]
        lines.append("{" + ", ".join(fields) + "}\n")
    return "".join(lines).encode()


def _json(value: Any) -> str:
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    return _text(value) if isinstance(value, Decimal) else json.dumps(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and abs(value) == float("inf"):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


_WRITERS = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl, "json": _jsonl}
