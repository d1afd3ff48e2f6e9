"""Programs that run beside us and never outlive us."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


class NotReady(Exception):
    """A program ended, or took too long, before it answered."""


class Guardian:
    """The process that ends ours when we are gone: see `guardian.py`. Started when first needed, and again, with all
    it has to know, when somebody killed it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.pipe = -1
        self.duties: dict[str, str] = {}  # by process id or path, the word that was told of it
        self.locks: list[int] = []  # descriptors of locks to be held until it is done, too

    def wake(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guardian.py"))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, pass_fds=self.locks)
        assert self.process.stdin is not None
        self.pipe = self.process.stdin.fileno()
        for value, word in self.duties.items():
            os.write(self.pipe, f"{word} {value}\n".encode())

    def take_on(self, word: str, value: int | str | Path) -> None:
        """`begin` for a process, `keep` for a path."""
        self.wake()
        self.duties[str(value)] = word
        os.write(self.pipe, f"{word} {value}\n".encode())

    def let_go(self, word: str, value: int | str | Path) -> None:
        """`end` for a process, `drop` for a path."""
        self.wake()
        self.duties.pop(str(value), None)
        os.write(self.pipe, f"{word} {value}\n".encode())

    def mind_me(self) -> None:
        """Called in a new process before its program is loaded, so that none escapes between the two."""
        os.write(self.pipe, b"begin %d\n" % os.getpid())


guardian = Guardian()


class Program:
    """A program in a session of its own. It may be killed and started again.

    `environment` is the whole environment of the program, `account` whom it runs as where that is not us, `log` the
    file that takes what it prints.
    """

    stop_signal = signal.SIGTERM
    patience = 120.0  # seconds until it must be ready; a busy machine takes its time

    def __init__(
        self, name: str, command: Sequence[str | Path] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.account: pwd.struct_passwd | None = None
        self.log: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """What it needs before each start."""

    def ready(self) -> bool:
        """Whether it does its work yet."""
        return self.alive

    def start(self, output: int = subprocess.DEVNULL) -> None:
        self.prepare()
        guardian.wake()
        with contextlib.ExitStack() as stack:
            if self.log is not None:
                output = stack.enter_context(self.log.open("ab")).fileno()
            self.process = subprocess.Popen(
                [str(word) for word in self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
                **self.identity(),
                preexec_fn=guardian.mind_me,  # one write to a pipe: nothing that could hold a lock
            )
        guardian.take_on("begin", self.process.pid)

    def identity(self) -> dict[str, Any]:
        """Of the account, as `subprocess` takes it."""
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def status(self) -> int | None:
        """How it ended: its exit status, or minus the signal; None while it runs."""
        return None if self.process is None else self.process.poll()

    def wait_until_ready(self, pause: Callable[[float], object] = time.sleep) -> None:
        limit, interval = time.monotonic() + self.patience, 0.05
        while not self.ready():
            if not self.alive:
                raise NotReady(f"{self.name} ended with status {self.status} before it was ready.{self.last_words()}")
            if time.monotonic() > limit:
                raise NotReady(f"{self.name} was not ready after {self.patience:g} s.{self.last_words()}")
            pause(interval)
            interval = min(interval * 1.5, 1.0)

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        if self.log is None:
            return ""
        return "\n".join(["", *self.log.read_text(errors="replace").splitlines()[-15:]])

    def ask_to_end(self) -> None:
        if self.alive:
            assert self.process is not None
            self.process.send_signal(self.stop_signal)

    def stop(self, seconds: float = 10.0) -> None:
        """Asks it to end, and kills it when it has not after `seconds`."""
        self.ask_to_end()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """At once, with its whole group. Also clears away what a program that ended left of its group."""
        if self.process is None:
            return
        self.signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        guardian.let_go("end", self.process.pid)
        self.process = None

    def signal(self, number: int) -> None:
        """To its whole group. SIGSTOP and SIGCONT make it hang for a while."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


@contextlib.contextmanager
def all_running(*programs: Program) -> Iterator[None]:
    """Starts them side by side, waits until each is ready, stops them in reverse order."""
    try:
        for program in programs:
            program.start()
        for program in programs:
            program.wait_until_ready()
        yield
    finally:
        for program in reversed(programs):
            program.stop()


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens, below the range that systems use for outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 (no secret)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Parent:
    """Who started us, and whether it wants to leave.

    A parent killed by force tells nobody: it is just no longer there. GNU make hands SIGTERM on to what it runs, but
    a SIGINT sent to it alone only makes it wait, with that signal blocked, which Linux lets us see.
    """

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.always_held = self._holds_sigint()

    def leaves(self) -> bool:
        return os.getppid() != self.pid or (self._holds_sigint() and not self.always_held)

    def _holds_sigint(self) -> bool:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("SigBlk:"):
                    return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
        return False
