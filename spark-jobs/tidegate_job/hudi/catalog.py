"""Makes Hudi tables known to a catalogue, so that readers find them by name.

There is no Hudi catalogue in the session, whose default one is Iceberg's, and Hudi's own sync to Glue comes
with a jar of its own. What it would write is little: where the table is, its columns, its input format, and
its partitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from ..aws_client import AwsClient

_META = tuple(
    f"_hoodie_{name}" for name in ("commit_time", "commit_seqno", "record_key", "partition_path", "file_name")
)
_FORMATS = {
    "COPY_ON_WRITE": "org.apache.hudi.hadoop.HoodieParquetInputFormat",
    "MERGE_ON_READ": "org.apache.hudi.hadoop.realtime.HoodieParquetRealtimeInputFormat",
}
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_SYNCED = "last_commit_time_sync"
_PART_CHARACTERS = 4_000
_A_CALL = 100


@dataclass(frozen=True)
class HudiEntry:
    """What a catalogue says of a table: columns with Spark's short types, those of partitions among them, the
    last commit's instant."""

    database: str
    table: str
    location: str
    table_type: str
    columns: tuple[tuple[str, str], ...]
    schema_json: str
    partition_columns: tuple[str, ...]
    instant: str


PathsSince = Callable[[str | None], Sequence[str]]
"""Paths, below the table's location, of the partitions that were written to after an instant, or ever."""


class Registry(Protocol):
    """A catalogue of tables."""

    def register(self, entry: HudiEntry, paths_since: PathsSince) -> None:
        """Bring the catalogue up to this entry, whatever it had."""
        ...


def _glue() -> Any:
    import boto3

    return boto3.client("glue")


class GlueRegistry:
    """The Glue catalogue, by its API. `client` is boto3's, made at its first use if none is given."""

    def __init__(self, client: Any = None) -> None:
        self._lazy = AwsClient(_glue, client)

    @property
    def _client(self) -> Any:
        return self._lazy.get()

    def register(self, entry: HudiEntry, paths_since: PathsSince) -> None:
        described, synced = table_input(entry), None
        try:
            stored = self._client.get_table(DatabaseName=entry.database, Name=entry.table)["Table"]
        except self._client.exceptions.EntityNotFoundException:
            self._create(entry, described)
        else:
            # What others have noted of the table stays.
            described["Parameters"] = {**stored.get("Parameters", {}), **described["Parameters"]}
            synced = stored.get("Parameters", {}).get(_SYNCED)
        if entry.partition_columns:
            self._add_partitions(entry, described["StorageDescriptor"], paths_since(synced))
        # Only now does it say that it is up to this instant: after a crash the partitions are added then.
        described["Parameters"][_SYNCED] = entry.instant
        self._client.update_table(DatabaseName=entry.database, TableInput=described, SkipArchive=True)

    def _create(self, entry: HudiEntry, described: Mapping[str, Any]) -> None:
        try:
            self._client.create_table(DatabaseName=entry.database, TableInput=described)
        except self._client.exceptions.EntityNotFoundException:
            self._create_database(entry.database)
            self._client.create_table(DatabaseName=entry.database, TableInput=described)

    def _create_database(self, name: str) -> None:
        try:
            self._client.create_database(DatabaseInput={"Name": name})
        except self._client.exceptions.AlreadyExistsException:
            # By another table of this batch.
            return

    def _add_partitions(self, entry: HudiEntry, storage: Mapping[str, Any], paths: Sequence[str]) -> None:
        inputs = [
            {
                "Values": list(partition_values(path)),
                "StorageDescriptor": {**storage, "Location": f"{entry.location}/{path}"},
            }
            for path in paths
        ]
        for start in range(0, len(inputs), _A_CALL):
            answer = self._client.batch_create_partition(
                DatabaseName=entry.database,
                TableName=entry.table,
                PartitionInputList=inputs[start : start + _A_CALL],
            )
            for error in answer.get("Errors", []):
                if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                    raise RuntimeError(f"a partition could not be added: {error}")


def table_input(entry: HudiEntry) -> dict[str, Any]:
    """Glue's `TableInput`, as Hudi's own sync writes it: what reads such tables reads this one too."""
    types = dict(entry.columns)
    data = [name for name in types if name not in entry.partition_columns]
    schema = [
        entry.schema_json[start : start + _PART_CHARACTERS]
        for start in range(0, len(entry.schema_json), _PART_CHARACTERS)
    ]
    return {
        "Name": entry.table,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [_column(name, types[name]) for name in entry.partition_columns],
        "Parameters": {
            "EXTERNAL": "TRUE",
            "spark.sql.sources.provider": "hudi",
            "spark.sql.sources.schema.numParts": str(len(schema)),
            **{f"spark.sql.sources.schema.part.{place}": part for place, part in enumerate(schema)},
            **_partition_parameters(entry.partition_columns),
            "tidegate.managed": "true",
        },
        "StorageDescriptor": {
            "Columns": [
                *(_column(name, "string") for name in _META),
                *(_column(name, types[name]) for name in data),
            ],
            "Location": entry.location,
            "InputFormat": _FORMATS[entry.table_type],
            "OutputFormat": _OUTPUT,
            "SerdeInfo": {
                "SerializationLibrary": _SERDE,
                "Parameters": {"path": entry.location, "hoodie.query.as.ro.table": "false"},
            },
        },
    }


def partition_values(path: str) -> tuple[str, ...]:
    """The values in a path such as `region=EU/day=2026-11-21`."""
    return tuple(unquote(part.partition("=")[2]) for part in path.split("/"))


def _column(name: str, type_: str) -> dict[str, str]:
    return {"Name": name, "Type": type_}


def _partition_parameters(columns: Sequence[str]) -> dict[str, str]:
    if not columns:
        return {}
    named = {f"spark.sql.sources.schema.partCol.{place}": name for place, name in enumerate(columns)}
    return {"spark.sql.sources.schema.numPartCols": str(len(columns)), **named}
