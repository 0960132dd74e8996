"""One Spark session for the whole run, with an Iceberg catalogue in a temporary folder that several sessions
can share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake
from tidegate_job.session import HUDI_SETTINGS, prepare

_JARS = Path(__file__).parents[2] / ".jars"


def settings_of(warehouse: str) -> dict[str, str]:
    """Settings for `local[2]`: UI off, small shuffles, catalogue `lake` of type hadoop, whose state is
    nothing but files."""
    jars = [
        str(jar) for name in ("iceberg-spark-runtime-*", "hudi-spark*") for jar in _JARS.glob(f"{name}.jar")
    ]
    return {
        "spark.driver.extraClassPath": os.pathsep.join(jars),
        "spark.driver.memory": "1g",
        # A short life does not pay for the second compiler: half the CPU seconds.
        # A session of hundreds of tests compiles more than a short one has room for.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
        " -XX:+UseSerialGC -Xss4m",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.scheduler.mode": "FAIR",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.defaultCatalog": "lake",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "hadoop",
        "spark.sql.catalog.lake.warehouse": warehouse,
        "spark.sql.warehouse.dir": f"{warehouse}/spark",
        **HUDI_SETTINGS,
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
    }


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one session; other sessions of the same application share the catalogue's files, not its cache."""
    warehouse = tmp_path_factory.mktemp("warehouse")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder: SparkSession.Builder = SparkSession.builder
    builder = builder.master("local[2]").appName("tidegate tests")
    for name, value in settings_of(warehouse.as_uri()).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    prepare(session)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def other_session(spark: SparkSession) -> SparkSession:
    """A session with its own catalogue cache, as another application has it."""
    session = spark.newSession()
    prepare(session)
    return session


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A fresh control bucket, staging folder and target table."""
    return Lake(spark, tmp_path)
