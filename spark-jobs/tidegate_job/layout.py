"""Where everything that the job reads and writes lies on the control bucket; mirror of
`shared/contracts/control-layout.ts`."""

from __future__ import annotations

from dataclasses import dataclass


class LayoutError(ValueError):
    """A URI or a name of the plan does not fit the layout: the plan is broken."""


@dataclass(frozen=True)
class ControlLayout:
    """The control root (`s3://bucket/`, or any prefix or folder that ends with a slash) and one run under
    it."""

    root: str
    run_id: str

    @classmethod
    def of(cls, outcomes: str, run_id: str) -> ControlLayout:
        """The layout behind a plan's `outcomes`, which must be `<root>runs/<run_id>/outcomes/`; else
        LayoutError."""
        tail = f"runs/{run_id}/outcomes/"
        if not outcomes.endswith("/" + tail):
            raise LayoutError(f"`outcomes` of the plan is `{outcomes}` but must end with `/{tail}`")
        return cls(root=outcomes[: -len(tail)], run_id=run_id)

    def outcome(self, table: str, token: int) -> str:
        return f"{self.root}runs/{self.run_id}/outcomes/{_segment(table)}-{token}.json"

    def error_details(self, table: str, token: int) -> str:
        return f"{self.root}runs/{self.run_id}/errors/{_segment(table)}-{token}.txt"

    def evidence(self, table: str, batch_id: str, token: int) -> str:
        """Ends with a slash."""
        return f"{self.root}commits/{_segment(table)}/{_segment(batch_id)}/{token}/"

    def relative(self, uri: str) -> str:
        """What stands behind the control root: the object key, when the root is a whole bucket."""
        if not uri.startswith(self.root):
            raise LayoutError(f"`{uri}` is not below the control root `{self.root}`")
        return uri[len(self.root) :]


def tombstone_name(max_sequence: str, batch_id: str, part: int) -> str:
    """Name of a part in the tombstone log. Hex keeps the order of UTF-8 text, and `-` sorts before every hex
    digit."""
    return f"{sequence_hex(max_sequence)}-{batch_id}-{part}"


def sequence_hex(sequence: str) -> str:
    """What a listing starts after, so as to see each part that holds `sequence` or anything higher."""
    return sequence.encode("utf-8").hex()


def _segment(name: str) -> str:
    """A name that is one segment of an object key as it is; names come from events, so this is where `..`
    ends."""
    if not name or "/" in name or name in (".", "..") or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise LayoutError(f"`{name!r}` cannot be one segment of an object key")
    return name
