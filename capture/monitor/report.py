"""`status` in plain words, and `doctor`: what works from this desk and what does not."""

from __future__ import annotations

import hashlib
import os
import time

import config
import credentials
import folders
import gate
import journal
import lock
import payloads
from wire import Away, Wire

CLOCK_SEC = 300


def status(folder: str) -> int:
    """Prints whether the monitor runs, what it sent, what waits and why; 1 when a file needs attention."""
    settings = config.Config(folder)
    settings.refresh()
    closed = gate.closed_because(settings.settings)
    print("Monitor: %s%s" % ("running" if lock.held(folder) else "not running", ", but " + closed if closed else ""))
    if settings.fault:
        print("Settings are not used: " + settings.fault)
    state = journal.Journal(os.path.join(folder, "journal.jsonl"))
    state.refresh()
    today, total, took = _counts(state.path)
    speed = "; 95 of 100 within %.1f s of detection" % took if took else ""
    print("Sent: %d today, %d in all%s" % (today, total, speed))
    _print_rows("Waiting", state.waiting.values())
    _print_rows("Set aside", state.parked.values())
    return 1 if state.parked or settings.fault else 0


def _counts(path):
    midnight = time.mktime((*time.localtime()[:3], 0, 0, 0, 0, 0, -1))
    sent = [row for row in journal.rows(path) if row["state"] == "sent"]
    today = sorted(row.get("took", 0) for row in sent if row["at"] >= midnight)
    return len(today), len(sent), today[int(len(today) * 0.95)] if today else 0


def _print_rows(title, rows):
    rows = sorted(rows, key=lambda row: row["detected_at"])
    print("%s: %d" % (title, len(rows)))
    for row in rows[:20]:
        age = (time.time() - row["detected_at"]) / 60
        print("  %s, since %d min: %s" % (os.path.basename(row["path"]), age, row.get("reason") or "its turn comes"))


class _Examination:
    def __init__(self) -> None:
        self.failed = 0

    def note(self, good: bool, what: str, why: str = "") -> bool:
        self.failed += not good
        print(("ok    " if good else "FAIL  ") + what + (": " + why if why else ""))
        return good


def doctor(folder: str) -> int:
    """Prints one line a check; 1 when any failed. The dry run makes the server validate and keep nothing."""
    seen = _Examination()
    try:
        settings = config.read(folder)
    except config.ConfigError as error:
        seen.note(False, "settings", str(error))
        return 1
    closed = gate.closed_because(settings)
    seen.note(not closed, "settings in " + folder, closed)
    for path in folders.watched(settings):
        _folder(seen, path)
    try:
        token = credentials.token(folder, settings)
        fault = "none: set " + credentials.VARIABLE
    except credentials.Unusable as unusable:
        token, fault = "", str(unusable)
    if seen.note(bool(token), "token", "" if token else fault) and settings.api_url:
        _server(seen, settings, token)
    return 1 if seen.failed else 0


def _folder(seen, path):
    try:
        count = len(os.listdir(path))
        seen.note(True, "folder " + path, "%d entries" % count)
    except FileNotFoundError:
        seen.note(True, "folder " + path, "not there now, watched when it comes")
    except OSError as error:
        seen.note(
            False,
            "folder " + path,
            "%s; on macOS allow access in Privacy & Security > Files and Folders" % type(error).__name__,
        )


def _server(seen, settings, token):
    wire = Wire(settings.ca_file, settings.proxy, timeout=10)
    base = settings.api_url + "/cv-capture/"
    nobody = hashlib.sha256(os.urandom(32)).hexdigest()
    try:
        began = time.time()
        known = wire.post(base + "check", token, payloads.check([nobody]))
        seen.note(known.status not in (401, 403), "token is accepted", known.words if known.status != 200 else "")
        seen.note(
            known.status == 200,
            "server %s" % settings.api_url,
            "%.0f ms" % (1000 * (time.time() - began)) if known.status == 200 else known.words,
        )
        _clock(seen, known)
        tried = wire.post(base + "presign", token, payloads.presign("Naukri_dry_run.pdf", 0, nobody))
        faults = sorted(tried.body.get("errors") or {})
        good = tried.status == 422 and faults == ["file_size"]
        seen.note(
            good,
            "dry run: the server finds fault with the size of nought bytes and nothing else",
            "" if good else tried.words,
        )
    except Away as away:
        seen.note(False, "server %s" % settings.api_url, str(away))
    finally:
        wire.close()


def _clock(seen, answer):
    from email.utils import parsedate_to_datetime

    try:
        off = time.time() - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return
    seen.note(abs(off) < CLOCK_SEC, "clock", "%+d s against the server" % off)
