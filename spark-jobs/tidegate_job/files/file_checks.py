"""Is each file still the object that landed, and is it a whole parquet file? Reads heads and tails only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from ..errors import (
    FILE_DAMAGED,
    FILE_EMPTY,
    FILE_GONE,
    FILE_NOT_PARQUET,
    FILE_OVERWRITTEN,
    FILE_TRUNCATED,
    ROWS_MALFORMED,
    STORAGE_FAILED,
    JobError,
)
from ..object_store import ObjectGone, ObjectStore
from ..outcome import BadFile
from ..plan import PlannedFile

Stage = Literal["check", "read", "recheck"]
_MAGIC = b"PAR1"
_AT_ONCE = 16
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class FileError:
    """A file for which its batch must be rejected, with the numbered error that says why."""

    file: PlannedFile
    stage: Stage
    reason: str
    error: JobError
    detail: str = ""
    rows: tuple[int, ...] = ()

    def bad_file(self) -> BadFile:
        detail = self.detail or self.error.message
        return BadFile(self.file.file_id, self.stage, self.reason, detail, self.rows)


class BadFiles(Exception):
    """The batch cannot be applied because of these files. Never empty; the first one's error speaks for
    all."""

    def __init__(self, errors: Sequence[FileError]) -> None:
        self.errors = tuple(errors)
        super().__init__(str(errors[0].error))


def for_each_file(work: Callable[[PlannedFile], _Answer], files: Sequence[PlannedFile]) -> list[_Answer]:
    """`work` on each file, several at once, answers in the files' order: hundreds of small files are
    common."""
    with ThreadPoolExecutor(max(1, min(_AT_ONCE, len(files)))) as pool:
        return list(pool.map(work, files))


def check_unchanged(store: ObjectStore, files: Sequence[PlannedFile], stage: Stage) -> None:
    """Raise BadFiles unless each object still has the planned etag and size; JobError TG5001 if the store
    fails."""
    found = for_each_file(lambda file: _state_error(store, file, stage), files)
    if errors := [error for error in found if error]:
        raise BadFiles(errors)


def _state_error(store: ObjectStore, file: PlannedFile, stage: Stage) -> FileError | None:
    try:
        state = store.head(file.uri)
    except ObjectGone:
        return FileError(file, stage, "gone", JobError(FILE_GONE, uri=file.uri), "no such object")
    except Exception as error:
        raise JobError(STORAGE_FAILED, uri=file.uri, why=f"{type(error).__name__}: {error}") from error
    if (state.bytes, state.etag) != (file.bytes, file.etag.strip('"')):
        planned = f"{file.bytes:,} bytes with etag {file.etag}"
        why = f"{state.bytes:,} bytes with etag {state.etag}; planned {planned}"
        return FileError(file, stage, "overwritten", JobError(FILE_OVERWRITTEN, uri=file.uri, why=why), why)
    if state.bytes == 0:
        return FileError(file, stage, "empty", JobError(FILE_EMPTY, uri=file.uri), "0 bytes")
    return None


def diagnose(store: ObjectStore, file: PlannedFile, failure: str) -> FileError:
    """Why a parquet footer could not be read: cut short, no parquet, or damaged. `failure` is what the reader
    said."""
    size = file.bytes
    try:
        head = store.get_range(file.uri, 0, 4)
        tail = store.get_range(file.uri, max(0, size - 8), size)
    except ObjectGone:
        return FileError(file, "read", "gone", JobError(FILE_GONE, uri=file.uri), "no such object")
    except Exception as error:
        raise JobError(STORAGE_FAILED, uri=file.uri, why=f"{type(error).__name__}: {error}") from error
    if head != _MAGIC:
        why = f"it begins with {head!r}; {size:,} bytes"
        return FileError(file, "read", "not_parquet", JobError(FILE_NOT_PARQUET, uri=file.uri, why=why), why)
    if size < 12 or tail[-4:] != _MAGIC or int.from_bytes(tail[:4], "little") > size - 12:
        return FileError(
            file, "read", "truncated", JobError(FILE_TRUNCATED, uri=file.uri), f"no footer; {size:,} bytes"
        )
    return damaged(file, failure)


def as_found_now(store: ObjectStore, found: BadFiles) -> BadFiles:
    """The same, but a file that is gone or another one by now is blamed for that: what was wrong may have
    been in bytes that never landed under its name. A store that does not answer changes nothing."""
    try:
        now = for_each_file(
            lambda file: _state_error(store, file, "recheck"), [error.file for error in found.errors]
        )
    except JobError:
        return found
    return BadFiles([later or error for error, later in zip(found.errors, now, strict=True)])


def damaged(file: PlannedFile, why: str) -> FileError:
    """The file begins as it should, but something behind that is not right."""
    return FileError(file, "read", "damaged", JobError(FILE_DAMAGED, uri=file.uri, why=why), why)


def malformed(file: PlannedFile, number: int | str, rows: tuple[int, ...], why: str) -> FileError:
    """So many rows of the file (or "some") are not right; `rows` are the first, counted from 1, if they are
    known."""
    row = rows[0] if rows else "unknown"
    error = JobError(ROWS_MALFORMED, uri=file.uri, rows=number, row=row, why=why)
    return FileError(file, "read", "malformed", error, rows=rows)
