"""When Spark fails while it reads a batch: which file is to blame?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote, unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors.exceptions.captured import CapturedException

from ..errors import ENGINE_FAILED, STORAGE_FAILED, JobError
from ..java import first_line, is_full_disk, is_storage_failure, java_text
from ..object_store import ObjectStore
from ..plan import PlannedFile
from .file_checks import BadFiles, check_unchanged, damaged


@contextmanager
def blame_files(
    store: ObjectStore, files: Sequence[PlannedFile], target: str, location: str | None = None
) -> Iterator[None]:
    """Turn an error of Spark into BadFiles if it names one of `files` or one has changed; else JobError
    TG5002, or TG5001 for the storage: of a file, or of the table at `location` if that is written too. An
    error of a full disk stays what it is."""
    try:
        yield
    except (Py4JJavaError, CapturedException) as error:
        if is_full_disk(error):
            raise
        check_unchanged(store, files, "recheck")
        named = [file for file in files if _path(file.uri) in unquote(java_text(error))]
        if is_storage_failure(error):
            uri = named[0].uri if named else location or files[0].uri
            raise JobError(STORAGE_FAILED, uri=uri, why=first_line(error)) from error
        if named:
            raise BadFiles([damaged(file, first_line(error)) for file in named]) from error
        raise JobError(ENGINE_FAILED, target=target, why=first_line(error)) from error


def _path(uri: str) -> str:
    """The URI without its scheme, in the form that both the encoded and the plain spelling decode to."""
    return unquote(quote(uri.split("://", 1)[-1]))
