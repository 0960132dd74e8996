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

from tests.lake import Lake, one_by_one

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


@pytest.fixture(scope="module")
def lakes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Lake]]:
    """Books copied on write and merged on read, and orders as a history: a full load each, and one batch of
    changes."""
    folder = tmp_path_factory.mktemp("feeds")
    lakes = {name: Lake(spark, folder) for name in ("books", "merged books", "orders")}
    for name, lake in lakes.items():
        lake.keys = ["id" if name == "orders" else "book_id"]
    lakes["books"].write_mode, lakes["orders"].mode = "copy_on_write", "historical"

    def course(lake: Lake, full: pa.Table, changes: pa.Table) -> Any:
        lake.settle((yield lake.planned(lake.entry([lake.put_table(full, kind="full")]))))
        yield lake.planned(lake.entry([lake.put_table(changes)]))

    files = {"orders": (FULL_ORDERS, ORDER_CHANGES)}
    courses = [course(lake, *files.get(name, (FULL_BOOKS, BOOK_CHANGES))) for name, lake in lakes.items()]
    one_by_one(list(lakes.values()), courses)
    for lake in lakes.values():
        spark.sql(f"REFRESH TABLE shop.{lake.table}")
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
    exec(code, {"spark": spark, "since": lake.settled_snapshot})


@pytest.mark.parametrize(
    ("about", "name", "table"),
    [("spark.read.option", "orders", "shop_orders"), ("create_changelog_view", "books", "shop_books")],
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
