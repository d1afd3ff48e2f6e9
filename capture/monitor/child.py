"""The parent's hold on the sending child: started with a job, read without waiting, ended by closing its input."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

SILENCE_SEC = 900.0
FILES = 50


def command() -> list[str]:
    """How this very program is started once more, as a sender: from a folder, a zipapp, or frozen."""
    program = _with_console(sys.executable)
    if getattr(sys, "frozen", False):
        return [program, "_send"]
    # -I -S: no site-packages and no PYTHON* variables, which saves memory and start-up time
    return [program, "-I", "-S", os.path.dirname(os.path.abspath(__file__)), "_send"]


def _with_console(program):
    """Windows has programs twice; the one without a console (`pythonw.exe`) may have no standard input either."""
    folder, name = os.path.split(program)
    return os.path.join(folder, name[:-5] + ".exe") if name.lower().endswith("w.exe") else program


def without_console(program: str) -> str:
    """The twin that shows no window, where there is one."""
    twin = program[:-4] + "w.exe"
    return twin if program.lower().endswith(".exe") and os.path.exists(twin) else program


class Child:
    """One batch on its way. Events go through a file: reading a pipe without waiting is not portable."""

    def __init__(self, job: dict, folder: str, now: float) -> None:
        self._events = os.path.join(folder, "sending.jsonl")
        self._out = open(self._events, "wb")
        self._in = open(self._events, "rb")
        self._part = b""
        self.heard = now
        self.process: subprocess.Popen = subprocess.Popen(
            command(),
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ, MALLOC_ARENA_MAX="1"),  # glibc would give each thread an arena of its own
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self.process.stdin
        self._job = self.process.stdin
        with contextlib.suppress(OSError):  # it died at once: its exit status will tell
            self._job.write(json.dumps(job).encode() + b"\n")
            self._job.flush()

    def events(self, now: float) -> list[dict]:
        """What the child said since the last look."""
        *whole, self._part = (self._part + self._in.read()).split(b"\n")
        if whole:
            self.heard = now
        return [json.loads(line) for line in whole]

    def ended(self, now: float) -> int | None:
        """Its exit status, or None while it runs; one that is silent for too long is ended."""
        if self.process.poll() is None and now - self.heard > SILENCE_SEC:
            self.process.kill()
            self.process.wait()
        return self.process.poll()

    def close(self) -> None:
        """Ends the child if it still runs, and leaves nothing behind."""
        with contextlib.suppress(OSError):
            self._job.close()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._in.close()
        self._out.close()
        with contextlib.suppress(OSError):  # a virus scanner looks at it: the next child writes it anew
            os.unlink(self._events)
