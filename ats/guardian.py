"""Ends what its starter began when the starter is gone, however it went: by an error, by kill -9, with its terminal.

A program of its own that knows nothing of the project (`python -I -S guardian.py`). Standard input tells it what to
mind, one word and one value a line: `begin PID`, `end PID`, `keep PATH`, `drop PATH`. The end of that stream is the
end of the starter: then every PID still minded is ended with its whole process group, and every kept path removed.
"""

import contextlib
import os
import shutil
import signal
import sys
import time

GRACE = 3.0  # seconds to end by itself


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    processes: set[int] = set()
    paths: set[str] = set()
    for line in sys.stdin:
        word, _, value = line.rstrip("\n").partition(" ")
        if word == "begin":
            processes.add(int(value))
        elif word == "end":
            processes.discard(int(value))
        elif word == "keep":
            paths.add(value)
        elif word == "drop":
            paths.discard(value)
    end(processes)
    for path in paths:
        remove(path)


def end(processes: set[int]) -> None:
    """SIGTERM, a short grace, SIGKILL."""
    limit = time.monotonic() + GRACE
    running = {process for process in processes if send(process, signal.SIGTERM)}
    while running and time.monotonic() < limit:
        time.sleep(0.05)
        running = {process for process in running if send(process, 0)}
    for process in running:
        send(process, signal.SIGKILL)


def send(process: int, number: int) -> bool:
    """To the process and to the group that it leads. False when neither is there."""
    reached = False
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(process, number)
            reached = True
    return reached


def remove(path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.unlink(path)


if __name__ == "__main__":
    main()
