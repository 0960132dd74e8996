"""Key values as JSON values, so that a delete remembered by one engine is found by another.

| Spark type | JSON |
|---|---|
| `tinyint` … `bigint` | integer |
| `string` | string |
| `boolean` | true, false |
| `decimal(p,s)` | string, plain notation: `"12.50"` |
| `date` | string `"2023-08-18"` |
| `timestamp` | integer: microseconds since the epoch |
| `timestamp_ntz` | string `"2023-08-18T02:37:05.000000"` |
| `binary` | string of hex digits |
| `float`, `double` | string, the shortest that gives the value again |
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

KeyValue = int | str | bool | None
_PLAIN = {
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "string",
    "boolean",
    "date",
    "timestamp",
    "timestamp_ntz",
    "binary",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def can_be_key(type_: str) -> bool:
    """Whether a column of this type (Spark's short form) can be a key."""
    return type_ in _PLAIN or type_ in ("float", "double") or type_.startswith("decimal(")


def encode(value: object) -> KeyValue:
    """A key value as the table above has it; `timestamp` is an aware datetime, `timestamp_ntz` a naive
    one."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat(timespec="microseconds")
        return (value - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, float):
        return repr(value)
    raise TypeError(f"a key value cannot be a {type(value).__name__}")
