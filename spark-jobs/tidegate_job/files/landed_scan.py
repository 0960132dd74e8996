"""Reads landed files without asking the storage about each of them again.

Spark's own reader lists and inspects every path, one after the other: two requests a file before the first
row. We have just looked at each file ourselves, so the file statuses are made of what the plan says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from ..plan import PlannedFile

PATH = "_tg_path"
"""Where a row was read: a file's path as Spark spells it."""


def file_status(jvm: Any, file: PlannedFile) -> Any:
    """Hadoop's `FileStatus` of a landed file, by the size that it had when it landed."""
    path = jvm.org.apache.hadoop.fs.Path(file.uri)
    return jvm.org.apache.hadoop.fs.FileStatus(file.bytes, False, 1, file.bytes, file.put_at_s * 1000, path)


def scan_parquet(spark: SparkSession, files: Sequence[PlannedFile], schema: str) -> DataFrame:
    """The rows of `files` with the columns of `schema` (DDL); a column that a file lacks is null there.

    Nothing in a path means anything: neither glob characters nor `name=value` folders.
    """
    jvm: Any = spark._jvm
    return scan(
        spark, files, schema, jvm.org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat()
    )


def scan_csv(
    spark: SparkSession, files: Sequence[PlannedFile], schema: str, options: Mapping[str, str]
) -> DataFrame:
    """The same of CSV files, with Spark's own options."""
    jvm: Any = spark._jvm
    form = jvm.org.apache.spark.sql.execution.datasources.csv.CSVFileFormat()
    return scan(spark, files, schema, form, options)


def scan_lines(spark: SparkSession, files: Sequence[PlannedFile], line_end: str) -> DataFrame:
    """The lines of text files, as `value`."""
    jvm: Any = spark._jvm
    form = jvm.org.apache.spark.sql.execution.datasources.text.TextFileFormat()
    return scan(spark, files, "value string", form, {"lineSep": line_end})


def scan(
    spark: SparkSession,
    files: Sequence[PlannedFile],
    schema: str,
    form: Any,
    options: Mapping[str, str] | None = None,
) -> DataFrame:
    """The rows of `files` by one of Spark's own file formats (`form`)."""
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
    said = jvm.org.apache.spark.api.python.PythonUtils.toScalaMap(dict(options or {}))
    unpartitioned = sources.PartitionSpec.emptySpec()
    index = sources.InMemoryFileIndex(
        session,
        jvm.org.apache.spark.api.python.PythonUtils.toSeq(paths),
        said,
        nothing,
        statuses,
        scala.Option.apply(unpartitioned),
        nothing,
    )
    columns = jvm.org.apache.spark.sql.types.StructType.fromDDL(schema)
    relation = sources.HadoopFsRelation(
        index, unpartitioned.partitionColumns(), columns, nothing, form, said, session
    )
    return DataFrame(session.baseRelationToDataFrame(relation), spark)


def spellings(spark: SparkSession, file: PlannedFile) -> list[str]:
    """All that Spark may have under PATH for a file. It says `file:/a` for `file:///a`, and file systems
    may rename their scheme; an expression on each row that evens this out would cost as much as reading
    it."""
    jvm: Any = spark._jvm
    path = str(jvm.org.apache.hadoop.fs.Path(file.uri).toUri().toString())
    scheme, _, rest = path.partition(":")
    bare = rest.lstrip("/")
    schemes = (scheme, "s3", "s3a", "s3n") if scheme.startswith("s3") else (scheme,)
    return sorted({f"{name}:{slashes}{bare}" for name in schemes for slashes in ("/", "//", "///")})
