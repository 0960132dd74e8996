"""The Spark session of a job: settings come from `spark-submit --conf`, but for those that correctness
depends on."""

from __future__ import annotations

from pyspark.sql import SparkSession

from .apply_table import Job
from .iceberg import Iceberg, pin_tables
from .layout import ControlLayout
from .object_store import ObjectStore


def start_session(name: str) -> SparkSession:
    """Start (or get) the session, with tables scheduled fairly, times in UTC and tables pinned once
    loaded."""
    builder: SparkSession.Builder = SparkSession.builder
    spark = builder.appName(name).config("spark.scheduler.mode", "FAIR").getOrCreate()
    prepare(spark)
    return spark


def prepare(spark: SparkSession) -> None:
    """Settings that the job's results depend on, whatever was submitted."""
    pin_tables(spark)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.caseSensitive", "false")


def job_for(spark: SparkSession, store: ObjectStore, layout: ControlLayout) -> Job:
    """The job with all formats that this version knows."""
    return Job(spark, store, layout, formats={"iceberg": Iceberg(spark)})
