"""What became of every file: append-only JSON lines, synced to disk, readable by people and by the next start.

A row: `state`, `path`, `size` (bytes), `mtime_ns`, `at` (Unix seconds), and `sha256`, `s3_key`, `reason`,
`detected_at`, `cv_capture_id`, `took` where known. States: `waiting` may become `sent`, `duplicate`, `parked` or
`gone` (if it comes again it is new: a share may be away); `old` lay there before the first start; `baseline` and
`forgotten` are marks without a file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator

COMPACT_AT = 10000
MARKS = ("baseline", "forgotten")
NEEDED = {"state", "path", "size", "mtime_ns", "detected_at"}
DONE = ("sent", "duplicate", "parked", "old")


def key_of(path: str, size: int, mtime_ns: int) -> int:
    """What makes a file the same one as before (an int that lives as long as the process)."""
    return hash((os.path.normcase(path), size, mtime_ns))


def row_of(path: str, found: os.stat_result, detected_at: float, state: str) -> dict:
    """A new row for a file as `os.stat` found it; `detected_at` in Unix seconds."""
    return {
        "state": state,
        "path": path,
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "detected_at": int(detected_at),
    }


def _lines(path, words=("",)):
    """(line number, row) of lines that hold any of the words: to parse all takes a second after a busy year."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file):
                if any(word in line for word in words):
                    row = _row(line)
                    if row:
                        yield number, row
    except FileNotFoundError:
        return


def _row(line):
    try:
        row = json.loads(line)
    except ValueError:  # a power cut tore it
        return None
    good = isinstance(row, dict) and (row.get("state") in MARKS or row.keys() >= NEEDED)
    return row if good else None


def rows(path: str) -> Iterator[dict]:
    """The rows that still count: those that a later `forgotten` names are left out."""
    return (row for _, row in _counting(path))


def _counting(path):
    wiped, prefixes = -1, {}
    for number, row in _lines(path, ('"forgotten"',)):
        if row.get("all"):
            wiped = number
        elif row.get("sha256"):
            prefixes[row["sha256"]] = number
    for number, row in _lines(path):
        sha256 = row.get("sha256") or ""
        named = any(number < last and sha256.startswith(prefix) for prefix, last in prefixes.items())
        if row["state"] in ("old", "baseline") or (row["state"] != "forgotten" and number > wiped and not named):
            yield number, row


def sent_hashes(path: str) -> set[str]:
    """SHA-256 of everything that needs no sending any more."""
    found: set[str] = set()
    for _, row in _lines(path, ('"sent"', '"duplicate"', '"forgotten"')):
        if row["state"] == "forgotten":
            prefix = "" if row.get("all") else row["sha256"]
            found = {sha256 for sha256 in found if not sha256.startswith(prefix)}
        elif row["state"] in ("sent", "duplicate") and row.get("sha256"):
            found.add(row["sha256"])
    return found


def append(path: str, new_rows: Iterable[dict]) -> int:
    """Adds rows in one write that is on the disk when this returns, its length in bytes; closes a torn line first."""
    text = "".join(json.dumps(dict(row, at=int(time.time()))) + "\n" for row in new_rows)
    with open(path, "ab", opener=_private) as file:
        if file.tell() and _last_byte(path) != b"\n":
            text = "\n" + text
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    return len(text)


def _length(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def _private(path, flags):
    return os.open(path, flags, 0o600)


def _last_byte(path):
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


class Journal:
    """In memory: the keys of files that are done (an int each), and the rows of those that wait or are parked."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._length = -1
        self._clear()

    def _clear(self):
        self.known, self.waiting, self.parked, self.has_baseline = set(), {}, {}, False

    def refresh(self) -> bool:
        """Reads the file again if somebody else wrote to it (`forget`, `backfill`); returns True if so."""
        length = _length(self.path)
        if length == self._length:
            return False
        first = self._length < 0
        self._clear()
        count = sum(1 for _ in map(self._take, rows(self.path)))
        if first and count > COMPACT_AT and count > 2 * (len(self.known) + len(self.waiting)):
            length = self._compact(length)
        self._length = length  # as it was before we read: what came meanwhile is read the next time
        return True

    def record(self, *new_rows: dict) -> None:
        """Writes rows and takes them in; nothing is done before it is written."""
        self._length = max(self._length, 0) + append(self.path, new_rows)
        for row in new_rows:
            self._take(row)

    def _take(self, row):
        if row["state"] == "baseline":
            self.has_baseline = True
            return
        key = _key(row)
        self.parked.pop(row["path"], None)
        if row["state"] == "parked":
            self.parked[row["path"]] = row
        (self.known.add if row["state"] in DONE else self.known.discard)(key)
        if row["state"] == "waiting":
            self.waiting[row["path"]] = row
        else:
            self.waiting.pop(row["path"], None)

    def _compact(self, length):
        last = {_key(row): number for number, row in _counting(self.path)}
        keep = set(last.values())
        with open(self.path + ".new", "w", encoding="utf-8", opener=_private) as file:
            file.writelines(json.dumps(row) + "\n" for number, row in _counting(self.path) if number in keep)
            file.flush()
            os.fsync(file.fileno())
        if _length(self.path) != length:  # somebody wrote: leave it for the next start
            os.unlink(self.path + ".new")
            return length
        os.replace(self.path + ".new", self.path)
        return _length(self.path)


def _key(row):
    return key_of(row["path"], row["size"], row["mtime_ns"]) if "path" in row else row["state"]
