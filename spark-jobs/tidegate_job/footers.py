"""Parquet footers through the JVM's own reader, several at once: no Spark job, whatever the number of
files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from .columns import Footer
from .errors import COLUMN_UNUSABLE, STORAGE_FAILED, JobError
from .file_checks import BadFiles, FileError, diagnose, for_each_file
from .java import first_line, is_storage_failure
from .landed_scan import file_status
from .object_store import ObjectStore
from .plan import PlannedFile


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
            return FileError(file, "read", "columns", _unusable_column(file, jvm, converter, schema))

    answers = for_each_file(read, files)
    if errors := [answer for answer in answers if isinstance(answer, FileError)]:
        raise BadFiles(errors)
    return {file.file_id: a for file, a in zip(files, answers, strict=True) if isinstance(a, Footer)}


def _columns(schema_json: str) -> tuple[tuple[str, str], ...]:
    schema = StructType.fromJson(json.loads(schema_json))
    return tuple((field.name, field.dataType.simpleString()) for field in schema.fields)


def _unusable_column(file: PlannedFile, jvm: Any, converter: Any, schema: Any) -> JobError:
    """The converter does not say at which column it stumbled, so it is asked about each."""
    fields = schema.getFields()
    for index in range(fields.size()):
        field = fields.get(index)
        alone = jvm.java.util.ArrayList()
        alone.add(field)
        try:
            converter.convert(jvm.org.apache.parquet.schema.MessageType("alone", alone))
        except Exception as error:
            return JobError(COLUMN_UNUSABLE, uri=file.uri, column=field.getName(), why=first_line(error))
    return JobError(COLUMN_UNUSABLE, uri=file.uri, column=schema.getName(), why="its columns clash")
