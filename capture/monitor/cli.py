"""Usage: cv-capture-monitor [--data FOLDER] COMMAND

  run                    watch until told to stop
  once                   send what is there now, then end
  status                 say what was sent, what waits, and why
  doctor                 check settings, folders, token, server and clock, and try a sending that leaves nothing behind
  backfill FOLDER        send the matching files of a folder, older ones too
  forget --all | HASH    forget what was sent, so that it is sent again (a hash: SHA-256, or its first 8 digits)
  install [--dry-run]    start with every sign-in, and now
  uninstall [--dry-run]  undo install; settings and journal stay

--data names the monitor_data folder with settings, journal and log. Exit status: 0 all is well, 1 something needs
attention, 2 the command was not understood.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import config
import journal
import lock
from log import Log


class Misuse(ValueError):
    """The command line is not understood."""


def main(arguments: list[str]) -> int:
    """Runs one command and returns the exit status. (Parsed by hand: argparse would stay in memory with 1 MB.)"""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a program without a console has no streams
            stream.reconfigure(errors="replace")
    words = list(arguments)
    try:
        chosen = _option(words, "--data")
        name = words.pop(0) if words else ""
        if name in ("--help", "-h", "--version"):
            print(config.VERSION if name == "--version" else __doc__)
            return 0
        command = COMMANDS.get(name)
        if not command:
            raise Misuse("no such command")
        folder = config.data_folder(chosen)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return command(folder, words)
    except Misuse as misuse:
        print("%s\n\n%s" % (misuse, __doc__), file=sys.stderr)
        return 2
    except (lock.AlreadyRunning, config.ConfigError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _option(words, name):
    if words[:1] != [name]:
        return None
    if len(words) < 2:
        raise Misuse(name + " needs a value")
    return [words.pop(0), words.pop(0)][1]


def _flag(words, name):
    if name not in words:
        return False
    words.remove(name)
    return True


def _nothing_more(words):
    if words:
        raise Misuse("too many words: " + " ".join(words))


class _Woken(Exception):
    pass


class Sleeper:
    """Sleeps until the time is over or somebody wants the program to end."""

    def __init__(self) -> None:
        self.stop = self._asleep = False
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._signalled)

    def _signalled(self, number, frame):
        self.stop = True
        if self._asleep:
            raise _Woken

    def sleep(self, seconds: float) -> bool:
        """Sleeps at most that long; returns False when it is time to end."""
        try:
            self._asleep = True
            if not self.stop:
                time.sleep(seconds)
            self._asleep = False
        except _Woken:
            self._asleep = False
        return not self.stop


def _watch(folder, take_old, until_idle):
    from monitor import Monitor

    held = lock.hold(folder, patience=1.0)
    sleeper = Sleeper()
    log = Log(folder, console=sys.stdout)
    monitor = Monitor(folder, log, take_old=take_old)
    try:
        while sleeper.sleep(monitor.step()) and not (until_idle and monitor.idle()):
            pass
    finally:
        monitor.close()
        log.state("Monitor ended")
        held.close()
    return monitor


def run(folder: str, words: list[str]) -> int:
    """Watches until a signal."""
    _nothing_more(words)
    _watch(folder, take_old=False, until_idle=False)
    return 0


def once(folder: str, words: list[str]) -> int:
    """One pass over everything; 1 when something could not be sent."""
    _nothing_more(words)
    return _left_over(_watch(folder, take_old=True, until_idle=True))


def _left_over(monitor):
    return 1 if monitor.closed or monitor.journal.waiting or monitor.settling.files else 0


def backfill(folder: str, words: list[str]) -> int:
    """Queues a folder's matching files; a running monitor takes them, else they are sent now."""
    import scan

    if len(words) != 1:
        raise Misuse("backfill needs one folder")
    settings = config.read(folder)
    scanner = scan.Scanner([os.path.abspath(words[0])], settings)
    found = [
        journal.row_of(path, state, time.time(), "waiting")
        for path, state in scanner.look(0.0, 0)
        if not scan.skipped_because(os.path.basename(path), state, settings)
    ]
    for path, fault in scanner.faults.items():
        print("%s cannot be read: %s" % (path, fault), file=sys.stderr)
        return 1
    journal.append(os.path.join(folder, "journal.jsonl"), found)
    print("%d files queued" % len(found))
    if lock.held(folder):
        print("the running monitor sends them")
        return 0
    return _left_over(_watch(folder, take_old=False, until_idle=True))


def forget(folder: str, words: list[str]) -> int:
    """Writes a mark into the journal; a running monitor sees it."""
    if words == ["--all"]:
        mark = {"state": "forgotten", "all": True}
    elif len(words) == 1 and 8 <= len(words[0]) <= 64 and set(words[0].lower()) <= set("0123456789abcdef"):
        mark = {"state": "forgotten", "sha256": words[0].lower()}
    else:
        raise Misuse("forget needs --all or a hash of 8 to 64 hex digits")
    journal.append(os.path.join(folder, "journal.jsonl"), [mark])
    print("forgotten; what is still in the watched folders will be sent again")
    return 0


def status(folder: str, words: list[str]) -> int:
    """Prints the state in plain words."""
    import report

    _nothing_more(words)
    return report.status(folder)


def doctor(folder: str, words: list[str]) -> int:
    """Checks everything that can be checked from here."""
    import report

    _nothing_more(words)
    return report.doctor(folder)


def install(folder: str, words: list[str]) -> int:
    """Sets up the start at sign-in."""
    import autostart

    return autostart.install(folder, _flag(words, "--dry-run"))


def uninstall(folder: str, words: list[str]) -> int:
    """Takes the start at sign-in away."""
    import autostart

    return autostart.uninstall(folder, _flag(words, "--dry-run"))


COMMANDS = {
    "run": run,
    "once": once,
    "status": status,
    "doctor": doctor,
    "backfill": backfill,
    "forget": forget,
    "install": install,
    "uninstall": uninstall,
}
