"""Going on with an Iceberg table that others made: whether it fits the plan and the files, and the one change
of its metadata that makes it Tidegate's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from .. import names
from ..columns import Footer, agree_columns
from ..errors import (
    ADOPT_COLUMNS,
    ADOPT_FORMAT,
    ADOPT_FULL_LOAD,
    ADOPT_KEYS,
    ADOPT_PARTITIONS,
    OWN_COLUMN_GONE,
    PLAN_NOT_SUPPORTED,
    TARGET_FOREIGN,
    JobError,
)
from ..files.file_checks import BadFiles
from ..partition_spec import PartitionField, parse_partition_by
from ..plan import TablePlan
from .properties import lasting_properties, own_columns_of

ADOPTED_FROM = "tidegate.adopted-from"
"""Table property: the snapshot at which the table was adopted, or `none`. All commits of ours came after."""
_MANAGED = "tidegate.managed"
_NO_SNAPSHOT = "none"
_OWN_TYPES = dict.fromkeys(names.OWN_COLUMNS, "string") | {names.APPLIED_AT: "timestamptz"}
# Spark has no such types: it can't read the first at all, and takes the others for strings and bytes.
_NOT_SPARKS = ("time", "uuid", "fixed")
_TOLD = 10


class ChangedMeanwhile(Exception):
    """The table is not as it was looked at. Nothing was written, but another run's commit may be there."""


def holds_none_of_ours(table: Any, snapshot_id: int) -> bool:
    """Whether no commit of ours can lie at or before this snapshot: the history before an adoption is not
    ours, and others may expire it as they like."""
    properties = table.properties()
    if properties.get(ADOPTED_FROM) == str(snapshot_id):
        return True
    return bool(_missing(table)) and _MANAGED not in properties


def check_adoption(spark: SparkSession, table: Any, name: str, plan: TablePlan) -> None:
    """JobError TG24xx if the table is not Tidegate's and must not become so; nothing is changed.

    Everything is checked until the first batch is settled, since others may write between an attempt that
    failed and the next.
    """
    target, missing, properties = plan.target, _missing(table, plan), table.properties()
    if missing and (_MANAGED in properties or plan.applied.snapshot is not None):
        raise JobError(OWN_COLUMN_GONE, target=target.name, column=missing[0])
    if missing and not target.adopt:
        raise JobError(TARGET_FOREIGN, target=target.name, column=missing[0])
    if not missing and ADOPTED_FROM not in properties:
        return
    _refuse_full_loads(plan)
    if plan.applied.snapshot is not None:
        return
    if plan.merge.mode != "snapshot":
        why = "the rows of an adopted table are no history"
        todo = "Set `mode: snapshot`, or choose another `target.table`."
        raise JobError(PLAN_NOT_SUPPORTED, field="merge.mode", value=plan.merge.mode, why=why, todo=todo)
    _refuse(plan, list(_unfit_by_themselves(table, plan)))
    version = int(table.operations().current().formatVersion())
    if version < 2:
        raise JobError(ADOPT_FORMAT, target=target.name, version=version)
    _check_partitions(spark, table, name, plan)
    if table.currentSnapshot() is not None:
        _check_keys(spark, name, plan)


def check_adopted_columns(
    plan: TablePlan, footers: Mapping[str, Footer], declared: Mapping[str, str] | None
) -> None:
    """JobError TG2407 if an adopted table has not the very columns of the first batch's files.

    The table is to blame, not the files, so none of them is named as bad.
    """
    if declared is None or not plan.target.adopt or plan.applied.snapshot is not None:
        return
    found, errors = agree_columns(plan.files, footers, plan.merge, None, plan.target.name)
    if errors:
        raise BadFiles(errors)
    _refuse(plan, list(_unfit_for(found.data, declared)))


def adopt(jvm: Any, table: Any, plan: TablePlan) -> None:
    """Add our columns and properties in one change of metadata; existing rows then have no sequence, which is
    older than any.

    It makes no snapshot and rewrites nothing. Iceberg's API and not SQL, after which Spark would drop what it
    has kept of the batch. ChangedMeanwhile if the table is no longer what was looked at; Iceberg's own
    CommitFailedException if that shows only in the commit. Doing it again does nothing.
    """
    missing = _missing(table, plan)
    if not missing:
        return
    seen = state_of(table)
    transaction = table.newTransaction()  # refreshes
    if state_of(table) != seen:
        raise ChangedMeanwhile("it was changed before it could be adopted")
    schema = transaction.updateSchema()
    for column in missing:
        schema = schema.addColumn(column, _own_type(jvm, column))
    schema.commit()
    properties = transaction.updateProperties()
    for key, value in lasting_properties(plan).items():
        properties = properties.set(key, value)
    properties.set(ADOPTED_FROM, seen[0]).commit()
    transaction.commitTransaction()


def own_columns_in(table: Any) -> list[str]:
    """Our columns that it has."""
    schema = table.schema()
    return [name for name in names.OWN_COLUMNS if schema.caseInsensitiveFindField(name) is not None]


def _missing(table: Any, plan: TablePlan | None = None) -> list[str]:
    """Our columns that it lacks: of those that it was made with, or else that the plan would give it."""
    properties = table.properties()
    own = plan.own_columns if plan and _MANAGED not in properties else own_columns_of(properties)
    there = own_columns_in(table)
    return [name for name in own if name not in there]


def state_of(table: Any) -> tuple[str, int]:
    """The snapshot (or `none`) and the schema that it has, as far as it was loaded."""
    snapshot = table.currentSnapshot()
    return str(snapshot.snapshotId()) if snapshot is not None else _NO_SNAPSHOT, int(
        table.schema().schemaId()
    )


def _own_type(jvm: Any, column: str) -> Any:
    types = jvm.org.apache.iceberg.types.Types
    return types.TimestampType.withZone() if column == names.APPLIED_AT else types.StringType.get()


def _refuse_full_loads(plan: TablePlan) -> None:
    """Neither has a sequence, so the stored row would stay (rule 5), and what only the full load knows be
    lost."""
    for file in plan.files:
        if file.kind == "full" and not plan.replaces:
            raise JobError(ADOPT_FULL_LOAD, uri=file.uri, target=plan.target.name)


def _refuse(plan: TablePlan, unfit: Sequence[str]) -> None:
    if unfit:
        more = f"; and {len(unfit) - _TOLD} more" if len(unfit) > _TOLD else ""
        raise JobError(ADOPT_COLUMNS, target=plan.target.name, unfit="; ".join(unfit[:_TOLD]) + more)


def _unfit_by_themselves(table: Any, plan: TablePlan) -> Iterator[str]:
    """What is wrong with the table's columns, whatever the files have."""
    seen: dict[str, str] = {}
    for field in table.schema().columns():
        name, type_ = str(field.name()), str(field.type())
        lower = name.lower()
        if lower in seen:
            yield f"`{seen[lower]}` and `{name}` differ by case only: rename one"
        seen[lower] = name
        if lower in _OWN_TYPES:
            if type_ != _OWN_TYPES[lower]:
                yield f"`{name}` is `{type_}`, and ours is `{_OWN_TYPES[lower]}`: rename it"
        elif type_.split("[")[0] in _NOT_SPARKS:
            yield f"`{name}` is `{type_}`, which Spark has no type for: drop it, or give it another"
        elif field.isRequired() and lower not in plan.merge.keys:
            yield f"`{name}` is NOT NULL, and a change may bring none: `ALTER COLUMN … DROP NOT NULL`"
    for key in plan.merge.keys:
        if key not in seen:
            yield f"the key `{key}` is no column of the table: correct `keys`"


def _unfit_for(files: Mapping[str, str], table: Mapping[str, str]) -> Iterator[str]:
    """Where lower-case names and Spark types of the files and of the table differ."""
    for name, type_ in files.items():
        if name not in table:
            yield f"`{name}` is `{type_}` in the files and no column of the table: add it, or `drop_columns`"
        elif table[name] != type_:
            yield f"`{name}` is `{table[name]}` in the table and `{type_}` in the files: give both one type"
    for name, type_ in table.items():
        if name not in files:
            yield f"`{name}` is `{type_}` in the table and no data column of the files: drop it"


def _check_partitions(spark: SparkSession, table: Any, name: str, plan: TablePlan) -> None:
    """The table keeps its partitions; a configuration that says something else is a mistake."""
    if not plan.target.partition_by:
        return
    types = {column.lower(): type_ for column, type_ in spark.table(name).dtypes}
    configured = sorted(map(shown_partition, parse_partition_by(plan.target.partition_by, types)))
    stored = sorted(filter(None, (stored_partition(table, field) for field in table.spec().fields())))
    if configured != stored:
        said = ", ".join(stored) or "nothing"
        raise JobError(ADOPT_PARTITIONS, target=plan.target.name, stored=said, spec=", ".join(configured))


def shown_partition(field: PartitionField) -> str:
    """A field as `partition_by` spells it."""
    if field.transform == "bucket":
        return f"bucket({field.buckets}, {field.column})"
    return field.column if field.transform == "identity" else f"{field.transform}({field.column})"


def stored_partition(table: Any, field: Any) -> str | None:
    """A field of the table's partition spec as `partition_by` spells it; None for one that was taken away."""
    transform = str(field.transform())
    column = str(table.schema().findColumnName(field.sourceId())).lower()
    if transform == "void":
        return None
    if transform.startswith("bucket["):
        return f"bucket({transform[len('bucket[') : -1]}, {column})"
    return {"identity": column, "day": f"days({column})", "month": f"months({column})"}.get(
        transform, f"{transform}({column})"
    )


def _check_keys(spark: SparkSession, name: str, plan: TablePlan) -> None:
    """A merge can neither find a row whose key is null, nor choose among several of one key."""
    keys = [F.col(names.quote(key)) for key in plan.merge.keys]
    nulls, rows = "_tg_nulls", "_tg_rows"
    any_null = F.greatest(*(key.isNull() for key in keys), F.lit(False)).alias(nulls)
    counted = spark.table(name).select(*keys, any_null).groupBy(*keys, nulls).agg(F.count("*").alias(rows))
    [found] = counted.agg(
        F.sum(F.when(F.col(nulls), F.col(rows))).alias("null"),
        F.count(F.when(~F.col(nulls) & (F.col(rows) > 1), 1)).alias("twice"),
    ).collect()
    for number, what in ((found["null"], "rows without a key"), (found["twice"], "keys with several rows")):
        if number:
            columns = ", ".join(plan.merge.keys)
            raise JobError(ADOPT_KEYS, target=plan.target.name, keys=columns, number=f"{number:,}", what=what)
