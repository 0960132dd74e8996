"""What readers other than Spark see of a table: PyIceberg of an Iceberg table, hudi-rs of a Hudi table."""

from __future__ import annotations

from pathlib import Path

from hudi import HudiTableBuilder
from pyiceberg.table import StaticTable

from tests.lake import NOT_THE_SOURCES, Lake, Row


def metadata_of(lake: Lake) -> StaticTable:
    """An Iceberg table as PyIceberg sees it: by its newest metadata, without Spark."""
    folder = Path(lake.location.removeprefix("file://")) / "metadata"
    newest = max(folder.glob("v*.metadata.json"), key=lambda path: int(path.name[1:].split(".")[0]))
    return StaticTable.from_metadata(str(newest))


def read_elsewhere(lake: Lake, snapshot: str | None = None) -> list[Row]:
    """The source's columns, in order of the keys: of the newest snapshot, unless another one of an Iceberg
    table is given."""
    if lake.format == "hudi":
        table = HudiTableBuilder.from_base_uri(lake.location).build()
        rows = [row for batch in table.read() for row in batch.to_pylist()]
    else:
        rows = metadata_of(lake).scan(snapshot_id=int(snapshot) if snapshot else None).to_arrow().to_pylist()
    named = [{name: row[name] for name in row if not name.startswith(NOT_THE_SOURCES)} for row in rows]
    return sorted(named, key=lambda row: [str(row[key]) for key in lake.keys])
