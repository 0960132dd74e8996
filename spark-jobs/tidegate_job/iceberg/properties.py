"""Properties of Iceberg tables: what Tidegate sets, what a user may set, and what must not be
set."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import ISOLATION_WEAK, MODE_CHANGED, PLAN_NOT_SUPPORTED, PROPERTY_REFUSED, JobError
from ..names import BATCH, OWN_COLUMNS
from ..plan import TablePlan

MODE = "tidegate.mode"
"""Table property: the mode in which the table is written."""
OWN = "tidegate.metadata-columns"
"""Table property: our columns, with commas between, if the table has not all of them."""
_ITS_OWN = ("format-version", "location")
_ROW_LEVEL = ("delete", "update", "merge")
_BATCH_METRICS = f"write.metadata.metrics.column.{BATCH}"
_REFUSED = re.compile(
    rf"tidegate\..*|write\.(delete|update|merge)\.(mode|isolation-level)|{re.escape(_BATCH_METRICS)}|location"
)


def check_properties(plan: TablePlan) -> None:
    """JobError TG2402 if a configured property would undo one of ours, TG2003 for a history of format 3."""
    properties = plan.target.properties
    for name in properties:
        if _REFUSED.fullmatch(name.lower()):
            raise JobError(PROPERTY_REFUSED, name=name)
    version = properties.get("format-version", "2")
    if plan.merge.mode == "historical" and version not in ("1", "2"):
        field, why = (
            "target.properties.format-version",
            "only Spark's own commits can number the rows of such",
        )
        todo = "Leave the property out: version 2 has all that a history needs."
        raise JobError(PLAN_NOT_SUPPORTED, field=field, value=version, why=why, todo=todo)


def check_stored_properties(plan: TablePlan, stored: Mapping[str, str]) -> None:
    """JobError TG4008 if someone has weakened the isolation of the existing table, TG2404 if it was made in
    the other mode and is not to be replaced."""
    target, mode = plan.target, stored.get(MODE, plan.merge.mode)
    if mode != plan.merge.mode and not plan.replaces:
        raise JobError(MODE_CHANGED, target=target.name, stored=mode, mode=plan.merge.mode)
    name = "write.merge.isolation-level"
    value = stored.get(name, "serializable")
    if value.lower() != "serializable":
        raise JobError(ISOLATION_WEAK, target=target.name, name=name, value=value)


def creation_properties(plan: TablePlan) -> dict[str, str]:
    """What a new table gets: the user's own, where it lies, and who writes it from what."""
    mode = plan.target.write_mode.replace("_", "-")
    return {
        "format-version": "2",
        **plan.target.properties,
        "location": plan.target.location,
        **{f"write.{operation}.mode": mode for operation in _ROW_LEVEL},
        # Metrics are cut at 16 characters and after 100 columns, and historical mode looks for a batch's rows
        # by this column.
        **({_BATCH_METRICS: "full"} if BATCH in plan.own_columns else {}),
        "tidegate.managed": "true",
        "tidegate.source-table": plan.table,
        "tidegate.keys": ",".join(plan.merge.keys),
        "tidegate.sequence-by": ",".join(plan.merge.sequence_columns),
        MODE: plan.merge.mode,
        **({OWN: ",".join(plan.own_columns)} if plan.own_columns != OWN_COLUMNS else {}),
    }


def own_columns_of(stored: Mapping[str, str]) -> tuple[str, ...]:
    """Our columns of a table that has these properties."""
    listed = stored.get(OWN)
    return tuple(listed.split(",")) if listed else OWN_COLUMNS


def lasting_properties(plan: TablePlan) -> dict[str, str]:
    """What a table gets that exists: a new one's, without what says what it is and where."""
    properties = creation_properties(plan)
    return {name: value for name, value in properties.items() if name.lower() not in _ITS_OWN}
