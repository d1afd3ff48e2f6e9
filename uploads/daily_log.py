"""Daily files `<door>-YYYY-MM-DD.log`, in UTC, one line an event, safe with several processes writing.

What names a file or a person goes here and not to the console: these lines are blacked out when somebody is erased.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path


class SeedFormatter(logging.Formatter):
    """`[2025-11-10 17:30:00] local.INFO: CV uploaded {"user_id":3,…}`; ASCII, so that no name can forge a line."""

    def __init__(self, environment: str) -> None:
        super().__init__()
        self.environment = environment

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        facts = json.dumps(getattr(record, "facts", {}), separators=(",", ":"), default=str)
        message = json.dumps(record.getMessage())[1:-1]
        return f"[{moment:%Y-%m-%d %H:%M:%S}] {self.environment}.{record.levelname}: {message} {facts}"


class DailyFileHandler(logging.Handler):
    """Opens the file of the day for each event: O_APPEND and one write keep lines of several processes whole."""

    def __init__(self, folder: str, name: str = "cv-capture") -> None:
        super().__init__()
        self.folder, self.name_of_file = Path(folder), name

    def emit(self, record: logging.LogRecord) -> None:
        try:
            day = datetime.fromtimestamp(record.created, UTC)
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{self.name_of_file}-{day:%Y-%m-%d}.log"
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                os.write(descriptor, f"{self.format(record)}\n".encode())
            finally:
                os.close(descriptor)
        except OSError:
            self.handleError(record)  # a full disk must not refuse a CV
