"""JSON documents that others may have written, or damaged."""

from __future__ import annotations

import json
from typing import Any


def parsed(content: bytes) -> Any:
    """ValueError for what is no JSON, nests too deep, or has half a character: JSON can write one, but no
    name, message or outcome can have it."""
    try:
        document = json.loads(content)
        json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it nests too deep to be read") from error
    return document
