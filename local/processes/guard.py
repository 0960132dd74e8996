"""Run a command as a process group of its own that cannot outlive us, nor the process that started us.

usage: guard.py GRACE_SECONDS LOG_FILE SCRATCH_DIRECTORY COMMAND...

The parent holds our standard input open. When it ends, however it ends, the read returns: TERM goes to the group, and KILL
after the grace. TERM to us does the same, orderly. The scratch directory is removed at the end. Our exit code is the command's, or 128 + signal.
The group's number is written to file descriptor 3: if we are killed, the parent clears up instead.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from types import FrameType


def signal_group(group: int, number: int) -> None:
    """Send a signal to whoever is left in the group; an empty group is what we want."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def main(arguments: list[str]) -> int:
    """Start the command, wait for its end, clear its group and scratch directory, and give its exit code."""
    grace_s, log_file, scratch, command = float(arguments[0]), arguments[1], arguments[2], arguments[3:]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # bursts of connections pass the soft limit of 1,024
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    def on_parent_end() -> None:
        sys.stdin.buffer.read()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    with open(log_file, "ab") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    with contextlib.suppress(OSError), open(3, "w") as parent:  # it may be dead already
        parent.write(f"{child.pid}\n")

    def end_after_grace() -> None:
        stop.wait()
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            child.wait(grace_s)
        except subprocess.TimeoutExpired:
            signal_group(child.pid, signal.SIGKILL)

    threading.Thread(target=on_parent_end, daemon=True).start()
    threading.Thread(target=end_after_grace, daemon=True).start()
    code = child.wait()
    signal_group(child.pid, signal.SIGKILL)  # what the command left behind
    shutil.rmtree(scratch, ignore_errors=True)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    os._exit(exit_code)  # the reader thread is blocked on standard input, and would keep the interpreter
