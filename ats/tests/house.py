"""The whole system as `make run` starts it, in a folder of its own, whose programs a test may kill."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import requests

from ats.processes import free_port
from ats.testing import OURS

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


class House:
    """A running copy. `settings` name its services; with none it is the embedded default. `options` are of
    `manage.py dev`."""

    def __init__(
        self, folder: Path, *options: str, settings: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.data_dir = folder / "var"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = folder / f"{self.port}.out"
        ours = {**dict.fromkeys(OURS, ""), **(settings or {}), "ATS_DATA_DIR": str(self.data_dir)}
        self.environment = os.environ | ours
        command = [sys.executable, MANAGE, "dev", "--port", str(self.port), "--test-users", *options]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=subprocess.STDOUT)

    @property
    def words(self) -> str:
        """All it said so far."""
        return self.output.read_text(errors="replace")

    @property
    def tokens(self) -> dict[str, str]:
        """Of the test users, by the variable's name."""
        return dict(re.findall(r"^(ATS_\w*TOKEN)=(\w+)$", self.words, re.MULTILINE))

    def wait_until_ready(self) -> None:
        wait_for(lambda: f"\nready {self.url}\n" in self.words or self.process.poll() is not None)
        assert self.process.poll() is None, self.words[-3000:]

    def api(self) -> requests.Session:
        """A reviewer's device."""
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.tokens['ATS_TOKEN']}"
        return session

    def answers(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=10).status_code == 200
        return False

    def shell(self, code: str) -> str:
        """What `code` prints, run beside it by `manage.py shell`."""
        command = [sys.executable, str(MANAGE), "shell", "--no-imports", "-c", code]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def descendants(self) -> dict[int, str]:
        """Every process that it started, and what these started: process ids and command lines."""
        parents = {process: parent for process, parent, _ in _processes()}
        commands = {process: command for process, _, command in _processes()}

        def ours(process: int) -> bool:
            while process := parents.get(process, 0):
                if process == self.process.pid:
                    return True
            return False

        return {process: command for process, command in commands.items() if ours(process)}

    def has(self, word: str) -> bool:
        return any(word in command for command in self.descendants().values())

    def process_of(self, word: str) -> int:
        """The oldest process with that word in its command line."""
        return min(process for process, command in self.descendants().items() if word in command)

    def end(self) -> int:
        """By SIGTERM. Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def running(processes: Mapping[int, str]) -> dict[int, str]:
    """Those of them that still live, under the same command line."""
    now = {process: command for process, _, command in _processes()}
    return {process: command for process, command in processes.items() if now.get(process) == command}


def wait_for(condition: Callable[[], object], seconds: float = 120.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.1)


def _processes() -> Iterator[tuple[int, int, str]]:
    """Process id, parent and command line of each process, the dead that nobody buried excepted (proc(5))."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                if state != "Z":
                    yield int(folder.name), int(parent), command
