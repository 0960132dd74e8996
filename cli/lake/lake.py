"""Reads the lake's tables without a JVM, as an independent reader would: PyIceberg and hudi-rs, over the Glue catalogue."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import boto3
import pyarrow as pa
from hudi import HudiTableBuilder
from pyiceberg.catalog import Catalog, load_catalog


class Unreadable(Exception):
    """A table that is there, and that the reader here does not understand."""


@dataclass(frozen=True)
class Lake:
    catalog: Catalog
    glue: Any

    @classmethod
    def from_environment(cls) -> Lake:
        """The catalogue that `AWS_…` names; `AWS_ENDPOINT_URL` leads to a local cloud."""
        properties = {"type": "glue", "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"}
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if region:
            properties |= {"glue.region": region, "s3.region": region}
        if endpoint:
            properties |= {"glue.endpoint": endpoint, "s3.endpoint": endpoint}
            properties |= {
                "s3.access-key-id": os.environ.get("AWS_ACCESS_KEY_ID", ""),
                "s3.secret-access-key": os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
                "s3.force-virtual-addressing": "False",
            }
        return cls(load_catalog("tidegate", **properties), boto3.client("glue", region_name=region))

    def names(self) -> list[tuple[str, str]]:
        """(database, table) of every Iceberg and Hudi table in the catalogue."""
        found: list[tuple[str, str]] = []
        for page in self.glue.get_paginator("get_databases").paginate():
            for database in page["DatabaseList"]:
                tables = self.glue.get_paginator("get_tables").paginate(DatabaseName=database["Name"])
                found += [
                    (database["Name"], table["Name"])
                    for page_of_tables in tables
                    for table in page_of_tables["TableList"]
                    if is_hudi(table) or is_iceberg(table)
                ]
        return sorted(found)

    def arrow(self, database: str, table: str) -> pa.Table:
        """All rows and columns of the current snapshot."""
        described = self.glue.get_table(DatabaseName=database, Name=table)["Table"]
        if is_hudi(described):
            return read_hudi(described["StorageDescriptor"]["Location"])
        return self.catalog.load_table((database, table)).scan().to_arrow()


def is_iceberg(described: dict[str, Any]) -> bool:
    return str(described.get("Parameters", {}).get("table_type", "")).upper() == "ICEBERG"


def is_hudi(described: dict[str, Any]) -> bool:
    return str(described.get("Parameters", {}).get("spark.sql.sources.provider", "")).lower() == "hudi"


def read_hudi(location: str) -> pa.Table:
    """All rows of the newest commit, and all columns, those of Hudi's own too; Unreadable if hudi-rs can't."""
    options = storage_options() if location.startswith("s3:") else {}
    table = HudiTableBuilder.from_base_uri(location).with_storage_options(options).build()
    try:
        batches = table.read()
    # hudi-rs exports none of its classes of errors.
    except Exception as error:
        raise Unreadable(f"the Hudi table at `{location}` can't be read without Spark: {error}") from error
    return pa.Table.from_batches(batches, batches[0].schema if batches else table.get_schema())


def storage_options() -> dict[str, str]:
    """Credentials as boto3 finds them, since hudi-rs knows no profiles; and where S3 is."""
    session = boto3.Session()
    credentials = session.get_credentials()
    found = credentials.get_frozen_credentials() if credentials else None
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    options = {
        "aws_region": session.region_name,
        "aws_access_key_id": found.access_key if found else None,
        "aws_secret_access_key": found.secret_key if found else None,
        "aws_session_token": found.token if found else None,
        "aws_endpoint": endpoint,
        "aws_allow_http": "true" if endpoint and endpoint.startswith("http:") else None,
    }
    return {name: value for name, value in options.items() if value}
