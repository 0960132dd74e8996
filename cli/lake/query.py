"""`tidegate query`: runs one SQL statement with DuckDB over the lake's tables. Reads `{"sql": …}` from standard input and
prints `{"columns": […], "rows": [[…]]}`, or `{"error": …}` with exit code 1, or `{"unreadable": …}` for a table that only
Spark can read. Values that JSON lacks are printed as text.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb
from lake import Lake, Unreadable


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def tables_in(sql: str, lake: Lake) -> list[tuple[str, str, str]]:
    """(name as written, database, table) of the tables that the statement names; a name without database must be unique."""
    known = lake.names()
    found = []
    for name in sorted(duckdb.connect().get_table_names(sql, qualified=True)):
        parts = [part.strip('"') for part in name.split(".")]
        matches = [(db, table) for db, table in known if [db, table][-len(parts) :] == parts]
        if len(matches) == 1:
            found.append((name, *matches[0]))
        elif len(matches) > 1:
            raise LookupError(f"`{name}` is in several databases: {', '.join(db for db, _ in matches)}. Write database.table.")
        else:
            tables = ", ".join(f"{db}.{table}" for db, table in known[:20]) or "none yet"
            raise LookupError(f"there is no table `{name}` in the lake. There are: {tables}")
    return found


def plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def run(sql: str) -> dict[str, Any]:
    lake = Lake.from_environment()
    with duckdb.connect() as database:
        for number, (name, schema, table) in enumerate(tables_in(sql, lake)):
            arrow = f"lake_{number}"
            database.register(arrow, lake.arrow(schema, table))
            view = quoted(table)
            if "." in name:
                database.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
                view = f"{quoted(schema)}.{view}"
            database.execute(f"CREATE VIEW {view} AS FROM {arrow}")
        # A statement reads the lake, not this machine's files.
        database.execute("SET enable_external_access = false")
        # By way of Arrow: DuckDB's own conversion of times with a zone asks for one more package.
        relation = database.sql(sql)
        if relation is None:  # a statement without a result
            return {"columns": [], "rows": []}
        table = relation.to_arrow_table()
        values = [[plain(value) for value in column.to_pylist()] for column in table.columns]
        return {"columns": table.column_names, "rows": [list(row) for row in zip(*values, strict=True)]}


def main() -> int:
    request = json.load(sys.stdin)
    try:
        answer = run(request["sql"])
    except (LookupError, duckdb.Error) as error:
        print(json.dumps({"error": str(error)}))
        return 1
    except Unreadable as error:
        print(json.dumps({"unreadable": str(error)}))
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
