"""A hand-driven lake for tests: real parquet files, hand-written plans, the real job, and what the table then
holds."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from tidegate_job.apply_table import Job
from tidegate_job.hudi.timeline import load_timeline
from tidegate_job.layout import tombstone_name
from tidegate_job.names import quote
from tidegate_job.object_store import ObjectsByScheme
from tidegate_job.plan import load_plan
from tidegate_job.run import run_plan
from tidegate_job.schemas import validate
from tidegate_job.session import formats_of
from tidegate_job.table_format import TableFormat

Row = dict[str, Any]
_numbers = itertools.count(1)
COLUMN_TYPES = {
    "op": pa.string(),
    "seq": pa.string(),
    "id": pa.int64(),
    "v": pa.int64(),
    "a": pa.int64(),
    "b": pa.string(),
}
NOT_THE_SOURCES = ("_tg_", "_hoodie_")
"""Begin the names of columns that a table has besides the source's."""
DELETES = {"column": "op", "equals": "D"}
UNAVAILABLE = "__debezium_unavailable_value"
"""What Debezium writes for a large value that an update did not touch, and that the source's log has not."""


class Lake:
    """One ledger table `shop_t<n>` and what surrounds it. Plays the ledger by hand: tokens, files,
    settling."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.folder = folder
        self.table = f"t{next(_numbers)}"
        self.control = folder.as_uri() + "/control/"
        self.store = ObjectsByScheme()
        warehouse = spark.conf.get("spark.sql.catalog.lake.warehouse")
        self.location = f"{warehouse}/shop/{self.table}"
        self.keys = ["id"]
        self.mode = "snapshot"
        self.merge: Row = {}
        """What else the plan says of merging; wins over what is said here."""
        self.format = "iceberg"
        self.write_mode = "merge_on_read"
        self.partition_by: list[str] = []
        self.properties: dict[str, str] = {}
        self.drop_columns: list[str] = []
        self.schema_policy = "strict"
        self.adopt = False
        self.text_files: Row | None = None
        self.metadata_columns: list[str] | None = None
        self.formats: dict[str, TableFormat] = {}
        self.token = 0
        self.generation = 1
        self.settled_snapshot: str | None = None
        self.max_sequence: str | None = None
        self.cover_from: str | None = None
        self._files = 0

    # --- files
    # -------------------------------------------------------------------------------------------------

    def put(
        self,
        rows: Sequence[Row],
        name: str | None = None,
        kind: str = "incremental",
        columns: Sequence[str] | None = None,
    ) -> Row:
        """Put rows as a parquet file and return its plan item. Change files have op and seq, full loads
        neither."""
        if columns is None:
            named = {column for row in rows for column in row} | set(self.keys) | {"v"}
            named |= {"op", "seq"} if kind == "incremental" else set()
            columns = [column for column in COLUMN_TYPES if column in named]
        schema = pa.schema([(column, COLUMN_TYPES[column]) for column in columns])
        return self.put_table(pa.Table.from_pylist(list(rows), schema=schema), name, kind)

    def put_table(self, table: pa.Table, name: str | None = None, kind: str = "incremental") -> Row:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        return self.put_bytes(sink.getvalue().to_pybytes(), name, kind)

    def put_bytes(
        self, content: bytes, name: str | None = None, kind: str = "incremental", put_at_s: int | None = None
    ) -> Row:
        self._files += 1
        put_at_s = put_at_s or 1_700_000_000 + self._files
        path = self.folder / "staging" / self.table / (name or f"file-{self._files}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        etag = hashlib.md5(content).hexdigest()
        identity = hashlib.sha256(f"{path}{etag}{put_at_s}".encode()).hexdigest()
        return {
            "file_id": f"{put_at_s:012d}-{identity}",
            "uri": f"file://{path}",
            "kind": kind,
            "format": next((form for form in ("csv", "json") if f".{form}" in path.name), "parquet"),
            "etag": etag,
            "bytes": len(content),
            "put_at_s": put_at_s,
        }

    # --- plans
    # -------------------------------------------------------------------------------------------------

    def next_generation(self) -> None:
        """A key of the current load was put again: nothing of the new generation is applied yet."""
        self.generation += 1
        self.max_sequence = None

    def entry(self, files: Sequence[Row], replaces: bool = False) -> Row:
        """A plan entry for these files, as a claim would freeze it now."""
        ids = sorted(file["file_id"] for file in files)
        batch_id = hashlib.sha256(json.dumps([self.table, self.generation, ids]).encode()).hexdigest()
        return {
            "contract": "tidegate.entry/1",
            "batch_id": f"sha256:{batch_id}",
            "generation": {"id": self.generation, "replaces": replaces},
            "files": sorted(files, key=lambda file: str(file["file_id"])),
            "applied": {
                "max_sequence": self.max_sequence,
                "snapshot": self.settled_snapshot,
                "tombstones": f"{self.control}tombstones/shop_{self.table}/{self.generation}/",
                "tombstones_cover_from": self.cover_from,
            },
            "merge": {
                "mode": self.mode,
                "keys": self.keys,
                "sequence_by": "seq",
                **({} if "operations" in self.merge else {"apply_as_deletes": DELETES}),
                "drop_columns": self.drop_columns,
                "on_bad_file": "hold",
                **self.merge,
                **({"schema_policy": self.schema_policy} if self.schema_policy != "strict" else {}),
            },
            "target": {
                "format": self.format,
                "database": "shop",
                "table": self.table,
                "location": self.location,
                "write_mode": self.write_mode,
                "partition_by": self.partition_by,
                "properties": self.properties,
                **({"adopt": True} if self.adopt else {}),
                **({} if self.metadata_columns is None else {"metadata_columns": self.metadata_columns}),
            },
            **({"text_files": self.text_files} if self.text_files is not None else {}),
        }

    def planned(self, entry: Row, resolve_only: bool = False) -> Row:
        """The entry under a new token."""
        self.token += 1
        return {
            "table": f"shop_{self.table}",
            "token": self.token,
            "attempt": 1,
            "resolve_only": resolve_only,
            "entry": deepcopy(entry),
        }

    # --- the job
    # -----------------------------------------------------------------------------------------------

    def job(self, run_id: str, spark: SparkSession | None = None, **more: Any) -> tuple[Job, Any]:
        spark = spark or self.spark
        plan = load_plan(self.store, f"{self.control}runs/{run_id}/plan.json", run_id)
        return Job(spark, self.store, plan.layout, formats=self.formats or formats_of(spark), **more), plan

    def write_plan(self, *planned: Row) -> str:
        run_id = f"10_min_refresh-test-{next(_numbers)}-0"
        plan = {
            "contract": "tidegate.plan/1",
            "run_id": run_id,
            "refresh_cadence": "10_min_refresh",
            "batch": 1,
            "outcomes": f"{self.control}runs/{run_id}/outcomes/",
            "tables": list(planned),
        }
        validate("plan", plan)
        self.store.put(f"{self.control}runs/{run_id}/plan.json", json.dumps(plan).encode())
        return run_id

    def run(self, *planned: Row, spark: SparkSession | None = None, **more: Any) -> list[Row]:
        """Run a plan of these tables; the outcomes, each checked against its contract."""
        run_id = self.write_plan(*planned)
        job, plan = self.job(run_id, spark, **more)
        code = run_plan(job, plan, tables_at_once=4, say=lambda line: None)
        outcomes = [self.outcome(run_id, item) for item in planned]
        good = all(outcome["result"] in ("committed", "already_committed") for outcome in outcomes)
        assert code == (0 if good else 1)
        return outcomes

    def outcome(self, run_id: str, planned: Row) -> Row:
        uri = f"{self.control}runs/{run_id}/outcomes/{planned['table']}-{planned['token']}.json"
        document: Row = json.loads(self.store.get(uri))
        validate("outcome", document)
        return document

    def apply(self, entry: Row, **more: Any) -> Row:
        """One attempt at an entry, not settled."""
        [outcome] = self.run(self.planned(entry), **more)
        return outcome

    def apply_and_settle(self, files: Sequence[Row]) -> Row:
        """A batch of its own: claimed, applied (which must succeed) and settled."""
        outcome = self.apply(self.entry(files))
        assert outcome["error"] is None, outcome["error"]
        self.settle(outcome)
        return outcome

    def settle(self, outcome: Row) -> None:
        """What the ledger does with an outcome: tombstones copied, mark raised, snapshot noted."""
        index = json.loads(self.store.get(f"{outcome['evidence']}deletes.json"))
        for part in index["parts"]:
            name = tombstone_name(part["max_sequence"], outcome["batch_id"], part["part"])
            log = f"{self.control}tombstones/shop_{self.table}/{self.generation}/"
            self.store.put(log + name, self.store.get(self.control + part["key"]))
        highest = [file["max_sequence"] or "" for file in outcome["files"]]
        self.max_sequence = max([*highest, self.max_sequence or ""])
        self.settled_snapshot = outcome["snapshot"]

    # --- what the table holds
    # ----------------------------------------------------------------------------------

    def frame(self, **options: str) -> DataFrame:
        """The table as Spark reads it now."""
        if self.format == "hudi":
            return self.spark.read.format("hudi").options(**options).load(self.location)
        self.spark.sql(f"REFRESH TABLE shop.{self.table}")
        return self.spark.read.options(**options).table(f"shop.{self.table}")

    def rows(self, *columns: str) -> list[Row]:
        """The table's rows, read by Spark afresh, in order of their keys; the source's columns unless others
        are named."""
        frame = self.frame()
        wanted = columns or tuple(name for name in frame.columns if not name.startswith(NOT_THE_SOURCES))
        rows = [row.asDict() for row in frame.orderBy(*self.keys).collect()]
        return [{name: row[name] for name in wanted} for row in rows]

    def versions(self) -> list[Row]:
        """What a historical table holds, in no order: changes as they were put, by lower-case name."""
        own = {"_tg_operation": "op", "_tg_sequence": "seq"}
        frame = self.frame()
        wanted = [*own, *(name for name in frame.columns if not name.startswith(NOT_THE_SOURCES))]
        return [
            {own.get(name, name): value for name, value in row.asDict().items()}
            for row in frame.select(*map(quote, wanted)).collect()
        ]

    def snapshots(self) -> list[Mapping[str, str]]:
        """Summaries of all snapshots, or metadata of all commits that are ours; oldest first."""
        if self.format == "hudi":
            timeline = load_timeline(self.spark, self.location)
            commits = timeline.commits_since(None) if timeline else []
            return [commit.metadata for commit in reversed(commits or []) if commit.metadata]
        query = f"SELECT summary FROM shop.{self.table}.snapshots ORDER BY committed_at"
        self.spark.sql(f"REFRESH TABLE shop.{self.table}")
        return [row[0] for row in self.spark.sql(query).collect()]

    def expire_all_but_one(self) -> None:
        """Drop all snapshots but the current one, as maintenance may."""
        future = "TIMESTAMP '2999-01-01 00:00:00'"
        call = f"expire_snapshots(table => 'shop.{self.table}', older_than => {future}, retain_last => 1)"
        self.spark.sql(f"CALL lake.system.{call}")

    def exists(self) -> bool:
        if self.format == "hudi":
            return load_timeline(self.spark, self.location) is not None
        return bool(self.spark.catalog.tableExists(f"shop.{self.table}"))


def one_by_one(lakes: Sequence[Lake], courses: Sequence[Generator[Row, Row, None]]) -> None:
    """Drive several tables' courses in step: each round is one plan with the next entry of every table.

    A course yields what its table plans next and is sent the outcome. Tables of one plan run at once, so this
    is quick
    and shows on the way that they don't get into each other's way.
    """
    control = lakes[0]
    answers: list[Row | None] = [None] * len(lakes)
    going = list(range(len(lakes)))
    while going:
        planned: dict[int, Row] = {}
        for place in going:
            with suppress(StopIteration):
                answer = answers[place]
                planned[place] = next(courses[place]) if answer is None else courses[place].send(answer)
        going = list(planned)
        if planned:
            for place, outcome in zip(going, control.run(*planned.values()), strict=True):
                answers[place] = outcome


def change(op: str, seq: str | None, **columns: Any) -> Row:
    """One change as DMS writes it."""
    return {"op": op, "seq": seq, **columns}


Checkpoint = Callable[[str, str], None]


def at(name: str, work: Callable[[], None]) -> Checkpoint:
    """A checkpoint that lets `work` happen, in a thread of its own, when the paused run reaches `name`; what
    fails in there fails the paused run."""

    def checkpoint(table: str, reached: str) -> None:
        if reached == name:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(work).result()

    return checkpoint


def make_table_without_rows(lake: Lake) -> None:
    """A table that a crash or a person left behind: right columns, no snapshot."""
    lake.spark.sql("CREATE DATABASE IF NOT EXISTS shop")
    mode = lake.write_mode.replace("_", "-")
    lake.spark.sql(
        f"CREATE TABLE shop.{lake.table} (id bigint, v bigint, _tg_sequence string, _tg_operation string, "
        f"_tg_file string,"
        f" _tg_batch string, _tg_applied_at timestamp) USING iceberg TBLPROPERTIES ('write.merge.mode' = "
        f"'{mode}')"
    )
