"""The daily file `cv-capture-YYYY-MM-DD.log`, in UTC, one line an event, safe with several processes writing."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

logger = logging.getLogger("door.cv_capture")


class SeedFormatter(logging.Formatter):
    """`[2025-11-10 17:30:00] local.INFO: CV uploaded {"user_id":3,…}`; ASCII, so that no name can forge a line."""

    def __init__(self, environment: str) -> None:
        super().__init__()
        self.environment = environment

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        facts = json.dumps(getattr(record, "facts", {}), separators=(",", ":"), default=str)
        return f"[{moment:%Y-%m-%d %H:%M:%S}] {self.environment}.{record.levelname}: {record.getMessage()} {facts}"


class DailyFileHandler(logging.Handler):
    """Opens the file of the day for each event: O_APPEND and one write keep lines of several processes whole."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = Path(folder)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            day = datetime.fromtimestamp(record.created, UTC)
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"cv-capture-{day:%Y-%m-%d}.log"
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                os.write(descriptor, f"{self.format(record)}\n".encode())
            finally:
                os.close(descriptor)
        except OSError:
            self.handleError(record)  # a full disk must not refuse a CV
