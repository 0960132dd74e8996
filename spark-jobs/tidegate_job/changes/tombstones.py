"""Reads the tombstone log of a table's generation, which only a batch with late changes has to do (rule
6)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ..errors import STORAGE_FAILED, JobError
from ..evidence import KeyColumn, decode_part
from ..key_values import KeyValue
from ..layout import sequence_hex
from ..object_store import ObjectStore

_READERS = 8


def remembered_deletes(
    store: ObjectStore, log: str, lowest: str, keys: Sequence[KeyColumn]
) -> dict[tuple[KeyValue, ...], str]:
    """Highest deleted sequence by encoded key, over all parts of `log` that hold `lowest` or a higher
    sequence.

    A listing is strongly consistent and names begin with the part's highest sequence, so `start-after` needs
    no index.
    JobError TG5001 when a part can't be read or was written for other keys: nothing may be applied then.
    """
    try:
        uris = list(store.list_after(log, sequence_hex(lowest)))
    except Exception as error:
        raise JobError(STORAGE_FAILED, uri=log, why=f"{type(error).__name__}: {error}") from error
    highest: dict[tuple[KeyValue, ...], str] = {}
    with ThreadPoolExecutor(_READERS) as readers:
        for part in readers.map(lambda uri: _deletes_of(store, uri, keys), uris):
            for sequence, key in part:
                if sequence >= highest.get(key, ""):
                    highest[key] = sequence
    return highest


def _deletes_of(
    store: ObjectStore, uri: str, keys: Sequence[KeyColumn]
) -> list[tuple[str, tuple[KeyValue, ...]]]:
    try:
        columns, deletes = decode_part(store.get(uri))
        if columns != tuple(keys):
            raise ValueError(f"it has keys {[f'{key.name} {key.type}' for key in columns]}")
        return list(deletes)
    except Exception as error:
        raise JobError(STORAGE_FAILED, uri=uri, why=f"{type(error).__name__}: {error}") from error
