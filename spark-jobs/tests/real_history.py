"""A real change history (OurAirports, three years, three tables) that lies beside some checkouts: how it
can arrive, as parquet or as the CSV that AWS DMS would write, and what must come of it."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections import Counter
from collections.abc import Generator, Sequence
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from tests.lake import Lake, Row

DATA = Path(__file__).parents[3] / "shared" / "data" / "ourairports"
LANDING = DATA / "landing" / "internal_staging" / "ourairports"
TABLES = ("countries", "navaids", "airport_frequencies")
FORMATS = ("parquet", "csv.gz")
WAVES = ("one file", "a month", "all at once")
ORDERS = ("in order", "shuffled", "a late month")
#: On its 13th the source emptied a table of 29,000 rows, and filled it again the day after.
LATE = "202209"
SINGLE_FILES = 10
_TYPES = {"int64": "bigint", "double": "double", "string": "string"}


class Arrival(NamedTuple):
    """A table's history, in a format, waves and an order."""

    table: str
    format: str
    waves: str
    order: str

    def batches(self) -> list[list[Path]]:
        """The files of each batch, as they are put; every file of the table once."""
        load = LANDING / self.table / "LOAD00000001.parquet"
        changes = sorted((LANDING / self.table).rglob("2*.parquet"), key=lambda path: path.name)
        late = (
            [path for path in changes if path.name.startswith(LATE)] if self.order == "a late month" else []
        )
        waves = self._waves([path for path in changes if path not in late])
        waves = [[load, *waves[0]]] if self.waves == "all at once" else [[load], *waves]
        if self.order == "shuffled":
            chance = random.Random(repr(self))
            chance.shuffle(waves)
            for wave in waves:
                chance.shuffle(wave)
        return [*waves, late] if late else waves

    def _waves(self, changes: list[Path]) -> list[list[Path]]:
        if self.waves == "all at once":
            return [changes]
        if self.waves == "a month":
            return [list(files) for _, files in groupby(changes, lambda path: path.name[:6])]
        chosen = random.Random(repr(self)).sample(range(len(changes)), min(SINGLE_FILES, len(changes)))
        cuts = sorted({0, len(changes), *chosen, *(place + 1 for place in chosen)})
        return [changes[start:end] for start, end in pairwise(cuts)]

    def course(self, lake: Lake) -> Generator[Row, Row, None]:
        """Batch by batch, each of which must be committed."""
        lake.merge, lake.drop_columns = {"sequence_by": "cdc_timestamp_seq"}, ["cdc_operation"]
        if self.format != "parquet":
            fields = pq.read_schema(LANDING / self.table / "LOAD00000001.parquet")
            columns = [{"name": field.name, "type": _TYPES[str(field.type)]} for field in fields]
            lake.text_files = {"columns": columns}
        for files in self.batches():
            outcome = yield lake.planned(lake.entry([self._put(lake, path) for path in files]))
            assert outcome["result"] == "committed", (self, outcome["error"])
            lake.settle(outcome)

    def _put(self, lake: Lake, path: Path) -> Row:
        content = path.read_bytes() if self.format == "parquet" else as_csv(path)
        kind = "full" if path.name.startswith("LOAD") else "incremental"
        return lake.put_bytes(content, f"{path.stem}.{self.format}", kind)


@cache
def as_csv(path: Path) -> bytes:
    """The rows of a parquet file as DMS writes CSV: no header, null as NULL; by Python's own writer, gzip."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for row in pq.read_table(path).to_pylist():
        writer.writerow("NULL" if value is None else value for value in row.values())
    return gzip.compress(text.getvalue().encode())


def final_rows(table: str) -> list[Row]:
    """What the source's table held at the end, by lower-case name."""
    return [_lower(row) for row in pq.read_table(DATA / "expected" / f"{table}.parquet").to_pylist()]


def every_version(arrival: Arrival) -> list[Row]:
    """Each row of each file, as a historical table holds it. Two rows of the source have a text `NULL`, which
    DMS's CSV can't tell from null."""
    versions = []
    for path in (LANDING / arrival.table).rglob("*.parquet"):
        for row in map(_lower, pq.read_table(path).to_pylist()):
            del row["cdc_operation"]
            if arrival.format != "parquet":
                row = {name: None if value == "NULL" else value for name, value in row.items()}
            own = {"op": row.pop("op", None) or "L", "seq": row.pop("cdc_timestamp_seq") or ""}
            versions.append(own | row)
    return versions


def differences(found: Sequence[Row], expected: Sequence[Row]) -> list[str]:
    """How two bags of rows differ: the first few that are missing, and that are too many."""
    there, wanted = (Counter(tuple(sorted(row.items())) for row in rows) for rows in (found, expected))
    missing, surplus = wanted - there, there - wanted
    counts = [f"{missing.total()} missing, {surplus.total()} too many"] if missing or surplus else []
    return counts + [f"- {row}" for row in list(missing)[:3]] + [f"+ {row}" for row in list(surplus)[:3]]


def _lower(row: Row) -> Row:
    return {name.lower(): value for name, value in row.items()}
