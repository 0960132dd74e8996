"""The outcome document: what happened to one table of a plan, in the words of `tidegate.outcome/1`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from .errors import JobError
from .schemas import validate

Result = Literal["committed", "already_committed", "rejected", "unknown"]
Lookup = Literal["absent", "found", "unreachable"]


@dataclass(frozen=True)
class RowCounts:
    """Changes by effect; the others add up to `read`. In historical mode each change is a version, and
    counts as `inserted`, `updated` or `deleted` by its operation.

    `stale`: lost against the stored row or a remembered delete, or was a delete of a key that is not there.
    `duplicate`: lost against another change of the same key in the same batch.
    `skipped`: rows that are no changes, such as before-images.
    """

    read: int
    inserted: int
    updated: int
    deleted: int
    stale: int
    duplicate: int
    skipped: int = 0

    def document(self) -> dict[str, int]:
        """Without `skipped` where it says nothing: most tables have no such rows."""
        counts = asdict(self)
        if not self.skipped:
            del counts["skipped"]
        return counts


@dataclass(frozen=True)
class AppliedFile:
    """Rows and range of sequences of one file of the batch; null where no row has a sequence."""

    file_id: str
    rows: int
    min_sequence: str | None
    max_sequence: str | None
    deletes: int


@dataclass(frozen=True)
class BadFile:
    """A file for which a batch was rejected. `stage` is `check`, `read` or `recheck`; `reason` one word of
    file_checks; `rows` those to blame, counted from 1, if it is about single rows."""

    file_id: str
    stage: str
    reason: str
    detail: str
    rows: tuple[int, ...] = ()

    def document(self) -> dict[str, object]:
        without = asdict(self)
        del without["rows"]
        return {**without, "rows": list(self.rows)} if self.rows else without


@dataclass(frozen=True)
class SchemaChange:
    """A column that the table got with a batch, or whose type was widened for it: `was` is the type before.
    Types are Spark's short names."""

    change: Literal["added", "widened"]
    column: str
    type: str
    was: str | None = None

    def document(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Outcome:
    """One table's outcome. `committed_at_ms` is epoch milliseconds, `seconds` maps a phase to its
    duration."""

    run_id: str
    table: str
    token: int
    batch_id: str
    result: Result
    lookup: Lookup
    snapshot: str | None = None
    committed_at_ms: int | None = None
    rows: RowCounts | None = None
    files: tuple[AppliedFile, ...] = ()
    evidence: str | None = None
    bad_files: tuple[BadFile, ...] = ()
    schema_changes: tuple[SchemaChange, ...] = ()
    error: JobError | None = None
    error_details: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        return self.result in ("committed", "already_committed")

    def document(self) -> bytes:
        """The validated JSON document. Raises if it breaks its own schema: then the job is at fault."""
        error = self.error
        document = {
            "contract": "tidegate.outcome/1",
            "run_id": self.run_id,
            "table": self.table,
            "token": self.token,
            "batch_id": self.batch_id,
            "result": self.result,
            "lookup": self.lookup,
            "snapshot": self.snapshot,
            "committed_at_ms": self.committed_at_ms,
            "rows": self.rows.document() if self.rows else None,
            "files": [asdict(file) for file in self.files],
            "evidence": self.evidence,
            "bad_files": [file.document() for file in self.bad_files],
            **(
                {"schema_changes": [c.document() for c in self.schema_changes]} if self.schema_changes else {}
            ),
            "error": error
            and {
                "code": error.code,
                "message": error.message,
                "transient": error.transient,
                "details": self.error_details,
            },
            "seconds": {phase: round(seconds, 3) for phase, seconds in self.seconds.items()},
        }
        validate("outcome", document)
        return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
