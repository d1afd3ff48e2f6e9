"""The monitor: one thread that looks, waits until a file is whole, queues it, and sleeps."""

from __future__ import annotations

import os
import time
from itertools import islice

import folders
import gate
import scan
import settle
from config import Config
from journal import Journal, key_of, row_of
from log import Log
from notify import Notifier
from outbox import Outbox

PORTION = 500  # rows written at once, so that ten thousand old files do not lie in memory


class Monitor:
    """All the parts on one data folder. `take_old`: what lies there before the first start is taken too."""

    def __init__(self, folder: str, log: Log, take_old: bool = False) -> None:
        self.log, self.take_old = log, take_old
        self.config = Config(folder)
        self.journal = Journal(os.path.join(folder, "journal.jsonl"))
        self.notifier = Notifier()
        self.outbox = Outbox(folder, self.journal, log, self.notifier)
        self.settling = settle.Settling()
        self.scanner = None
        self.closed = None
        self._next_scan, self._others = 0.0, 0
        self._told: set[object] = set()

    def step(self) -> float:
        """One tick that outlives a full disk or a share that went away: it says so and tries again."""
        try:
            return self.tick()
        except OSError as error:
            self.log.error("cannot go on for now: " + type(error).__name__)
            if self.scanner:
                self.scanner.forget()
            return self.config.settings.check_interval_sec

    def tick(self) -> float:
        """Does what is due now; returns the seconds until something is."""
        now, wall = time.monotonic(), time.time()
        if self.config.refresh():
            self._settings_changed()
        changed = self.journal.refresh()
        settings = self.config.settings
        closed = gate.closed_because(settings)
        if closed != self.closed:
            self._gate_moved(closed, now, wall)
        if closed:
            if closed == settings.held_back:  # the server's own word: ask it from time to time
                self.outbox.work(now, settings, sending=False)
            return 0.25 if self.outbox.busy else settings.check_interval_sec
        if changed:
            self._resume(now)
        self._look(now, wall)
        self._settle(now)
        self.outbox.work(now, settings)
        return self._pause(now, settings)

    def idle(self) -> bool:
        """Whether everything found has its answer, or cannot get one for now."""
        if self.closed:
            return not self.outbox.busy
        return self.outbox.at_rest() and self.settling.dragging(time.monotonic(), self.config.settings.stable_sec)

    def close(self) -> None:
        """Ends the child and what still shows; what is unfinished waits for the next start."""
        self.outbox.close()
        self.notifier.close()

    def _settings_changed(self):
        if self.config.fault:
            self.log.warning("the settings are not used, the last good ones stay: " + self.config.fault)
            return
        self.outbox.pause.lift()
        self.notifier.silent = not self.config.settings.notify
        if self.closed == "":
            self._open_folders()

    def _open_folders(self):
        settings = self.config.settings
        self.scanner = scan.Scanner(folders.watched(settings), settings)
        self._next_scan = 0.0
        self.log.state("Monitoring %d download paths" % len(self.scanner.folders))

    def _gate_moved(self, closed, now, wall):
        if closed:
            self.outbox.close()
            self.outbox.due.clear()
            self.settling.files.clear()
            self.scanner = None
            self.log.state(("Monitor thread stopped: " if self.closed == "" else "Not monitoring: ") + closed)
        else:
            self._open_folders()
            if not self.journal.has_baseline:
                self._first_start(now, wall)
            self._resume(now)
            self.log.state("Monitor thread started")
        self.closed = closed

    def _first_start(self, now, wall):
        count = 0
        if not (self.take_old or self.config.settings.old_files):
            old = (
                row_of(path, found, wall, "old")
                for path, found in self.scanner.look(now, time.time_ns())
                if key_of(path, found.st_size, found.st_mtime_ns) not in self.journal.known
                and path not in self.journal.waiting
            )
            for portion in iter(lambda: list(islice(old, PORTION)), []):
                self.journal.record(*portion)
                count += len(portion)
        self.journal.record({"state": "baseline"})
        if count:
            self.log.state("Left %d files that were here before the first start; `backfill` sends them" % count)

    def _resume(self, now):
        self.outbox.sync()
        self.scanner.forget()
        self._next_scan = 0.0
        for path, row in self.journal.waiting.items():
            if path not in self.outbox.due:
                self.settling.add(path, now, row["detected_at"])

    def _look(self, now, wall):
        if now < self._next_scan:
            return
        self._next_scan = now + self.config.settings.check_interval_sec
        for path, found in self.scanner.look(now, time.time_ns()):
            key = key_of(path, found.st_size, found.st_mtime_ns)
            if key not in self.journal.known and path not in self.outbox.due and path not in self.settling.files:
                self._candidate(path, found, key, now, wall)
        self._tell_about_folders()

    def _candidate(self, path, found, key, now, wall):
        name = os.path.basename(path)
        reason = scan.skipped_because(name, found, self.config.settings)
        if not reason:
            self.log.state("New file detected: " + name)
            self.settling.add(path, now, wall)
        elif key not in self._told:
            self._told.add(key)
            self.log.state("Skipped %s: %s" % (name, reason))

    def _tell_about_folders(self):
        others = sum(self.scanner.others.values())
        if others > self._others:
            patterns = ", ".join(self.config.settings.patterns)
            self.log.state("Skipped %d other files: their names do not match %s" % (others - self._others, patterns))
        self._others = others
        for folder, fault in self.scanner.faults.items():
            if fault != "FileNotFoundError" and (folder, fault) not in self._told:
                self._told.add((folder, fault))
                self.log.warning("a folder cannot be read (%s): %s; `doctor` says more" % (fault, folder))

    def _settle(self, now):
        stable_sec = self.config.settings.stable_sec
        for path, verdict, found, reason, first in self.settling.observe(now, stable_sec):
            waiting = self.journal.waiting.get(path)
            if verdict == settle.GONE:
                if waiting:
                    self.outbox.answers.drop(waiting)
                continue
            if key_of(path, found.st_size, found.st_mtime_ns) in self.journal.known:
                continue
            row = row_of(path, found, first, "waiting")
            if not waiting or (waiting["size"], waiting["mtime_ns"]) != (row["size"], row["mtime_ns"]):
                self.journal.record(row)
            if verdict == settle.LOCKED:  # by another program: shown as waiting, and looked at again and again
                self.outbox.answers.wait(path, reason)
                self.settling.add(path, now, first)
                continue
            reason = reason or scan.oversize(found, self.config.settings)
            if reason:
                self.outbox.answers.park(row, reason)
            else:
                self.outbox.add(path, now)
        self.outbox.answers.flush()

    def _pause(self, now, settings):
        for path in self.outbox.answers.take_changed():
            self.settling.add(path, now, self.journal.waiting.get(path, {}).get("detected_at", time.time()))
        interval = settings.check_interval_sec
        waits = (
            self._next_scan - now,
            self.settling.next_look(now, settings.stable_sec, interval),
            self.outbox.next_look(now, interval),
        )
        return max(0.05, min(waits))
