"""[no-revival] Late changes against the tombstone log, with keys of every type."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.lake import Lake, change

KEYS: dict[str, tuple[Any, Any, pa.DataType]] = {
    "int": (1, 2, pa.int32()),
    "bigint": (2**60 + 1, 2**60, pa.int64()),
    "string": ("ü\n\"'`", "u", pa.string()),
    "decimal": (Decimal("1.10"), Decimal("1.11"), pa.decimal128(20, 2)),
    "date": (date(2023, 8, 18), date(1900, 1, 1), pa.date32()),
    "timestamp": (
        datetime(2023, 8, 18, 2, 37, 5, 123456, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
        pa.timestamp("us", "UTC"),
    ),
    "timestamp_ntz": (datetime(2023, 8, 18, 2, 37, 5, 123456), datetime(1960, 1, 1), pa.timestamp("us")),
    "boolean": (True, False, pa.bool_()),
    "binary": (b"\x00\xff", b"\x00", pa.binary()),
    "double": (0.1, 0.2, pa.float64()),
}


def test_deletes_of_all_key_types_are_remembered(lake: Lake) -> None:
    """[no-revival] Delete two keys in one batch and bring them late in the next: one from before, one from
    after."""
    lake.keys = [f"k_{name}" for name in KEYS]
    schema = pa.schema(
        [("op", pa.string()), ("seq", pa.string())]
        + [(f"k_{name}", type_) for name, (_, _, type_) in KEYS.items()]
    )

    def row(op: str, seq: str, which: int) -> dict[str, Any]:
        return {"op": op, "seq": seq, **{f"k_{name}": values[which] for name, values in KEYS.items()}}

    def put(*rows: dict[str, Any]) -> dict[str, Any]:
        return lake.put_table(pa.Table.from_pylist(list(rows), schema=schema))

    lake.apply_and_settle([put(row("D", "05", 0), row("D", "03", 1))])
    lake.max_sequence = "09"
    outcome = lake.apply_and_settle([put(row("U", "04", 0), row("U", "04", 1))])
    assert (outcome["rows"]["stale"], outcome["rows"]["inserted"]) == (1, 1)
    [found] = lake.rows("k_int", "_tg_sequence")
    assert found == {"k_int": 2, "_tg_sequence": "04"}


def test_full_load_rows_do_not_revive_what_a_change_deleted(lake: Lake) -> None:
    """[no-revival] A missing sequence is below every mark."""
    lake.apply_and_settle([lake.put([{"id": 1, "v": 1}], kind="full")])
    lake.apply_and_settle([lake.put([change("D", "01", id=2)])])
    outcome = lake.apply_and_settle([lake.put([{"id": 2, "v": 2}, {"id": 3, "v": 3}], kind="full")])
    assert (outcome["rows"]["stale"], outcome["rows"]["inserted"]) == (1, 1)
    assert (outcome["files"][0]["min_sequence"], outcome["files"][0]["max_sequence"]) == (None, None)
    assert [row["id"] for row in lake.rows()] == [1, 3]


def test_change_at_the_mark_does_not_revive_either(lake: Lake) -> None:
    """[no-revival] Changes of one transaction can share a sequence and come in two batches: the first applied
    wins."""
    lake.apply_and_settle([lake.put([change("D", "05", id=1)])])
    outcome = lake.apply_and_settle([lake.put([change("I", "05", id=1, v=1)])])
    assert outcome["rows"]["stale"] == 1
    assert lake.rows() == []


def test_below_the_kept_log_the_table_must_be_held(lake: Lake) -> None:
    """[no-revival]"""
    lake.apply_and_settle([lake.put([change("I", "20", id=1, v=1)])])
    lake.cover_from = "10"
    late = lake.apply(lake.entry([lake.put([change("U", "09", id=2, v=2)])]))
    assert (late["result"], late["error"]["code"]) == ("rejected", "TG2301")
    assert late["bad_files"] == []
    within = lake.apply(lake.entry([lake.put([change("U", "11", id=2, v=2)])]))
    assert within["result"] == "committed"


def test_every_delete_is_in_the_evidence_even_if_an_insert_follows(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[no-revival] Also in parts, each named by its own highest sequence."""
    monkeypatch.setattr("tidegate_job.evidence.ROWS_A_PART", 2)
    monkeypatch.setattr("tidegate_job.changes.effects.ROWS_A_PART", 2)
    changes = [change("D", f"0{9 - key}", id=key) for key in range(5)]
    outcome = lake.apply_and_settle(
        [lake.put([*changes, change("D", "01", id=0), change("I", "99", id=4, v=4)])]
    )
    index = json.loads(lake.store.get(outcome["evidence"] + "deletes.json"))
    assert [(part["rows"], part["max_sequence"]) for part in index["parts"]] == [
        (2, "06"),
        (2, "08"),
        (1, "09"),
    ]
    late = lake.apply_and_settle([lake.put([change("U", "04", id=4, v=0), change("U", "08", id=0, v=0)])])
    assert late["rows"]["stale"] == 2
    assert lake.rows() == [{"id": 4, "v": 4}]


def test_unreadable_log_stops_the_batch(lake: Lake) -> None:
    """[no-revival] Half a log would revive what the other half remembers."""
    lake.apply_and_settle([lake.put([change("D", "05", id=1)])])
    lake.store.put(f"{lake.control}tombstones/shop_{lake.table}/1/39-sha256:x-0", b"no gzip")
    outcome = lake.apply(lake.entry([lake.put([change("U", "03", id=2, v=2)])]))
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG5001")
