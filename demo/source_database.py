"""The demo's operational database (DuckDB), and the files that AWS DMS would have written of it.

`create` fills 18 taxi tables and writes their full-load files, `change` changes rows and writes change files, and
`verify` compares every row of the database with what an independent reader finds in the lake. Prints one JSON line a table.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli" / "lake"))

SCHEMA = "taxi_trips"
PREFIX = "internal_staging"
SIX_OPERATIONS_KEY = 1_369_770
"""The key that is inserted, updated twice, deleted, inserted and updated again, in five files."""
COLUMNS = (
    "pk_id",
    "vendor_id",
    "pickup_at",
    "dropoff_at",
    "passenger_count",
    "trip_distance",
    "pickup_location_id",
    "dropoff_location_id",
    "payment_type",
    "fare_amount",
    "tip_amount",
    "total_amount",
    "airport_fee",
)


def trips(first_id: int, rows: int, seed: int) -> str:
    """SQL of `rows` trips with keys from `first_id`; the same seed gives the same trips."""
    draw = f"(hash(i * 7919 + {seed}) % 1000000)::BIGINT"
    more = f"(hash(i * 104729 + {seed}) % 1000000)::BIGINT"
    return f"""
        SELECT i::BIGINT AS pk_id,
               ({draw} % 2 + 1)::INTEGER AS vendor_id,
               TIMESTAMP '2021-01-01 00:00:00' + to_seconds({draw} * 2 + i % 600) AS pickup_at,
               TIMESTAMP '2021-01-01 00:00:00' + to_seconds({draw} * 2 + i % 600 + 180 + {more} % 3600) AS dropoff_at,
               ({more} % 6 + 1)::INTEGER AS passenger_count,
               round(({draw} % 3000) / 100.0 + 0.3, 2)::DOUBLE AS trip_distance,
               ({draw} % 263 + 1)::INTEGER AS pickup_location_id,
               ({more} % 263 + 1)::INTEGER AS dropoff_location_id,
               ({more} % 4 + 1)::INTEGER AS payment_type,
               (({draw} % 9000) / 100.0 + 2.5)::DECIMAL(10, 2) AS fare_amount,
               (({more} % 2000) / 100.0)::DECIMAL(10, 2) AS tip_amount,
               (({draw} % 9000 + {more} % 2000) / 100.0 + 2.5)::DECIMAL(10, 2) AS total_amount,
               NULL::DECIMAL(10, 2) AS airport_fee
        FROM range({first_id}, {first_id + rows}) AS ids(i)
    """


@dataclass(frozen=True)
class Source:
    """The database and the folder into which its files are written."""

    database: duckdb.DuckDBPyConnection
    landing: Path

    def tables(self) -> list[str]:
        """Names in natural order: table_2 before table_10."""
        names = [row[0] for row in self.database.sql("SELECT table_name FROM duckdb_tables()").fetchall()]
        return sorted((name for name in names if name.startswith("table_")), key=lambda name: int(name.split("_")[1]))

    def write_file(self, key: str, select: str) -> int:
        """Writes the rows of `select` as a parquet file, column names in upper case as DMS was told to; returns its bytes."""
        path = self.landing / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.database.sql(select).write_parquet(str(path), compression="uncompressed")
        return path.stat().st_size

    def full_load(self, table: str) -> int:
        columns = ", ".join(f"{name} AS {name.upper()}" for name in COLUMNS)
        select = f"SELECT {columns}, '' AS CDC_TIMESTAMP_SEQ, NULL::VARCHAR AS CDC_OPERATION FROM {table}"
        return self.write_file(f"{PREFIX}/{SCHEMA}/{table}/LOAD00000001.parquet", select)

    def change_file(self, table: str, name: str, op: str, first_sequence: int, rows: str) -> int:
        """One change file: `Op` first, then the columns, the 35-digit change sequence and the operation in words."""
        columns = ", ".join(f"{column} AS {column.upper()}" for column in COLUMNS)
        words = {"I": "INSERT", "U": "UPDATE", "D": "DELETE"}
        sequence = f"'20231118101000{first_sequence:02d}' || lpad((row_number() OVER (ORDER BY pk_id))::VARCHAR, 19, '0')"
        select = (
            f"SELECT '{op}' AS Op, {columns}, {sequence} AS CDC_TIMESTAMP_SEQ, '{words[op]}' AS CDC_OPERATION "
            f"FROM ({rows}) ORDER BY pk_id"
        )
        return self.write_file(f"{PREFIX}/{SCHEMA}/{table}/2023/11/18/20231118-{name}.parquet", select)


def create(source: Source, tables: int, rows: int, seed: int) -> None:
    for number in range(1, tables + 1):
        table = f"table_{number}"
        source.database.execute(f"CREATE OR REPLACE TABLE {table} AS {trips(1, rows, seed + number)}")
        size = source.full_load(table)
        print(json.dumps({"table": table, "rows": rows, "bytes": size}), flush=True)


def change(source: Source, rows: int, seed: int) -> None:
    """20,000 inserts, 10,000 updates and 10,000 deletes (capped at half of the table), and the key with six operations."""
    inserts, updates, deletes = min(20_000, rows), min(10_000, rows // 2), min(10_000, rows // 2)
    db = source.database

    new = trips(rows + 1, inserts, seed + 1000)
    db.execute(f"INSERT INTO table_1 {new}")
    told("table_1", "inserts", inserts, source.change_file("table_1", "101001000", "I", 1, new))

    changed = f"SELECT * FROM table_2 WHERE pk_id <= {updates}"
    db.execute(f"UPDATE table_2 SET airport_fee = 25.00 WHERE pk_id <= {updates}")
    told("table_2", "updates", updates, source.change_file("table_2", "101002000", "U", 2, changed))

    gone = f"SELECT * FROM table_3 WHERE pk_id <= {deletes}"
    size = source.change_file("table_3", "101003000", "D", 3, gone)
    db.execute(f"DELETE FROM table_3 WHERE pk_id <= {deletes}")
    told("table_3", "deletes", deletes, size)

    six_operations(source, seed)


def six_operations(source: Source, seed: int) -> None:
    """Insert 50, update 60, update 70, delete, insert 80, update 100, in five files: one row, 100."""
    row = f"SELECT * REPLACE ({{amount}}::DECIMAL(10, 2) AS total_amount) FROM ({trips(SIX_OPERATIONS_KEY, 1, seed)})"
    table, size = "table_10", 0
    steps = [("I", 50), ("U", 60), ("U", 70), ("D", 70), ("I", 80), ("U", 100)]
    for number, (op, amount) in enumerate(steps):
        rows = row.format(amount=amount)
        if op == "D":  # in the file of the update before it, with a higher sequence
            key = f"{PREFIX}/{SCHEMA}/{table}/2023/11/18/20231118-10101{number - 1}000.parquet"
            both = f"SELECT * FROM read_parquet('{source.landing / key}')"
            source.database.execute(f"CREATE OR REPLACE TEMP TABLE before_delete AS {both}")
            one = (
                "SELECT * FROM before_delete UNION ALL "
                "SELECT * REPLACE ('D' AS Op, 'DELETE' AS CDC_OPERATION, "
                f"'20231118101000{10 + number}' || lpad('1', 19, '0') AS CDC_TIMESTAMP_SEQ) FROM before_delete"
            )
            size += source.write_file(key, one)
        else:
            size += source.change_file(table, f"10101{number}000", op, 10 + number, rows)
    source.database.execute(f"DELETE FROM {table} WHERE pk_id = {SIX_OPERATIONS_KEY}")
    source.database.execute(f"INSERT INTO {table} {row.format(amount=100)}")
    told(table, "operations on one key in five files", len(steps), size)


def told(table: str, what: str, rows: int, size: int) -> None:
    print(json.dumps({"table": table, "what": what, "rows": rows, "bytes": size}), flush=True)


def verify(source: Source) -> None:
    """Every row of every table, both ways."""
    from lake import Lake

    lake = Lake.from_environment()
    for table in source.tables():
        rows_in_lake = lake.arrow(f"{SCHEMA}_raw", f"{SCHEMA}_{table}")
        source.database.register("lake", rows_in_lake)
        columns = ", ".join(COLUMNS)
        missing = f"SELECT count(*) FROM (SELECT {columns} FROM {table} EXCEPT ALL SELECT {columns} FROM lake)"
        surplus = f"SELECT count(*) FROM (SELECT {columns} FROM lake EXCEPT ALL SELECT {columns} FROM {table})"
        counts = [source.database.sql(query).fetchall()[0][0] for query in (missing, surplus)]
        rows = source.database.sql(f"SELECT count(*) FROM {table}").fetchall()[0][0]
        source.database.unregister("lake")
        print(json.dumps({"table": table, "rows": rows, "missing": counts[0], "surplus": counts[1]}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["create", "change", "verify"])
    parser.add_argument("--folder", type=Path, required=True, help="database and files go here")
    parser.add_argument("--tables", type=int, default=18)
    parser.add_argument("--rows", type=int, default=25_000, help="rows a table")
    parser.add_argument("--seed", type=int, default=2021)
    args = parser.parse_args()

    args.folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(args.folder / "source.duckdb")) as database:
        source = Source(database, args.folder / ("changes" if args.verb == "change" else "full-load"))
        if args.verb == "create":
            create(source, args.tables, args.rows, args.seed)
        elif args.verb == "change":
            change(source, args.rows, args.seed)
        else:
            verify(source)


if __name__ == "__main__":
    main()
