"""Names in SQL text, and the columns that Tidegate adds to a table."""

from __future__ import annotations

SEQUENCE = "_tg_sequence"
OPERATION = "_tg_operation"
FILE = "_tg_file"
BATCH = "_tg_batch"
APPLIED_AT = "_tg_applied_at"
RESERVED_PREFIX = "_tg_"
RESCUED, RESCUED_TYPE = "_rescued", "map<string,string>"
"""The column of a lenient table for what has no place in the others: the source's names, and values as
text."""

OWN_COLUMNS = (SEQUENCE, OPERATION, FILE, BATCH, APPLIED_AT)
"""In this order after the source's own columns; what they hold is in the package's README."""
NEEDED_COLUMNS = {"snapshot": (SEQUENCE,), "historical": (SEQUENCE, OPERATION, BATCH)}
"""Those that a table of a mode can't do without: the stored row's sequence decides what is newer; a version
that deletes is told by its operation, and a batch that the history has lost by its rows."""


def quote(identifier: str) -> str:
    """One identifier for SQL text. The only way by which a name may get there."""
    return "`" + identifier.replace("`", "``") + "`"


def qualified(database: str, table: str) -> str:
    """A table of the session's default catalogue, for SQL text."""
    return f"{quote(database)}.{quote(table)}"
