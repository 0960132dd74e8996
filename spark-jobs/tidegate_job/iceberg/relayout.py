"""What a table's new generation is made of: columns, partitions and properties, changed in a transaction that
nobody sees yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from ..earlier_types import EARLIER
from ..left_out import LEFT_OUT
from ..partition_spec import PartitionField, parse_partition_by
from ..plan import TablePlan
from .adopt import ADOPTED_FROM, shown_partition, stored_partition
from .properties import OWN, lasting_properties


def lost_partition_column(spark: SparkSession, table: Any, rows: DataFrame) -> str | None:
    """A column by which the table is or was ever partitioned and that `rows` do not have; None if there is
    none. Iceberg 1.10 cannot read the manifests of such a partition spec any more."""
    gone = _gone(spark_types(spark._jvm, table.schema()), rows)
    for spec in table.specs().values():
        for field in spec.fields():
            source = table.schema().findColumnName(field.sourceId())
            if source is None or str(source).lower() in gone:
                return str(source or field.name())
    return None


def lay_out(
    spark: SparkSession,
    transaction: Any,
    plan: TablePlan,
    rows: DataFrame,
    remembered: Mapping[str, str],
) -> None:
    """Columns, partitions and properties as the plan and the files have them, with what is to be `remembered`
    of them. What stays as it was keeps its Iceberg id; a column of another type is another column. No
    partition column may be lost."""
    jvm: Any = spark._jvm
    table = transaction.table()
    stored = spark_types(jvm, table.schema())
    gone = _gone(stored, rows)
    added = [name for name in rows.columns if name in gone or name not in stored]
    if gone and table.sortOrder().isSorted():
        transaction.replaceSortOrder().commit()
    _change_columns(jvm, transaction, plan, rows, gone, added)
    fields = parse_partition_by(plan.target.partition_by, dict(rows.dtypes))
    # An adopted table keeps its partitions unless some are configured.
    if fields or ADOPTED_FROM not in table.properties():
        _change_partitions(jvm, transaction, fields)
    properties = transaction.updateProperties()
    lasting = lasting_properties(plan) | dict(remembered)
    for key, value in lasting.items():
        properties = properties.set(key, value)
    for key in {OWN, EARLIER, LEFT_OUT} - set(lasting):
        properties = properties.remove(key)
    properties.commit()


def _gone(stored: Mapping[str, str], rows: DataFrame) -> set[str]:
    """Stored columns that `rows` have not, or have with another type. Both have lower-case names."""
    wanted = dict(rows.dtypes)
    return {name for name, type_ in stored.items() if wanted.get(name) != type_}


def spark_types(jvm: Any, schema: Any) -> dict[str, str]:
    """Spark's short types of an Iceberg schema, by lower-case name."""
    converted = jvm.org.apache.iceberg.spark.SparkSchemaUtil.convert(schema)
    found = StructType.fromJson(json.loads(converted.json()))
    return {field.name.lower(): field.dataType.simpleString() for field in found.fields}


def _change_columns(
    jvm: Any, transaction: Any, plan: TablePlan, rows: DataFrame, gone: set[str], added: Sequence[str]
) -> None:
    """Delete, add and order columns, so that they stand as in `rows`; only keys may stay NOT NULL."""
    schema = transaction.table().schema()
    update = transaction.updateSchema().caseSensitive(False).allowIncompatibleChanges()
    if set(schema.identifierFieldNames()) - set(plan.merge.keys):
        update = update.setIdentifierFields(jvm.java.util.ArrayList())
    for field in schema.columns():
        name = str(field.name())
        if name.lower() in gone:
            update = update.deleteColumn(name)
        elif field.isRequired() and name.lower() not in plan.merge.keys:
            update = update.makeColumnOptional(name)
    types = jvm.org.apache.iceberg.spark.SparkSchemaUtil.convert(rows._jdf.schema().asNullable())
    for name in added:
        # The form with a parent, since a name may have a dot in it.
        update = update.addColumn(None, name, types.caseInsensitiveFindField(name).type())
    if added:
        before = ""
        for column in rows.columns:
            update = update.moveAfter(column, before) if before else update.moveFirst(column)
            before = column
    update.commit()


def _change_partitions(jvm: Any, transaction: Any, fields: Sequence[PartitionField]) -> None:
    expressions = jvm.org.apache.iceberg.expressions.Expressions
    terms: dict[str, Any] = {}
    for field in fields:
        if field.transform == "bucket":
            terms[shown_partition(field)] = expressions.bucket(field.column, field.buckets)
        elif field.transform == "days":
            terms[shown_partition(field)] = expressions.day(field.column)
        elif field.transform == "months":
            terms[shown_partition(field)] = expressions.month(field.column)
        else:
            terms[shown_partition(field)] = expressions.ref(field.column)
    table = transaction.table()
    update = transaction.updateSpec().caseSensitive(False)
    for field in table.spec().fields():
        shown = stored_partition(table, field)
        if shown is not None and terms.pop(shown, None) is None:
            update = update.removeField(field.name())
    for term in terms.values():
        update = update.addField(term)
    update.commit()
