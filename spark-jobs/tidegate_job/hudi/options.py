"""Options of Hudi tables and writes: what Tidegate sets, what a user may set, and what must not be set."""

from __future__ import annotations

import json
import re

from ..commit_properties import commit_properties
from ..errors import PLAN_NOT_SUPPORTED, PROPERTY_REFUSED, PROPERTY_UNKNOWN, JobError
from ..names import SEQUENCE
from ..outcome import RowCounts
from ..plan import TablePlan
from .layout import HudiLayout
from .timeline import PREFIX

RETAINED_HOURS = 24
"""Replaced files are kept for so long: no query that began before they were replaced can still be reading."""
KEYS = "tidegate.keys"
"""In the metadata of each commit to a table in snapshot mode: the key columns, as a JSON list."""
_HOURS = ("hoodie.clean.hours.retained", "hoodie.cleaner.hours.retained")
_COMMITS = ("hoodie.clean.commits.retained", "hoodie.cleaner.commits.retained")
_VERSIONS = ("hoodie.clean.fileversions.retained", "hoodie.cleaner.fileversions.retained")
_POLICY = ("hoodie.clean.policy", "hoodie.cleaner.policy")
_GLOBAL_INDEXES = ("GLOBAL_SIMPLE", "GLOBAL_BLOOM", "RECORD_INDEX")
_REFUSED = re.compile(
    r"""hoodie\.(
      table\..* | database\.name | base\.path | timeline\..* | populate\.meta\.fields
    | datasource\.(write|read|meta|hive_sync|compaction|query)\..* | meta\.sync\..* | gluecatalog\..*
    | record\.merge\..* | write\.record\.merge\..* | compaction\.payload\.class | payload\..*
    | combine\.before\..* | merge\.allow\..* | allow\.(empty\.commit|operation\.metadata\.field)
    | auto\.commit | embed\.timeline\..* | precommit\..* | schema\.on\.read\..*
    | write\.(concurrency|lock|auto\.upgrade|payload|partial|markers|commit\.callback).*
    | (clean|cleaner)\.(policy\.failed\.writes|failed\.writes\.policy) | rollback\..*
    | (clean|archive|clustering)\.async(\..*)? | clustering\.async\..* | compact\.schedule\.inline
    | (simple|bloom|record)\.index\.update\.partition\.path | bucket\.index\..* | index\.bucket\..*
    | fs\.atomic_creation\.support | filesystem\..*
    )""",
    re.VERBOSE,
)


def check_properties(plan: TablePlan) -> None:
    """JobError TG2402 if a configured option would undo one of ours, TG2414 if it is none of Hudi's, TG2003
    if others' rows should be adopted."""
    if plan.target.adopt:
        why, todo = "others' Hudi tables have no sequences", "Choose another `target.table`, load it anew."
        raise JobError(PLAN_NOT_SUPPORTED, field="target.adopt", value="true", why=why, todo=todo)
    for name, value in plan.target.properties.items():
        if not name.startswith("hoodie."):
            raise JobError(PROPERTY_UNKNOWN, name=name)
        index = name == "hoodie.index.type" and plan.target.partition_by and value not in _GLOBAL_INDEXES
        if index or name == "hoodie.index.class" or _REFUSED.fullmatch(name):
            raise JobError(PROPERTY_REFUSED, name=name)


def write_options(plan: TablePlan, layout: HudiLayout) -> dict[str, str]:
    """What every write to the table says, the user's own options included."""
    return {
        **_services(plan),
        **_index(plan, layout),
        "hoodie.metadata.enable": "false",
        **plan.target.properties,
        **_identity(plan, layout),
        # One writer at a time, which the claim sees to; whatever it left undone, the next one rolls back.
        "hoodie.write.concurrency.mode": "SINGLE_WRITER",
        "hoodie.clean.failed.writes.policy": "EAGER",
        "hoodie.write.auto.upgrade": "false",
        "hoodie.embed.timeline.server": "false",
        "hoodie.datasource.write.row.writer.enable": "true",
        "hoodie.datasource.write.commitmeta.key.prefix": PREFIX,
    }


def operation_options(operation: str, plan: TablePlan, rows: RowCounts, evidence: str) -> dict[str, str]:
    """What one commit says: what it does, and the batch."""
    return {
        "hoodie.datasource.write.operation": operation,
        # A batch that replaces the table brings its own columns.
        "hoodie.datasource.write.schema.allow.auto.evolution.column.drop": str(plan.replaces).lower(),
        **commit_properties(plan, rows, evidence),
        KEYS: json.dumps(plan.merge.keys),
    }


def table_type(plan: TablePlan) -> str:
    """A history has nothing to merge, when it is read or ever."""
    return "COPY_ON_WRITE" if plan.merge.mode == "historical" else plan.target.write_mode.upper()


def _identity(plan: TablePlan, layout: HudiLayout) -> dict[str, str]:
    generators = {0: "Nonpartitioned", 1: "Simple"}
    generator = generators.get(len(layout.partitions), "Complex")
    options = {
        "hoodie.table.name": plan.target.table,
        "hoodie.database.name": plan.target.database,
        "hoodie.datasource.write.table.type": table_type(plan),
        "hoodie.datasource.write.partitionpath.field": ",".join(layout.partitions),
        "hoodie.datasource.write.hive_style_partitioning": "true",
        # Values become names of folders, and they are strangers'.
        "hoodie.datasource.write.partitionpath.urlencode": "true",
        "hoodie.datasource.write.keygenerator.class": f"org.apache.hudi.keygen.{generator}KeyGenerator",
        # Instants are compared as text: local time would go back in autumn.
        "hoodie.table.timeline.timezone": "UTC",
    }
    if plan.merge.mode == "historical":
        # Hudi numbers the rows itself. None is ever looked for again.
        return options
    return {
        **options,
        "hoodie.datasource.write.recordkey.field": layout.record_key,
        "hoodie.datasource.write.precombine.field": SEQUENCE,
        "hoodie.record.merge.mode": "EVENT_TIME_ORDERING",
    }


def _index(plan: TablePlan, layout: HudiLayout) -> dict[str, str]:
    if not layout.partitions:
        return {"hoodie.index.type": "SIMPLE"}
    # A row whose partition changes must leave the old one, so a key is looked for in all of them.
    return {
        "hoodie.index.type": "GLOBAL_SIMPLE",
        "hoodie.simple.index.update.partition.path": "true",
        "hoodie.bloom.index.update.partition.path": "true",
        "hoodie.record.index.update.partition.path": "true",
    }


def _services(plan: TablePlan) -> dict[str, str]:
    """Cleaning, and compaction where there is something to compact, by the writer itself after its
    commit."""
    own = plan.target.properties
    services = {"hoodie.clean.automatic": "true"}
    if not any(name in own for name in (*_COMMITS, *_VERSIONS, *_POLICY)):
        hours = next((own[name] for name in _HOURS if name in own), str(RETAINED_HOURS))
        services |= {"hoodie.clean.policy": "KEEP_LATEST_BY_HOURS", "hoodie.clean.hours.retained": hours}
    elif not any(name in own for name in _POLICY):
        kind = "COMMITS" if any(name in own for name in _COMMITS) else "FILE_VERSIONS"
        services["hoodie.clean.policy"] = f"KEEP_LATEST_{kind}"
    if table_type(plan) == "MERGE_ON_READ":
        services |= {"hoodie.compact.inline": "true", "hoodie.compact.inline.max.delta.commits": "5"}
    return services
