"""What the files of a batch agree on, without Spark: which types widen, and what holds the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.test_documents import GOLDEN
from tidegate_job.columns import BatchColumns, Footer, agree_columns
from tidegate_job.files.file_checks import FileError
from tidegate_job.plan import parse_plan
from tidegate_job.schema_policy import SchemaHeld, Widens, widens

[TABLE] = parse_plan(GOLDEN["plan"]).tables
EVOLVES = replace(TABLE.merge, keys=("id",), sequence_columns=("seq",), schema_policy="evolve")
Columns = Mapping[str, str]


def agree(
    *files: Columns,
    declared: Columns | None = None,
    earlier: Mapping[str, frozenset[str]] | None = None,
    in_table: Widens = widens,
) -> tuple[BatchColumns, list[FileError]]:
    """Of change files with these data columns, in the order in which they were put."""
    planned = [replace(TABLE.files[0], file_id=f"{place:012d}-file") for place in range(len(files))]
    footers = {file.file_id: footer(columns) for file, columns in zip(planned, files, strict=True)}
    return agree_columns(planned, footers, EVOLVES, declared, "db.t", lambda: earlier or {}, in_table)


def footer(columns: Columns) -> Footer:
    operation = EVOLVES.operations.column or ""
    return Footer(1, (("seq", "string"), (operation, "string"), *columns.items()))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("int", "bigint"),
        ("float", "double"),
        ("decimal(6,2)", "decimal(7,2)"),
        ("decimal(9,0)", "decimal(38,0)"),
    ],
)
def test_what_widens_does_so_one_way(narrow: str, wide: str) -> None:
    assert widens(narrow, wide)
    assert not widens(wide, narrow)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("int", "int"),
        ("int", "double"),
        ("bigint", "decimal(38,0)"),
        ("decimal(6,2)", "decimal(7,3)"),
        ("decimal(6,2)", "decimal(6,2)"),
        ("date", "timestamp"),
        ("timestamp_ntz", "timestamp"),
        ("struct<a:int>", "struct<a:bigint>"),
    ],
)
def test_what_does_not_widen(one: str, other: str) -> None:
    assert not widens(one, other)
    assert not widens(other, one)


def test_a_batch_has_the_union_of_its_files_and_the_widest_type_of_each() -> None:
    before = {"id": "bigint", "v": "int"}
    after = {"id": "bigint", "v": "bigint", "a": "date"}
    columns, errors = agree(before, after, before, declared={"id": "bigint", "v": "int", "gone": "string"})
    assert (columns.data, errors) == ({"id": "bigint", "v": "bigint", "gone": "string", "a": "date"}, [])


def test_a_type_from_before_the_column_was_widened_fits_and_any_other_narrow_one_holds() -> None:
    declared = {"id": "bigint", "v": "bigint"}
    columns, _ = agree({"id": "bigint", "v": "int"}, declared=declared, earlier={"v": frozenset({"int"})})
    assert columns.data == declared
    with pytest.raises(SchemaHeld, match="TG2221"):
        agree({"id": "bigint", "v": "int"}, declared=declared, earlier={"other": frozenset({"int"})})


def test_where_a_type_stays_a_wider_one_holds_the_table_unless_the_batch_brings_the_column() -> None:
    """A Hudi table's decimals do."""
    before, after = {"id": "bigint", "v": "decimal(6,2)"}, {"id": "bigint", "v": "decimal(12,2)"}
    columns, _ = agree(before, after, declared={"id": "bigint"}, in_table=lambda stored, type_: False)
    assert columns.data == after
    with pytest.raises(SchemaHeld, match="TG2221"):
        agree(after, declared=before, in_table=lambda stored, type_: False)


@pytest.mark.parametrize("declared", [None, {"id": "bigint"}])
def test_files_that_bring_a_column_agree_on_its_widest_type_in_any_order(declared: Columns | None) -> None:
    """And the narrower ones are remembered, since more files of those may come."""
    files = [{"id": "bigint", "v": f"decimal({digits},2)"} for digits in (8, 12, 6)]
    columns, errors = agree(*files, declared=declared)
    assert (columns.data["v"], errors) == ("decimal(12,2)", [])
    assert columns.narrower == {"v": {"decimal(6,2)", "decimal(8,2)"}}


def test_a_type_that_no_value_fits_holds_a_table_that_has_nothing_yet() -> None:
    with pytest.raises(SchemaHeld, match="TG2221"):
        agree({"id": "bigint", "v": "int"}, {"id": "bigint", "v": "string"})


def test_what_holds_the_table_goes_before_what_is_bad() -> None:
    """Else the policy for bad files would put the one aside, and never say the other."""
    bad, other_key = {"id": "bigint", "_tg_x": "int"}, {"id": "string"}
    _, errors = agree(bad, declared={"id": "bigint"})
    assert [error.error.code for error in errors] == ["TG2205"]
    with pytest.raises(SchemaHeld, match="TG2222"):
        agree(bad, other_key, declared={"id": "bigint"})


def test_a_new_table_has_no_key_to_change_before_its_first_file() -> None:
    _, errors = agree({"v": "int"})
    assert [error.error.code for error in errors] == ["TG2211"]
    with pytest.raises(SchemaHeld, match="TG2222"):
        agree({"id": "int"}, {"id": "bigint"})
