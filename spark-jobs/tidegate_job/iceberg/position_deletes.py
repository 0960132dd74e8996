"""Position deletes of a batch: one delete file for each partition, written by the driver.

Spark's own MERGE would scan the table a second time to find the positions that we know already. They come to
the driver as Spark's rows, and stay in Java: nothing is called once a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import DataFrame, SparkSession

from .stage import new_file


@dataclass(frozen=True)
class _Group:
    """Data files of one partition, by the places of their rows among all positions."""

    spec: Any
    partition: Any
    places: list[tuple[int, int]]


def write_position_deletes(
    spark: SparkSession, table: Any, positions: DataFrame, counts: Mapping[str, int], files: Mapping[str, Any]
) -> list[Any]:
    """Delete files for `positions` (columns: data file, position; any order). `counts` says how many each
    data file has, `files` which data file that is; neither may lack one."""
    # The names are Iceberg's.
    ordered = positions.toDF("file_path", "pos").orderBy("file_path", "pos")
    # py4j passes no array of rows where Java wants an array of objects, but Scala takes any.
    jvm: Any = spark._jvm
    found = ordered._jdf.queryExecution().executedPlan().executeCollect()
    rows = jvm.scala.collection.JavaConverters.seqAsJavaList(
        jvm.scala.collection.mutable.WrappedArray.make(found)
    )
    if rows.size() != sum(counts.values()):
        raise ValueError(f"{rows.size()} positions, but {sum(counts.values())} were counted")
    schema = ordered._jdf.schema()
    return [_write(spark, table, schema, rows, group) for group in _groups(counts, files)]


def _groups(counts: Mapping[str, int], files: Mapping[str, Any]) -> Iterator[_Group]:
    """Positions are in order of their files' names as UTF-8, so each file's are side by side."""
    groups: dict[tuple[int, str], _Group] = {}
    start = 0
    for name in sorted(counts, key=str.encode):
        end = start + counts[name]
        data_file = files[name]
        partition = data_file.partition()
        key = (int(data_file.specId()), str(partition.toString()))
        group = groups.setdefault(key, _Group(data_file.specId(), partition, []))
        group.places.append((start, end))
        start = end
    yield from groups.values()


def _write(spark: SparkSession, table: Any, schema: Any, rows: Any, group: _Group) -> Any:
    jvm: Any = spark._jvm
    iceberg = jvm.org.apache.iceberg
    spec = table.specs().get(group.spec)
    output = new_file(jvm, table, spec, group.partition, suffix="deletes")
    ensure_callback_server_started(spark.sparkContext._gateway)  # type: ignore[no-untyped-call]
    appender = (
        iceberg.parquet.Parquet.write(output)
        .schema(iceberg.io.DeleteSchemaUtil.pathPosSchema())
        .setAll(table.properties())
        .metricsConfig(iceberg.MetricsConfig.forPositionDelete(table))
        .meta("delete-type", "position")
        .createWriterFunc(SparkWriters(jvm, schema))
        .build()
    )
    try:
        for start, end in group.places:
            appender.addAll(rows.subList(start, end))
    finally:
        appender.close()
    return (
        iceberg.FileMetadata.deleteFileBuilder(spec)
        .ofPositionDeletes()
        .withFormat(iceberg.FileFormat.PARQUET)
        .withPath(output.location())
        .withPartition(group.partition)
        .withFileSizeInBytes(appender.length())
        .withMetrics(appender.metrics())
        .build()
    )


class SparkWriters:
    """`java.util.function.Function`: how Spark's rows of this schema become parquet; called once a file."""

    def __init__(self, jvm: Any, schema: Any) -> None:
        self._jvm = jvm
        self._schema = schema

    def apply(self, message: Any) -> Any:
        return self._jvm.org.apache.iceberg.spark.data.SparkParquetWriters.buildWriter(self._schema, message)

    class Java:
        implements = ("java.util.function.Function",)
