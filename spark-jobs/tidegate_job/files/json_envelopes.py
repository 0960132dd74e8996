"""Debezium's envelopes as JSON lines, each with Kafka Connect's `schema` around it or not: a line's row, and
what its table takes of the rest, as the flat names and texts that `json_files` has of any line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

Pairs = list[tuple[str, str | None]]
PairsOf = Callable[[str], Pairs | None]
"""Names and values of the object that a line is; None if it is none."""

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("ts_ms", "ts_us", "ts_ns", "source.ts_ms", "source.ts_us", "source.ts_ns"), "bigint"),
    **dict.fromkeys(("source.lsn", "source.pos", "source.event_serial_no"), "bigint"),
    **dict.fromkeys(("source.row", "source.ord"), "int"),
    **dict.fromkeys(("transaction.total_order", "transaction.data_collection_order"), "bigint"),
}
"""What Debezium's connectors write as numbers, and orders changes: as texts, 9 would come after 10."""


def flat_pairs_of(pairs_of: PairsOf, around: Collection[str]) -> PairsOf:
    """A function of one line: names and values of the row, and the names `around` it by their paths, as far
    as the line has them; nothing of a tombstone, None for what is no envelope. Defined in here, so that it
    goes to the workers by value: they need not have this package."""

    def inside(text: str | None) -> Pairs:
        found = [] if text is None else pairs_of(text)
        if found is None:
            raise ValueError(text)
        return found

    def envelope_of(line: str) -> dict[str, str | None]:
        found = inside(None if line.strip() == "null" else line)
        values = {name.lower(): value for name, value in found}
        if len(values) < len(found):
            raise ValueError(line)
        if values.keys() <= {"schema", "payload"} and "payload" in values:
            payload = values["payload"]
            return envelope_of("null" if payload is None else payload)
        if values.keys().isdisjoint(("op", "before", "after")) and line.strip() != "null":
            raise ValueError(line)
        return values

    def flat_pairs(line: str) -> Pairs | None:
        try:
            envelope = envelope_of(line)
            before, after = inside(envelope.get("before")), inside(envelope.get("after"))
            found = before if envelope.get("after") is None else after
            rest = [*envelope.items(), *((f"before.{name}", value) for name, value in before)]
            for outer in ("source", "transaction"):
                rest += [(f"{outer}.{name}", value) for name, value in inside(envelope.get(outer))]
            return [*found, *((name.lower(), value) for name, value in rest if name.lower() in around)]
        except (ValueError, RecursionError):
            return None

    return flat_pairs
