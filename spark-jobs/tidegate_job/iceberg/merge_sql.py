"""The text of the one MERGE of a batch. Spark 3.5 has no other way to say it; all names are quoted here."""

from __future__ import annotations

from collections.abc import Sequence

from ..changes.effects import DELETED, EFFECT, INSERTED, UPDATED
from ..names import SEQUENCE, quote


def merge_statement(target: str, source: str, keys: Sequence[str], columns: Sequence[str]) -> str:
    """`target` is a qualified, quoted name, `source` a view of changes with effects; `columns` are all of the
    target's.

    The effects were computed on the very snapshot that the merge reads; the sequence guard stands here all
    the same, so
    that the statement by itself can never put older over newer.
    """
    same_key = " AND ".join(f"t.{quote(key)} = s.{quote(key)}" for key in keys)
    newer = f"s.{quote(SEQUENCE)} > coalesce(t.{quote(SEQUENCE)}, '')"
    effect = f"s.{quote(EFFECT)}"
    assignments = ", ".join(f"t.{quote(name)} = s.{quote(name)}" for name in columns)
    names = ", ".join(quote(name) for name in columns)
    values = ", ".join(f"s.{quote(name)}" for name in columns)
    return (
        f"MERGE INTO {target} t USING {quote(source)} s ON {same_key}"
        f" WHEN MATCHED AND {effect} = '{DELETED}' AND {newer} THEN DELETE"
        f" WHEN MATCHED AND {effect} = '{UPDATED}' AND {newer} THEN UPDATE SET {assignments}"
        f" WHEN NOT MATCHED AND {effect} = '{INSERTED}' THEN INSERT ({names}) VALUES ({values})"
    )
