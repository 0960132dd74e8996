"""Reads the lake's Iceberg tables without a JVM, as an independent reader would: PyIceberg over the Glue catalogue."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog


@dataclass(frozen=True)
class Lake:
    catalog: Catalog

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
        return cls(load_catalog("tidegate", **properties))

    def names(self) -> list[tuple[str, str]]:
        """(database, table) of every Iceberg table in the catalogue."""
        found: list[tuple[str, str]] = []
        for (database,) in self.catalog.list_namespaces():
            found += [(database, name) for _, name in self.catalog.list_tables(database)]
        return sorted(found)

    def arrow(self, database: str, table: str) -> pa.Table:
        """All rows and columns of the current snapshot."""
        return self.catalog.load_table((database, table)).scan().to_arrow()
