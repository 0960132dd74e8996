"""Java seen from Python: what it throws, as a chain of causes and a line for messages; and its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors.exceptions.captured import CapturedException
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import SparkSession

_DEEPEST = 20
_NAMES = (
    "functions",
    "PythonUtils",
    "py4j.reflection.TypeUtil",
    "java.util",
    "scala.collection",
    "org.apache.hadoop.fs",
    "org.apache.hudi",
    "org.apache.iceberg.expressions",
    "org.apache.iceberg.spark",
    "org.apache.parquet.hadoop.util",
    "org.apache.spark.sql.execution.datasources",
    "org.apache.spark.sql.types",
    "org.apache.spark.util",
)
# Names of exceptions, not of packages: frames of those are in stack traces of quite other errors too.
_STORAGE = (
    "SdkClientException",
    "AmazonClientException",
    "AmazonServiceException",
    "AmazonS3Exception",
    "hadoop.fs.s3a.AWS",
    "java.net.SocketException",
    "java.net.SocketTimeoutException",
    "java.net.ConnectException",
    "java.net.UnknownHostException",
    "java.nio.file.AccessDeniedException",
)


def keep_names(spark: SparkSession) -> None:
    """Make py4j keep what it found under the names that are used most, here and in PySpark.

    It asks Java for each part of a name at each use, and Java looks for a class of that name in every jar: a
    tenth of what a small batch took.
    """
    for name in _NAMES:
        found: Any = spark._jvm
        for part in name.split("."):
            parent, found = found, getattr(found, part)
            setattr(parent, part, found)


def java_causes(error: BaseException) -> list[str]:
    """Class names of a Java exception and its causes, outermost first; empty for an error of Python's own."""
    names: list[str] = []
    throwable = _throwable(error)
    while throwable is not None and len(names) < _DEEPEST:
        names.append(str(throwable.getClass().getName()))
        throwable = throwable.getCause()
    return names


def first_line(error: BaseException) -> str:
    """The innermost cause's message, one line, at most 300 characters: enough to say why, without a stack
    trace."""
    text = str(error)
    throwable = _throwable(error)
    for _ in range(_DEEPEST):
        if throwable is None:
            break
        text = str(throwable.getMessage() or throwable.getClass().getSimpleName())
        throwable = throwable.getCause()
    lines = text.strip().splitlines() or [type(error).__name__]
    return lines[0][:300]


def java_text(error: BaseException) -> str:
    """All that Java said, with the stack traces of failed tasks: what executors throw comes as text only."""
    return f"{error}\n{error.stackTrace if isinstance(error, CapturedException) else ''}"


def is_storage_failure(error: BaseException) -> bool:
    """Whether the storage did not answer or refused us, which says nothing against the file being read."""
    text = java_text(error)
    return any(name in text for name in _STORAGE)


def is_full_disk(error: BaseException) -> bool:
    """Whether Spark found no room for what it keeps on disk: neither the file nor the table is to blame."""
    return "No space left on device" in java_text(error)


def with_commit_properties(
    spark: SparkSession, properties: Mapping[str, str], work: Callable[[], None]
) -> None:
    """Run `work`; each Iceberg commit that it makes in this thread carries `properties` in its snapshot's
    summary.

    Spark 3.5 has no option for this on a SQL MERGE. An error of `work` arrives as it was raised, not wrapped
    by py4j.
    """
    gateway = spark.sparkContext._gateway
    jvm: Any = spark._jvm
    ensure_callback_server_started(gateway)  # type: ignore[no-untyped-call]
    java_map = jvm.java.util.HashMap()
    for name, value in properties.items():
        java_map.put(name, value)
    callback = _Callable(work)
    runtime_exception = jvm.java.lang.Class.forName("java.lang.RuntimeException")
    try:
        jvm.org.apache.iceberg.spark.CommitMetadata.withCommitProperties(
            java_map, callback, runtime_exception
        )
    except Exception as wrapped:
        if callback.error is not None:
            raise callback.error from wrapped
        raise


class _Callable:
    """`java.util.concurrent.Callable` that keeps what its work raised."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self.error: Exception | None = None

    def call(self) -> None:
        try:
            self._work()
        except Exception as error:
            self.error = error
            raise

    class Java:
        implements = ("java.util.concurrent.Callable",)


def _throwable(error: BaseException) -> Any:
    if isinstance(error, Py4JJavaError):
        return error.java_exception
    if isinstance(error, CapturedException):
        return error._origin
    return None
