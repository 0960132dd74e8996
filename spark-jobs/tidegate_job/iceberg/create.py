"""Creates an Iceberg table without rows: what it is made of is in the plan, its columns in the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from .. import names
from ..partition_spec import PartitionField
from ..plan import TablePlan
from .properties import creation_properties


def create_table(
    spark: SparkSession,
    plan: TablePlan,
    rows: DataFrame,
    partitions: Sequence[PartitionField],
    remembered: Mapping[str, str],
) -> None:
    """Create the plan's target with the columns of `rows`, all of them nullable, and with what is to be
    `remembered` of them, as properties. Iceberg's AlreadyExistsException if somebody was faster.

    Not as-select: the rows come by a commit of their own, which a crash in between leaves to the next
    attempt.
    """
    target = plan.target
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {names.quote(target.database)}")
    jvm: Any = spark._jvm
    iceberg = jvm.org.apache.iceberg
    schema = iceberg.spark.SparkSchemaUtil.convert(rows._jdf.schema().asNullable())
    properties = creation_properties(plan) | dict(remembered)
    location = properties.pop("location")
    catalog = iceberg.spark.Spark3Util.loadIcebergCatalog(
        spark._jsparkSession, spark.conf.get("spark.sql.defaultCatalog", "spark_catalog")
    )
    namespace = spark.sparkContext._gateway.new_array(jvm.java.lang.String, 1)  # type: ignore[union-attr]
    namespace[0] = target.database
    identifier = iceberg.catalog.TableIdentifier.of(iceberg.catalog.Namespace.of(namespace), target.table)
    builder = catalog.buildTable(identifier, schema).withPartitionSpec(_spec(iceberg, schema, partitions))
    builder.withLocation(location).withProperties(properties).create()


def _spec(iceberg: Any, schema: Any, partitions: Sequence[PartitionField]) -> Any:
    spec = iceberg.PartitionSpec.builderFor(schema).caseSensitive(False)
    for field in partitions:
        if field.transform == "bucket":
            spec = spec.bucket(field.column, field.buckets)
        elif field.transform == "days":
            spec = spec.day(field.column)
        elif field.transform == "months":
            spec = spec.month(field.column)
        else:
            spec = spec.identity(field.column)
    return spec.build()
