"""Writes lines to standard output without ever waiting for a reader that does not read."""

from __future__ import annotations

import os
import select
import sys

LONGEST = select.PIPE_BUF - 1  # bytes; a pipe that select calls writable takes as many at once
PATIENCE = 5.0  # seconds for our own words
POLITENESS = 0.2  # seconds for the words of others


class Console:
    """A program that started us may stop reading after the line it waited for. Its pipe then fills, and with a plain
    `print` we would stand still, and behind us all whose output we pass on."""

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = sys.stdout.fileno() if descriptor is None else descriptor
        self.unread = 0

    def say(self, *lines: str) -> None:
        """Our own words: given some time to be read."""
        for line in lines:
            self._write(line, PATIENCE)

    def pass_on(self, name: str, line: str) -> None:
        """A line that a program printed; dropped when nobody reads."""
        if self.unread and self._write(f"… {self.unread} lines were not read.", 0):
            self.unread = 0
        if not self._write(f"{name:<9}| {line}", 0 if self.unread else POLITENESS):
            self.unread += 1

    def _write(self, line: str, seconds: float) -> bool:
        if not select.select([], [self.descriptor], [], seconds)[1]:
            return False
        try:
            os.write(self.descriptor, line.encode(errors="replace")[:LONGEST] + b"\n")
        except BrokenPipeError:
            return False
        return True
