"""Timed rounds: what is measured takes turns, so that a slow moment of the machine is everybody's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ROUNDS = 5
WARM_UP = 1
Seconds = dict[str, list[float]]


class Rounds:
    """Seconds of each round by name; those of the rounds that warm up are thrown away."""

    def __init__(self) -> None:
        self.seconds: Seconds = {}
        self.phases: dict[str, list[dict[str, float]]] = {}
        self._counts = False

    def run(self, one_round: Callable[[], None]) -> None:
        """`WARM_UP` rounds, then `ROUNDS` that count."""
        for number in range(WARM_UP + ROUNDS):
            self._counts = number >= WARM_UP
            one_round()

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time what is done inside as `name`."""
        began = time.monotonic()
        yield
        taken = time.monotonic() - began
        print(f"{name}: {taken:.2f} s", file=sys.stderr, flush=True)
        if self._counts:
            self.seconds.setdefault(name, []).append(taken)

    def note(self, name: str, phases: dict[str, float]) -> None:
        """Keep what an outcome says about where its time went."""
        shown = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in phases.items())
        print(f"  {shown}", file=sys.stderr, flush=True)
        if self._counts:
            self.phases.setdefault(name, []).append(phases)
