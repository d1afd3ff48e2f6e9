"""Is a file whole? Same size and time for a while by our own clock, can be opened, and ends as its kind ends."""

from __future__ import annotations

import os
from collections.abc import Iterator

PATIENCE_SEC = 600.0
TAIL = 65536 + 22  # a zip's end record is at most this far from the end (APPNOTE.TXT 4.3.16)
STILL, READY, GONE, HOPELESS, LOCKED = "still", "ready", "gone", "hopeless", "locked"


def end_fault(path: str, size: int) -> str:
    """What is missing at the start or end of a file by its extension; empty when nothing is. Raises OSError."""
    if not size:
        return "it is empty"
    with open(path, "rb") as file:
        head = file.read(1024)
        file.seek(max(0, size - TAIL))
        tail = file.read(TAIL)
    kind = os.path.splitext(path)[1].lower()
    if kind == ".pdf" and not (b"%PDF-" in head and b"%%EOF" in tail):
        return "it is not a whole PDF"
    if kind in (".docx", ".odt") and not (head.startswith(b"PK") and b"PK\x05\x06" in tail):
        return "it is not a whole document"
    if kind == ".rtf" and not (head.startswith(b"{\\rtf") and tail.rstrip(b"\r\n\t \0").endswith(b"}")):
        return "it is not a whole document"
    return ""


class Settling:
    """Files seen and not yet whole: path → its last shape, since when it has it, and when it was first seen."""

    def __init__(self) -> None:
        self.files: dict[str, list] = {}

    def add(self, path: str, now: float, wall: float) -> None:
        """Starts to observe a file; one that is observed already goes on as it was."""
        self.files.setdefault(path, [None, now, now, wall])

    def dragging(self, now: float, stable_sec: float) -> bool:
        """Whether every file here has been still for long enough and is not whole all the same."""
        return all(now - since > stable_sec + 1 for _, since, _, _ in self.files.values())

    def next_look(self, now: float, stable_sec: float, interval: float) -> float:
        """Seconds until a file here may be ready: soon for fresh ones, an interval for those that drag on."""
        fresh = any(now - first < 60 for _, _, first, _ in self.files.values())
        return min(interval, max(stable_sec / 2, 0.2)) if fresh else interval

    def observe(self, now: float, stable_sec: float) -> Iterator[tuple[str, str, os.stat_result | None, str, float]]:
        """Looks at every file once; of those that are done, (path, verdict, stat or None, reason, first seen)."""
        for path in list(self.files):
            verdict, found, reason = self._judge(path, now, stable_sec)
            if verdict != STILL:
                yield path, verdict, found, reason, self.files.pop(path)[3]

    def _judge(self, path, now, stable_sec):
        entry = self.files[path]
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return GONE, None, ""
        except OSError:
            return STILL, None, ""
        shape = (found.st_size, found.st_mtime_ns, found.st_ino)
        if shape != entry[0]:
            entry[0], entry[1] = shape, now
            return STILL, None, ""
        if now - entry[1] < stable_sec:
            return STILL, None, ""
        given_up = HOPELESS
        try:
            fault = end_fault(path, found.st_size)
        except OSError as error:
            given_up, fault = LOCKED, "it cannot be read: " + type(error).__name__
        if not fault:
            return READY, found, ""
        return (given_up if now - entry[1] >= PATIENCE_SEC else STILL), found, fault
