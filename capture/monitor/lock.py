"""One monitor per data folder: a lock of the operating system, gone with its process however that ends."""

from __future__ import annotations

import io
import os
import time


class AlreadyRunning(RuntimeError):
    """Another monitor holds this data folder."""


def hold(folder: str, patience: float = 0.0) -> io.BufferedRandom:
    """Takes the lock and returns the open file; the lock lasts as long as the file.

    Raises AlreadyRunning after `patience` seconds (somebody may just be looking whether it is held).
    """
    end = time.monotonic() + patience
    while True:
        try:
            return _take(folder)
        except AlreadyRunning:
            if time.monotonic() >= end:
                raise
            time.sleep(0.05)


def _take(folder):
    file = open(os.path.join(folder, "monitor.lock"), "a+b")  # open as long as it is held
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise AlreadyRunning("another monitor is running") from error
    return file


def held(folder: str) -> bool:
    """Whether a monitor is running on this folder."""
    try:
        hold(folder).close()
    except AlreadyRunning:
        return True
    except OSError:
        return False
    return False
