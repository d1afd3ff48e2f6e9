"""What the benchmarks run on: the full stack, the peers beside it, clients, and a table at the end."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from ats.processes import Program, all_running, free_port
from ats.services.base import temporary_folder
from ats.stack import Web, background
from ats.testing import full_services, settings_for

NO_LIMIT = {f"RATE_{door}": "1000000000" for door in ("CAPTURE", "UPLOAD", "CANDIDATES", "CHUNKED", "CHUNKS")}
MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
_serial = itertools.count()
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


@dataclass
class House:
    """A running system and its peers: base URLs, a token for each, and the programs, to look at their memory."""

    url: str
    token: str
    peers_url: str
    peers_token: str
    web: Program
    worker: Program
    environment: dict[str, str]


ON_DISK = dict.fromkeys(("S3_BUCKET", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"), "")


@contextlib.contextmanager
def house(*, on_disk: bool = False) -> Iterator[House]:
    """`on_disk`: ours keeps its files there and not in S3, which the peers have all the same."""
    with temporary_folder() as folder:
        services = full_services(folder)
        with all_running(*services):
            port, peers_port = free_port(), free_port()
            environment = {**os.environ, **settings_for(folder, services), **NO_LIMIT}
            environment |= {"PUBLIC_URL": f"http://127.0.0.1:{port}", "SECRET_KEY": "only-for-this-benchmark" * 3}
            environment["PEERS_DATABASE_URL"] = make_database(environment["DATABASE_URL"], "peers")
            theirs = {**environment, "PEERS_FOLDER": str(folder / "peers")}
            environment |= ON_DISK if on_disk else {}
            (folder / "data").mkdir(exist_ok=True)
            prepared = subprocess.run(
                [sys.executable, MANAGE, "prepare", "--test-users"], env=environment, check=True, capture_output=True
            )
            tokens = dict(line.split("=", 1) for line in prepared.stdout.decode().splitlines() if "=" in line)
            peers_token = subprocess.run(
                [sys.executable, "-m", "benchmarks.peers.prepare"], env=theirs, check=True, capture_output=True
            ).stdout.decode()
            web = Web(port, environment)
            worker, *schedule = background(environment, folder / "data")
            with all_running(web, worker, *schedule, Peers(peers_port, theirs)):
                peers_url = f"http://127.0.0.1:{peers_port}"
                yield House(web.url, tokens["ATS_TOKEN"], peers_url, peers_token, web, worker, environment)


class Peers(Program):
    """The peers under the same web server."""

    def __init__(self, port: int, environment: dict[str, str]) -> None:
        options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "2", "--threads", "4"]
        command = [sys.executable, "-m", "gunicorn", "benchmarks.peers.wsgi:application", *options]
        super().__init__("peers", [*command, "--no-control-socket"], environment)
        self.port = port

    def ready(self) -> bool:
        with (
            contextlib.suppress(OSError),
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as ask,
        ):
            ask.request("GET", "/")
            return ask.getresponse().status == 404
        return False


def make_database(url: str, name: str) -> str:
    with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url.replace(urlsplit(url).path, f"/{name}", 1)


class Client:
    """One kept connection."""

    def __init__(self, url: str, authorization: str = "") -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.headers = {"Authorization": authorization} if authorization else {}

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict:
        answer = self._ask(method, path, body, {**self.headers, **headers})
        content = answer.read()
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content) if content.startswith(b"{") else {}

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Once more on a new connection when the server has closed the idle one."""
        for again in (True, False):
            try:
                self.connection.request(method, path, body, headers)
                return self.connection.getresponse()
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                self.connection.close()
                if not again:
                    raise
        raise AssertionError("unreachable")

    def post(self, path: str, data: dict) -> dict:
        return self.send("POST", path, json.dumps(data).encode(), {"Content-Type": "application/json"})


@dataclass
class Round:
    """What one round of load measured: calls a second, and milliseconds."""

    rate: float
    p50: float
    p99: float


def load(call: Callable[[int], Callable[[], object]], connections: int, seconds: float) -> Round:
    """`call(n)` makes the work of connection n; each connection repeats its work until the time is up."""
    times: list[float] = []
    barrier, end = threading.Barrier(connections), [0.0]

    def run(number: int) -> None:
        work = call(number)
        barrier.wait()
        end[0] = end[0] or time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end[0]:
            work()
            times.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return Round(len(times) / seconds, times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000)


def made_up_name() -> str:
    """No two alike: else everybody would be everybody's likely twin."""
    letters = hashlib.sha256(f"{os.getpid()} {next(_serial)}".encode()).hexdigest().translate(_LETTERS)
    return f"{letters[:6].title()} {letters[6:14].title()}"


def made_up_cv(size: int = 245_000) -> tuple[bytes, str]:
    """A readable PDF of about `size` bytes, no two alike and of no two people, and its SHA-256."""
    number = next(_serial)
    mark = f"{os.getpid()}{number}{time.time_ns()}"
    lines = [
        made_up_name(), f"Email: asha.{mark}@example.com", f"Phone: +91 98{number % 10**8:08d}", "", "EXPERIENCE",
        "Senior Software Engineer, Initech Pvt Ltd", "Jan 2019 - Present", "Built payment services.", "",
        "EDUCATION", "B.Tech in Computer Science, IIT Bombay, 2015", "", "SKILLS", "Python, Django, PostgreSQL",
    ]  # fmt: skip
    text = "BT /F1 11 Tf 14 TL 50 780 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    padding = os.urandom(max(0, size - 1500))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Length {len(padding)} >>\nstream\n".encode() + padding + b"\nendstream",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for index, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{index} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return out, hashlib.sha256(out).hexdigest()


def memory_mib(program: Program) -> float:
    """Proportional memory of a program and its children."""
    assert program.process is not None
    pids = [program.process.pid, *_children(program.process.pid)]
    return sum(_pss(pid) for pid in pids) / 1024


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for one in map(int, listed) for child in (one, *_children(one))]


def _pss(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def median(rounds: list[Round]) -> Round:
    return Round(*(statistics.median(getattr(one, name) for one in rounds) for name in ("rate", "p50", "p99")))


def table(title: str, rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)
