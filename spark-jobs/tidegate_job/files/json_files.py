"""Files of JSON lines as texts: each line an object, its values exactly as written.

Spark's own reader passes numbers through binary floats, and cuts digits in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from ..object_store import ObjectStore
from ..plan import PlannedFile, TextFiles
from .json_envelopes import Pairs, PairsOf, flat_pairs_of
from .landed_scan import PATH, scan_lines, spellings
from .text_heads import head_text
from .text_values import BROKEN, DOUBTFUL, place_of

_FIRST_LOOK = 64 * 1024


def lines_as_they_are() -> PairsOf:
    """Each line's object is a row. Numbers, lists and objects in it are what the line says."""
    return _pairs_of()


def lines_as_envelopes(around: Collection[str]) -> PairsOf:
    """Each line's object is an envelope, as `json_envelopes` has it."""
    return flat_pairs_of(_pairs_of(), frozenset(around))


def first_names(store: ObjectStore, file: PlannedFile, pairs_of: PairsOf) -> tuple[str, ...]:
    """The names in the file's first line, if it is short: their order is the order of a new table's
    columns. JobError TG2110 as for CSV."""
    content, whole = head_text(store, file, _FIRST_LOOK)
    first, end, _ = content.lstrip().partition("\n")
    pairs = pairs_of(first) if end or whole else None
    return tuple(name for name, _ in pairs or ())


def names_in(spark: SparkSession, files: Sequence[PlannedFile]) -> dict[str, set[str]]:
    """All names that any line of a file has, by file id: a column is not seen in each line. One job."""
    return _names_by(spark, files, F.expr("json_object_keys(value)"))


def _names_by(spark: SparkSession, files: Sequence[PlannedFile], names_of: Column) -> dict[str, set[str]]:
    lines = scan_lines(spark, files, "\n").select("value", F.col("_metadata.file_path").alias(PATH))
    keys = lines.select(PATH, F.explode(names_of).alias("name"))
    by_path: dict[str, set[str]] = {}
    for row in keys.distinct().collect():
        by_path.setdefault(row[PATH], set()).add(row["name"])
    return {
        file.file_id: set().union(*(by_path.get(path, ()) for path in spellings(spark, file)))
        for file in files
    }


def envelope_names_in(
    spark: SparkSession, files: Sequence[PlannedFile], pairs_of: PairsOf
) -> dict[str, set[str]]:
    """The same of envelopes, by the very function that reads them."""

    def names_of(line: str) -> list[str]:
        return [name for name, _ in pairs_of(line) or ()]

    return _names_by(spark, files, F.udf(names_of, "array<string>")("value"))


def json_texts(
    spark: SparkSession, files: Sequence[PlannedFile], names: Sequence[str], pairs_of: PairsOf
) -> DataFrame:
    """Rows with the values of `names` (lower case) as texts under `place_of`, null where a line has none;
    and what `text_values` wants to know of a row. Blank lines are none."""
    read = F.udf(_reader(list(names), pairs_of), "array<string>").asNondeterministic()
    lines = scan_lines(spark, files, "\n").select("value", F.col("_metadata.file_path").alias(PATH))
    whole = F.col("value").cast("binary") == F.encode("value", "UTF-8")
    parsed = lines.where(F.col("value").rlike(r"\S")).select(
        PATH, F.when(whole, read("value")).alias("values")
    )
    return parsed.select(
        *(F.col("values")[place].alias(place_of(place)) for place in range(len(names))),
        PATH,
        F.col("values").isNull().alias(BROKEN),
        F.lit(False).alias(DOUBTFUL),
    )


def _reader(names: list[str], pairs_of: PairsOf) -> Callable[[str], list[str | None] | None]:
    """A function of one line: the values of the names, or None if it is no object or has a name twice.
    Defined in here, so that it goes to the workers by value: they need not have this package."""

    def read(line: str) -> list[str | None] | None:
        pairs = pairs_of(line)
        values: Mapping[str, str | None] = {name.lower(): value for name, value in pairs or ()}
        if pairs is None or len(values) < len(pairs):
            return None
        return [values.get(name) for name in names]

    return read


def _pairs_of() -> PairsOf:
    def pairs_of(line: str) -> Pairs | None:
        """Names and values of the object that the line is; None if it is none. Numbers, lists and objects
        are what the line says."""
        import json
        from json.decoder import scanstring  # type: ignore[attr-defined]

        def refuse(constant: str) -> None:
            raise ValueError(constant)

        decoder = json.JSONDecoder(parse_constant=refuse)

        def skip(at: int) -> int:
            while line[at] in " \t\r":
                at += 1
            return at

        found: Pairs = []
        try:
            line = line.strip(" \t\r\n")
            at = skip(1)
            if line[0] != "{" or line[-1] != "}":
                return None
            while line[at] != "}":
                if line[at] != '"':
                    return None
                name, at = scanstring(line, at + 1, True)
                at = skip(at)
                if line[at] != ":":
                    return None
                begin = skip(at + 1)
                value, at = decoder.raw_decode(line, begin)
                text = None if value is None else value if isinstance(value, str) else line[begin:at]
                (text or "").encode()
                found.append((name, text))
                at = skip(at)
                if line[at] == ",":
                    at = skip(at + 1)
                    if line[at] != '"':
                        return None
                elif line[at] != "}":
                    return None
            return found if at == len(line) - 1 else None
        except (ValueError, IndexError, RecursionError):
            return None

    return pairs_of


def ordered(text: TextFiles, first: Sequence[str], all_: set[str]) -> tuple[str, ...]:
    """A file's names: the configured ones first, which a line may lack, then those of the first line, then
    others."""
    others = sorted(all_ - set(first))
    configured = [name for name, _ in text.columns]
    found = [name for name in (*first, *others) if name in all_]
    spelled = {name.lower(): name for name in found}
    return (
        *(spelled.get(name, name) for name in configured),
        *(name for name in found if name.lower() not in configured),
    )
