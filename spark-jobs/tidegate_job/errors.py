"""The job's numbered errors, one table: code, when it is raised, and whether trying again may help.

`TG2xxx` input (plan, file, schema), `TG4xxx` table commit, `TG5xxx` engine, `TG9xxx` ours; the families of
`shared/errors.ts`.
A message names the thing with its value in back-ticks and ends with what to do next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 2_000
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Kind:
    """One numbered error. `message` has named fields; `transient`: nothing was done and trying again may
    work."""

    code: str
    message: str
    transient: bool = False


_MEND = "Put it again mended, or let the table go on without it: `docs/how-to/a-poison-file.md`."
_EARLIER = (
    "Put the file with the declared columns, or let the table follow its source: `schema_policy`, "
    "`docs/reference/schema-changes.md`."
)

PLAN_UNREADABLE = Kind(
    "TG2001", "The plan `{uri}` cannot be read: {why}. Check `--plan` and the job's rights.", True
)
PLAN_INVALID = Kind(
    "TG2002", "The plan `{uri}` breaks its contract: {why}. Make it again with the batch's claim."
)
PLAN_NOT_SUPPORTED = Kind(
    "TG2003", "`{field}` is `{value}`, which this version of the job does not do: {why}. {todo}"
)
FILE_GONE = Kind(
    "TG2101",
    "`{uri}` is gone: it was in the ledger but S3 has no such object. " + _MEND,
)
FILE_OVERWRITTEN = Kind(
    "TG2102",
    "`{uri}` was overwritten since it landed: {why}. The newer put has its own event; run the cadence again.",
)
FILE_EMPTY = Kind("TG2103", "`{uri}` is empty (0 bytes). " + _MEND)
FILE_TRUNCATED = Kind(
    "TG2104",
    "`{uri}` has no parquet footer: it is cut short. " + _MEND,
)
FILE_NOT_PARQUET = Kind("TG2105", "`{uri}` is not a parquet file: {why}. " + _MEND)
FILE_DAMAGED = Kind("TG2106", "`{uri}` cannot be read to its end: {why}. " + _MEND)
CSV_UNNAMED = Kind(
    "TG2107",
    "`{uri}` is CSV, and nothing names its columns. Add `csv: {{ header: true }}` to the table if its first "
    "line does, or else `columns` with their names and types in order.",
)
ROWS_MALFORMED = Kind("TG2108", "`{uri}` has {rows} malformed rows; the first, row {row}: {why}. " + _MEND)
CSV_HEADER = Kind(
    "TG2109", "`{uri}` is CSV, but {why}. Correct the file, or `csv` in the configuration of its table."
)
FILE_COMPRESSION = Kind(
    "TG2110",
    "`{uri}` has a name that says otherwise: {why}. Put it again under a name with `.gz` if it is gzip.",
)
CSV_FIELDS = Kind(
    "TG2111",
    "`{uri}` has {found} fields in its first line, which does not fit `columns`: {columns}. Correct the "
    "file, or `columns`.",
)
COLUMN_UNKNOWN = Kind(
    "TG2201", "`{uri}` has a column `{column}` that `{target}` has not declared. " + _EARLIER
)
COLUMN_MISSING = Kind(
    "TG2202", "`{uri}` lacks the column `{column}` that `{target}` has declared. " + _EARLIER
)
COLUMN_TYPE = Kind(
    "TG2203",
    "`{uri}` has column `{column}` of type `{type}`, but `{target}` has declared `{declared}`. " + _EARLIER,
)
COLUMN_TWICE = Kind("TG2204", "`{uri}` has column `{column}` twice, but for upper and lower case. " + _MEND)
COLUMN_RESERVED = Kind(
    "TG2205",
    "`{uri}` has column `{column}`: names that begin with `_tg_` are ours, and so is `_rescued` of a table "
    "that has it. Rename it, or add it to `drop_columns`.",
)
COLUMN_UNUSABLE = Kind(
    "TG2206", "`{uri}` has column `{column}` of no usable type: {why}. Give it one, or drop it."
)
KEY_MISSING = Kind(
    "TG2211", "`{uri}` lacks the key column `{column}`. Correct `keys` of the table, or the file."
)
KEY_NULL = Kind("TG2212", "`{uri}` has {rows} rows whose key column `{column}` is null. " + _MEND)
SEQUENCE_MISSING = Kind(
    "TG2213",
    "`{uri}` is a change file without the sequence column `{column}`. Correct `sequence_by`, or the file.",
)
SEQUENCE_TYPE = Kind(
    "TG2214",
    "`{uri}` has the sequence column `{column}` as `{type}`, which has no safe order as text. Use a string, "
    "integer, date or timestamp.",
)
OPERATION_MISSING = Kind(
    "TG2215",
    "`{uri}` is a change file without the operation column `{column}`. Correct `apply_as_deletes`, or the "
    "file.",
)
KEY_TYPE = Kind(
    "TG2216",
    "`{uri}` has key column `{column}` of type `{type}`, which cannot be a key. Choose other `keys`.",
)
OPERATION_UNKNOWN = Kind(
    "TG2217",
    "`{uri}` has {rows} rows whose operation `{column}` is in no list of `operations`, such as `{value}`"
    "{first}. Add the value to the list where it belongs, or mend the file.",
)
COLUMN_NARROWED = Kind(
    "TG2221",
    "`{uri}` has column `{column}` as `{found}`, and `{target}` has it as `{was}`, which does not widen to "
    "that. The table is held. Put the file with the old type; or set `schema_policy: lenient`, which keeps "
    "in `_rescued` what does not fit; or load the table in full again. Then `tidegate release`; "
    "`docs/reference/schema-changes.md`.",
)
KEY_CHANGED = Kind(
    "TG2222",
    "`{uri}` has another key than `{target}`: of column `{column}` {found}, and the table has `{was}`. The "
    "table is held, since rows and remembered deletes go by their key. Put the file with the old key, or "
    "load the table in full again. Then `tidegate release`; `docs/reference/schema-changes.md`.",
)
BEFORE_IMAGE_MISSING = Kind(
    "TG2219",
    "`{uri}` is a change file without `{column}`, the key before an update: a key that changed would leave "
    "its old row. Correct `before_image`, or let the source write it.",
)
ENVELOPE_MISSING = Kind(
    "TG2220",
    "`{uri}` has neither `after` nor `before` with a row's columns: it holds no Debezium envelopes, which "
    "are read from parquet and JSON lines. Correct `shape`, or the file.",
)
LATE_BEYOND_WINDOW = Kind(
    "TG2301",
    "`{uri}` has a sequence `{sequence}` from before `{cover_from}`, from where deletes are remembered: "
    "applying it could "
    "revive a deleted row. The table must be held; an operator decides whether to take the file "
    "out or to reload.",
)
UNCHANGED_COLUMN_MISSING = Kind(
    "TG2218",
    "`null_means_unchanged` names `{column}`, which is no column of `{target}`: nulls would overwrite what "
    "they should leave. Correct the name.",
)
LATE_PARTIAL = Kind(
    "TG2302",
    "`{uri}` has a change of `{sequence}` for a key whose stored row is of `{stored}`: that one's source may "
    "have left out a value which this change gives, and it can't be folded in any more. Reload the table; or "
    "set `on_late_partial_update: stale`, and what such changes would have given is lost.",
)
PARTITION_SPEC = Kind(
    "TG2401",
    "`partition_by` has `{spec}`; it must be `bucket(n, column)`, `days(column)`, `months(column)` or a "
    "column of "
    "the table: {why}. Correct the table's configuration.",
)
PROPERTY_REFUSED = Kind(
    "TG2402",
    "`target.properties` sets `{name}`, on which exactly-once commits depend. Remove it from the "
    "configuration.",
)
TARGET_FOREIGN = Kind(
    "TG2403",
    "The table `{target}` exists but was not made by Tidegate: it lacks `{column}`. Choose another "
    "`target.table`, or set `target.adopt: true` to go on with its rows; see "
    "`docs/how-to/adopt-a-table.md`.",
)
MODE_CHANGED = Kind(
    "TG2404",
    "The table `{target}` was made in mode `{stored}`, but the plan says `{mode}`. Set `mode` back, or "
    "choose another `target.table`.",
)
OWN_COLUMN_GONE = Kind(
    "TG2405",
    "The table `{target}` was written by Tidegate, but somebody has dropped its column `{column}`: which "
    "rows are newer cannot be told any more. Restore the table from before that, or choose another "
    "`target.table`.",
)
ADOPT_FORMAT = Kind(
    "TG2406",
    "The table `{target}` cannot be adopted: its format version is {version}, and changes need 2. Run "
    "`ALTER TABLE {target} SET TBLPROPERTIES ('format-version' = '2')`, if all its readers know it.",
)
ADOPT_COLUMNS = Kind(
    "TG2407",
    "The table `{target}` cannot be adopted, its columns do not fit: {unfit}. Alter the table or the "
    "configuration; the next run tries again.",
)
ADOPT_KEYS = Kind(
    "TG2408",
    "The table `{target}` cannot be adopted: by its `keys` ({keys}) it has {number} {what}. Remove such "
    "rows, or correct `keys`.",
)
ADOPT_PARTITIONS = Kind(
    "TG2409",
    "The table `{target}` cannot be adopted: it is partitioned by `{stored}`, but `partition_by` says "
    "`{spec}`. Leave `partition_by` out to keep what it has.",
)
ADOPT_FULL_LOAD = Kind(
    "TG2410",
    "`{uri}` is a full load, but `{target}` was adopted with rows: which of both are newer cannot be told. "
    "Give the full load a table of its own, or take the file out of the ledger; see "
    "`docs/how-to/adopt-a-table.md`.",
)
HISTORY_SHORTENED = Kind(
    "TG2411",
    "The history `{target}` has {stored} versions, and what should replace it {read}: those of other "
    "generations would be lost. Rebuild it into another `target.table`.",
)
PARTITION_COLUMN_GONE = Kind(
    "TG2412",
    "The table `{target}` is or was partitioned by `{column}`, which what should replace it has not, or with "
    "another type: Iceberg keeps such a column. Rebuild it into another `target.table`.",
)
HUDI_COLUMN = Kind(
    "TG2413",
    "`{target}` is a Hudi table, which cannot have the column `{column}`: {why}. Drop it by `drop_columns`, "
    "or choose `target.format: iceberg`.",
)
PROPERTY_UNKNOWN = Kind(
    "TG2414",
    "`target.properties` sets `{name}`, which is no option of Hudi: those begin with `hoodie.`. Remove it "
    "from the configuration.",
)
LAYOUT_CHANGED = Kind(
    "TG2415",
    "The Hudi table `{target}` was made with {what} `{stored}`, but the plan says `{planned}`, and Hudi "
    "cannot change that. Set it back, or choose another `target.table`.",
)
LOOKUP_UNREACHABLE = Kind(
    "TG4001",
    "Cannot tell whether batch `{batch_id}` is in `{target}`: {why}. Once it can be told, the next run "
    "resolves it.",
    True,
)
CONFLICT = Kind(
    "TG4002",
    "Another writer committed to `{target}` after it was looked at: {why}. The next run looks afresh.",
    True,
)
COMMIT_UNKNOWN = Kind(
    "TG4003",
    "The catalogue did not answer after the commit was sent to `{target}`: {why}. "
    "The next run looks whether batch `{batch_id}` is there.",
    True,
)
SUPERSEDED = Kind(
    "TG4004",
    "`{target}` has a commit of token `{seen}`, above ours `{token}`: this run lost its claim. Nothing to "
    "do.",
)
GENERATION_PASSED = Kind(
    "TG4005",
    "`{target}` is at generation `{seen}`, above ours `{generation}`. Nothing to do: the batch is "
    "superseded.",
)
RESOLVED_ABSENT = Kind(
    "TG4006",
    "Batch `{batch_id}` is not in `{target}`, and its plan is to look only. The ledger may unfreeze its "
    "files.",
)
COMMIT_UNMARKED = Kind(
    "TG4007",
    "A commit to `{target}` does not carry batch `{batch_id}`. Check that the engine's Iceberg is the "
    "pinned one.",
)
ISOLATION_WEAK = Kind(
    "TG4008",
    "`{target}` has `{name}` = `{value}`; only `serializable` keeps a lost run from writing. Unset the "
    "property.",
)
EVIDENCE_UNREADABLE = Kind(
    "TG4009",
    "Batch `{batch_id}` is committed to `{target}`, but its evidence `{uri}` cannot be read: {why}. "
    "Restore it; the next run tries again.",
    True,
)
ANOTHER_JOB = Kind(
    "TG4010",
    "Another job of this run writes to `{target}`, or died when it was about to. The next run looks whether "
    "the batch is there.",
    True,
)
STORAGE_FAILED = Kind("TG5001", "`{uri}` cannot be reached: {why}. The next run tries again.", True)
ENGINE_FAILED = Kind(
    "TG5002", "Spark could not work on `{target}`: {why}. See the details; the next run tries again.", True
)
DISK_FULL = Kind(
    "TG5003",
    "The disk of `{folder}` is full: Spark could not work on `{target}`. Make room there, or give the job "
    "larger workers; the next run applies the same files.",
    True,
)
CATALOGUE_NOT_TOLD = Kind(
    "TG5004",
    "`{target}` was committed, but the catalogue could not be told: {why}. The next commit tells it again; "
    "check the job's rights in Glue.",
    True,
)
OURS = Kind("TG9001", "The job broke its own rules at `{target}`: {why}. Please report it with the details.")


def shown(value: object) -> object:
    """Text as it may stand in a message: names, URIs and what others say of them are strangers' and may be of
    any length. Control characters and half characters are escaped."""
    if not isinstance(value, str):
        return value
    cut = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({len(value):,} characters)"
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)


class JobError(Exception):
    """An error with a number. Built from a Kind and the fields of its message, so that both stay
    consistent."""

    def __init__(self, kind: Kind, **fields: object) -> None:
        self.code = kind.code
        self.transient = kind.transient
        self.message = kind.message.format(**{name: shown(value) for name, value in fields.items()})
        super().__init__(f"{self.code}: {self.message}")


class ResultUnknown(JobError):
    """Whether the batch is in the table cannot be told: the outcome is `unknown`, not `rejected`."""
