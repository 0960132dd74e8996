"""What needs no Spark: contracts, layout, evidence, key values, partition specs, names, stores, and
`main.py`'s refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_job.changes.tombstones import remembered_deletes
from tidegate_job.errors import FILE_TRUNCATED, JobError
from tidegate_job.evidence import Evidence, KeyColumn, decode_part, encode_part, put_evidence, read_evidence
from tidegate_job.key_values import encode
from tidegate_job.layout import ControlLayout, LayoutError, sequence_hex, tombstone_name
from tidegate_job.names import quote
from tidegate_job.object_store import LocalObjects, ObjectGone
from tidegate_job.outcome import AppliedFile, BadFile, Outcome, RowCounts
from tidegate_job.partition_spec import PartitionField, parse_partition_by
from tidegate_job.plan import load_plan, parse_plan
from tidegate_job.schemas import ContractError, validate

ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "test/fixtures/contracts.example.json").read_text("utf-8"))
MAIN = Path(__file__).parents[1] / "main.py"


def test_golden_plan_is_read() -> None:
    validate("plan", GOLDEN["plan"])
    plan = parse_plan(GOLDEN["plan"])
    [table] = plan.tables
    assert plan.layout.root == "s3://control/"
    assert (table.token, table.generation, table.merge.keys) == (42, 1, ("pk_id",))
    assert table.files[0].put_at_s == 1700302212


def test_golden_outcomes_are_what_we_write() -> None:
    """Ours, built from the golden fields, must be the golden document itself."""
    rows = RowCounts(read=40006, inserted=20001, updated=10000, deleted=10000, stale=0, duplicate=5)
    for name, golden in GOLDEN["outcomes"].items():
        validate("outcome", golden)
        error = golden["error"]
        numbered = (
            JobError(FILE_TRUNCATED, uri="s3://staging/…/20231118-101012345.parquet") if error else None
        )
        outcome = Outcome(
            run_id=golden["run_id"],
            table=golden["table"],
            token=golden["token"],
            batch_id=golden["batch_id"],
            result=golden["result"],
            lookup=golden["lookup"],
            snapshot=golden["snapshot"],
            committed_at_ms=golden["committed_at_ms"],
            rows=rows if golden["rows"] else None,
            files=tuple(AppliedFile(**file) for file in golden["files"]),
            evidence=golden["evidence"],
            bad_files=tuple(BadFile(**file) for file in golden["bad_files"]),
            error=numbered,
            error_details=error["details"] if error else None,
            seconds=golden["seconds"],
        )
        written = json.loads(outcome.document())
        if name == "unknown":
            written["error"] = error
        elif error:
            # What to do about it depends on what a version can do; what is wrong does not.
            what_is_wrong = error["message"].partition(" Put it again")[0]
            assert what_is_wrong
            assert written["error"]["message"].startswith(what_is_wrong)
            written["error"]["message"] = error["message"]
        assert written == golden


def test_an_outcome_that_breaks_its_contract_is_not_written() -> None:
    with pytest.raises(ContractError):
        Outcome("run", "t", 0, "sha256:x", "rejected", "absent").document()


@pytest.mark.parametrize(
    "outcomes", ["s3://control/runs/other/outcomes/", "s3://control/runs/r/outcomes", "runs/r/outcomes/"]
)
def test_outcomes_elsewhere_are_refused(outcomes: str) -> None:
    with pytest.raises(LayoutError):
        ControlLayout.of(outcomes, "r")


@pytest.mark.parametrize("table", ["..", "a/b", "", "a\nb"])
def test_table_names_that_would_leave_their_folder_are_refused(table: str) -> None:
    with pytest.raises(LayoutError):
        ControlLayout.of("s3://control/runs/r/outcomes/", "r").evidence(table, "sha256:x", 1)


@given(st.text(), st.text())
def test_names_in_the_log_sort_as_their_sequences_do(one: str, other: str) -> None:
    """UTF-8 order, on which `start-after` relies; and a listing after a sequence still shows the part that
    ends with it."""
    one, other = (text.encode(errors="ignore").decode() for text in (one, other))
    names = tombstone_name(one, "sha256:b", 0), tombstone_name(other, "sha256:b", 0)
    if one.encode() != other.encode():
        assert (names[0] < names[1]) == (one.encode() < other.encode())
    assert tombstone_name(one, "sha256:b", 0) > sequence_hex(one)


@given(st.text())
def test_quoted_identifiers_cannot_be_left(name: str) -> None:
    quoted = quote(name)
    assert quoted[0] == quoted[-1] == "`"
    assert "`" not in quoted[1:-1].replace("``", "")


VALUE = st.integers(-(2**63), 2**63 - 1) | st.text() | st.booleans()


@given(st.lists(st.tuples(st.text(), st.tuples(VALUE, VALUE)), min_size=1))
def test_parts_survive_their_encoding(deletes: list[tuple[str, tuple[int | str | bool, ...]]]) -> None:
    sound = [d for d in deletes if not any("\ud800" <= c <= "\udfff" for c in f"{d}")]
    keys = (KeyColumn("a", "bigint"), KeyColumn("b", "string"))
    columns, decoded = decode_part(encode_part("sha256:b", keys, sound))
    assert (columns, list(decoded)) == (keys, sound)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (2**60 + 1, 2**60 + 1),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (date(2023, 8, 18), "2023-08-18"),
        (datetime(1970, 1, 1, 0, 0, 1, 5, UTC), 1_000_005),
        (datetime(2023, 8, 18, 2, 37), "2023-08-18T02:37:00.000000"),
        (b"\x00\xff", "00ff"),
        (0.1, "0.1"),
        (True, True),
    ],
)
def test_key_values(value: object, encoded: object) -> None:
    assert encode(value) == encoded


def test_evidence_is_read_back_and_its_parts_are_listed(tmp_path: Path) -> None:
    store, layout = LocalObjects(), ControlLayout(f"file://{tmp_path}/", "r")
    rows = RowCounts(4, 1, 1, 1, 0, 1)
    evidence = Evidence("r", "t", "sha256:b", 7, 2, rows, (AppliedFile("000000000001-x", 4, "1", "4", 1),))
    uri = put_evidence(store, layout, evidence, [KeyColumn("id", "bigint")], [("4", (9,)), ("2", (8,))])
    assert uri == f"file://{tmp_path}/commits/t/sha256:b/7/"
    assert read_evidence(store, uri) == evidence
    index = json.loads(store.get(uri + "deletes.json"))
    key = "commits/t/sha256:b/7/deletes-00000.jsonl.gz"
    assert index["parts"] == [{"part": 0, "key": key, "rows": 2, "max_sequence": "4"}]


def test_log_is_read_from_the_lowest_late_sequence_on(tmp_path: Path) -> None:
    """[no-revival] Parts that end below are not even opened; of the others each key's highest sequence
    counts."""
    store, log, keys = LocalObjects(), f"file://{tmp_path}/tombstones/t/1/", [KeyColumn("id", "bigint")]
    for number, deletes in enumerate([[("03", (1,))], [("05", (1,)), ("04", (2,))], [("09", (1,))]]):
        name = tombstone_name(deletes[0][0], f"sha256:{number}", 0)
        store.put(log + name, encode_part("sha256:b", keys, deletes))
    store.put(log + tombstone_name("02", "sha256:z", 0), b"never opened")
    assert remembered_deletes(store, log, "03", keys) == {(1,): "09", (2,): "04"}
    assert remembered_deletes(store, log, "10", keys) == {}


TYPES = {"id": "bigint", "made_at": "timestamp", "kind": "string", "f": "double", "s": "struct<a:int>"}


def test_partition_specs_are_parsed() -> None:
    parsed = parse_partition_by(["bucket( 16 ,ID)", "Days(made_at)", "months( made_at )", "Kind"], TYPES)
    assert parsed == (
        PartitionField("bucket", "id", 16),
        PartitionField("days", "made_at"),
        PartitionField("months", "made_at"),
        PartitionField("identity", "kind"),
    )


@pytest.mark.parametrize(
    "spec",
    [
        "bucket(0, id)",
        "bucket(x, id)",
        "bucket(4, f)",
        "days(id)",
        "nope",
        "s",
        "",
        "hours(made_at)",
        "id, kind",
        "`id`",
    ],
)
def test_other_partition_specs_are_refused(spec: str) -> None:
    with pytest.raises(JobError, match="TG2401"):
        parse_partition_by([spec], TYPES)


def test_local_store_tells_gone_from_there(tmp_path: Path) -> None:
    store, uri = LocalObjects(), f"file://{tmp_path}/a/b"
    with pytest.raises(ObjectGone):
        store.head(uri)
    store.put(uri, b"x")
    assert store.head(uri).etag == "9dd4e461268c8034f5c8564e155c67a6"
    assert (store.head(uri).bytes, store.get_range(uri, 0, 5)) == (1, b"x")


def broken_plans() -> dict[str, tuple[object, str]]:
    plan = GOLDEN["plan"]
    table = plan["tables"][0]
    return {
        "no json": ("{", "TG2002"),
        "no contract": ({**plan, "contract": "tidegate.plan/2"}, "contract"),
        "unknown field": ({**plan, "more": 1}, "more"),
        "other run": ({**plan, "run_id": "x", "outcomes": "s3://control/runs/x/outcomes/"}, "--run-id"),
        "outcomes elsewhere": ({**plan, "outcomes": "s3://control/elsewhere/"}, "outcomes"),
        "table twice": ({**plan, "tables": [table, table]}, "2 times"),
        "hostile table": ({**plan, "tables": [{**table, "table": ".."}]}, ".."),
    }


@pytest.mark.parametrize("name", broken_plans())
def test_bad_plan_ends_with_2_before_spark_is_started(tmp_path: Path, name: str) -> None:
    document, mentions = broken_plans()[name]
    path = tmp_path / "plan.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(JobError, match="TG2002") as refused:
        load_plan(LocalObjects(), f"file://{path}", GOLDEN["plan"]["run_id"])
    assert mentions in str(refused.value)


def test_main_says_that_the_plan_is_gone(tmp_path: Path) -> None:
    arguments = ["--plan", f"file://{tmp_path}/none.json", "--run-id", "r", "--JOB_NAME", "added-by-glue"]
    ended = subprocess.run([sys.executable, MAIN, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("TG2001: The plan `file://")
