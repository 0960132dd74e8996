"""Fields of a struct by its type in Spark's short form."""

from __future__ import annotations

_HEAD = "struct<"


def fields_of(type_: str) -> list[tuple[str, str]]:
    """Name and type of each field, in order; none if it is no struct. A name with `,`, `:` or `<` in it is
    not told from what stands around it: then the fields are others than those of the file, and are refused as
    such."""
    if not (type_.startswith(_HEAD) and type_.endswith(">")):
        return []
    fields: list[tuple[str, str]] = []
    for part in _parts(type_[len(_HEAD) : -1]):
        name, colon, inner = part.partition(":")
        if colon:
            fields.append((name, inner))
    return fields


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no brackets."""
    parts, depth, begin = [], 0, 0
    for place, character in enumerate(text):
        if character in "<(":
            depth += 1
        elif character in ">)":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[begin:place])
            begin = place + 1
    return [*parts, text[begin:]]
