"""Writes, for each table of bad-input.yml, a good full load and a change file that is bad in its own way, and the mended ones.

usage: bad_files.py FOLDER: makes FOLDER/first and FOLDER/mended
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SEQUENCE = "2023111810100000000000000000000000"
FULL = pa.table(
    {
        "ID": pa.array([1, 2], pa.int64()),
        "V": pa.array(["one", "two"]),
        "CDC_TIMESTAMP_SEQ": pa.array(["", ""]),
        "CDC_OPERATION": pa.array([None, None], pa.string()),
    }
)
CHANGE = pa.table(
    {
        "Op": pa.array(["U", "I"]),
        "ID": pa.array([1, 3], pa.int64()),
        "V": pa.array(["ONE", "three"]),
        "CDC_TIMESTAMP_SEQ": pa.array([SEQUENCE + "1", SEQUENCE + "2"]),
        "CDC_OPERATION": pa.array(["UPDATE", "INSERT"]),
    }
)
EVENTS = (
    {"op": "c", "source": {"lsn": 9}, "before": None, "after": {"id": 1, "v": "one"}},
    {"op": "u", "source": {"lsn": 10}, "before": None, "after": {"id": 1, "v": "ONE"}},
    {"op": "c", "source": {"lsn": 11}, "before": None, "after": {"id": 2, "v": "two"}},
    {"op": "d", "source": {"lsn": 12}, "before": {"id": 2, "v": None}, "after": None},
)
TABLES = ("good", "truncated", "empty", "columns", "nullkey", "nosequence", "overwritten")


def write(folder: Path, table: str, name: str, rows: pa.Table) -> Path:
    path = folder / "in" / "shop" / table / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="none")
    return path


def main() -> None:
    folder = Path(sys.argv[1])
    first, mended = folder / "first", folder / "mended"
    change = "20231118-101012345.parquet"
    for table in TABLES:
        write(first, table, "LOAD00000001.parquet", FULL)
        if table != "good":
            write(mended, table, change, CHANGE)
    write(first, "good", change, CHANGE)
    write(first, "history", "LOAD00000001.parquet", FULL)
    write(first, "history", change, CHANGE)
    write(first, "asleep", "LOAD00000001.parquet", FULL)
    write(first, "nobody", "LOAD00000001.parquet", FULL)

    cut = write(first, "truncated", change, CHANGE)
    cut.write_bytes(cut.read_bytes()[:-20])
    write(first, "empty", change, CHANGE).write_bytes(b"")
    write(first, "columns", change, CHANGE.append_column("SURPRISE", pa.array([1, 2], pa.int64())))
    write(first, "nullkey", change, CHANGE.set_column(1, "ID", pa.array([1, None], pa.int64())))
    write(first, "nosequence", change, CHANGE.drop_columns(["CDC_TIMESTAMP_SEQ"]))
    write(first, "overwritten", change, CHANGE.set_column(2, "V", pa.array(["not", "this"])))
    text = first / "in" / "shop" / "csv" / "20231118-101012345.csv"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text("Op,ID,V,CDC_TIMESTAMP_SEQ\nI,1,ONE,20231118101012340000000000000000001\n")
    events = first / "events" / "cdc" / "orders" / "part-0.jsonl"
    events.parent.mkdir(parents=True, exist_ok=True)
    events.write_text("".join(json.dumps({"schema": None, "payload": event}) + "\n" for event in EVENTS))


if __name__ == "__main__":
    main()
