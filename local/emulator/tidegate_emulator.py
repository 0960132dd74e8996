"""MiniStack's application, which also writes its state when SIGUSR1 asks for it: by itself it does so only at an orderly end.

The handler runs between two steps of the event loop, so what is written is one moment of all services. The file
`saved` in the state directory is touched when all of it is written.
"""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from types import FrameType

from ministack import app as ministack  # type: ignore[import-untyped]
from ministack.core.persistence import save_all  # type: ignore[import-untyped]

app = ministack.app


def save(_number: int, _frame: FrameType | None) -> None:
    """Write the state of every service. A failure is logged: it must not end the emulator."""
    try:
        save_all(ministack._build_persistence_save_dict())
        Path(os.environ["STATE_DIR"], "saved").touch()
    except Exception:
        logging.getLogger("tidegate").exception("the state was not written")


if "STATE_DIR" in os.environ:
    signal.signal(signal.SIGUSR1, save)
