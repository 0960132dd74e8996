"""Reads landed parquet files without asking the storage about each of them again.

Spark's own reader lists and inspects every path, one after the other: two requests a file before the first
row. We have just looked at each file ourselves, so the file statuses are made of what the plan says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from .plan import PlannedFile


def file_status(jvm: Any, file: PlannedFile) -> Any:
    """Hadoop's `FileStatus` of a landed file, by the size that it had when it landed."""
    path = jvm.org.apache.hadoop.fs.Path(file.uri)
    return jvm.org.apache.hadoop.fs.FileStatus(file.bytes, False, 1, file.bytes, file.put_at_s * 1000, path)


def scan_parquet(spark: SparkSession, files: Sequence[PlannedFile], schema: str) -> DataFrame:
    """The rows of `files` with the columns of `schema` (DDL); a column that a file lacks is null there.

    Nothing in a path means anything: neither glob characters nor `name=value` folders.
    """
    jvm: Any = spark._jvm
    session, scala = spark._jsparkSession, jvm.scala
    sources = jvm.org.apache.spark.sql.execution.datasources
    statuses = sources.FileStatusCache.getOrCreate(session)
    paths = jvm.java.util.ArrayList()
    for file in files:
        status = file_status(jvm, file)
        one = spark.sparkContext._gateway.new_array(jvm.org.apache.hadoop.fs.FileStatus, 1)  # type: ignore[union-attr]
        one[0] = status
        statuses.putLeafFiles(status.getPath(), one)
        paths.add(status.getPath())
    nothing = scala.Option.empty()
    options = jvm.org.apache.spark.api.python.PythonUtils.toScalaMap({})
    unpartitioned = sources.PartitionSpec.emptySpec()
    index = sources.InMemoryFileIndex(
        session,
        jvm.org.apache.spark.api.python.PythonUtils.toSeq(paths),
        options,
        nothing,
        statuses,
        scala.Option.apply(unpartitioned),
        nothing,
    )
    columns = jvm.org.apache.spark.sql.types.StructType.fromDDL(schema)
    parquet = sources.parquet.ParquetFileFormat()
    relation = sources.HadoopFsRelation(
        index, unpartitioned.partitionColumns(), columns, nothing, parquet, options, session
    )
    return DataFrame(session.baseRelationToDataFrame(relation), spark)
