"""What a commit leaves on the control bucket before it happens: counts of its files, and its deletes.

Two documents, any number of parts, and who was about to commit, below `commits/<table>/<batch_id>/<token>/`:

`files.json`
    {"contract": "tidegate.evidence/1",
     "run_id": str, "table": str, "batch_id": str, "token": int, "generation": int,
     "rows": {"read", "inserted", "updated", "deleted", "stale", "duplicate", "skipped" if any: int},
     "files": [{"file_id": str, "rows": int, "min_sequence": str | null, "max_sequence": str | null,
                "deletes": int}]}
    `files`: one element for each file of the batch, in the plan's order, exactly as the outcome repeats it.

`deletes.json`
    {"contract": "tidegate.deletes/1",
     "run_id": str, "table": str, "batch_id": str, "token": int, "generation": int,
     "parts": [{"part": int, "key": str, "rows": int, "max_sequence": str}]}
    Always there; `parts` is empty if the batch has no deletes. `key` is relative to the control root (on S3:
    the object key). Settling copies each part, as it is, to
    `tombstones/<table>/<generation>/<hex of the UTF-8 max_sequence>-<batch_id>-<part>`.
    `max_sequence` may be empty (`""`): deletes without a sequence, the lowest there is.

`deletes-<part>.jsonl.gz`
    gzip'd JSON lines. The first line is a header:
    {"contract": "tidegate.tombstones/1", "batch_id": str, "keys": [{"name", "type"}]}.
    Each further line is one deleted key with the highest sequence of its deletes in this batch:
    ["<sequence>", <key value>, …], key values in the order of `keys`, encoded by `type` as the module
    `key_values` says. At most 50,000 lines a part.

`writer-<32 hex digits>`
    Nothing: a job that was about to commit, of a format that takes whatever is committed
    (`single_writer.py`).

Objects are written with fixed gzip times, so that the same batch gives the same bytes. No Spark in here.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .json_documents import parsed
from .key_values import KeyValue
from .layout import ControlLayout
from .object_store import ObjectStore
from .outcome import AppliedFile, RowCounts

FILES_CONTRACT = "tidegate.evidence/1"
DELETES_CONTRACT = "tidegate.deletes/1"
PART_CONTRACT = "tidegate.tombstones/1"
ROWS_A_PART = 50_000
_FILE_ID = re.compile(r"^\d{12}-\S+$")

Delete = tuple[str, tuple[KeyValue, ...]]
"""A sequence and the encoded key values that it deletes."""


@dataclass(frozen=True)
class KeyColumn:
    """A key column's name and its type in Spark's short form (`bigint`, `decimal(20,0)`, `timestamp`, …)."""

    name: str
    type: str


@dataclass(frozen=True)
class Evidence:
    """What a commit says about its batch."""

    run_id: str
    table: str
    batch_id: str
    token: int
    generation: int
    rows: RowCounts
    files: tuple[AppliedFile, ...]


def put_evidence(
    store: ObjectStore,
    layout: ControlLayout,
    evidence: Evidence,
    keys: Sequence[KeyColumn],
    deletes: Iterable[Delete],
) -> str:
    """Put all of a batch's evidence, the two documents last; returns its URI, which ends with a slash."""
    uri = layout.evidence(evidence.table, evidence.batch_id, evidence.token)
    identity = {
        "run_id": evidence.run_id,
        "table": evidence.table,
        "batch_id": evidence.batch_id,
        "token": evidence.token,
        "generation": evidence.generation,
    }
    parts = []
    for number, rows in enumerate(_chunks(deletes, ROWS_A_PART)):
        part_uri = f"{uri}deletes-{number:05d}.jsonl.gz"
        store.put(part_uri, encode_part(evidence.batch_id, keys, rows))
        highest = max(sequence for sequence, _ in rows)
        parts.append(
            {"part": number, "key": layout.relative(part_uri), "rows": len(rows), "max_sequence": highest}
        )
    store.put(f"{uri}deletes.json", _json({"contract": DELETES_CONTRACT, **identity, "parts": parts}))
    files = {
        "contract": FILES_CONTRACT,
        **identity,
        "rows": evidence.rows.document(),
        "files": [asdict(file) for file in evidence.files],
    }
    store.put(f"{uri}files.json", _json(files))
    return uri


def read_evidence(store: ObjectStore, uri: str) -> Evidence:
    """The `files.json` behind the evidence URI of a commit. ValueError if it is none, or the store's error if
    it is not there."""
    content = store.get(f"{uri}files.json")
    try:
        document = parsed(content)
        if document["contract"] != FILES_CONTRACT:
            raise ValueError(f"its contract is `{document['contract']}`, not `{FILES_CONTRACT}`")
        evidence = _evidence(document)
        usable = _is_usable(evidence)
    except (KeyError, TypeError) as error:
        raise ValueError(f"`{uri}files.json` is no evidence: {type(error).__name__}: {error}") from error
    if not usable:
        raise ValueError(f"`{uri}files.json` has counts, names or sequences that are none")
    return evidence


def _is_usable(evidence: Evidence) -> bool:
    """Whether an outcome that repeats it keeps its own contract."""
    counts = list(asdict(evidence.rows).values())
    for file in evidence.files:
        counts += [file.rows, file.deletes]
        ranges = (file.min_sequence, file.max_sequence)
        if not _FILE_ID.search(file.file_id) or not all(isinstance(one, str | None) for one in ranges):
            return False
    return all(_is_count(count) for count in counts)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _evidence(document: Any) -> Evidence:
    return Evidence(
        run_id=document["run_id"],
        table=document["table"],
        batch_id=document["batch_id"],
        token=document["token"],
        generation=document["generation"],
        rows=RowCounts(**document["rows"]),
        files=tuple(AppliedFile(**file) for file in document["files"]),
    )


def encode_part(batch_id: str, keys: Sequence[KeyColumn], deletes: Sequence[Delete]) -> bytes:
    """One part of a batch's deletes: the bytes that go to the evidence and, copied, to the tombstone log."""
    lines = [_line({"contract": PART_CONTRACT, "batch_id": batch_id, "keys": [asdict(key) for key in keys]})]
    lines.extend(_line([sequence, *values]) for sequence, values in deletes)
    return gzip.compress(b"".join(lines), mtime=0)


def decode_part(content: bytes) -> tuple[tuple[KeyColumn, ...], Iterator[Delete]]:
    """Key columns and deletes of a part. ValueError when it is none, or what gzip raises for what is no
    gzip."""
    lines = gzip.decompress(content).split(b"\n")
    header = json.loads(lines[0]) if lines else {}
    if not isinstance(header, dict) or header.get("contract") != PART_CONTRACT:
        raise ValueError(f"its first line is not `{PART_CONTRACT}`")
    keys = tuple(KeyColumn(key["name"], key["type"]) for key in header["keys"])
    return keys, (_delete(json.loads(line), len(keys)) for line in lines[1:] if line)


def _delete(row: object, keys: int) -> Delete:
    """A line of a part. ValueError when it is none: what is misread here lets a deleted row come back."""
    if not isinstance(row, list) or len(row) != keys + 1 or not isinstance(row[0], str):
        raise ValueError("a line of it is no sequence with its key")
    if not all(value is None or isinstance(value, int | str) for value in row[1:]):
        raise ValueError("a line of it has a key value that is neither text nor number")
    return row[0], tuple(row[1:])


def _chunks(deletes: Iterable[Delete], size: int) -> Iterator[list[Delete]]:
    chunk: list[Delete] = []
    for delete in deletes:
        chunk.append(delete)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
