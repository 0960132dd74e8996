"""The Spark code of docs/how-to/read-the-tables.md that follows what changes, run on such tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.kinds import of_kind
from tests.lake import Lake, one_by_one
from tidegate_job.names import OWN_COLUMNS

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-the-tables.md"
PRICE = pa.decimal128(8, 2)


def books(rows: list[tuple[Any, ...]], **more: list[str]) -> pa.Table:
    ids, titles, prices = zip(*rows, strict=True)
    return pa.table({**more, "book_id": ids, "title": titles, "price": pa.array(map(Decimal, prices), PRICE)})


def orders(rows: list[tuple[Any, ...]], **more: list[str]) -> pa.Table:
    ids, statuses = zip(*rows, strict=True)
    return pa.table({**more, "id": ids, "status": statuses})


FULL_BOOKS = books([(1, "Emma", "8.50"), (2, "Ulysses", "12.00"), (3, "Dracula", "6.00")])
BOOK_CHANGES = books(
    [(2, "Ulysses", "9.90"), (3, "Dracula", "6.00"), (4, "Walden", "7.25")],
    op=["U", "D", "I"],
    seq=["1", "2", "3"],
)
FULL_ORDERS = orders([(1, "new"), (2, "new")])
ORDER_CHANGES = orders([(1, "paid"), (1, "sent"), (2, "new")], op=["U", "U", "D"], seq=["4", "5", "6"])


FOLLOWED = {
    "books": "iceberg copy on write",
    "merged books": "iceberg merge on read",
    "orders": "iceberg history",
    "hudi books": "hudi copy on write",
    "hudi orders": "hudi history",
}


@pytest.fixture(scope="module")
def lakes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Lake]]:
    """Books copied on write and merged on read, and orders as a history, in either format: a full load each,
    and one batch of changes."""
    folder = tmp_path_factory.mktemp("feeds")
    lakes = {name: of_kind(Lake(spark, folder), kind) for name, kind in FOLLOWED.items()}
    for name, lake in lakes.items():
        lake.keys = ["id" if name.endswith("orders") else "book_id"]

    def course(lake: Lake, full: pa.Table, changes: pa.Table) -> Any:
        lake.settle((yield lake.planned(lake.entry([lake.put_table(full, kind="full")]))))
        yield lake.planned(lake.entry([lake.put_table(changes)]))

    files = {"books": (FULL_BOOKS, BOOK_CHANGES), "orders": (FULL_ORDERS, ORDER_CHANGES)}
    courses = [course(lake, *files[name.split()[-1]]) for name, lake in lakes.items()]
    one_by_one(list(lakes.values()), courses)
    for lake in lakes.values():
        lake.frame()  # The session has the newest.
    yield lakes
    spark.catalog.dropTempView("book_changes")


def code_and_output(about: str) -> tuple[str, str]:
    """The page's block of Spark code that has this text, and what it says that it prints."""
    blocks = re.findall(r"```python\n(.*?)```\n```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    [found] = [(code, output) for code, output in blocks if about in code and "spark." in code]
    return found


def run(code: str, spark: SparkSession, lake: Lake, name: str) -> None:
    assert name in code
    code = code.replace(f"shop_raw.{name}", f"shop.{lake.table}")
    code = code.replace(f"s3://raw-bucket/shop_raw/{name}", lake.location)
    exec(code, {"spark": spark, "since": lake.settled_snapshot})


@pytest.mark.parametrize(
    ("about", "name", "table"),
    [
        ("spark.read.option", "orders", "shop_orders"),
        ("create_changelog_view", "books", "shop_books"),
        ("query.type", "hudi books", "shop_books"),
    ],
)
def test_the_page_says_what_its_code_prints(
    spark: SparkSession,
    lakes: dict[str, Lake],
    capsys: pytest.CaptureFixture[str],
    about: str,
    name: str,
    table: str,
) -> None:
    code, output = code_and_output(about)
    run(code, spark, lakes[name], table)
    assert capsys.readouterr().out.strip() == output.strip()


def test_there_is_no_changelog_of_a_table_that_merges_on_read(
    spark: SparkSession, lakes: dict[str, Lake]
) -> None:
    code, _ = code_and_output("create_changelog_view")
    with pytest.raises((PySparkException, Py4JJavaError), match="Delete files are currently not supported"):
        run(code, spark, lakes["merged books"], "shop_books")


def test_an_incremental_read_skips_what_is_no_append(spark: SparkSession, lakes: dict[str, Lake]) -> None:
    lake = lakes["merged books"]
    assert lake.settled_snapshot
    read = spark.read.option("start-snapshot-id", lake.settled_snapshot)
    assert read.table(f"shop.{lake.table}").collect() == []


def test_a_hudi_history_is_followed_the_same_way_and_has_its_deletes(
    spark: SparkSession, lakes: dict[str, Lake], capsys: pytest.CaptureFixture[str]
) -> None:
    lake = lakes["hudi orders"]
    code, _ = code_and_output("query.type")
    for was, name in (
        ("shop_books", "shop_orders"),
        ("book_id", "id"),
        ("title", "status"),
        (', "price"', ""),
    ):
        code = code.replace(was, name)
    run(code, spark, lake, "shop_orders")
    shown = [re.findall(r"\w+", line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(cells for cells in shown if len(cells) == 3) == [
        ["D", "2", "new"],
        ["U", "1", "paid"],
        ["U", "1", "sent"],
        ["_tg_operation", "id", "status"],
    ]


@pytest.mark.parametrize("name", FOLLOWED)
def test_our_columns_and_how_fresh_a_table_is_are_the_same_in_both_formats(
    lakes: dict[str, Lake], name: str
) -> None:
    lake = lakes[name]
    dtypes = [(column, type_) for column, type_ in lake.frame().dtypes if column in OWN_COLUMNS]
    assert dtypes == [(column, "string") for column in OWN_COLUMNS[:-1]] + [(OWN_COLUMNS[-1], "timestamp")]
    newest = lake.frame().orderBy(F.desc("_tg_sequence")).select(*OWN_COLUMNS).first()
    assert newest
    sequence, operation, file, batch, applied_at = newest
    last = lake.snapshots()[-1]
    assert (sequence, operation) == (("6", "D") if name.endswith("orders") else ("3", "I"))
    assert batch == last["tidegate.batch-id"]
    assert int(file.split("-")[0]) * 1000 == int(last["tidegate.fresh-as-of-ms"])
    assert applied_at.timestamp() * 1000 > int(last["tidegate.fresh-as-of-ms"])
