"""What a table does with a file whose columns are not its own (`schema_policy`): refuse it, evolve, or keep
beside the row what does not fit. The whole of it is one table in `docs/reference/schema-changes.md`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .earlier_types import Earlier, EarlierTypes
from .errors import COLUMN_MISSING, COLUMN_NARROWED, COLUMN_TYPE, COLUMN_UNKNOWN, KEY_CHANGED, JobError, Kind
from .outcome import SchemaChange
from .plan import Merge, PlannedFile

Widens = Callable[[str, str], bool]
"""Whether a column that a table has can get the second type instead of the first."""
_WIDER = {"int": "bigint", "float": "double"}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


class SchemaHeld(JobError):
    """The source's schema has changed in a way that only an operator can decide about. No file is to blame,
    so none is named as bad: the table is held."""


def widens(narrow: str, wide: str) -> bool:
    """Whether each value of a (Spark) type is one of the other, as Iceberg's type promotion has it."""
    if _WIDER.get(narrow) == wide:
        return True
    few, many = _DECIMAL.fullmatch(narrow), _DECIMAL.fullmatch(wide)
    return few is not None and many is not None and few[2] == many[2] and int(few[1]) < int(many[1])


class Agreement:
    """The columns that a batch is agreeing on, file by file."""

    def __init__(
        self,
        declared: Mapping[str, str] | None,
        merge: Merge,
        target: str,
        earlier: EarlierTypes,
        in_table: Widens,
    ) -> None:
        self.data: dict[str, str] | None = dict(declared) if declared is not None else None
        """Names and types of what is written, as far as it is known; None before the first file of a new
        table."""
        self.rescued: set[str] = set()
        """Columns of files that the table does not get."""
        self._merge = merge
        self._target = target
        self._earlier = earlier
        self._declared = declared or {}
        self._in_table = in_table
        self._narrower: dict[str, set[str]] = {}

    @property
    def narrower(self) -> Earlier:
        """Types that files have instead of the wider ones in `data`, of columns that change or are new."""
        return {name: frozenset(types) for name, types in self._narrower.items()}

    def check_keys(self, file: PlannedFile, columns: Mapping[str, str]) -> None:
        """SchemaHeld TG2222 if a table that does not refuse changes would get another key. By its keys a
        table was merged, and its deletes are remembered."""
        if self.data is None or self._merge.schema_policy == "strict":
            return
        for key in self._merge.keys:
            stored, found = self.data.get(key), columns.get(key)
            if found != stored:
                shown = "no such column" if found is None else f"type `{found}`"
                self._hold(KEY_CHANGED, file, key, was=str(stored), found=shown)

    def admit(self, file: PlannedFile, data: Mapping[str, str]) -> None:
        """Agree with the columns of one file. JobError TG2201, TG2202 or TG2203 if a strict table has others;
        SchemaHeld TG2221 if one can't evolve so far."""
        if self.data is None:
            self.data = dict(data)
        elif self._merge.schema_policy == "lenient":
            self.rescued.update(name for name in data if name not in self.data)
        elif self._merge.schema_policy == "evolve":
            self._evolve(file, data, self.data)
        else:
            _refuse_others(file, data, self.data, self._target)

    def _evolve(self, file: PlannedFile, data: Mapping[str, str], known: dict[str, str]) -> None:
        for name, type_ in data.items():
            stored = known.setdefault(name, type_)
            if type_ == stored:
                continue
            if self._can_widen(name, stored, type_):
                self._narrower.setdefault(name, set()).add(stored)
                known[name] = type_
            elif name not in self._declared and widens(type_, stored):
                # Files of one batch come in any order, and the table has nothing yet that could be narrowed.
                self._narrower.setdefault(name, set()).add(type_)
            elif not self._was(name, type_):
                self._hold(COLUMN_NARROWED, file, name, was=stored, found=type_)

    def _can_widen(self, name: str, stored: str, type_: str) -> bool:
        there = self._declared.get(name)
        return widens(stored, type_) and (there is None or self._in_table(there, type_))

    def _was(self, name: str, type_: str) -> bool:
        """Whether the column had this type before it was widened, so that a file from then fits."""
        return type_ in self._narrower.get(name, ()) or type_ in self._earlier().get(name, ())

    def _hold(self, kind: Kind, file: PlannedFile, column: str, was: str, found: str) -> None:
        raise SchemaHeld(kind, uri=file.uri, column=column, target=self._target, was=was, found=found)


def _refuse_others(
    file: PlannedFile, data: Mapping[str, str], declared: Mapping[str, str], target: str
) -> None:
    for name, type_ in data.items():
        if name not in declared:
            raise JobError(COLUMN_UNKNOWN, uri=file.uri, column=name, target=target)
        check_same(file, name, type_, declared[name], target)
    for name in declared:
        if name not in data:
            raise JobError(COLUMN_MISSING, uri=file.uri, column=name, target=target)


def check_same(file: PlannedFile, name: str, type_: str, declared: str, target: str) -> None:
    """JobError TG2203 if the types differ."""
    if type_ != declared:
        raise JobError(COLUMN_TYPE, uri=file.uri, column=name, type=type_, target=target, declared=declared)


def column_changes(stored: Mapping[str, str], columns: Mapping[str, str]) -> tuple[SchemaChange, ...]:
    """What a table with the `stored` columns must get to have `columns`, which it has been agreed to."""
    changes = []
    for name, type_ in columns.items():
        was = stored.get(name)
        if was is None:
            changes.append(SchemaChange("added", name, type_))
        elif was != type_:
            changes.append(SchemaChange("widened", name, type_, was=was))
    return tuple(changes)
