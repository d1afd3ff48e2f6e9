"""`alerts.log`: one line an event, three old files of a megabyte, nothing secret. (The logging package costs 3 MB.)"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # the typing package would stay in memory
    from typing import TextIO

MAX_BYTES, OLD_FILES = 10**6, 3


def printable(text: object) -> str:
    """Text that cannot forge or break a line: control and direction characters become question marks."""
    return "".join(char if char.isprintable() else "?" for char in str(text))


class Log:
    """Appends to `alerts.log` in `folder`, and to the console when there is one."""

    def __init__(self, folder: str, console: TextIO | None = None, max_bytes: int = MAX_BYTES) -> None:
        self.path = os.path.join(folder, "alerts.log")
        self.console = console
        self.max_bytes = max_bytes
        self.secret = ""

    def say(self, message: str) -> None:
        """Writes one line; a full disk or a closed console never stops the monitor."""
        line = printable(message)
        if self.secret:
            line = line.replace(self.secret, "***")
        try:
            self._rotate()
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(time.strftime("[%Y-%m-%dT%H:%M:%S%z] ") + line + "\n")
            if self.console:
                print(line, file=self.console, flush=True)
        except (OSError, ValueError):
            self.console = None

    def state(self, message: str) -> None:
        """A line about the monitor itself."""
        self.say("[DownloadMonitor] " + message)

    def warning(self, message: str) -> None:
        """Something a person should look at."""
        self.state("WARNING: " + message)

    def error(self, message: str) -> None:
        """Something does not work; what is waiting goes on waiting."""
        self.state("ERROR: " + message)

    def _rotate(self):
        if not os.path.exists(self.path) or os.path.getsize(self.path) < self.max_bytes:
            return
        for number in range(OLD_FILES, 0, -1):
            older = self.path + "." + str(number - 1) if number > 1 else self.path
            if os.path.exists(older):
                os.replace(older, self.path + "." + str(number))
