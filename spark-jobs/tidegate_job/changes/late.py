"""Checks on what was read of each file: nothing missing, no null keys, and how far below the applied mark it
reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from ..columns import Footer
from ..errors import KEY_NULL, LATE_BEYOND_WINDOW, OPERATION_UNKNOWN, SEQUENCE_TYPE, JobError
from ..files.file_checks import BadFiles, FileError, damaged
from ..outcome import AppliedFile
from ..plan import PlannedFile, TablePlan


class FoundRows(Protocol):
    """What reading found in one file; see `changes.FileRows`."""

    @property
    def rows(self) -> int: ...
    @property
    def deletes(self) -> int: ...
    @property
    def lowest(self) -> str | None: ...
    @property
    def highest(self) -> str | None: ...
    @property
    def lowest_present(self) -> str | None: ...
    @property
    def null_keys(self) -> Mapping[str, int]: ...
    @property
    def unknown(self) -> int: ...
    @property
    def unknown_as(self) -> str | None: ...
    @property
    def without_operation(self) -> int: ...


def check_rows(
    plan: TablePlan,
    footers: Mapping[str, Footer],
    found: Mapping[str, FoundRows],
    rows_to_blame: Callable[[PlannedFile, str], tuple[int, ...]],
) -> tuple[AppliedFile, ...]:
    """Counts and ranges in the plan's order. BadFiles for rows that did not arrive, null keys, signed
    sequences or operations that nobody listed. `rows_to_blame` is asked for the rows of a file whose value
    in a column, a key or the operation, can't be used."""
    errors: list[FileError] = []
    applied: list[AppliedFile] = []
    for file in plan.files:
        rows = found.get(file.file_id)
        promised = footers[file.file_id].rows
        if (rows.rows if rows else 0) != promised:
            errors.append(
                damaged(file, f"{rows.rows if rows else 0:,} of its {promised:,} rows could be read")
            )
        if rows is None:
            applied.append(AppliedFile(file.file_id, 0, None, None, 0))
            continue
        for key, number in rows.null_keys.items():
            error = JobError(KEY_NULL, uri=file.uri, rows=number, column=key)
            errors.append(FileError(file, "read", "null_key", error, rows=rows_to_blame(file, key)))
        errors += _unknown_operations(plan, file, rows, rows_to_blame)
        if (rows.lowest_present or "").startswith("-"):
            error = JobError(
                SEQUENCE_TYPE,
                uri=file.uri,
                column=", ".join(plan.merge.sequence_columns),
                type="negative number",
            )
            errors.append(FileError(file, "read", "sequence", error))
        applied.append(
            AppliedFile(file.file_id, rows.rows, rows.lowest_present, rows.highest or None, rows.deletes)
        )
    if errors:
        raise BadFiles(errors)
    return tuple(applied)


def _unknown_operations(
    plan: TablePlan,
    file: PlannedFile,
    rows: FoundRows,
    rows_to_blame: Callable[[PlannedFile, str], tuple[int, ...]],
) -> Iterator[FileError]:
    # A row of a full load needs no operation.
    without = rows.without_operation if file.kind == "incremental" else 0
    if rows.unknown + without == 0:
        return
    column = plan.merge.operations.column or ""
    blamed = rows_to_blame(file, column)
    value = rows.unknown_as if rows.unknown else "null"
    error = JobError(
        OPERATION_UNKNOWN,
        uri=file.uri,
        rows=f"{rows.unknown + without:,}",
        column=column,
        value=value,
        first=f"; the first are rows {', '.join(map(str, blamed))}" if blamed else "",
    )
    yield FileError(file, "read", "operation", error, rows=blamed)


def lowest_late_sequence(plan: TablePlan, found: Mapping[str, FoundRows]) -> str | None:
    """The batch's lowest sequence if it does not lie above the applied mark, else None: then no delete can
    outrank it.

    A change *at* the mark counts as late: changes of one transaction can share a sequence and be torn apart
    by batches.
    JobError TG2301 if it lies below what the tombstone log still covers.
    """
    mark, cover_from = plan.applied.max_sequence, plan.applied.tombstones_cover_from
    late = {file_id: rows.lowest for file_id, rows in found.items() if rows.lowest is not None}
    if mark is None or not late or min(late.values()) > mark:
        return None
    for file in plan.files:
        lowest = late.get(file.file_id)
        if cover_from is not None and lowest is not None and lowest <= mark and lowest < cover_from:
            raise JobError(LATE_BEYOND_WINDOW, uri=file.uri, sequence=lowest, cover_from=cover_from)
    return min(late.values())
