"""Finds candidates: directories that did not change are not read, names that match nothing are not opened."""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatchcase

FRESH_NS = 2 * 10**9  # a directory changed within its clock's grain may change again without showing it
FULL_SCAN_SEC = 300.0  # a file overwritten in place does not move its directory's time; nor do some shares
TEMPORARY = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp", ".temp", ".!ut", ".aria2")
# the bytes are in the cloud and reading would fetch them: OFFLINE, RECALL_ON_OPEN, RECALL_ON_DATA_ACCESS
# https://learn.microsoft.com/windows/win32/fileio/file-attribute-constants
ONLINE_ONLY = 0x1000 | 0x40000 | 0x400000


def name_matches(name, settings):
    """Whether a name is a CV's by pattern (case does not count) and no browser's or office's temporary file."""
    folded = name.casefold()
    if folded.startswith((".", "~$", "unconfirmed ")) or folded.endswith(TEMPORARY):
        return False
    return any(fnmatchcase(folded, pattern.casefold()) for pattern in settings.patterns)


def skipped_because(name, found, settings):
    """Why a file whose name matches is left alone; empty when it is a CV by all that can be seen from outside."""
    if not name.lower().endswith(settings.extensions):
        return "its type is not one of " + " ".join(settings.extensions)
    if getattr(found, "st_file_attributes", 0) & ONLINE_ONLY:
        return "it is online-only: open it once and it will be taken"
    return ""


def oversize(found, settings):
    """Why a file is too large to send; empty when it is not."""
    if found.st_size <= settings.max_size_bytes:
        return ""
    return "%.1fMB is over the limit of %.1fMB" % (found.st_size / 1e6, settings.max_size_bytes / 1e6)


def matching(folder, settings):
    """(path, stat) of each regular file in `folder` whose name matches, and how many other files lie there."""
    found, others = [], 0
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if not name_matches(entry.name, settings):
                    others += entry.is_file(follow_symlinks=False)
                    continue
                state = entry.stat(follow_symlinks=False)
            except OSError:  # gone or locked between listing and looking: the next look will tell
                continue
            if stat.S_ISREG(state.st_mode):
                found.append((entry.path, state))
    return found, others


class Scanner:
    """Looks at the folders; remembers only each directory's time and how many other files it holds."""

    def __init__(self, folders, settings):
        self.folders = folders
        self.settings = settings
        self.faults = {}
        self.others = {}
        self._times = {}
        self._full = float("-inf")

    def look(self, now, wall_ns):
        """Candidates in directories that changed; all of them every five minutes. `now` is monotonic seconds."""
        if now - self._full >= FULL_SCAN_SEC:
            self._times.clear()
            self._full = now
        found = []
        for folder in self.folders:
            try:
                changed = os.stat(folder).st_mtime_ns
                if self._times.get(folder) == changed:
                    continue
                files, self.others[folder] = matching(folder, self.settings)
                self.faults.pop(folder, None)
            except OSError as error:
                self.faults[folder] = type(error).__name__
                continue
            found += files
            if not 0 <= wall_ns - changed < FRESH_NS:
                self._times[folder] = changed
        return found

    def forget(self):
        """Makes the next look a full one."""
        self._full = float("-inf")
