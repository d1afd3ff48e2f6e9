"""What waits to be sent, and the child that sends it: one at a time, started only when there is something to do."""

from __future__ import annotations

import json
import os
import time

import child
import config
import credentials
import retry
from answers import Answers
from config import Settings
from journal import Journal
from log import Log
from notify import Notifier

TOKEN_LOOK_SEC = 30.0
CLOCK_SEC = 300
UNDERWAY = ("hashed", "presign", "put", "placed", "metadata", "again", "away", "token")  # after these a file waits on


class Outbox:
    """The queue is the journal's waiting rows; `due` only says when each may be tried: path → [failures, when]."""

    def __init__(self, folder: str, journal: Journal, log: Log, notifier: Notifier) -> None:
        self.folder, self.journal, self.log, self.notifier = folder, journal, log, notifier
        self.due: dict[str, list[float]] = {}
        self.pause = retry.Pause()
        self.answers = Answers(journal, log, notifier, self.pause, self.due)
        self._child: child.Child | None = None
        self._batch: list[str] = []
        self._beating = False
        self._answered: set[str] = set()
        self._faults: set[str] = set()
        self._token, self._no_token, self.next_beat = "", "", 0.0
        self._token_at, self._token_stamp = float("-inf"), None

    @property
    def busy(self) -> bool:
        """Whether a child is at work."""
        return self._child is not None

    def add(self, path: str, now: float) -> None:
        """Queues a file whose row is in the journal."""
        self.due.setdefault(path, [0, now])
        if self.pause.reason:
            self.answers.explain(path, "the server " + self.pause.reason)

    def sync(self) -> None:
        """Drops what the journal does not hold as waiting any more."""
        for path in [path for path in self.due if path not in self.journal.waiting]:
            del self.due[path]

    def work(self, now: float, settings: Settings, sending: bool = True) -> None:
        """Takes in what the child said; starts the next one when there is something to send or to tell."""
        if self._child:
            self._collect(now, settings)
        if self._child:
            return
        ready = sorted((tries, path) for path, (tries, when) in self.due.items() if when <= now) if sending else []
        beat = now >= self.next_beat
        if not (ready or beat):
            return
        if not self._has_token(now, settings):
            self._explain_all([path for _, path in ready], self._no_token)
        elif self.pause.open(now):
            most = 1 if self.pause.reason else child.FILES  # after a failure one file tries the way
            self._start([path for _, path in ready[:most]], beat, now, settings)

    def next_look(self, now: float, interval: float) -> float:
        """Seconds until there is something to do here; a quarter of a second while a child works."""
        if self._child:
            return 0.25
        times = [when for _, when in self.due.values()] + [self.next_beat]
        next_token = 0.0 if self._token else self._token_at + TOKEN_LOOK_SEC
        return min(interval, max(min(times), self.pause.until, next_token) - now)

    def at_rest(self) -> bool:
        """Whether everything was sent, or was tried and cannot be sent for now."""
        if self.busy:
            return False
        return bool(self.pause.reason) or not self._token or all(tries for tries, _ in self.due.values())

    def close(self) -> None:
        """Ends the child if it works; what it had not finished goes on waiting."""
        if self._child:
            self._child.close()
            self._child = None
        self.answers.flush()

    def _has_token(self, now, settings):
        stamp = config.stamp(credentials.file_of(self.folder, settings))
        if stamp != self._token_stamp or now - self._token_at > TOKEN_LOOK_SEC:  # to ask the keyring costs a process
            before, self._token_at, self._token_stamp = self._token, now, stamp
            self._no_token = "no auth token: nothing is sent until " + credentials.VARIABLE + " is set"
            try:
                self._token = credentials.token(self.folder, settings)
            except credentials.Unusable as unusable:
                self._token, self._no_token = "", str(unusable)
            self._once(self._no_token, not self._token)
            self.log.secret = self._token
            if before and self._token and self._token != before:
                self.log.state("There is another auth token: it is tried now")
                self.pause.lift()
        return bool(self._token)

    def _explain_all(self, paths, reason):
        for path in paths:
            self.answers.explain(path, reason)
        self.answers.flush()

    def _once(self, fault, present):
        if present and fault not in self._faults:
            self.log.warning(fault)
        (self._faults.add if present else self._faults.discard)(fault)

    def _start(self, paths, beat, now, settings):
        files = []
        for number, path in enumerate(paths):
            row = self.journal.waiting[path]
            file = {key: row.get(key) for key in ("path", "size", "mtime_ns", "s3_key", "put", "detected_at")}
            files.append(dict(file, id=number, name=os.path.basename(path)))
        keys = ("api_url", "ca_file", "proxy", "upload_hosts", "device", "emp_id", "at_once")
        job = {key: getattr(settings, key) for key in keys}
        job.update(
            files=files, token=self._token, journal=self.journal.path, heartbeat=self._beat(settings) if beat else None
        )
        self._batch, self._answered, self._beating = paths, set(), beat
        self._child = child.Child(job, self.folder, now)

    def _beat(self, settings):
        for row in [row for row in self.journal.parked.values() if not os.path.exists(row["path"])]:
            self.answers.drop(row)  # the user has dealt with it
        self.answers.flush()
        waiting, parked = list(self.journal.waiting.values()), list(self.journal.parked.values())
        since = [row["detected_at"] for row in waiting]
        hashes = [row["sha256"] for row in waiting + parked if row.get("sha256")]
        return {
            "device": settings.device,
            "version": config.VERSION,
            "depth": len(waiting),
            "oldest_waiting_s": max(0, time.time() - min(since)) if since else 0,
            "stuck": [
                (os.path.basename(row["path"]), row["reason"], row["detected_at"])
                for row in parked + waiting
                if row.get("reason")
            ],
            "detected": hashes + list(self.answers.detected),
        }

    def _collect(self, now, settings):
        status = self._child.ended(now)
        for event in self._child.events(now):
            if event["id"] is None:
                self._about_all(event, now, settings)
            else:
                path = self._batch[event["id"]]
                if event["step"] not in UNDERWAY:
                    self._answered.add(path)
                self.answers.take(path, event, now)
        if status is not None:
            self._finish(status, now, settings)
        self.answers.flush()

    def _finish(self, status, now, settings):
        self._child.close()
        self._child = None
        left = [path for path in self._batch if path in self.due and path not in self._answered]
        if status:
            for path in left:
                self.answers.put_off(path, now, "the sender ended without an answer (%d)" % status)
        elif self.pause.reason:
            # Those too that were not sent along: they came while the child was at work.
            silent = [path for path in self.due if not self.journal.waiting.get(path, {}).get("reason")]
            self._explain_all([*left, *silent], "the server " + self.pause.reason)
        if self._beating and self.next_beat <= now and self.pause.open(now):  # a server without that door
            self.next_beat = now + settings.heartbeat_sec

    def _about_all(self, event, now, settings):
        if event["step"] == "beat":
            self._beaten(event, now, settings)
            return
        if event["step"] == "token":
            self.answers.refuse_token(now, event["reason"])
        else:
            self.answers.hold(now, "is away: " + event["reason"], event.get("retry_after"))

    def _beaten(self, event, now, settings):
        self.next_beat = now + settings.heartbeat_sec
        if not event["ok"]:
            return
        self.answers.detected.clear()
        self.answers.works()
        self._policy(event.get("policy"))
        clock = event.get("server_time")
        off = isinstance(clock, (int, float)) and abs(clock - time.time()) > CLOCK_SEC
        self._once("this computer's clock is off by more than five minutes", off)

    def _policy(self, policy):
        if policy is None:
            return
        try:
            if config.save_policy(self.folder, policy):
                self.log.state("Policy received: " + json.dumps(config.checked_policy(policy), sort_keys=True))
        except (config.ConfigError, OSError) as error:
            self.log.warning("the server's policy is not used: " + str(error))
