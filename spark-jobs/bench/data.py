"""Rows to measure with: a table shaped like the taxi trips of the published comparisons, and changes to it.

Everything is computed from row numbers by fixed formulas, so every run measures the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

_COLUMNS = """
    id,
    (hash(id, 1) % 6)::INTEGER AS vendor,
    TIMESTAMP '2024-01-01' + to_seconds((hash(id, salt, 2) % 31536000)::BIGINT) AS picked_up_at,
    TIMESTAMP '2024-01-01' + to_seconds((hash(id, salt, 3) % 31536000)::BIGINT) AS dropped_off_at,
    (hash(id, salt, 4) % 7)::BIGINT AS passengers,
    (hash(id, salt, 5) % 100000) / 1000.0::DOUBLE AS distance,
    (hash(id, salt, 6) % 10000) / 100.0::DOUBLE AS fare,
    CASE hash(id, salt, 7) % 3 WHEN 0 THEN 'cash' WHEN 1 THEN 'card' ELSE NULL END AS payment
"""


@dataclass(frozen=True)
class Changes:
    """Change files in the order of their sequences; the keys of updates and deletes don't overlap."""

    files: tuple[bytes, ...]
    inserts: int
    updates: int
    deletes: int


class Data:
    """Parquet files and what a table must hold after them, made by DuckDB in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = duckdb.connect()
        self._connection.execute("SET preserve_insertion_order = true")

    def full(self, rows: int, files: int = 1) -> list[bytes]:
        """`rows` rows with ids from 0, in order of their ids, in `files` files of about the same size."""
        per_file = -(-rows // files)
        return [
            self._parquet(
                f"SELECT {_COLUMNS} FROM (SELECT range AS id, 0 AS salt "
                f"FROM range({at}, {min(rows, at + per_file)})) ORDER BY id"
            )
            for at in range(0, rows, per_file)
        ]

    def changes(
        self, rows: int, inserts: int, updates: int, deletes: int, files: int, within: range | None = None
    ) -> Changes:
        """Changes to a table of `rows` rows: keys all over it, or all of them `within` a range of ids."""
        among = within or range(rows)
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE changed AS "
            "SELECT id, row_number() OVER (ORDER BY hash(id, 11)) - 1 AS place "
            f"FROM (SELECT range AS id FROM range({among.start}, {among.stop})) "
            f"ORDER BY place LIMIT {updates + deletes}"
        )
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE changes AS "
            f"SELECT id, 1 AS salt, CASE WHEN place < {updates} THEN 'U' ELSE 'D' END AS op FROM changed "
            f"UNION ALL SELECT range, 1, 'I' FROM range({rows}, {rows + inserts})"
        )
        total = inserts + updates + deletes
        parts = tuple(
            self._parquet(
                f"SELECT op, lpad(place::VARCHAR, 20, '0') AS seq, {_COLUMNS} FROM "
                "(SELECT *, row_number() OVER (ORDER BY hash(id, 12)) AS place FROM changes) "
                f"WHERE place > {total * part // files} AND place <= {total * (part + 1) // files}"
            )
            for part in range(files)
        )
        return Changes(parts, inserts, updates, deletes)

    def expected(self, rows: int) -> bytes:
        """What a table of `rows` rows holds after the changes that were made last."""
        return self._parquet(
            f"SELECT {_COLUMNS} FROM (SELECT range AS id, 0 AS salt FROM range({rows}) "
            "WHERE range NOT IN (SELECT id FROM changes WHERE op <> 'I') "
            "UNION ALL SELECT id, salt FROM changes WHERE op <> 'D')"
        )

    def _parquet(self, query: str) -> bytes:
        path = self._folder / "part.parquet"
        self._connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)")
        content = path.read_bytes()
        path.unlink()
        return content
