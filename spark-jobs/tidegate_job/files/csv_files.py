"""CSV files as texts, by Spark's own parser: line breaks in quotes are kept, and a row that is not right is
marked and never read as nulls."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from ..plan import PlannedFile, TextFiles
from .landed_scan import PATH, scan_csv
from .text_heads import CsvHead
from .text_values import BROKEN, DOUBTFUL, LOST, place_of

_RECORD = "_tg_record"
# Spark has but one text for nothing and for what is configured as null; this tells them apart.
_NOTHING = "\ue000nothing\ue000"


def csv_texts(spark: SparkSession, files: Sequence[PlannedFile], head: CsvHead, text: TextFiles) -> DataFrame:
    """The rows of files that have the same head: their fields as texts under `place_of`, and what
    `text_values` wants to know of a row."""
    fields = [place_of(place) for place in range(len(head.names))]
    options = {
        "multiLine": "true",
        "header": str(text.header).lower(),
        "sep": text.delimiter,
        "quote": text.quote,
        "escape": text.escape,
        # Told by the file's first line: Spark would take the first break that it sees, in quotes or not.
        "lineSep": head.line_end,
        "nullValue": _NOTHING,
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": _RECORD,
        "unescapedQuoteHandling": "RAISE_ERROR",
        "maxColumns": str(len(fields) + 1_000),
    }
    schema = ", ".join(f"{field} string" for field in [*fields, _RECORD])
    scan = scan_csv(spark, files, schema, options)
    return scan.select(
        *(_unless_null(field, text.null_value).alias(field) for field in fields),
        F.col("_metadata.file_path").alias(PATH),
        F.col(_RECORD).isNotNull().alias(BROKEN),
        _is_doubtful(fields, head.line_end).alias(DOUBTFUL),
    )


def _is_doubtful(fields: Sequence[str], line_end: str) -> Column:
    # What nothing closes runs to the end of the file, over its line ends.
    signs = [F.col(fields[-1]).contains(line_end[-1]), *(F.col(field).contains(LOST) for field in fields)]
    return reduce(or_, (F.coalesce(sign, F.lit(False)) for sign in signs))


def _unless_null(field: str, null: str) -> Column:
    """A field as text. With a word for null, one with nothing in it is an empty text; without, it is null."""
    found = F.col(field)
    if null == "":
        return found
    return F.when(found == null, F.lit(None)).otherwise(F.coalesce(found, F.lit("")))
