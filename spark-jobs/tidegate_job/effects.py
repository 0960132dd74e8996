"""What each change does to the table. In snapshot mode that is one join of the folded changes with the pinned
snapshot, whose result is also the merge's source; in historical mode each change is a version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from . import names
from .changes import DELETE
from .evidence import ROWS_A_PART, Delete, KeyColumn
from .key_values import KeyValue, encode
from .outcome import RowCounts

EFFECT = "_tg_effect"
INSERTED, UPDATED, DELETED, STALE = "inserted", "updated", "deleted", "stale"
CHANGING = (INSERTED, UPDATED, DELETED)
_UPDATES = ("U", "UPDATE")
_STORED = "_tg_stored_sequence"
_REMEMBERED = "_tg_remembered_sequence"


def with_effects(
    folded: DataFrame, keys: Sequence[str], stored: DataFrame | None, remembered: DataFrame | None
) -> DataFrame:
    """`folded` with a column EFFECT. `stored` has the keys and sequences of the table, `remembered` those of
    deletes.

    Strictly greater is needed on both sides (rule 5), so whatever was applied first stays.
    """
    sequence = F.col(names.SEQUENCE)
    joined = _left_join(folded, stored, keys, _STORED)
    joined = _left_join(joined, remembered, keys, _REMEMBERED)
    outranked = (sequence <= F.col(_STORED)) | (sequence <= F.col(_REMEMBERED))
    effect = (
        F.when(F.coalesce(outranked, F.lit(False)), STALE)
        .when(F.col(_STORED).isNotNull() & F.col(DELETE), DELETED)
        .when(F.col(_STORED).isNotNull(), UPDATED)
        .when(F.col(DELETE), STALE)
        .otherwise(INSERTED)
    )
    return joined.withColumn(EFFECT, effect).drop(_STORED, _REMEMBERED)


def as_versions(changes: DataFrame) -> DataFrame:
    """`changes` with a column EFFECT for historical mode, where each is a row and counts by its operation.

    Only deletes are configured. Else `U` (as DMS writes it) and `UPDATE` are updates, and the rest inserts.
    """
    operation = F.upper(F.col(names.OPERATION))
    effect = F.when(F.col(DELETE), DELETED).when(operation.isin(*_UPDATES), UPDATED).otherwise(INSERTED)
    return changes.withColumn(EFFECT, effect)


def count_effects(effects: DataFrame, read: int) -> RowCounts:
    """Rows by effect; what was read but is not among the folded rows lost inside the batch: `duplicate`."""
    found = {row[EFFECT]: int(row["count"]) for row in effects.groupBy(EFFECT).count().collect()}
    return RowCounts(
        read=read,
        inserted=found.get(INSERTED, 0),
        updated=found.get(UPDATED, 0),
        deleted=found.get(DELETED, 0),
        stale=found.get(STALE, 0),
        duplicate=read - sum(found.values()),
    )


def remembered_frame(
    spark: SparkSession, deletes: Mapping[tuple[KeyValue, ...], str], keys: Sequence[KeyColumn]
) -> DataFrame:
    """Deletes from the tombstone log as a frame: the keys in their own types, and the sequence."""
    places = [f"k{place}" for place in range(len(keys))]
    schema = ", ".join(f"{column} string" for column in (*places, "s"))
    rows = [(*map(_as_text, values), sequence) for values, sequence in deletes.items()]
    texts = spark.createDataFrame(rows, schema)
    typed = (_decoded(F.col(p), key.type).alias(key.name) for p, key in zip(places, keys, strict=True))
    return texts.select(*typed, F.col("s").alias(names.SEQUENCE))


def collect_deletes(deleted: DataFrame, keys: Sequence[KeyColumn], at_most: int) -> Iterator[Delete]:
    """The deleted keys, encoded and in order of sequence, so that few parts of the log reach high.

    `at_most` is how many there can be: more than a part's rows are sorted by Spark and fetched bit by bit.
    """
    rows = deleted.select(names.SEQUENCE, *(_encodable(key) for key in keys))
    if at_most > ROWS_A_PART:
        fetched: Iterator[Sequence[object]] = rows.orderBy(names.SEQUENCE).toLocalIterator()
    else:
        fetched = iter(sorted(rows.collect(), key=lambda row: str(row[0])))
    return ((str(row[0]), tuple(encode(value) for value in row[1:])) for row in fetched)


def _left_join(left: DataFrame, right: DataFrame | None, keys: Sequence[str], sequence_as: str) -> DataFrame:
    if right is None:
        return left.withColumn(sequence_as, F.lit(None).cast("string"))
    return left.join(right.withColumnRenamed(names.SEQUENCE, sequence_as), list(keys), "left")


def _encodable(key: KeyColumn) -> Column:
    column = F.col(names.quote(key.name))
    # Python's datetime would lose the zone.
    return F.unix_micros(column) if key.type == "timestamp" else column


def _decoded(text: Column, type_: str) -> Column:
    if type_ == "timestamp":
        return F.timestamp_micros(text.cast("bigint"))
    if type_ == "binary":
        return F.unhex(text)
    return text.cast(type_)


def _as_text(value: KeyValue) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
