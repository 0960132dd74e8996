"""What the job needs of a table format: open a table once, look into its history, and commit from that very
snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyspark.sql import DataFrame

from .columns import BatchColumns
from .earlier_types import Earlier
from .evidence import KeyColumn
from .outcome import RowCounts, SchemaChange
from .plan import TablePlan


@dataclass(frozen=True)
class Commit:
    """A commit that carries a batch id. `at_ms` is epoch milliseconds; `evidence` ends with a slash."""

    snapshot: str
    at_ms: int
    token: int
    evidence: str | None
    schema_changes: tuple[SchemaChange, ...] = ()
    """What the table was changed by for this batch."""


@dataclass(frozen=True)
class Look:
    """What the history since the last settled snapshot says: this batch's commit, or else who was there
    before us."""

    commit: Commit | None = None
    highest_token: int = 0
    newest_generation: int = 0


class OpenTable(Protocol):
    """A table pinned to one snapshot: everything here reads that one, and a commit is validated against it
    (rule 4)."""

    @property
    def declared(self) -> Mapping[str, str] | None:
        """The source's columns and their types by lower-case name; None if the table does not exist yet
        or is to be replaced by other rows. A table that is emptied keeps its columns."""
        ...

    @property
    def refuses_other_writers(self) -> bool:
        """Whether a commit is validated against what others have committed since the table was opened."""
        ...

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever committed to it, it does not exist yet, or it is to be replaced: no row of
        it counts."""
        ...

    def earlier_types(self) -> Earlier:
        """The types that columns had before they were widened, by lower-case name."""
        ...

    def left_out(self) -> frozenset[str]:
        """The columns, by lower-case name, of which a row may have a value from before its own change,
        since an update has left one out."""
        ...

    def widens(self, stored: str, type_: str) -> bool:
        """Whether a column of the table, stored with one type, can get the other one for good."""
        ...

    def look_up(self) -> Look:
        """Search the history back to the last settled snapshot; ResultUnknown TG4001 if it does not reach
        that far."""
        ...

    def check_target(self) -> None:
        """JobError if the configured properties or the existing table do not allow exactly-once commits."""
        ...

    def hits(
        self, changes: DataFrame, keys: Sequence[KeyColumn], rows: int, values: Sequence[str] = ()
    ) -> DataFrame | None:
        """The pinned snapshot's rows whose keys are among `changes` (`rows` of them): keys and sequence, and
        columns of the format's own that lead back to the row. None if there are none. Of `values`, columns
        by lower-case name, also what the table has, under the name that `partial_updates.stored_as` gives."""
        ...

    def stage(
        self, effects: DataFrame, columns: BatchColumns, rows: RowCounts, hit: Mapping[str, int]
    ) -> Commit | None:
        """Write what the commit will add, without committing. `effects` have the columns of `hits` too; `hit`
        says how many rows of each data file they update or delete.

        Creates or adopts the table if need be, and adds and widens columns until it has those of
        `columns.data`; `columns.narrower` and `columns.left_out` are remembered. A commit is returned
        if another run of this very batch has made it meanwhile; JobError if the table has changed otherwise.
        """
        ...

    def commit(self, rows: RowCounts, evidence: str) -> Commit:
        """One commit of what was staged, with batch id, token, generation, counts and evidence in it.

        JobError if surely nothing was committed, ResultUnknown if that cannot be told.
        """
        ...

    def close(self) -> None:
        """Remove what was staged and not committed. Always called, also without a `stage`."""
        ...


class TableFormat(Protocol):
    """Opens tables; the one call that refreshes."""

    def open(self, plan: TablePlan) -> OpenTable: ...
