"""Documents as strangers and accidents leave them: right but for a few places, cut off, or none at all."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

DEEP = os.environ.get("TIDEGATE_DEEP") == "1"
EXAMPLES = settings(
    max_examples=5_000 if DEEP else 200, deadline=None, suppress_health_check=list(HealthCheck), database=None
)

TEXTS = st.one_of(
    st.text(),
    st.sampled_from(
        ["__proto__", "../../x", "a/b", "", "\ud800", "\u001b[2J", "\x00", "`; DROP", "x" * 5_000]
    ),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        TEXTS,
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from([2**63, -(2**64), 10**400, 1e308]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)


def almost(document: object) -> st.SearchStrategy[bytes]:
    """JSON of `document` with a few of its places changed, added or taken away; now and then cut off."""

    @st.composite
    def changed(draw: st.DrawFn) -> bytes:
        result = copy.deepcopy(document)
        for _ in range(draw(st.integers(1, 4))):
            places = list(_places(result))
            if not places:
                break
            holder, key = draw(st.sampled_from(range(len(places))).map(places.__getitem__))
            how = draw(st.sampled_from(["set", "remove", "add"]))
            if how == "remove":
                del holder[key]
            elif how == "add" and isinstance(holder, dict):
                holder[draw(TEXTS)] = draw(VALUES)
            else:
                holder[key] = draw(VALUES)
        content = json.dumps(result).encode()
        return content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 7)) == 0 else content

    return st.one_of(changed(), changed(), changed(), st.binary(), VALUES.map(json.dumps).map(str.encode))


def extremes(document: dict[str, Any]) -> Iterator[bytes]:
    """Large and deep ones: a megabyte, ten thousand levels, also as one field of `document`."""
    deep = 10_000
    values = [
        "[" * deep + "]" * deep,
        '{"a":' * deep + "1" + "}" * deep,
        json.dumps("x" * 1_000_000),
        "[" + "0," * 300_000 + "0]",
        json.dumps({f"k{n}": n for n in range(50_000)}),
        "9" * 100_000,
        "1e999999",
        "NaN",
        '"\\ud800"',
    ]
    for number, value in enumerate(values):
        yield value.encode()
        yield value.encode()[:-1]
        field = list(document)[number % len(document)]
        others = {name: one for name, one in document.items() if name != field}
        yield f"{{{json.dumps(field)}:{value},{json.dumps(others)[1:]}".encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in list(inner):
        yield value, key
        yield from _places(one)
