"""The Spark session of a job: settings come from `spark-submit --conf`, but for those that correctness
depends on."""

from __future__ import annotations

from pyspark.sql import SparkSession

from .apply_table import Job
from .hudi.catalog import GlueRegistry
from .hudi.table import Hudi
from .iceberg.table import Iceberg, pin_tables
from .java import keep_names
from .layout import ControlLayout
from .object_store import ObjectStore
from .plan import Plan
from .table_format import TableFormat

SMALL_BYTES = 32 * 1024 * 1024
HUDI_SETTINGS = {
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
}
"""Hudi writes with no other serializer. It needs neither its SQL extensions nor its catalogue: tables are
read and written by their location."""


def start_session(name: str, plan: Plan) -> SparkSession:
    """Start (or get) the session for a plan, with tables scheduled fairly, times in UTC and tables pinned
    once loaded."""
    builder: SparkSession.Builder = SparkSession.builder
    builder = builder.appName(name).config("spark.scheduler.mode", "FAIR")
    for setting, value in settings_for(plan).items():
        builder = builder.config(setting, value)
    spark = builder.getOrCreate()
    prepare(spark)
    return spark


def prepare(spark: SparkSession) -> None:
    """Settings that the job's results depend on, whatever was submitted."""
    keep_names(spark)
    pin_tables(spark)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.caseSensitive", "false")
    for kind in ("datetime", "int96"):
        # A file means the days that it says, also before 1582, which Spark would refuse to read.
        spark.conf.set(f"spark.sql.parquet.{kind}RebaseModeInRead", "CORRECTED")
        spark.conf.set(f"spark.sql.parquet.{kind}RebaseModeInWrite", "CORRECTED")


def tune(spark: SparkSession, plan: Plan) -> None:
    """Settings that only the speed depends on: replanning between stages pays for large inputs, and costs a
    job a stage. Small batches have few rows to shuffle, if any."""
    if all(sum(file.bytes for file in table.files) <= SMALL_BYTES for table in plan.tables):
        spark.conf.set("spark.sql.adaptive.enabled", "false")
        partitions = int(spark.conf.get("spark.sql.shuffle.partitions") or "200")
        cores = spark.sparkContext.defaultParallelism
        spark.conf.set("spark.sql.shuffle.partitions", str(min(partitions, max(1, cores))))


def settings_for(plan: Plan) -> dict[str, str]:
    """What must be set before the session starts, and only for a plan with such tables."""
    return HUDI_SETTINGS if any(table.target.format == "hudi" for table in plan.tables) else {}


def formats_of(spark: SparkSession) -> dict[str, TableFormat]:
    """All formats that this version knows, by name. Hudi's tables are made known where Iceberg's are."""
    catalog = spark.conf.get("spark.sql.defaultCatalog", "spark_catalog")
    in_glue = spark.conf.get(f"spark.sql.catalog.{catalog}.type", None) == "glue"
    return {"iceberg": Iceberg(spark), "hudi": Hudi(spark, GlueRegistry() if in_glue else None)}


def job_for(spark: SparkSession, store: ObjectStore, layout: ControlLayout) -> Job:
    """The job on this session."""
    return Job(spark, store, layout, formats=formats_of(spark))
