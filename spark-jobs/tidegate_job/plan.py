"""The plan document as frozen dataclasses, loaded and validated against `tidegate.plan/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from .changes.operations import Operations, operations_of
from .errors import PLAN_INVALID, PLAN_UNREADABLE, JobError
from .json_documents import parsed
from .layout import ControlLayout, LayoutError
from .names import NEEDED_COLUMNS, OWN_COLUMNS
from .object_store import ObjectStore
from .schemas import ContractError, validate


@dataclass(frozen=True)
class PlannedFile:
    """One landed file. `bytes` and `etag` (without quotes) are what it had when it landed; `put_at_s` is
    epoch seconds."""

    file_id: str
    uri: str
    kind: Literal["full", "incremental"]
    format: Literal["parquet", "csv", "json"]
    etag: str
    bytes: int
    put_at_s: int


@dataclass(frozen=True)
class Applied:
    """What the table holds already, as the ledger knows it; see `shared/contracts/plan.ts`."""

    max_sequence: str | None
    snapshot: str | None
    tombstones: str
    tombstones_cover_from: str | None


@dataclass(frozen=True)
class Merge:
    """How changes become rows. Column names are in lower case here, since they match without regard to
    case."""

    mode: Literal["snapshot", "historical"]
    keys: tuple[str, ...]
    sequence_columns: tuple[str, ...]
    """Compared in this order."""
    operations: Operations
    drop_columns: frozenset[str]
    schema_policy: Literal["strict", "evolve", "lenient"] = "strict"
    null_means_unchanged: tuple[str, ...] | Literal["all"] = ()
    """Columns whose null in an update leaves the value as it was."""
    before_prefix: str | None = None
    """What the name of a column's before-image begins with, in lower case; None: the files have none."""

    envelope: bool = False
    """Whether the files' rows are Debezium's envelopes."""
    unavailable: str | None = None
    """The text that stands for a value which the source left out of an update; None: there is none."""
    late_partial_is_stale: bool = False
    """Whether a late change counts as stale of which a newer row may have needed a value; else it is
    refused."""

    @property
    def before_keys(self) -> dict[str, str]:
        """The columns that hold what the keys were before an update, by key."""
        return {} if self.before_prefix is None else {key: self.before_prefix + key for key in self.keys}


@dataclass(frozen=True)
class TextFiles:
    """How files that are text are read; the defaults are AWS DMS's. `columns`: lower-case names and types,
    for a CSV file without header in its order."""

    columns: tuple[tuple[str, str], ...] = ()
    header: bool = False
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    null_value: str = "NULL"


@dataclass(frozen=True)
class Target:
    """The lake table. `properties` are the user's own; `adopt`: others may have made it; `metadata_columns`:
    which of ours a new one gets besides those that it needs, None for all."""

    format: Literal["iceberg", "hudi"]
    database: str
    table: str
    location: str
    write_mode: Literal["merge_on_read", "copy_on_write"]
    partition_by: tuple[str, ...]
    properties: dict[str, str]
    adopt: bool = False
    metadata_columns: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """For messages; names in SQL come from `names.qualified`."""
        return f"{self.database}.{self.table}"


@dataclass(frozen=True)
class TablePlan:
    """One table of a plan: its frozen entry, and the token of this attempt."""

    table: str
    token: int
    attempt: int
    resolve_only: bool
    batch_id: str
    generation: int
    from_s: int | None
    """When the reload that the generation begins with was put, or the table truncated; epoch seconds."""
    replaces: bool
    files: tuple[PlannedFile, ...]
    applied: Applied
    merge: Merge
    target: Target
    text_files: TextFiles

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Those of our columns that a table gets which is made by this plan."""
        chosen = self.target.metadata_columns
        if chosen is None:
            return OWN_COLUMNS
        wanted = {*chosen, *NEEDED_COLUMNS[self.merge.mode]}
        return tuple(name for name in OWN_COLUMNS if name in wanted)

    @property
    def empties(self) -> bool:
        """Nothing replaces what the table holds: it was truncated at its source."""
        return not self.files

    @property
    def fresh_as_of_s(self) -> int:
        """Up to when the source's changes are in the table with this batch, epoch seconds."""
        return max((file.put_at_s for file in self.files), default=self.from_s or 0)


@dataclass(frozen=True)
class Plan:
    """A batch's plan, and where its documents go."""

    run_id: str
    refresh_cadence: str
    batch: int
    layout: ControlLayout
    tables: tuple[TablePlan, ...]


def load_plan(store: ObjectStore, uri: str, run_id: str) -> Plan:
    """Read and validate the plan at `uri` for this run. JobError TG2001 if it can't be read, TG2002 if it is
    not right."""
    try:
        content = store.get(uri)
    except Exception as error:
        raise JobError(PLAN_UNREADABLE, uri=uri, why=f"{type(error).__name__}: {error}") from error
    try:
        document = parsed(content)
        validate("plan", document)
        plan = parse_plan(document)
        if plan.run_id != run_id:
            raise ValueError(f"its `run_id` is `{plan.run_id}`, but `--run-id` says `{run_id}`")
        _refuse_twice("table", (table.table for table in plan.tables))
        # Two tables of one application on one target would look past each other's pinned snapshot.
        _refuse_twice("target", (table.target.name for table in plan.tables))
    except (ValueError, ContractError, LayoutError) as error:
        raise JobError(PLAN_INVALID, uri=uri, why=str(error)) from error
    return plan


def parse_plan(document: dict[str, Any]) -> Plan:
    """The dataclasses of a document that is valid already. LayoutError if its names or URIs do not fit the
    control bucket, ValueError if a table's settings contradict each other."""
    layout = ControlLayout.of(document["outcomes"], document["run_id"])
    plan = Plan(
        run_id=document["run_id"],
        refresh_cadence=document["refresh_cadence"],
        batch=document["batch"],
        layout=layout,
        tables=tuple(_table(item) for item in document["tables"]),
    )
    for table in plan.tables:
        layout.outcome(table.table, table.token)
        layout.evidence(table.table, table.batch_id, table.token)
    return plan


def _table(item: dict[str, Any]) -> TablePlan:
    entry = item["entry"]
    merge = entry["merge"]
    unchanged = merge.get("null_means_unchanged", ())
    if merge["mode"] == "snapshot" and not merge["keys"]:
        raise ValueError(f"`{item['table']}` has one row a key, and no `keys`")
    if not entry["files"] and not entry["generation"]["replaces"]:
        raise ValueError(f"its entry of `{item['table']}` has no files, and replaces nothing either")
    return TablePlan(
        table=item["table"],
        token=item["token"],
        attempt=item["attempt"],
        resolve_only=item["resolve_only"],
        batch_id=entry["batch_id"],
        generation=entry["generation"]["id"],
        from_s=entry["generation"].get("from_s"),
        replaces=entry["generation"]["replaces"],
        files=tuple(_file(file) for file in entry["files"]),
        applied=Applied(**entry["applied"]),
        merge=Merge(
            mode=merge["mode"],
            keys=_lower(merge["keys"]),
            sequence_columns=_lower([by] if isinstance(by := merge["sequence_by"], str) else by),
            operations=operations_of(merge),
            drop_columns=frozenset(_lower(merge["drop_columns"])),
            schema_policy=merge.get("schema_policy", "strict"),
            before_prefix=_before_prefix(merge),
            envelope=merge.get("shape") == "debezium",
            null_means_unchanged=unchanged if unchanged == "all" else _lower(unchanged),
            unavailable=merge.get("unavailable_value"),
            late_partial_is_stale=merge.get("on_late_partial_update") == "stale",
        ),
        target=_target(entry["target"]),
        text_files=_text_files(**entry.get("text_files", {})),
    )


def _before_prefix(merge: dict[str, Any]) -> str | None:
    if merge.get("shape") == "debezium":
        return "before."
    return str(merge["before_image"]["prefix"]).lower() if "before_image" in merge else None


def _text_files(columns: Iterable[dict[str, str]] = (), csv: dict[str, Any] | None = None) -> TextFiles:
    said = csv or {}
    escape = said.get("escape", said.get("quote", '"'))
    named = tuple((column["name"].lower(), column["type"]) for column in columns)
    return TextFiles(columns=named, **{**said, "escape": escape})


def _lower(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


def _target(item: dict[str, Any]) -> Target:
    chosen = item.get("metadata_columns")
    columns = tuple(chosen) if chosen is not None else None
    return Target(**{**item, "partition_by": tuple(item["partition_by"]), "metadata_columns": columns})


def _file(item: dict[str, Any]) -> PlannedFile:
    fields = ("file_id", "uri", "kind", "format", "etag", "bytes", "put_at_s")
    return PlannedFile(**{name: item[name] for name in fields})


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"it names the {what} `{name}` {times} times")
