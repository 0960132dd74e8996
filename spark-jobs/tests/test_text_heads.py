"""What is read of a text file without Spark: its first record, the names of its columns, and lines of JSON.
Compared with Python's own readers, and with hostile text."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import EXAMPLES
from tidegate_job.changes.operations import Operations
from tidegate_job.errors import JobError
from tidegate_job.files.json_files import lines_as_they_are
from tidegate_job.files.text_heads import _names, first_record, text_types
from tidegate_job.plan import Merge, PlannedFile, TextFiles

CSV = TextFiles()
FIELD = st.text(st.sampled_from('ab",;\n\r é'), max_size=6)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@EXAMPLES
@given(
    st.lists(st.lists(FIELD, min_size=2, max_size=4), min_size=1, max_size=3), st.sampled_from(["\n", "\r\n"])
)
def test_the_first_record_is_what_a_writer_of_csv_wrote(rows: list[list[str]], line_end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    assert first_record(text.getvalue(), CSV, whole=True) == (rows[0], line_end)
    # Python's writer leaves a lone CR without quotes, which RFC 4180 does not.
    plain = [[field.replace("\r", "") for field in row] for row in rows]
    minimal = io.StringIO(newline="")
    csv.writer(minimal, lineterminator=line_end).writerows(plain)
    content = minimal.getvalue()
    assert first_record(content, CSV, whole=True) == (plain[0], line_end)
    for end in range(len(content)):
        assert first_record(content[:end], CSV, whole=False) in (None, (plain[0], line_end))


@EXAMPLES
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.sampled_from([None, 1]))
def test_a_line_of_json_is_the_names_and_texts_of_its_object(
    row: dict[str, object], spaces: int | None
) -> None:
    line = json.dumps(row, separators=None if spaces else (",", ":"), ensure_ascii=bool(spaces))
    found = lines_as_they_are()(line + "\r")
    assert found is not None
    assert [name for name, _ in found] == list(row)
    for (_, text), value in zip(found, row.values(), strict=True):
        assert text == value if value is None or isinstance(value, str) else json.loads(text or "") == value


@EXAMPLES
@given(st.text(st.sampled_from('{}[]":,\\u0aeE+-.1 ntf'), max_size=20))
def test_a_line_is_an_object_exactly_if_python_says_so(line: str) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        expected = json.loads(line, object_pairs_hook=lambda pairs: pairs, parse_constant=refuse)
        is_object = line.strip().startswith("{")
    except (ValueError, RecursionError):
        expected, is_object = None, False
    found = lines_as_they_are()(line)
    if found is not None:
        assert is_object
        assert [name for name, _ in found] == [name for name, _ in expected]
    elif is_object:
        # Half characters have no UTF-8.
        with pytest.raises(UnicodeEncodeError):
            str(expected).encode()


@pytest.mark.parametrize(
    ("configured", "operations", "kind", "fields", "names"),
    [
        (["id", "v"], "op", "full", ["1", "x"], ["id", "v"]),
        (["id", "v"], "op", "incremental", ["I", "1", "x"], ["op", "id", "v"]),
        (["id", "v"], "op", "full", ["I", "1", "x"], ["op", "id", "v"]),
        (["id", "v"], "op", "incremental", ["1", "x", "y"], "TG2111"),
        (["id", "v"], "op", "full", ["1", "x", "y"], "TG2111"),
        (["id", "v"], "op", "full", ["1"], "TG2111"),
        (["id", "op", "v"], "op", "incremental", ["1", "D", "x"], ["id", "op", "v"]),
        (["id", "op", "v"], "op", "full", ["1", "x"], ["id", "v"]),
        (["op", "id", "v"], "op", "full", ["I", "x"], "TG2111"),
        (["op", "id", "v"], "op", "incremental", ["I", "1", "x", "y"], "TG2111"),
        (["id", "v"], None, "incremental", ["1", "x"], ["id", "v"]),
        (["id", "v"], None, "incremental", ["I", "1", "x"], "TG2111"),
        (["id", "v"], "op", "full", ["ID", "V"], "TG2109"),
        (["id", "v"], "op", "incremental", [], ["op", "id", "v"]),
        ([], "op", "full", ["1"], "TG2107"),
    ],
)
def test_names_without_a_header(
    configured: list[str], operations: str | None, kind: str, fields: list[str], names: list[str] | str
) -> None:
    """A column that came or went is never taken for the operation, nor the other way round."""
    merge = Merge("snapshot", ("id",), ("seq",), Operations(operations, ("D",)), frozenset())
    text = TextFiles(columns=tuple((name, "string") for name in configured))
    file = PlannedFile("000000000001-x", "s3://b/x.csv", kind, "csv", "e", 1, 1)  # type: ignore[arg-type]
    if isinstance(names, str):
        with pytest.raises(JobError, match=names):
            _names(file, fields, text, merge)
    else:
        assert list(_names(file, fields, text, merge)) == names


def test_types_are_configured_or_known_and_else_text() -> None:
    text = TextFiles(columns=(("id", "bigint"), ("v", "int")))
    found = text_types(["ID", "V", "w", "x"], text, {"v": "bigint", "w": "date"})
    assert found == (("ID", "bigint"), ("V", "int"), ("w", "date"), ("x", "string"))
