"""Finds candidates: directories that did not change are not read, names that match nothing are not opened."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from fnmatch import translate

from config import Settings

FRESH_NS = 2 * 10**9  # a directory changed within its clock's grain may change again without showing it
# A file written over in place does not move its directory's time: all is read each ten minutes, in large folders more
# seldom (an hour at most), so that no more than that part of a core goes into it.
FULL_SCAN_SEC, FULL_SCAN_MOST_SEC, FULL_SCAN_PART = 600.0, 3600.0, 1 / 30_000
HIDDEN = (".", "~$", "unconfirmed ")
TEMPORARY = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp", ".temp", ".!ut", ".aria2")
# the bytes are in the cloud and reading would fetch them: OFFLINE, RECALL_ON_OPEN, RECALL_ON_DATA_ACCESS
# https://learn.microsoft.com/windows/win32/fileio/file-attribute-constants
ONLINE_ONLY = 0x1000 | 0x40000 | 0x400000


def matcher(settings: Settings) -> Callable[[str], bool]:
    """A function that says whether a name is a CV's: by pattern (case does not count), and no temporary file's."""
    found = re.compile("|".join(translate(pattern.casefold()) for pattern in settings.patterns)).match

    def matches(name):
        folded = name.casefold()
        return bool(found(folded)) and not folded.startswith(HIDDEN) and not folded.endswith(TEMPORARY)

    return matches


def skipped_because(name: str, found: os.stat_result, settings: Settings) -> str:
    """Why a file whose name matches is left alone; empty when it is a CV by all that can be seen from outside."""
    if not name.lower().endswith(settings.extensions):
        return "its type is not one of " + " ".join(settings.extensions)
    if getattr(found, "st_file_attributes", 0) & ONLINE_ONLY:
        return "it is online-only: open it once and it will be taken"
    return ""


def oversize(found: os.stat_result, settings: Settings) -> str:
    """Why a file is too large to send; empty when it is not."""
    if found.st_size <= settings.max_size_bytes:
        return ""
    return "%.1fMB is over the limit of %.1fMB" % (found.st_size / 1e6, settings.max_size_bytes / 1e6)


class Scanner:
    """Looks at the folders; remembers of each only its time and how many files it held."""

    def __init__(self, folders: list[str], settings: Settings) -> None:
        self.folders = folders
        self._matches = matcher(settings)
        self.faults: dict[str, str] = {}
        self.others: dict[str, int] = {}
        self._seen: dict[str, tuple[int | None, int]] = {}
        self._telling = set(folders)
        self._next_full = float("-inf")

    def look(self, now: float, wall_ns: int) -> Iterator[tuple[str, os.stat_result]]:
        """(path, stat) of candidates in directories that changed; now and then of all. `now`: monotonic seconds."""
        full, began = now >= self._next_full, time.process_time()
        for folder in self.folders:
            try:
                yield from self._look_at(folder, full, wall_ns)
                self.faults.pop(folder, None)
            except OSError as error:
                self.faults[folder] = type(error).__name__
                self._seen.pop(folder, None)
        if full:
            dear = (time.process_time() - began) / FULL_SCAN_PART
            self._next_full = now + min(max(FULL_SCAN_SEC, dear), FULL_SCAN_MOST_SEC)

    def _look_at(self, folder, full, wall_ns):
        changed = os.stat(folder).st_mtime_ns
        before, count = self._seen.get(folder, (None, 0))
        if before == changed and not full and folder in self._telling:
            return
        found = others = 0
        for path, state in self._files(folder):
            if state:
                found += 1
                yield path, state
            else:
                others += 1
        if before == changed and count != found + others:
            self._telling.discard(folder)  # FAT and some shares: files come and the time stays, so look each time
        fresh = 0 <= wall_ns - changed < FRESH_NS
        self._seen[folder] = (None if fresh else changed, found + others)
        self.others[folder] = others

    def _files(self, folder):
        """Each regular file's path, and its stat when the name matches; of the others no more is asked."""
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    if self._matches(entry.name):
                        state = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(state.st_mode):
                            yield entry.path, state
                    elif entry.is_file(follow_symlinks=False):
                        yield entry.path, None
                except OSError:  # gone or locked between listing and looking: the next look will tell
                    continue

    def forget(self) -> None:
        """Makes the next look a full one."""
        self._next_full = float("-inf")
