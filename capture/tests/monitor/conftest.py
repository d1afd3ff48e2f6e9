"""A recruiter's desk in a temporary folder: a home, a Downloads folder, and the monitor as a process of its own."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid

import pytest

from .far_side import FarSide

ROOT = pathlib.Path(__file__).resolve().parents[3]
MONITOR = ROOT / "capture" / "monitor"
SUPPORTED = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
sys.path.insert(0, str(MONITOR))

import journal  # noqa: E402
from payloads import LIST_LIMIT, check  # noqa: E402
from wire import Wire  # noqa: E402


def find_python(version):
    """An interpreter of that version on this machine, or None."""
    versions = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
    found = [str(path) for path in versions.glob(f"{version}.*/bin/python")] + [shutil.which(f"python{version}")]
    for path in filter(None, found):
        answer = subprocess.run(
            [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.stdout.strip() == version:
            return path
    return None


OWN = {"{}.{}".format(*sys.version_info): sys.executable}
if os.environ.get("MONITOR_PYTHON") == "own":  # one of the runs of `every_python.py`
    AT_HAND = OWN
else:
    AT_HAND = {version: path for version in SUPPORTED if (path := find_python(version))} or OWN
OLDEST_AND_NEWEST = list(AT_HAND)[:: max(1, len(AT_HAND) - 1)]


@pytest.fixture(scope="session", params=OLDEST_AND_NEWEST)
def python(request):
    """The oldest and the newest Python at hand of those that the monitor promises."""
    return AT_HAND[request.param]


@pytest.fixture(scope="session", params=OLDEST_AND_NEWEST[-1:])
def newest_python(request):
    """For what takes long."""
    return AT_HAND[request.param]


@pytest.fixture(scope="session", params=AT_HAND)
def every_python(request):
    """Each Python at hand of those that the monitor promises."""
    return AT_HAND[request.param]


def pytest_terminal_summary(terminalreporter):
    absent = ", ".join(version for version in SUPPORTED if version not in AT_HAND) or "none"
    terminalreporter.write_line(f"The monitor's Python at hand: {', '.join(AT_HAND)}; absent: {absent}.")


def make_cv(size=0):
    """A valid one-page PDF no two of which are alike; `size` in bytes makes it exactly that long (from 2 000 on)."""
    body = _pdf(0)
    return _pdf(size - len(body)) if size else body


def _pdf(padding):
    line = f"BT /F1 11 Tf 50 780 Td (Asha Verma, reference {uuid.uuid4().hex}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(line)} >>\nstream\n{line}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\n"
    padded = out + end + "\n" * padding + f"startxref\n{len(out)}\n%%EOF\n"
    return padded.encode("latin-1")


def sha256(body):
    return hashlib.sha256(body).hexdigest()


class Desk:
    """One computer. `server` has `url` and `token`."""

    def __init__(self, root, server, python=sys.executable):
        self.server, self.python = server, python
        self.home, self.data, self.tools = root / "home", root / "monitor_data", root / "bin"
        self.downloads = self.home / "Downloads"
        for folder in (self.downloads, self.data, self.tools):
            folder.mkdir(parents=True)
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "CV_CAPTURE_AUTH_TOKEN": server.token,
            "XDG_CONFIG_HOME": str(root / "xdg"),
        }
        self.started = []
        self.configure()

    def configure(self, designation="Manager - Talent Acquisition", emp_id=999, **settings):
        section = {"enabled": True, "api_url": self.server.url + "/api", "check_interval_sec": 0.2, "stable_sec": 0.3}
        text = json.dumps({"emp_id": emp_id, "designation": designation, "download_monitor": {**section, **settings}})
        (self.data / "config.new").write_text(text)
        (self.data / "config.new").replace(self.data / "config.json")

    def keep_token(self, token):
        """Puts a token where the monitor finds it, as `chmod 600` and an editor would."""
        fresh = self.data / "token.new"
        fresh.touch(0o600)
        fresh.write_text(token + "\n")
        fresh.replace(self.data / "token")

    def command(self, *words):
        return [self.python, str(MONITOR), "--data", str(self.data), *words]

    def start(self):
        """The monitor in a process group of its own, once it watches (or says why not)."""
        begun = re.compile("Monitor thread started|Not monitoring")
        before = len(begun.findall(self.log()))
        process = self.launch()
        wait_for(lambda: len(begun.findall(self.log())) > before or process.poll() is not None, why=self.log)
        return process

    def launch(self, *words):
        """`run`, or another command, without waiting."""
        with open(self.data.parent / "console", "ab") as console:
            process = subprocess.Popen(
                self.command(*(words or ["run"])),
                env=self.environment,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def run(self, *words, **options):
        """One command to its end."""
        return subprocess.run(
            self.command(*words),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **options,
        )

    def log(self):
        path = self.data / "alerts.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait_for_log(self, text, seconds=30):
        wait_for(lambda: text in self.log(), seconds, lambda: f"no {text!r} in\n{self.log()}")

    def journal(self):
        return list(journal.rows(str(self.data / "journal.jsonl")))

    def states(self):
        """The last state of each file name."""
        return {os.path.basename(row["path"]): row["state"] for row in self.journal() if "path" in row}

    def download(self, name, body=None, folder=None):
        """Saves as browsers do: under a temporary name, then renamed. Returns the bytes."""
        body = make_cv() if body is None else body
        folder = folder or self.downloads
        partial = folder / f"Unconfirmed {uuid.uuid4().hex[:6]}.crdownload"
        partial.write_bytes(body)
        partial.replace(folder / name)
        return body

    def known(self, bodies):
        """How many of these bytes the server holds as this recruiter's captures, by its own word."""
        hashes = [sha256(body) for body in bodies]
        parts = [hashes[start : start + LIST_LIMIT] for start in range(0, len(hashes), LIST_LIMIT)]
        ask, door = Wire(), self.server.url + "/api/cv-capture/check"
        return sum(len(ask.post(door, self.server.token, check(part)).body["known"]) for part in parts)

    def wait_until_stored(self, bodies):
        """Until the server holds them all. Asks seldom: it counts our calls."""
        wait_for(lambda: self.known(bodies) == len(bodies), why=self.log, every=0.5)

    def catch_notices(self):
        """Puts a `notify-send` on this desk that writes what it is told into a file; returns its path."""
        shown = self.data.parent / "notices"
        tool = self.tools / "notify-send"
        tool.write_text(f'#!/bin/sh\necho "$3" >> "{shown}"\n')
        tool.chmod(0o755)
        return shown

    def close(self):
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(check, seconds=30, why=lambda: "nothing happened", every=0.02):
    """Asks until `check` is true."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            pytest.fail(why())
        time.sleep(every)


def end(process):
    """Asks the monitor to end, as the system does at sign-out; returns its exit status."""
    process.send_signal(signal.SIGTERM)
    return process.wait(15)


@pytest.fixture
def far_side():
    with FarSide() as server:
        yield server


@pytest.fixture
def lab(tmp_path, far_side):
    """A desk whose server can be told to misbehave."""
    desk = Desk(tmp_path, far_side)
    yield desk
    desk.close()


class Shell:
    """Python beside the running system, started once: `shell(code)` returns what the code prints."""

    LOOP = """
import contextlib, io, json, sys
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(json.loads(line), {})
    print(json.dumps(out.getvalue()), flush=True)
"""

    def __init__(self, manage, environment):
        command = [*manage, "shell", "--no-imports", "-c", self.LOOP]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environment, text=True, **pipes)

    def __call__(self, code):
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "it ended; its last words are in the output"
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class System:
    """The running system as a desk sees it; `shell` runs Python beside it."""

    def __init__(self, url, token, shell):
        self.url, self.token, self.shell = url, token, shell

    def stored(self):
        """How many captures it holds, by its own rows."""
        return int(self.shell("from capture.models import CVCapture; print(CVCapture.objects.received().count())"))


@pytest.fixture(scope="session")
def system(request):
    """The real running system: the one the tests start, or the one that ATS_URL, ATS_TOKEN and MONITOR_MANAGE name."""
    if "ATS_URL" in os.environ:
        url, token = os.environ["ATS_URL"], os.environ["ATS_TOKEN"]
        shell = Shell(json.loads(os.environ["MONITOR_MANAGE"]), os.environ)
    else:
        running = request.getfixturevalue("running_system")
        url, token = running.url, running.token
        shell = Shell([sys.executable, str(ROOT / "manage.py")], running.environment)
    yield System(url, token, shell)
    shell.close()


@pytest.fixture
def desk(tmp_path, system, python):
    """A desk of the real system, on each promised Python."""
    desk = Desk(tmp_path, system, python)
    yield desk
    desk.close()
