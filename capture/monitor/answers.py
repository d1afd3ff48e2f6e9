"""What each event of the sending child means for a file: its journal row, the log line, the word on the desktop."""

from __future__ import annotations

import os
import time

import retry
from journal import Journal
from log import Log
from notify import Notifier

DETECTED = 500


class Answers:
    """Takes events in; `flush` writes the rows they led to. `due` is the outbox's: path → [failures, when]."""

    def __init__(
        self, journal: Journal, log: Log, notifier: Notifier, pause: retry.Pause, due: dict[str, list[float]]
    ) -> None:
        self.journal, self.log, self.notifier, self.pause, self.due = journal, log, notifier, pause, due
        self.detected: dict[str, bool] = {}
        names = "hashed presign put placed metadata stored duplicate later again parked retry changed gone away token"
        self._steps = {name: getattr(self, "_" + name) for name in names.split()}
        self._rows: dict[str, dict] = {}
        self._in: list[str] = []
        self._changed_files: list[str] = []
        self._in_a_row = 0

    def take(self, path: str, event: dict, now: float) -> None:
        """One event about one file; one that is not waiting any more (`forget`) is left alone."""
        row = self._rows.get(path) or self.journal.waiting.get(path)
        if row:
            self._steps[event["step"]](row, event, now)

    def flush(self) -> None:
        """Writes what was learnt in one go, and only then tells about it."""
        if self._rows:
            self.journal.record(*self._rows.values())
            self._rows.clear()
        for name in self._in:
            self.notifier.uploaded(name)
        self._in = []
        self.notifier.flush()

    def put_off(self, path: str, now: float, reason: str, retry_after: float | None = None) -> None:
        """This file later; after five failures in a row of whatever files, all of them later."""
        failures = int(self.due[path][0]) + 1
        self.due[path] = [failures, now + retry.delay(failures, retry_after)]
        self.wait(path, reason)
        self._in_a_row += 1
        if self._in_a_row >= retry.BREAKER:
            self.hold(now, "fails again and again")

    def wait(self, path: str, reason: str) -> None:
        """Says why a file waits, once."""
        if self.explain(path, reason):
            self.log.error("%s waits: %s" % (os.path.basename(path), reason))

    def explain(self, path: str, reason: str) -> bool:
        """Keeps why a file waits, for `status` and the heartbeat; returns True when it is news."""
        row = self._rows.get(path) or self.journal.waiting.get(path)
        if not row or row.get("reason") == reason:
            return False
        self._rows[path] = dict(row, reason=reason)
        return True

    def hold(self, now: float, reason: str, retry_after: float | None = None, seconds: float | None = None) -> None:
        """Everything later; says so once. `reason` goes on where "the server" begins."""
        if self.pause.hold(now, reason, retry_after, seconds):
            self.log.error("the server %s; %d waiting" % (reason, len(self.journal.waiting)))

    def works(self) -> None:
        """The server answered as it should."""
        if self.pause.reason:
            self.log.state("The server answers again")
        self._in_a_row = 0
        self.pause.lift()

    def _done(self, row, state, **more):
        row = dict(row, state=state, **more)
        row.pop("put", None)
        if state != "parked":
            row.pop("reason", None)
        self._rows[row["path"]] = row
        self.due.pop(row["path"], None)

    def _hashed(self, row, event, now):
        self._rows[row["path"]] = dict(row, sha256=event["sha256"])
        self.detected[event["sha256"]] = True
        while len(self.detected) > DETECTED:
            del self.detected[next(iter(self.detected))]

    def _presign(self, row, event, now):
        self.log.say("Requesting presign for %s..." % _name(row))

    def _put(self, row, event, now):
        self.log.say("Uploading to S3...")

    def _placed(self, row, event, now):
        self.log.say("S3 upload successful" if event["uploaded"] else "The bytes are in S3 already")
        self._rows[row["path"]] = dict(row, s3_key=event["s3_key"], put=event["uploaded"])

    def _metadata(self, row, event, now):
        self.log.say("Storing metadata...")

    def _stored(self, row, event, now):
        said = "Successfully uploaded: %s (%.1fKB)" if event["uploaded"] else "Stored without upload: %s (%.1fKB)"
        self.log.say(said % (_name(row), row["size"] / 1000))
        self._in.append(_name(row))
        took = round(max(0.0, time.time() - row["detected_at"]), 1)
        self._done(row, "sent", cv_capture_id=event["cv_capture_id"], took=took)
        self._look_again(row["path"], (row["size"], row["mtime_ns"]))
        self.works()

    def _duplicate(self, row, event, now):
        self.log.say("Already sent, not uploaded again: " + _name(row))
        self._done(row, "duplicate")

    def _later(self, row, event, now):
        self.due[row["path"]][1] = now  # its twin goes first; then it is a duplicate

    def _again(self, row, event, now):
        self.log.warning("%s: %s; sending it again" % (_name(row), event["reason"]))
        self._rows[row["path"]] = dict(row, s3_key="")

    def _parked(self, row, event, now):
        self.park(row, event["reason"])

    def park(self, row: dict, reason: str) -> None:
        """Sets a file aside for a person to look at; it is tried again when it changes or is forgotten."""
        self.log.error("%s is set aside: %s" % (_name(row), reason))
        self._done(row, "parked", reason=reason)
        self.notifier.show("CV needs attention - %s: %s" % (_name(row), reason))

    def _retry(self, row, event, now):
        self.put_off(row["path"], now, event["reason"], event.get("retry_after"))

    def _changed(self, row, event, now):
        self.log.say("Still being written: " + _name(row))
        self.due.pop(row["path"], None)
        self._rows.pop(row["path"], None)
        self._changed_files.append(row["path"])

    def _look_again(self, path, sent):
        try:
            found = os.stat(path)
        except OSError:
            return
        if (found.st_size, found.st_mtime_ns) != sent:  # written over in place: the directory does not show it
            self._changed_files.append(path)

    def take_changed(self) -> list[str]:
        """Paths of files that must settle again, each told once."""
        changed, self._changed_files = self._changed_files, []
        return changed

    def _gone(self, row, event, now):
        self.drop(row)

    def drop(self, row: dict) -> None:
        """The file was moved or deleted before it could be sent; if it is seen again it is a new file."""
        self.log.warning("Gone before it could be sent: " + _name(row))
        self._done(row, "gone")

    def _away(self, row, event, now):
        self.hold(now, "is away: " + event["reason"], event.get("retry_after"))

    def _token(self, row, event, now):
        self.refuse_token(now, event["reason"])

    def refuse_token(self, now: float, reason: str) -> None:
        """The token is not good: everything waits for another one, and this one is tried every five minutes."""
        news = not self.pause.reason.startswith("refuses the token")
        self.hold(now, "refuses the token: " + reason, seconds=retry.TOKEN_PROBE)
        if news:
            self.notifier.show("CV capture needs attention - the server refuses this device's token")


def _name(row):
    return os.path.basename(row["path"])
