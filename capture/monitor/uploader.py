"""The child process that hashes and sends, then ends and gives its memory back.

It reads one JSON job line on standard input and writes one JSON event line per step on standard output. It ends at
once when standard input closes: its parent is gone, or wants it gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading

import journal
import payloads
from sender import Changed, Held, Left, Sender, digest, shape
from wire import Away

TYPE_CHECKING = False
if TYPE_CHECKING:  # the typing package would stay in memory
    from typing import TextIO


class Batch:
    """All files of one job, shared by at most `at_once` senders."""

    def __init__(self, job: dict, out: TextIO) -> None:
        self.job, self._out = job, out
        self._lock = threading.Lock()
        self._files = iter(())
        self.held = False

    def tell(self, file: dict | None, step: str, **event: object) -> None:
        """One event line for the parent."""
        with self._lock:
            self._out.write(json.dumps(dict(event, id=file["id"] if file else None, step=step)) + "\n")
            self._out.flush()

    def run(self) -> None:
        """Hashes, leaves out what is known, sends the rest, says how the device is."""
        fresh = self._fresh(self._hashed())
        sender = Sender(self.job, self.tell)
        with self._careful(None):
            known = self._known(sender, fresh)
            for file in fresh:
                if file["sha256"] in known:
                    self.tell(file, "duplicate")
            self._files = iter([file for file in fresh if file["sha256"] not in known])
            self._send_all(sender)
        if self.job["heartbeat"] and not self.held:
            with self._careful(None):
                self._heartbeat(sender)
        sender.wire.close()

    def _hashed(self):
        for file in self.job["files"]:
            with self._careful(file):
                shape(file)
                file["sha256"] = digest(file)
                shape(file)
                self.tell(file, "hashed", sha256=file["sha256"])
                yield file

    def _fresh(self, files):
        sent = journal.sent_hashes(self.job["journal"]) if self.job["files"] else set()
        fresh = {}
        for file in files:
            if file["sha256"] in sent:
                self.tell(file, "duplicate")
            elif file["sha256"] in fresh:
                self.tell(file, "later")
            else:
                fresh[file["sha256"]] = file
        return list(fresh.values())

    def _known(self, sender, fresh):
        asked = [file["sha256"] for file in fresh if not file.get("s3_key")]
        if not asked:
            return ()
        answer = sender.api("check", payloads.check(asked), "known", parks=())
        return set(answer.body["known"])

    def _send_all(self, sender):
        others = [
            threading.Thread(target=self._work, args=(Sender(self.job, self.tell),), daemon=True)
            for _ in range(min(self.job["at_once"], len(self.job["files"])) - 1)
        ]
        for thread in others:
            thread.start()
        self._work(sender)
        for thread in others:
            thread.join()

    def _work(self, sender):
        while not self.held:
            with self._lock:
                file = next(self._files, None)
            if file is None:
                return
            with self._careful(file):
                sender.send(file)

    @contextlib.contextmanager
    def _careful(self, file):
        try:
            yield
        except Left as left:
            self.tell(file, **left.event)
        except Held as held:
            self.held = True
            self.tell(file, **held.event)
        except Away as away:
            self.held = True
            self.tell(file, "away", reason=str(away))
        except FileNotFoundError:
            self.tell(file, "gone")
        except PermissionError:
            self.tell(file, "retry", reason="another program holds it")
        except (Changed, OSError):
            self.tell(file, "changed")

    def _heartbeat(self, sender):
        beat = self.job["heartbeat"]
        hashed = [file["sha256"] for file in self.job["files"] if file.get("sha256")]
        payload = payloads.heartbeat(**dict(beat, detected=dict.fromkeys(hashed + beat["detected"])))
        answer = sender.wire.post(self.job["api_url"] + "/cv-capture/heartbeat", self.job["token"], payload)
        if answer.status in (401, 403):
            raise Held(step="token", reason=answer.words)
        good = answer.status == 200
        self.tell(
            None,
            "beat",
            ok=good,
            policy=answer.body.get("policy") if good else None,
            server_time=answer.body.get("server_time"),
            reason="" if good else answer.words,
        )


def main(stdin: TextIO, stdout: TextIO) -> None:
    """Runs one job; the exit status is 0 when every file got an answer."""
    job = json.loads(stdin.readline())

    def end_with_parent():
        stdin.read()
        os._exit(3)

    threading.Thread(target=end_with_parent, daemon=True).start()
    Batch(job, stdout).run()
    stdout.flush()
    os._exit(0)  # the watching thread still reads standard input: do not wait for it
