"""Sequences as text that sorts as the columns that order changes do, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from ..names import quote

INTEGER_WIDTH = 20
SEPARATOR = "\x1f"
"""Between the texts of several columns: lower than what texts have in them, so that of two texts the one that
the other begins with comes first, as it does by itself."""
_NEGATIVE = "-"


def sequence_text(columns: Sequence[str], types: Mapping[str, str]) -> Column:
    """The sequence by these columns; one that is not among `types` is null. Nothing at all is the empty
    text, the lowest. A number below zero puts a sign in front of the whole, where the check of the file finds
    it."""
    texts = [
        normalised_sequence(F.col(quote(name)), types[name]) if name in types else F.lit("")
        for name in columns
    ]
    if len(texts) == 1:
        return texts[0]
    joined = F.concat_ws(SEPARATOR, *texts)
    signed = F.lit(False)
    for name, text in zip(columns, texts, strict=True):
        if not _is_text(types.get(name, "string")):
            signed = signed | text.startswith(_NEGATIVE)
    nothing = SEPARATOR * (len(texts) - 1)
    return F.when(joined == nothing, "").when(signed, F.concat(F.lit(_NEGATIVE), joined)).otherwise(joined)


def normalised_sequence(sequence: Column, type_: str) -> Column:
    """A sequence as text that sorts as its values do; a missing one is the empty text, the lowest."""
    if type_ in ("timestamp", "timestamp_ntz"):
        text = F.date_format(sequence, "yyyy-MM-dd HH:mm:ss.SSSSSS")
    elif type_ in ("string", "date"):
        text = sequence.cast("string")
    else:
        # A sign would break the order of the text: it goes in front, where the check of the file finds it.
        digits = F.lpad(sequence.cast("string"), INTEGER_WIDTH, "0")
        text = F.when(sequence < 0, F.concat(F.lit(_NEGATIVE), digits)).otherwise(digits)
    return F.coalesce(text, F.lit(""))


def _is_text(type_: str) -> bool:
    return type_ in ("string", "date", "timestamp", "timestamp_ntz")
