"""CSV and JSON lines, end to end: what AWS DMS and others write, and what must not be read as something
else."""

from __future__ import annotations

import datetime
import gzip
from collections.abc import Generator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, one_by_one

KEYED = [{"name": "id", "type": "bigint"}, {"name": "v", "type": "string"}]
HEADER = {"columns": KEYED, "csv": {"header": True}}
NOTHING_NULL = {"columns": KEYED, "csv": {"header": True, "null_value": ""}}
DMS = {"columns": [*KEYED, {"name": "seq", "type": "string"}]}
LISTED = {"columns": [{"name": "op", "type": "string"}, *DMS["columns"]]}
DIALECT = {
    "columns": KEYED,
    "csv": {"header": True, "delimiter": ";", "quote": "'", "escape": "\\", "null_value": "\\N"},
}
ALL_TYPES = [
    {"name": "id", "type": "bigint"},
    {"name": "b", "type": "boolean"},
    {"name": "i", "type": "int"},
    {"name": "f", "type": "double"},
    {"name": "m", "type": "decimal(38,2)"},
    {"name": "u", "type": "decimal(20,0)"},
    {"name": "d", "type": "date"},
    {"name": "t", "type": "timestamp"},
    {"name": "n", "type": "timestamp_ntz"},
]
LARGE = Decimal("123456789012345678901234567890123456.78")
NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
ONE = [{"id": 1, "v": "x"}]
TWO = [*ONE, {"id": 2, "v": "y"}]
CHANGES = b'V,Op,Seq,Id\n"a,""b""\r\nc",U,01,1\n,D,02,2\n,I,03,3\n'
#: Per name: what the configuration says, the batches with each file's name, kind and content, the rows then.
READ: dict[str, tuple[Row | None, list[list[tuple[str, str, bytes | pa.Table]]], list[Row]]] = {
    "header, order of its own, gzip": (
        HEADER,
        [
            [("a.csv", "full", b"id,v\n1,007\n2,NULL\n")],
            [("c.csv.gz", "incremental", gzip.compress(CHANGES))],
        ],
        [{"id": 1, "v": 'a,"b"\r\nc'}, {"id": 3, "v": ""}],
    ),
    "DMS's own: no header, operation first in change files": (
        DMS,
        [
            [("LOAD1.csv", "full", b"1,x,\n2,y,\n3,z,\n")],
            [("1.csv", "incremental", b"U,1,NULL,20231118\nD,2,y,20231119\nI,4,,20231120\n")],
        ],
        [{"id": 1, "v": None}, {"id": 3, "v": "z"}, {"id": 4, "v": ""}],
    ),
    "operation in full loads (IncludeOpForFullLoad)": (DMS, [[("a.csv", "full", b"I,1,x,\nI,2,y,\n")]], TWO),
    "operation configured, and not in full loads": (
        LISTED,
        [[("a.csv", "full", b"1,x,\n2,y,\n"), ("b.csv", "incremental", b"D,2,y,01\n")]],
        ONE,
    ),
    "another dialect": (
        DIALECT,
        [[("a.csv", "full", b"id;v\n1;'a;\\'b'\n2;\\N\n3;\n")]],
        [{"id": 1, "v": "a;'b"}, {"id": 2, "v": None}, {"id": 3, "v": ""}],
    ),
    "nothing is null": (
        NOTHING_NULL,
        [[("a.csv", "full", b'id,v\n1,\n2,""\n3,NULL\n4,\xef\xbf\xbd\n')]],
        [{"id": 1, "v": None}, {"id": 2, "v": ""}, {"id": 3, "v": "NULL"}, {"id": 4, "v": "\ufffd"}],
    ),
    "CRLF, with a line feed in the first quotes, BOM, no break at the end": (
        {"columns": KEYED},
        [[("a.csv", "full", b'\xef\xbb\xbf1,"x\ny"\r\n\r\n2,"x\r\ny"')]],
        [{"id": 1, "v": "x\ny"}, {"id": 2, "v": "x\r\ny"}],
    ),
    "LF, with CRLF in the first quotes": (
        {"columns": KEYED},
        [[("a.csv", "full", b'1,"x\r\ny"\n2, y \n')]],
        [{"id": 1, "v": "x\r\ny"}, {"id": 2, "v": " y "}],
    ),
    "all types": (
        {"columns": ALL_TYPES},
        [
            [
                (
                    "a.csv",
                    "full",
                    b"1,true,-7,1e3,123456789012345678901234567890123456.780,18446744073709551615,2024-02-29,"
                    b"2024-02-29 12:00:00.123456,2024-02-29T12:00:00.123456000\n"
                    b"2,NULL,NULL,NULL,NULL,NULL,NULL,2024-02-29 13:00:00.123456+01:00,NULL\n",
                )
            ]
        ],
        [
            {
                "id": 1,
                "b": True,
                "i": -7,
                "f": 1000.0,
                "m": LARGE,
                "u": Decimal(2**64 - 1),
                "d": NOON.date(),
                "t": NOON,
                "n": NOON,
            },
            {"id": 2, "b": None, "i": None, "f": None, "m": None, "u": None, "d": None, "t": NOON, "n": None},
        ],
    ),
    "a full load of parquet declares the types of CSV and JSON beside it": (
        {"csv": {"header": True}},
        [
            [
                ("a.parquet", "full", pa.table({"id": pa.array([1, 2], pa.int64()), "v": ["x", "y"]})),
                ("b.csv", "incremental", b"Op,seq,id,v\nU,02,1,07\n"),
                ("c.json", "incremental", b'{"Op":"D","seq":"03","id":2,"v":null}\n'),
            ],
            [("d.csv", "incremental", b"Op,seq,id,v\nI,04,3,\n")],
        ],
        [{"id": 1, "v": "07"}, {"id": 3, "v": ""}],
    ),
    "JSON lines": (
        {"columns": [*KEYED, {"name": "m", "type": "decimal(38,2)"}]},
        [
            [
                (
                    "a.jsonl",
                    "full",
                    b'{"id":1,"v":"\\u00e4\\"","o":{"a": [1.10]}}\r\n\n{"v":"x","id":"2","m":0.5}',
                )
            ],
            [
                (
                    "b.json.gz",
                    "incremental",
                    gzip.compress(
                        b'{"op":"U","seq":"1","ID":2,"v":1.2345678901234567890,"o":true,'
                        b'"m":123456789012345678901234567890123456.78}\n{"op":"D","seq":"2","ID":1}\n'
                    ),
                )
            ],
        ],
        [{"id": 2, "v": "1.2345678901234567890", "m": LARGE, "o": "true"}],
    ),
}  # fmt: skip


def put(lake: Lake, name: str, kind: str, content: bytes | pa.Table) -> Row:
    if isinstance(content, bytes):
        return lake.put_bytes(content, name, kind)
    return lake.put_table(content, name, kind)


def course_of(lake: Lake, batches: list[list[tuple[str, str, Any]]]) -> Generator[Row, Row, None]:
    for files in batches:
        outcome = yield lake.planned(lake.entry([put(lake, *file) for file in files]))
        assert outcome["result"] == "committed", outcome["error"]
        lake.settle(outcome)


@pytest.fixture(scope="module")
def read(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lake]:
    """Each case on a table of its own, all in the same plans."""
    folder = tmp_path_factory.mktemp("read")
    lakes = {name: Lake(spark, folder) for name in READ}
    for name, lake in lakes.items():
        lake.text_files = READ[name][0]
    one_by_one(list(lakes.values()), [course_of(lakes[name], READ[name][1]) for name in READ])
    return lakes


@pytest.mark.parametrize("name", READ)
def test_what_a_file_says_is_in_the_table(read: dict[str, Lake], name: str) -> None:
    assert read[name].rows() == READ[name][2]


TYPED = {"columns": [KEYED[0], {"name": "v", "type": "decimal(5,2)"}], "csv": {"header": True}}
DATED = {"columns": [KEYED[0], {"name": "v", "type": "timestamp"}], "csv": {"header": True}}
CUT_JSON = gzip.compress(b'{"id":1,"v":"x"}\n' * 20_000)[:-20]
CUT = gzip.compress(b"id,v\n1,x\n" * 20_000)[:-20]
#: Per name: what the configuration says, the file, the number, the reason, and the rows to blame.
REFUSED: dict[str, tuple[Row | None, str, bytes, str, str | None, list[int] | None]] = {
    "too few fields": (HEADER, "a.csv", b"id,v\n1,x\n2\n3,y\n4\n", "TG2108", "malformed", [2, 4]),
    "too many fields": (HEADER, "a.csv", b"id,v\n1,x\n2,y,z\n", "TG2108", "malformed", [2]),
    "no number": (HEADER, "a.csv", b"id,v\n1,x\n2x,y\n", "TG2108", "malformed", [2]),
    "a blank before a number": (HEADER, "a.csv", b"id,v\n 1,x\n", "TG2108", "malformed", [1]),
    "a number too large": (HEADER, "a.csv", b"id,v\n9223372036854775808,x\n", "TG2108", "malformed", [1]),
    "nothing as a number": (HEADER, "a.csv", b"id,v\n,x\n", "TG2108", "malformed", [1]),
    "a decimal to be rounded": (TYPED, "a.csv", b"id,v\n1,1.005\n", "TG2108", "malformed", [1]),
    "a decimal beyond its type": (TYPED, "a.csv", b"id,v\n1,1.50\n2,1000\n", "TG2108", "malformed", [2]),
    "half a timestamp": (DATED, "a.csv", b"id,v\n1,2024\n", "TG2108", "malformed", [1]),
    "no such day": (DATED, "a.csv", b"id,v\n1,2023-02-29 00:00:00\n", "TG2108", "malformed", [1]),
    "nanoseconds": (DATED, "a.csv", b"id,v\n1,2023-02-28 00:00:00.0000001\n", "TG2108", "malformed", [1]),
    "no escape": (HEADER, "a.csv", b'id,v\n1,x\n2,"a"b"\n', "TG2108", "malformed", [2]),
    "no end of quotes": (HEADER, "a.csv", b'id,v\n1,"x\n2,y\n', "TG2108", "malformed", None),
    "no UTF-8": (HEADER, "a.csv", b"id,v\n1,M\xfcller\n", "TG2108", "malformed", None),
    "no UTF-8 in JSON": (HEADER, "a.json", b'{"id":1,"v":"M\xfcller"}\n', "TG2108", "malformed", [1]),
    "null key": (HEADER, "a.csv", b"id,v\n1,x\nNULL,y\n", "TG2212", "null_key", [2]),
    "header, not configured": ({"columns": KEYED}, "a.csv", b"ID,V\n1,x\n", "TG2109", "columns", None),
    "nameless column": (HEADER, "a.csv", b"id,\n1,x\n", "TG2109", "columns", None),
    "a column more than configured": ({"columns": KEYED}, "a.csv", b"1,x,y\n", "TG2111", "columns", None),
    "a column less, behind an operation": (LISTED, "a.csv", b"I,1,x\n", "TG2111", "columns", None),
    "nothing names its columns": (None, "a.csv", b"1,x\n", "TG2107", None, None),
    "gzip by content only": (HEADER, "a.csv", gzip.compress(b"id,v\n1,x\n"), "TG2110", "columns", None),
    "gzip by name only": (HEADER, "a.csv.gz", b"id,v\n1,x\n", "TG2110", "columns", None),
    "gzip, cut short": (HEADER, "a.csv.gz", CUT, "TG2106", "damaged", None),
    "column twice": (HEADER, "a.csv", b"id,v,V\n1,x,y\n", "TG2204", "columns", None),
    "JSON, gzip, cut short": (HEADER, "a.json.gz", CUT_JSON, "TG2106", "damaged", None),
    "JSON that is none": (HEADER, "a.json", b'{"id":1,"v":"x"}\n{"id":2,\n', "TG2108", "malformed", [2]),
    "a JSON list": (HEADER, "a.json", b'[{"id":1,"v":"x"}]\n', "TG2108", "malformed", [1]),
    "a name twice": (HEADER, "a.json", b'{"id":1,"v":"x","id":2}\n', "TG2108", "malformed", [1]),
    "a JSON number beyond its type": (HEADER, "a.json", b'{"id":1.5,"v":"x"}\n', "TG2108", "malformed", [1]),
}  # fmt: skip


@pytest.fixture(scope="module")
def refused(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Lake, Row, Row]]:
    folder = tmp_path_factory.mktemp("refused")
    lakes = {name: Lake(spark, folder) for name in REFUSED}
    files = {}
    for name, (text, file_name, content, *_) in REFUSED.items():
        lakes[name].text_files = text
        files[name] = lakes[name].put_bytes(content, file_name, "full")
    planned = [lake.planned(lake.entry([files[name]])) for name, lake in lakes.items()]
    outcomes = lakes["null key"].run(*planned)
    return {
        name: (lakes[name], files[name], outcome) for name, outcome in zip(REFUSED, outcomes, strict=True)
    }


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_right_is_refused_with_its_rows(
    refused: dict[str, tuple[Lake, Row, Row]], name: str
) -> None:
    """[all-or-nothing] Nothing is read as null in silence, nor cut, nor rounded."""
    lake, file, outcome = refused[name]
    *_, code, reason, rows = REFUSED[name]
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", code), outcome["error"]
    assert f"`{file['uri']}`" in outcome["error"]["message"]
    assert [(bad["reason"], bad.get("rows")) for bad in outcome["bad_files"]] == (
        [(reason, rows)] if reason else []
    )
    assert not lake.exists()


def test_a_history_of_text(lake: Lake) -> None:
    lake.mode, lake.text_files = "historical", DMS
    lake.apply_and_settle([lake.put_bytes(b"1,x,\n", "load.csv", "full")])
    lake.apply_and_settle([lake.put_bytes(b"U,1,y,1\nD,1,y,2\n", "c.csv")])
    assert sorted((row["seq"], row["op"], row["v"]) for row in lake.versions()) == [
        ("", "L", "x"),
        ("1", "U", "y"),
        ("2", "D", "y"),
    ]
