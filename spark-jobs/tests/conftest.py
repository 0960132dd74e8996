"""One Spark session for the whole run, with an Iceberg catalogue in a temporary folder that several sessions can share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake
from tidegate_job.session import prepare

_JARS = Path(__file__).parents[2] / ".jars"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """`local[2]`, UI off, small shuffles; catalogue `lake` of type hadoop, since its state is nothing but files."""
    [runtime] = _JARS.glob("iceberg-spark-runtime-*.jar")
    warehouse = tmp_path_factory.mktemp("warehouse")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        "spark.driver.extraClassPath": str(runtime),
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.scheduler.mode": "FAIR",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.defaultCatalog": "lake",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "hadoop",
        "spark.sql.catalog.lake.warehouse": warehouse.as_uri(),
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.warehouse.dir": str(warehouse / "spark"),
    }
    builder: SparkSession.Builder = SparkSession.builder
    builder = builder.master("local[2]").appName("tidegate tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    prepare(session)
    yield session
    session.stop()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> Lake:
    """A fresh control bucket, staging folder and target table."""
    return Lake(spark, tmp_path)
