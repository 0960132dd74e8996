"""Compares the lake's tables, read by PyIceberg, with parquet files: every row, both ways. Prints one JSON document.

usage: compare.py DATABASE FOLDER_OF_EXPECTED TABLE=LAKE_TABLE …
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "cli" / "lake"))

from lake import Lake


def main() -> None:
    database, folder, *pairs = sys.argv[1:]
    lake = Lake.from_environment()
    found = {}
    for pair in pairs:
        table, lake_table = pair.split("=")
        with duckdb.connect() as db:
            db.register("actual", lake.arrow(database, lake_table))
            db.read_parquet(str(Path(folder) / f"{table}.parquet")).create_view("expected")
            names = [row[0] for row in db.sql("DESCRIBE expected").fetchall()]
            columns = ", ".join(f'"{name}"' for name in names)
            ours = [row[0] for row in db.sql("DESCRIBE actual").fetchall() if not row[0].startswith("_tg_")]

            def count(left: str, right: str, db: duckdb.DuckDBPyConnection = db, columns: str = columns) -> int:
                query = f"SELECT count(*) FROM (SELECT {columns} FROM {left} EXCEPT ALL SELECT {columns} FROM {right})"
                return int(db.sql(query).fetchall()[0][0])

            found[table] = {
                "rows": int(db.sql("SELECT count(*) FROM actual").fetchall()[0][0]),
                "missing": count("expected", "actual"),
                "surplus": count("actual", "expected"),
                # The lake's names are in lower case, as the Glue catalogue's are.
                "same_columns": sorted(ours) == sorted(name.lower() for name in names),
            }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
