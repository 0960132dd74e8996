"""How Hudi tables get into the Glue catalogue: boto3's own model checks each request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from tests.kinds import of_kind
from tests.lake import Lake, change
from tidegate_job.hudi.catalog import GlueRegistry, HudiEntry, partition_values, table_input
from tidegate_job.hudi.table import Hudi

ENTRY = HudiEntry(
    database="shop",
    table="orders",
    location="s3://raw/shop/orders",
    table_type="COPY_ON_WRITE",
    columns=(("id", "bigint"), ("total", "decimal(10,2)"), ("region", "string"), ("_tg_sequence", "string")),
    schema_json='{"type":"struct","fields":[' + ",".join(["{}"] * 2_000) + "]}",
    partition_columns=("region",),
    instant="20261121120000000",
)
ABSENT: dict[str, Any] = {"service_error_code": "EntityNotFoundException"}


@pytest.fixture
def glue() -> Iterator[tuple[GlueRegistry, Stubber]]:
    client = boto3.client(
        "glue", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield GlueRegistry(client), stubber
        stubber.assert_no_pending_responses()


def test_new_table_is_created_with_its_database_and_partitions(glue: tuple[GlueRegistry, Stubber]) -> None:
    registry, stubber = glue
    described = table_input(ENTRY)
    asked: list[str | None] = []

    def paths_since(instant: str | None) -> list[str]:
        asked.append(instant)
        return [f"region={number}" for number in range(150)]

    stubber.add_client_error("get_table", **ABSENT)
    stubber.add_client_error("create_table", **ABSENT)
    stubber.add_client_error("create_database", service_error_code="AlreadyExistsException")
    stubber.add_response("create_table", {}, {"DatabaseName": "shop", "TableInput": described})
    place = {"DatabaseName": "shop", "TableName": "orders", "PartitionInputList": ANY}
    already = {
        "PartitionValues": ["0"],
        "ErrorDetail": {"ErrorCode": "AlreadyExistsException", "ErrorMessage": "there"},
    }
    stubber.add_response("batch_create_partition", {"Errors": [already]}, place)
    stubber.add_response("batch_create_partition", {}, place)
    synced = {
        **described,
        "Parameters": {**described["Parameters"], "last_commit_time_sync": ENTRY.instant},
    }
    stubber.add_response(
        "update_table", {}, {"DatabaseName": "shop", "TableInput": synced, "SkipArchive": True}
    )
    registry.register(ENTRY, paths_since)
    assert asked == [None]


def test_known_table_gets_what_is_new_and_keeps_what_others_noted(
    glue: tuple[GlueRegistry, Stubber],
) -> None:
    registry, stubber = glue
    entry = replace(ENTRY, partition_columns=())
    noted = {"comment": "ours", "last_commit_time_sync": "20260101000000000"}
    stubber.add_response("get_table", {"Table": {"Name": "orders", "Parameters": noted}})
    described = table_input(entry)
    parameters = {**noted, **described["Parameters"], "last_commit_time_sync": entry.instant}
    stubber.add_response(
        "update_table",
        {},
        {
            "DatabaseName": "shop",
            "TableInput": {**described, "Parameters": parameters},
            "SkipArchive": True,
        },
    )
    registry.register(entry, lambda instant: [])


def test_entry_is_what_readers_of_hudi_tables_look_for() -> None:
    described = table_input(replace(ENTRY, table_type="MERGE_ON_READ"))
    assert [key["Name"] for key in described["PartitionKeys"]] == ["region"]
    columns = [column["Name"] for column in described["StorageDescriptor"]["Columns"]]
    assert columns[:2] == ["_hoodie_commit_time", "_hoodie_commit_seqno"]
    assert columns[5:] == ["id", "total", "_tg_sequence"]
    assert described["StorageDescriptor"]["InputFormat"].endswith("HoodieParquetRealtimeInputFormat")
    parameters = described["Parameters"]
    parts = int(parameters["spark.sql.sources.schema.numParts"])
    assert parts == 2
    whole = "".join(parameters[f"spark.sql.sources.schema.part.{part}"] for part in range(parts))
    assert whole == ENTRY.schema_json
    assert partition_values("region=a%2Fb/day=2026-11-21") == ("a/b", "2026-11-21")


class Noted:
    """A registry that keeps what it is told, or is out of order."""

    def __init__(self) -> None:
        self.told: list[tuple[HudiEntry, list[str]]] = []
        self.broken = False

    def register(self, entry: HudiEntry, paths_since: Any) -> None:
        if self.broken:
            raise PermissionError("glue:UpdateTable")
        synced = self.told[-1][0].instant if self.told else None
        self.told.append((entry, list(paths_since(synced))))


def test_commit_stands_if_the_catalogue_cannot_be_told_and_the_next_one_tells_it(
    lake: Lake, capfd: pytest.CaptureFixture[str]
) -> None:
    of_kind(lake, "hudi copy on write").partition_by = ["b"]
    catalogue = Noted()
    lake.formats = {"hudi": Hudi(lake.spark, catalogue)}
    first = lake.apply_and_settle([lake.put([change("I", "01", id=1, v=1, b="x")])])
    catalogue.broken = True
    outcome = lake.apply_and_settle([lake.put([change("I", "02", id=2, v=2, b="y")])])
    assert outcome["result"] == "committed"
    assert "TG5004" in capfd.readouterr().err
    catalogue.broken = False
    last = lake.apply_and_settle([lake.put([change("I", "03", id=3, v=3, b="z")])])
    [(entry, paths), (newer, more)] = catalogue.told
    assert (entry.instant, paths) == (first["snapshot"], ["b=x"])
    assert (newer.instant, more) == (last["snapshot"], ["b=y", "b=z"])
    assert dict(entry.columns)["v"] == "bigint"
