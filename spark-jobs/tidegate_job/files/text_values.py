"""Texts as values of a column's type. Strict: a text that the type does not hold exactly is wrong, since
Spark's own casts round, cut or guess."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from .landed_scan import PATH

BROKEN = "_tg_broken"
"""Whether a row is not what its format says, as a whole."""
DOUBTFUL = "_tg_doubtful"
"""Whether a row is such that its file must be looked at again: it may have swallowed others, behind a quote
that nothing closes, or have lost bytes."""
LOST = "\ufffd"
"""What Java puts for bytes that are no UTF-8. It may also be in a file as itself."""
WRONG = "_tg_wrong"
"""What is wrong with a row, null if nothing: a column's lower-case name, or WHOLE."""
WHOLE = ""
ROWS_NAMED = 20
"""As many row numbers as an outcome names."""

_INTEGER = r"[+-]?\d+"
_FLOAT = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|NaN|[+-]?Infinity"
_LOCAL_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6}0*)?"
_FORMS = {
    "boolean": "(?i)(true|false|t|f|1|0|yes|no|y|n)",
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), _INTEGER),
    **dict.fromkeys(("float", "double"), _FLOAT),
    "date": r"\d{4}-\d\d-\d\d",
    "timestamp": _LOCAL_TIME + r"(Z|[+-]\d\d:\d\d)?",
    "timestamp_ntz": _LOCAL_TIME,
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def can_be_text(type_: str) -> bool:
    """Whether text can be read as this type (Spark's short name)."""
    return type_ == "string" or type_ in _FORMS or _DECIMAL.fullmatch(type_) is not None


def place_of(place: int) -> str:
    """The column of a row's text number `place`: a name of ours, which may stand in SQL."""
    return f"_{place}"


def as_values(texts: DataFrame, places: Mapping[str, int], types: Mapping[str, str]) -> DataFrame:
    """The columns of `types`, null for those that have no place among the texts; PATH, WRONG and DOUBTFUL.

    Times without an offset are UTC, as DMS writes them.
    """
    values: list[Column] = []
    wrong = [F.when(F.col(BROKEN), F.lit(WHOLE))]
    for name, type_ in types.items():
        if name not in places:
            values.append(F.lit(None).cast(type_).alias(name))
            continue
        column = place_of(places[name])
        values.append(F.expr(f"try_cast({column} AS {type_})").alias(name))
        if type_ != "string":
            wrong.append(F.when(is_wrong(column, type_), F.lit(name)))
    return texts.select(*values, PATH, F.coalesce(*wrong).alias(WRONG), DOUBTFUL)


def is_wrong(column: str, type_: str) -> Column:
    """Whether the text under a name of ours (`place_of`) is something, and none of the type."""
    # The form counts too: Spark trims before it casts, rounds decimals, and takes parts of dates for dates.
    text = F.col(column)
    misfit = F.expr(f"try_cast({column} AS {type_})").isNull() | ~text.rlike(rf"\A({_form(type_)})\z")
    return text.isNotNull() & misfit


def _form(type_: str) -> str:
    if decimal := _DECIMAL.fullmatch(type_):
        scale = int(decimal[2])
        bare = rf"|\.\d{{1,{scale}}}0*" if scale else ""
        return rf"[+-]?(\d+(\.\d{{0,{scale}}}0*)?{bare})"
    return _FORMS[type_]


_PER_SECOND = {"MILLIS": 1_000, "MICROS": 1_000_000, "NANOS": 1_000_000_000}


def as_time_text(time: Column, unit: str) -> Column:
    """A time of a day, counted in `unit` since midnight, as `HH:mm:ss.SSSSSS`, which sorts as times do;
    with nine digits for nanoseconds."""
    per_second = _PER_SECOND[unit]
    seconds = F.floor(time / F.lit(per_second)).cast("bigint")
    text = F.format_string(
        "%02d:%02d:%02d.%0" + ("9" if unit == "NANOS" else "6") + "d",
        F.floor(seconds / 3600).cast("bigint"),
        F.floor(seconds / 60).cast("bigint") % 60,
        seconds % 60,
        (time % per_second) * (1_000 if unit == "MILLIS" else 1),
    )
    return F.when(time.isNotNull(), text)
