"""Which file is blamed, and for what: the state of each object decides over what was read of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tidegate_job.errors import STORAGE_FAILED, JobError
from tidegate_job.files.file_checks import BadFiles, as_found_now, damaged
from tidegate_job.object_store import LocalObjects, ObjectState
from tidegate_job.plan import PlannedFile


def put(folder: Path, name: str, content: bytes) -> PlannedFile:
    path = folder / name
    path.write_bytes(content)
    etag = hashlib.md5(content).hexdigest()
    return PlannedFile(
        f"000000000001-{name}", f"file://{path}", "incremental", "parquet", etag, len(content), 1
    )


def told(found: BadFiles) -> list[tuple[str, str, str]]:
    return [(error.reason, error.stage, error.error.code) for error in found.errors]


def test_a_file_that_was_overwritten_while_it_was_read_is_not_damaged(tmp_path: Path) -> None:
    overwritten, gone, bad = (put(tmp_path, name, b"landed") for name in ("1", "2", "3"))
    (tmp_path / "1").write_bytes(b"other bytes, which cannot be read")
    (tmp_path / "2").unlink()
    found = BadFiles([damaged(file, "no page header") for file in (overwritten, gone, bad)])
    assert told(as_found_now(LocalObjects(), found)) == [
        ("overwritten", "recheck", "TG2102"),
        ("gone", "recheck", "TG2101"),
        ("damaged", "read", "TG2106"),
    ]


def test_what_was_found_stays_when_the_storage_does_not_answer(tmp_path: Path) -> None:
    class Silent(LocalObjects):
        def head(self, uri: str) -> ObjectState:
            raise JobError(STORAGE_FAILED, uri=uri, why="timed out")

    found = BadFiles([damaged(put(tmp_path, "1", b"landed"), "no page header")])
    assert told(as_found_now(Silent(), found)) == [("damaged", "read", "TG2106")]
