"""Parquet in every form that AWS DMS can write, in one batch each: the same rows, whatever the form."""

from __future__ import annotations

import datetime
import itertools
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.lake import Lake, Row

NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 123000)
#: Of each source type a value at its edge, and what the table holds.
VALUES: dict[str, tuple[pa.DataType, Any, Any]] = {
    "i8": (pa.int8(), -(2**7), -(2**7)),
    "i16": (pa.int16(), 2**15 - 1, 2**15 - 1),
    "i32": (pa.int32(), -(2**31), -(2**31)),
    "i64": (pa.int64(), 2**63 - 1, 2**63 - 1),
    "u8": (pa.uint8(), 2**8 - 1, 2**8 - 1),
    "u16": (pa.uint16(), 2**16 - 1, 2**16 - 1),
    "u32": (pa.uint32(), 2**32 - 1, 2**32 - 1),
    "u64": (pa.uint64(), 2**64 - 1, Decimal(2**64 - 1)),
    "f32": (pa.float32(), 0.5, 0.5),
    "f64": (pa.float64(), 1e300, 1e300),
    "d9": (pa.decimal128(9, 2), Decimal("-1234567.89"), Decimal("-1234567.89")),
    "d18": (pa.decimal128(18, 0), Decimal(10**18 - 1), Decimal(10**18 - 1)),
    "d38": (pa.decimal128(38, 10), Decimal(10**37).scaleb(-10), Decimal(10**37).scaleb(-10)),
    "flag": (pa.bool_(), True, True),
    "flag_text": (pa.string(), "true", "true"),
    "day": (pa.date32(), NOON.date(), NOON.date()),
    "at": (pa.timestamp("us", "UTC"), NOON, NOON),
    "wall": (pa.timestamp("us"), NOON, NOON),
    "bytes": (pa.binary(), b"\x00\xff", bytearray(b"\x00\xff")),
    "text": (pa.string(), "ä\u0000\U0001f600", "ä\u0000\U0001f600"),
}
COLUMNS = {"id": pa.int64(), **{name: type_ for name, (type_, _, _) in VALUES.items()}}
#: Every option of its writer, each value of each at least twice, in other company.
VERSIONS = ("1.0", "2.4", "2.6")
COMPRESSIONS = ("none", "gzip", "snappy", "zstd")
VARIANTS: list[dict[str, Any]] = [
    {
        "version": version,
        "compression": compression,
        "use_dictionary": place % 2 == 0,
        "data_page_version": "2.0" if place % 3 == 0 else "1.0",
        "store_decimal_as_integer": place % 5 == 0,
        "coerce_timestamps": "ms" if place % 4 == 0 else "us",
    }
    for place, (version, compression) in enumerate(itertools.product(VERSIONS, COMPRESSIONS))
]


def file_of(lake: Lake, ids: range, **options: Any) -> Row:
    columns = {name: [None if n % 2 else VALUES[name][1] for n in ids] for name in VALUES}
    table = pa.table({"id": list(ids), **columns}, schema=pa.schema(list(COLUMNS.items())))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return lake.put_bytes(sink.getvalue().to_pybytes(), kind="full")


def expected(ids: range) -> list[Row]:
    return [
        {"id": n, **{name: None if n % 2 else held for name, (_, _, held) in VALUES.items()}} for n in ids
    ]


def test_all_variants_in_one_batch(lake: Lake) -> None:
    files = [
        file_of(lake, range(place * 4, place * 4 + 4), **variant) for place, variant in enumerate(VARIANTS)
    ]
    lake.apply_and_settle(files)
    assert lake.rows() == expected(range(4 * len(VARIANTS)))


def test_times_of_day_and_old_timestamps(lake: Lake) -> None:
    """Spark has no type for a time of a day, and refuses to read it: it becomes a text that sorts as it
    does."""
    time = datetime.time(23, 59, 58, 7000)

    def put(id_: int, unit: str, **options: Any) -> Row:
        type_ = pa.time32("ms") if unit == "ms" else pa.time64(unit)
        at = pa.array([NOON], pa.timestamp("us", "UTC"))
        table = pa.table(
            {"id": pa.array([id_]), "o_clock": pa.array([time if id_ != 6 else None], type_), "at": at}
        )
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, **options)
        return lake.put_bytes(sink.getvalue().to_pybytes(), kind="full")

    text = pa.table(
        {"id": [4], "o_clock": ["00:00:00.000000"], "at": pa.array([NOON], pa.timestamp("us", "UTC"))}
    )
    files = [put(1, "ms"), put(2, "us"), put(3, "ns"), lake.put_table(text, kind="full")]
    files += [put(5, "us", use_deprecated_int96_timestamps=True), put(6, "us")]
    lake.apply_and_settle(files)
    assert [(row["o_clock"], row["at"]) for row in lake.rows()] == [
        ("23:59:58.007000", NOON),
        ("23:59:58.007000", NOON),
        ("23:59:58.007000000", NOON),
        ("00:00:00.000000", NOON),
        ("23:59:58.007000", NOON),
        (None, NOON),
    ]


@pytest.mark.parametrize("int96", [False, True])
def test_days_from_before_the_calendar(lake: Lake, int96: bool) -> None:
    """Sources have `0001-01-01` for "none": Spark refuses such files unless it is told which calendar they
    mean."""
    at = datetime.datetime(1, 1, 1, 0, 0, 0, 1)
    days = [datetime.date(1, 1, 1), datetime.date(1582, 10, 4), datetime.date(9999, 12, 31)]
    ids = pa.array(range(len(days)))
    times = pa.array([at] * len(days), pa.timestamp("us", "UTC"))
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.table({"id": ids, "day": days, "at": times}), sink, use_deprecated_int96_timestamps=int96
    )
    lake.apply_and_settle([lake.put_bytes(sink.getvalue().to_pybytes(), kind="full")])
    held = lake.spark.table(f"shop.{lake.table}").orderBy("id").selectExpr("day", "CAST(at AS string)")
    assert [tuple(row) for row in held.collect()] == [(day, "0001-01-01 00:00:00.000001") for day in days]


def test_booleans_that_are_texts(lake: Lake) -> None:
    """[DMS] Told so by the configuration for the first file, and by the table for those that follow."""

    def put(values: dict[int, str | bool | None], type_: pa.DataType) -> Row:
        columns = {"id": pa.array(list(values)), "Paid": pa.array(list(values.values()), type_)}
        return lake.put_table(pa.table(columns), kind="full")

    lake.text_files = {"columns": [{"name": "Paid", "type": "boolean"}]}
    lake.apply_and_settle([put({1: "true", 2: "F", 3: None}, pa.string())])
    lake.text_files = None
    lake.apply_and_settle([put({4: "false", 5: "t"}, pa.string()), put({6: True}, pa.bool_())])
    assert lake.rows() == [
        {"id": id_, "paid": paid} for id_, paid in enumerate((True, False, None, False, True, True), start=1)
    ]
    good, bad = put({7: "true"}, pa.string()), put({8: "true", 9: "maybe", 10: "", 11: None}, pa.string())
    outcome = lake.apply(lake.entry([good, bad]))
    assert outcome["error"]["code"] == "TG2108"
    assert "`paid` holds is no `boolean`" in outcome["error"]["message"]
    assert [(file["file_id"], file["rows"]) for file in outcome["bad_files"]] == [(bad["file_id"], [2, 3])]


@pytest.mark.parametrize(
    ("type_", "value"),
    [(pa.timestamp("ns"), 1), (pa.decimal256(40, 0), Decimal(1))],
    ids=["nanoseconds", "40 digits"],
)
def test_what_spark_cannot_hold_is_refused_by_name(lake: Lake, type_: pa.DataType, value: Any) -> None:
    table = pa.table({"id": [1], "odd": pa.array([value], type_)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, version="2.6")
    outcome = lake.apply(lake.entry([lake.put_bytes(sink.getvalue().to_pybytes(), kind="full")]))
    assert outcome["error"]["code"] == "TG2206"
    assert "`odd`" in outcome["error"]["message"]
