"""Parquet files cut off or with flipped bytes: read, or the file is blamed by number; nothing else."""

from __future__ import annotations

import datetime
import hashlib
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.hostile import DEEP, EXAMPLES
from tidegate_job.changes.fold import read_changes
from tidegate_job.changes.operations import Operations
from tidegate_job.columns import agree_columns
from tidegate_job.errors import JobError
from tidegate_job.files.file_checks import BadFiles, check_unchanged, diagnose
from tidegate_job.files.landed import LandedFiles
from tidegate_job.files.read_failures import blame_files
from tidegate_job.object_store import LocalObjects
from tidegate_job.plan import Merge, PlannedFile, TextFiles

MERGE = Merge("snapshot", ("id",), ("seq",), Operations("op", ("D",)), frozenset())
#: Reasons that file_checks and columns give for a file.
READABLE_CODES = ("TG21", "TG22")
DAMAGES = 200 if DEEP else 30


def parquet(rows: int = 40) -> bytes:
    """A change file with a column of each usual kind."""
    table = pa.table(
        {
            "op": pa.array(["I"] * rows),
            "seq": pa.array([f"{n:035d}" for n in range(rows)]),
            "id": pa.array(range(rows), pa.int64()),
            "price": pa.array([None if n % 3 else n for n in range(rows)], pa.decimal128(12, 2)),
            "at": pa.array([datetime.datetime(2026, 1, 1)] * rows, pa.timestamp("us")),
            "tags": pa.array([["a", "b"]] * rows),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


WHOLE = parquet()


def put(folder: Path, name: str, content: bytes) -> PlannedFile:
    path = folder / name
    path.write_bytes(content)
    etag = hashlib.md5(content).hexdigest()
    return PlannedFile(
        f"000000000001-{name}", f"file://{path}", "incremental", "parquet", etag, len(content), 1
    )


def damaged(number: int) -> bytes:
    """The whole file cut off, or with some bytes flipped: anywhere, or in its footer."""
    choice = random.Random(number)
    content = bytearray(WHOLE)
    if number % 4 == 0:
        return bytes(content[: choice.randrange(len(content))])
    start = len(content) - 1_500 if number % 4 == 1 else 0
    for _ in range(choice.choice([1, 1, 2, 8, 64])):
        content[choice.randrange(start, len(content))] ^= 1 << choice.randrange(8)
    return bytes(content)


@EXAMPLES
@given(st.one_of(st.binary(), st.integers(0, len(WHOLE)).map(lambda length: WHOLE[:length])), st.text())
def test_why_a_footer_could_not_be_read_is_told_by_number(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, failure: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    file = put(folder, "footer.parquet", content)
    told = diagnose(LocalObjects(), file, failure)
    assert told.error.code in ("TG2104", "TG2105", "TG2106")
    if content == WHOLE:
        assert told.reason == "damaged"
    elif WHOLE.startswith(content) and len(content) >= 4:
        assert told.reason == "truncated"
    (folder / "footer.parquet").write_bytes(content + b"x")
    with pytest.raises(BadFiles) as changed:
        check_unchanged(LocalObjects(), [file], "check")
    assert changed.value.errors[0].reason == "overwritten"


def read(spark: SparkSession, file: PlannedFile) -> int:
    """All rows of the file, as the job reads them: their number."""
    store = LocalObjects()
    landed = LandedFiles(spark, store, [file], MERGE, TextFiles())
    footers = landed.describe(None)
    columns, errors = agree_columns([file], footers, MERGE, None, "db.t")
    if errors:
        raise BadFiles(errors)
    with blame_files(store, [file], "db.t"):
        return len(read_changes(spark, [file], footers, columns, MERGE, 0, landed.rows_of).collect())


def test_a_damaged_file_is_blamed_by_number_or_read(spark: SparkSession, tmp_path: Path) -> None:
    assert read(spark, put(tmp_path, "whole.parquet", WHOLE)) == 40
    codes: dict[str, int] = {}
    for number in range(DAMAGES):
        file = put(tmp_path, f"damaged-{number}.parquet", damaged(number))
        try:
            read(spark, file)
            code = "read"
        except BadFiles as bad:
            code = bad.errors[0].error.code if bad.errors[0].file is file else "another file"
        except JobError as error:
            code = error.code
        codes[code] = codes.get(code, 0) + 1
    unexpected = {code for code in codes if code != "read" and not code.startswith(READABLE_CODES)}
    assert unexpected == set()
    # The damages are no harmless ones.
    assert {"TG2104", "TG2106"} <= set(codes)
