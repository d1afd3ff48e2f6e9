"""The parts of a multipart upload on disk: one sparse file, each part at its place, a marker file for each part.

A marker says who writes the part, or, when the part is whole and durable, how many bytes it has. Whoever begins last
has the part: an earlier writer finds another name in the marker before its next block, and writes no more.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uploads.errors import ObjectMissing, PartTaken
from uploads.storage import Block, Part

DATA, MARKER = "data", ".part"
sync_data = getattr(os, "fdatasync", os.fsync)


class Marker:
    """`<number>.part` beside the data. Its lock is held for one write, never while the network is read."""

    def __init__(self, path: Path) -> None:
        self.file = open(path, "a+b", buffering=0)  # noqa: SIM115 (closed by `close`)
        self.name = f"writer {secrets.token_hex(8)}".encode()

    def begin(self) -> None:
        with self._locked():
            self._write(self.name)

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Nobody else writes this part meanwhile. Raises PartTaken when somebody has taken it over."""
        with self._locked():
            if os.pread(self.file.fileno(), 64, 0) != self.name:
                raise PartTaken
            yield

    def end(self, size: int) -> None:
        with self.mine():
            self._write(str(size).encode())
            os.fsync(self.file.fileno())

    def _write(self, word: bytes) -> None:
        self.file.truncate(0)
        self.file.write(word)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self.file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.file, fcntl.LOCK_UN)

    def close(self) -> None:
        self.file.close()


def write_part(folder: Path, number: int, start: int, stream: Iterator[Block]) -> None:
    """Writes part `number` at offset `start`; whole and durable when it returns.

    Raises ObjectMissing when there is no such upload (any more), PartTaken when a later writer has begun.
    """
    try:
        with open(folder / DATA, "r+b", buffering=0) as data:
            marker = Marker(folder / f"{number}{MARKER}")
            try:
                marker.begin()
                size = _write_blocks(data.fileno(), marker, start, stream)
                marker.end(size)
            finally:
                marker.close()
    except FileNotFoundError as error:
        raise ObjectMissing from error


def _write_blocks(data: int, marker: Marker, start: int, stream: Iterator[Block]) -> int:
    place = start
    for block in stream:
        rest = memoryview(block)
        with marker.mine():
            while rest:
                written = os.pwrite(data, rest, place)
                place, rest = place + written, rest[written:]
        _begin_to_sync(data, place - len(block), len(block))
    sync_data(data)
    return place - start


def _begin_to_sync(data: int, start: int, size: int) -> None:
    """Linux begins to write out what it hears will not be needed soon; so the sync at the end waits for little."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(data, start, size, os.POSIX_FADV_DONTNEED)


def parts_in(folder: Path) -> list[Part]:
    """The parts that are whole, by number."""
    found = []
    for marker in folder.glob(f"*{MARKER}"):
        word = marker.read_text()
        if word.isdecimal():
            found.append(Part(int(marker.stem), int(word), ""))
    return sorted(found, key=lambda part: part.number)
