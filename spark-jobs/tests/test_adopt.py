"""Adopting a table that others made: its rows are older than every change, and nothing is altered in vain."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.lake import Lake, Row, at, change
from tidegate_job.iceberg.adopt import adopt
from tidegate_job.iceberg.properties import lasting_properties
from tidegate_job.names import OWN_COLUMNS
from tidegate_job.plan import TablePlan

BOTH = pytest.mark.parametrize("mode", ["merge_on_read", "copy_on_write"])
CHANGES = [
    change("U", "05", id=1, v=10),
    change("D", "06", id=2),
    change("I", "07", id=4, v=40),
]


@pytest.fixture
def lake(lake: Lake) -> Lake:
    lake.adopt = True
    return lake


def make(
    lake: Lake, columns: str = "id bigint, v bigint", values: str = "(1, 1), (2, 2), (3, 3)", more: str = ""
) -> None:
    """A table as somebody else makes it, by SQL."""
    lake.spark.sql("CREATE DATABASE IF NOT EXISTS shop")
    lake.spark.sql(f"CREATE TABLE shop.{lake.table} ({columns}) USING iceberg {more}")
    if values:
        lake.spark.sql(f"INSERT INTO shop.{lake.table} VALUES {values}")


def sql(lake: Lake, text: str, spark: SparkSession | None = None) -> None:
    (spark or lake.spark).sql(text.replace("TABLE_", f"shop.{lake.table}"))


def refused(lake: Lake, rows: list[Row] | None = None) -> str:
    """The message with which a batch of changes is rejected; the table is as it was."""
    before = lake.spark.table(f"shop.{lake.table}").columns
    outcome = lake.apply(lake.entry([lake.put(rows or CHANGES)]))
    assert (outcome["result"], outcome["lookup"], outcome["bad_files"]) == ("rejected", "absent", [])
    assert outcome["error"]["transient"] is False
    lake.spark.sql(f"REFRESH TABLE shop.{lake.table}")
    assert lake.spark.table(f"shop.{lake.table}").columns == before
    return f"{outcome['error']['code']}: {outcome['error']['message']}"


@BOTH
def test_changes_go_on_where_the_rows_ended(lake: Lake, mode: str) -> None:
    lake.write_mode = mode
    make(lake)
    outcome = lake.apply_and_settle([lake.put(CHANGES)])
    assert outcome["rows"] == {
        "read": 3,
        "inserted": 1,
        "updated": 1,
        "deleted": 1,
        "stale": 0,
        "duplicate": 0,
    }
    assert lake.rows() == [{"id": 1, "v": 10}, {"id": 3, "v": 3}, {"id": 4, "v": 40}]
    assert [row["_tg_sequence"] for row in lake.rows("_tg_sequence")] == ["05", None, "07"]
    # From now on it is a table like any other.
    lake.apply_and_settle([lake.put([change("U", "04", id=1, v=0), change("U", "08", id=3, v=30)])])
    assert lake.rows() == [{"id": 1, "v": 10}, {"id": 3, "v": 30}, {"id": 4, "v": 40}]


def test_the_table_says_that_it_was_adopted_and_stays_what_and_where_it_is(lake: Lake) -> None:
    lake.properties = {"write.parquet.compression-codec": "gzip", "format-version": "3"}
    make(
        lake,
        "ID bigint NOT NULL, v bigint",
        more="PARTITIONED BY (bucket(4, ID)) TBLPROPERTIES ('team' = 'them')",
    )
    [old] = lake.spark.sql(f"SELECT snapshot_id FROM shop.{lake.table}.snapshots").collect()
    lake.apply_and_settle([lake.put(CHANGES)])
    shown = {
        row["key"]: row["value"] for row in lake.spark.sql(f"SHOW TBLPROPERTIES shop.{lake.table}").collect()
    }
    assert shown["tidegate.adopted-from"] == str(old[0])
    assert (shown["tidegate.keys"], shown["tidegate.mode"], shown["team"]) == ("id", "snapshot", "them")
    assert (shown["write.merge.mode"], shown["format"]) == ("merge-on-read", "iceberg/parquet")
    assert (shown["format-version"], shown["write.parquet.compression-codec"]) == ("2", "gzip")
    assert lake.spark.table(f"shop.{lake.table}").columns == ["ID", "v", *OWN_COLUMNS]
    assert lake.rows("ID", "v")[0] == {"ID": 1, "v": 10}


@pytest.mark.parametrize("values", ["", "(1, 1)"], ids=["no snapshot", "no change"])
def test_also_where_nothing_is_to_be_merged(lake: Lake, values: str) -> None:
    """The first commit is an overwrite of nothing, or a mark without files."""
    make(lake, "id bigint NOT NULL, v bigint", values)
    changes = [change("D", "05", id=9)] if values else CHANGES[:1]
    outcome = lake.apply_and_settle([lake.put(changes)])
    assert outcome["result"] == "committed"
    assert lake.rows() == [{"id": 1, "v": 1 if values else 10}]
    assert lake.apply(lake.entry([lake.put([change("U", "06", id=1, v=6)])]))["rows"]["updated"] == 1


def test_without_the_setting_it_is_refused_and_told_of_it(lake: Lake) -> None:
    lake.adopt = False
    make(lake)
    message = refused(lake)
    assert message.startswith("TG2403")
    assert "`target.adopt: true`" in message
    # The setting makes it work, after an attempt that it lacked for.
    lake.adopt = True
    lake.apply_and_settle([lake.put(CHANGES)])


@pytest.mark.parametrize(
    ("columns", "values", "more", "expected"),
    [
        (
            "id bigint, v int, w string",
            "",
            "",
            r"TG2407: .*`v` is `int` in the table and `bigint` in the files",
        ),
        (
            "id bigint, w string",
            "",
            "",
            r"`v` is `bigint` in the files and no .*; `w` is `string` in the table",
        ),
        (
            "k bigint, v bigint NOT NULL, _tg_file bigint",
            "",
            "",
            r"TG2407: .*`v` is NOT NULL.*; `_tg_file` is `long`.*; the key `id` is no column",
        ),
        ("id bigint, v bigint", "", "TBLPROPERTIES ('format-version' = '1')", r"TG2406: .*version is 1"),
        (
            "id bigint, v bigint",
            "(1, 1), (1, 2), (3, 3)",
            "",
            r"TG2408: .*\(id\) it has 1 keys with several rows",
        ),
        ("id bigint, v bigint", "(1, 1), (null, 2), (null, 3)", "", r"TG2408: .*it has 2 rows without a key"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_and_stays_as_it_is(
    lake: Lake, columns: str, values: str, more: str, expected: str
) -> None:
    make(lake, columns, values, more)
    assert re.search(expected, refused(lake))


@pytest.mark.parametrize(
    ("stored", "configured", "fits"),
    [
        ("PARTITIONED BY (bucket(4, id), v)", [], True),
        ("PARTITIONED BY (bucket(4, id), v)", ["v", "bucket( 4,ID)"], True),
        ("PARTITIONED BY (bucket(4, id))", ["bucket(8, id)"], False),
        ("PARTITIONED BY (truncate(10, id))", ["id"], False),
    ],
)
def test_partitions_are_the_tables_own(lake: Lake, stored: str, configured: list[str], fits: bool) -> None:
    make(lake, more=stored)
    lake.partition_by = configured
    if fits:
        lake.apply_and_settle([lake.put(CHANGES)])
    else:
        assert "TG2409" in refused(lake)


def test_a_table_that_was_mended_is_adopted(lake: Lake) -> None:
    """The columns are those that the table has now, not those of its last snapshot."""
    make(lake, "k bigint, v bigint, w string", "(1, 1, 'a'), (2, 2, 'b')")
    assert "TG2407" in refused(lake)
    sql(lake, "ALTER TABLE TABLE_ RENAME COLUMN k TO id")
    sql(lake, "ALTER TABLE TABLE_ DROP COLUMN w")
    lake.apply_and_settle([lake.put(CHANGES)])
    assert lake.rows() == [{"id": 1, "v": 10}, {"id": 4, "v": 40}]


def test_a_full_load_is_refused_then_and_later(lake: Lake) -> None:
    """Rule 5 would let the stored rows stay, and so lose what only the full load knows."""
    make(lake)
    full = lake.put([{"id": 1, "v": 9}], kind="full")
    outcome = lake.apply(lake.entry([full, lake.put(CHANGES)]))
    assert (outcome["error"]["code"], outcome["bad_files"]) == ("TG2410", [])
    assert full["uri"] in outcome["error"]["message"]
    lake.apply_and_settle([lake.put(CHANGES)])
    assert lake.apply(lake.entry([full]))["error"]["code"] == "TG2410"


def test_files_that_are_bad_by_themselves_are_to_blame(lake: Lake) -> None:
    make(lake)
    bad = lake.put_table(pa.table({"op": ["U"], "seq": ["05"], "v": pa.array([1], pa.int64())}))
    outcome = lake.apply(lake.entry([bad]))
    assert [file["file_id"] for file in outcome["bad_files"]] == [bad["file_id"]]
    assert outcome["error"]["code"] == "TG2211"
    assert lake.spark.table(f"shop.{lake.table}").columns == ["id", "v"]


class Crash(Exception):
    """Stands for the end of a process."""


@BOTH
def test_after_a_crash_between_the_two_the_next_attempt_goes_on(
    lake: Lake, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[commit-authority] The columns are there, the rows are not. Others may write and expire meanwhile."""
    lake.write_mode = mode
    make(lake, values="(1, 1), (2, 2)")
    sql(lake, "INSERT INTO TABLE_ VALUES (3, 3)")
    entry = lake.entry([lake.put(CHANGES)])
    with monkeypatch.context() as patched:

        def adopt_and_crash(*given: object) -> None:
            adopt(*given)  # type: ignore[arg-type]
            raise Crash

        patched.setattr("tidegate_job.iceberg.table.adopt", adopt_and_crash)
        assert lake.apply(entry)["result"] == "rejected"
    assert len(lake.snapshots()) == 2
    assert lake.spark.table(f"shop.{lake.table}").columns[-5:] == list(OWN_COLUMNS)
    lake.expire_all_but_one()
    sql(lake, "INSERT INTO TABLE_ VALUES (5, 5, null, null, null, null, null)")
    assert lake.apply(entry)["rows"] == {
        "read": 3,
        "inserted": 1,
        "updated": 1,
        "deleted": 1,
        "stale": 0,
        "duplicate": 0,
    }
    assert lake.rows() == [{"id": 1, "v": 10}, {"id": 3, "v": 3}, {"id": 4, "v": 40}, {"id": 5, "v": 5}]
    assert lake.apply(entry)["result"] == "already_committed"


def test_duplicates_that_came_after_a_crash_are_found(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    make(lake)
    entry = lake.entry([lake.put(CHANGES)])
    with monkeypatch.context() as patched:
        patched.setattr("tidegate_job.iceberg.table.commit_files", lambda *given: 1 / 0)
        assert lake.apply(entry)["result"] == "rejected"
    sql(lake, "INSERT INTO TABLE_ VALUES (1, 5, null, null, null, null, null)")
    assert lake.apply(entry)["error"]["code"] == "TG2408"


@pytest.mark.parametrize(
    ("mode", "paused_at"), [("merge_on_read", "looked-up"), ("copy_on_write", "before-commit")]
)
def test_a_zombie_meets_the_adoption_of_another(
    lake: Lake, other_session: SparkSession, mode: str, paused_at: str
) -> None:
    """[one-snapshot] A looks and pauses, B adopts and applies the same files, C deletes a key, A goes on."""
    lake.write_mode = mode
    make(lake)
    entry = lake.entry([lake.put(CHANGES)])
    zombie = lake.planned(entry)

    def others() -> None:
        lake.settle(lake.apply(entry))
        lake.apply_and_settle([lake.put([change("D", "09", id=4)])])

    [outcome] = lake.run(zombie, spark=other_session, checkpoint=at(paused_at, others))
    assert (outcome["result"], outcome["lookup"]) == ("already_committed", "found")
    assert lake.rows() == [{"id": 1, "v": 10}, {"id": 3, "v": 3}]


def test_another_run_is_faster_between_the_two(
    lake: Lake, other_session: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[one-snapshot] A has altered the table, B commits the same batch to it: A must not say `absent`."""
    make(lake)
    entry = lake.entry([lake.put(CHANGES)])
    faster: list[Row] = []

    def adopt_and_wait(*given: object) -> None:
        adopt(*given)  # type: ignore[arg-type]
        if not faster:
            faster.append({})
            faster[0] = lake.apply(entry, spark=other_session)

    monkeypatch.setattr("tidegate_job.iceberg.table.adopt", adopt_and_wait)
    outcome = lake.apply(entry)
    assert faster[0]["result"] == "committed"
    assert (outcome["result"], outcome["snapshot"]) == ("already_committed", faster[0]["snapshot"])
    assert lake.rows() == [{"id": 1, "v": 10}, {"id": 3, "v": 3}, {"id": 4, "v": 40}]


@pytest.mark.parametrize("write", ["INSERT INTO TABLE_ VALUES (1, 7)", "ALTER TABLE TABLE_ ADD COLUMN w int"])
def test_a_write_within_the_adoption_is_a_conflict(
    lake: Lake, other_session: SparkSession, write: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[one-snapshot] The change of metadata is itself compared with what it began from, or the commit is."""
    make(lake)
    entry = lake.entry([lake.put(CHANGES)])

    def properties(plan: TablePlan) -> dict[str, str]:
        sql(lake, write, other_session)
        return lasting_properties(plan)

    with monkeypatch.context() as patched:
        patched.setattr("tidegate_job.iceberg.adopt.lasting_properties", properties)
        outcome = lake.apply(entry)
    assert (outcome["result"], outcome["error"]["code"]) == ("rejected", "TG4002")
    assert len(lake.snapshots()) == (2 if write.startswith("INSERT") else 1)


def test_what_others_write_meanwhile_is_a_conflict(lake: Lake, other_session: SparkSession) -> None:
    """[one-snapshot] What was compared is no longer the table."""
    make(lake)
    planned = lake.planned(lake.entry([lake.put(CHANGES)]))
    work = at("before-commit", lambda: sql(lake, "DELETE FROM TABLE_ WHERE id = 1"))
    [outcome] = lake.run(planned, spark=other_session, checkpoint=work)
    assert (outcome["result"], outcome["error"]["code"], outcome["error"]["transient"]) == (
        "rejected",
        "TG4002",
        True,
    )


def test_a_column_that_others_add_meanwhile_is_none(lake: Lake, other_session: SparkSession) -> None:
    """Rows are as they were compared; the new ones have no value there."""
    make(lake)
    planned = lake.planned(lake.entry([lake.put(CHANGES)]))
    work = at("before-commit", lambda: sql(lake, "ALTER TABLE TABLE_ ADD COLUMN w string"))
    [outcome] = lake.run(planned, spark=other_session, checkpoint=work)
    assert outcome["result"] == "committed"
    assert {row["w"] for row in lake.rows("w")} == {None}


def test_its_own_history_may_have_expired(lake: Lake) -> None:
    """No commit of ours can be in it."""
    make(lake)
    sql(lake, "INSERT INTO TABLE_ VALUES (7, 7)")
    lake.expire_all_but_one()
    lake.apply_and_settle([lake.put(CHANGES)])
    assert [row["id"] for row in lake.rows()] == [1, 3, 4, 7]


def test_a_column_of_ours_that_somebody_dropped_is_not_adopted_anew(lake: Lake) -> None:
    """All rows would be older than every change: a replayed old one would win."""
    make(lake)
    lake.apply_and_settle([lake.put(CHANGES)])
    sql(lake, "ALTER TABLE TABLE_ DROP COLUMN _tg_sequence")
    assert "TG2405" in refused(lake)


def test_a_history_is_not_adopted(lake: Lake) -> None:
    lake.mode = "historical"
    make(lake)
    assert "TG2003" in refused(lake)
