"""AWS clients that are made when they are needed: jobs that touch only local files never load boto3."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class AwsClient:
    """One client for all threads, made by `make` at its first use, unless one is given. What `make` raises
    comes to whoever used it first; the next one tries again."""

    def __init__(self, make: Callable[[], Any], given: Any = None) -> None:
        self._make = make
        self._made = given
        self._lock = threading.Lock()

    def get(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
