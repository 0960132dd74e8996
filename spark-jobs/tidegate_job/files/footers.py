"""Parquet footers through the JVM's own reader, several at once: no Spark job, whatever the number of
files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from ..columns import Footer
from ..errors import COLUMN_UNUSABLE, STORAGE_FAILED, JobError
from ..java import first_line, is_storage_failure
from ..object_store import ObjectStore
from ..plan import PlannedFile
from .file_checks import BadFiles, FileError, diagnose, for_each_file
from .landed_scan import file_status


def read_footers(spark: SparkSession, store: ObjectStore, files: Sequence[PlannedFile]) -> dict[str, Footer]:
    """Footers by file id. BadFiles if one is cut short, is no parquet, or has a column of a type that Spark
    can't read."""
    jvm: Any = spark._jvm
    state = spark._jsparkSession.sessionState()
    hadoop_conf = state.newHadoopConf()
    converter = jvm.org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter(
        state.conf()
    )

    def read(file: PlannedFile) -> Footer | FileError:
        try:
            status = file_status(jvm, file)
            source = jvm.org.apache.parquet.hadoop.util.HadoopInputFile.fromStatus(status, hadoop_conf)
            reader = jvm.org.apache.parquet.hadoop.ParquetFileReader.open(source)
            try:
                rows = int(reader.getRecordCount())
                schema = reader.getFooter().getFileMetaData().getSchema()
            finally:
                reader.close()
        except Exception as error:
            if is_storage_failure(error):
                raise JobError(STORAGE_FAILED, uri=file.uri, why=first_line(error)) from error
            return diagnose(store, file, first_line(error))
        try:
            return Footer(rows, _columns(converter.convert(schema).json()))
        except Exception:
            return _field_by_field(file, jvm, converter, schema, rows)

    answers = for_each_file(read, files)
    if errors := [answer for answer in answers if isinstance(answer, FileError)]:
        raise BadFiles(errors)
    return {file.file_id: a for file, a in zip(files, answers, strict=True) if isinstance(a, Footer)}


def _columns(schema_json: str) -> tuple[tuple[str, str], ...]:
    schema = StructType.fromJson(json.loads(schema_json))
    return tuple((field.name, field.dataType.simpleString()) for field in schema.fields)


def _field_by_field(
    file: PlannedFile, jvm: Any, converter: Any, schema: Any, rows: int
) -> Footer | FileError:
    """The converter stumbles over times of a day, which we can do without it, and over what nobody can
    read; it does not say at which column, so it is asked about each."""
    columns: list[tuple[str, str]] = []
    times: list[tuple[str, str]] = []
    for field in schema.getFields():
        if unit := _time_unit(field):
            columns.append((field.getName(), "string"))
            times.append((field.getName().lower(), unit))
            continue
        alone = jvm.java.util.ArrayList()
        alone.add(field)
        try:
            converted = converter.convert(jvm.org.apache.parquet.schema.MessageType("alone", alone))
        except Exception as error:
            unusable = JobError(COLUMN_UNUSABLE, uri=file.uri, column=field.getName(), why=first_line(error))
            return FileError(file, "read", "columns", unusable)
        columns.extend(_columns(converted.json()))
    if not times:
        unusable = JobError(COLUMN_UNUSABLE, uri=file.uri, column=schema.getName(), why="its columns clash")
        return FileError(file, "read", "columns", unusable)
    return Footer(rows, tuple(columns), tuple(times))


def _time_unit(field: Any) -> str | None:
    """`MILLIS`, `MICROS` or `NANOS` of a column that is a time of a day."""
    said = field.getLogicalTypeAnnotation()
    if said is None or said.getClass().getSimpleName() != "TimeLogicalTypeAnnotation":
        return None
    return str(said.getUnit().toString())
