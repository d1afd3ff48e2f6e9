"""Uploads in chunks against their peers, in one run on one machine: `.venv/bin/python -m benchmarks.chunked`.

Ours: PostgreSQL, Redis, the disk as store, the web server of production; every chunk durable when answered. The peer
tuspyserver is installed into an environment of its own; nginx (PUT of each chunk, the limit) is measured where it is on
the PATH. Alternating rounds, medians; every upload is read back by its SHA-256.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ats.processes import Program, all_running, free_port
from ats.services.base import temporary_folder
from ats.services.postgresql import PostgreSQL
from ats.services.redis import Redis
from ats.stack import Web, background
from ats.testing import settings_for
from benchmarks.house import MANAGE, NO_LIMIT, Client, memory_mib, table

CHUNK = 5 * 2**20
BOUNDARY = "boundary-of-the-benchmark"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
TUSPY = """
import os, sys, uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router
app = FastAPI()
app.include_router(create_tus_router(files_dir=sys.argv[2], prefix="files", max_size=2**40))
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""
NGINX = """
daemon off; error_log /dev/null; pid {folder}/nginx.pid; worker_processes 2; events {{}}
http {{ access_log off; client_max_body_size 0; client_body_temp_path {folder}/body;
  server {{ listen 127.0.0.1:{port}; root {folder}/files;
    location / {{ dav_methods PUT; create_full_put_path on; }} }} }}
"""


@dataclass
class Measured:
    """Seconds of each round; MiB above idle; milliseconds of each `complete`."""

    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)


class Server(Program):
    def __init__(self, name: str, command: list[str | Path], port: int) -> None:
        super().__init__(name, command, {"PATH": os.environ["PATH"]})
        self.port = port

    def ready(self) -> bool:
        with (
            contextlib.suppress(OSError),
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as ask,
        ):
            ask.request("GET", "/")
            return ask.getresponse().status > 0
        return False


# --- What is measured -----------------------------------------------------------------------------------------------


def pieces(content: bytes) -> list[bytes]:
    return [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]


def form(upload_id: str, index: int, piece: bytes, sha256: str) -> bytes:
    fields = {"upload_id": upload_id, "chunk_index": index} | ({"sha256": sha256} if sha256 else {})
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="chunk"; filename="chunk"\r\n\r\n'
    return head.encode() + piece + f"\r\n--{BOUNDARY}--\r\n".encode()


def ours(url: str, token: str, content: bytes, streams: int, hashed: bool, measured: Measured) -> float:
    caller = Client(url, f"Bearer {token}")
    parts = pieces(content)
    asked = {"filename": "talk.mp4", "file_size": len(content), "total_chunks": len(parts)}
    begun = time.perf_counter()
    upload_id = caller.post("/api/chunked-upload/init", asked)["upload_id"]

    def send(client: Client, index: int) -> None:
        sha256 = hashlib.sha256(parts[index]).hexdigest() if hashed else ""
        client.send("POST", "/api/chunked-upload/chunk", form(upload_id, index, parts[index], sha256), FORM)

    in_streams(streams, len(parts), lambda: Client(url, f"Bearer {token}"), send)
    last = time.perf_counter()
    with contextlib.suppress(RuntimeError):  # 202 is no error here
        caller.post("/api/chunked-upload/complete", {"upload_id": upload_id})
    end = time.perf_counter()
    measured.complete.append((end - last) * 1000)
    assert proven_hash(caller, upload_id) == hashlib.sha256(content).hexdigest()
    return end - begun


def proven_hash(caller: Client, upload_id: str) -> str:
    while True:
        state = caller.send("GET", f"/api/chunked-upload/{upload_id}", b"", {})
        if state["status"] == "done":
            return caller.send("GET", f"/upload/{state['doc_id']}", b"", {})["doc_hash_256"]
        assert state["status"] == "verifying", state
        time.sleep(0.2)


def tus(url: str, files: Path, content: bytes) -> float:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    begun = time.perf_counter()
    connection.request("POST", "/files/", b"", {**TUS, "Upload-Length": str(len(content))})
    answer = connection.getresponse()
    answer.read()
    place = urlsplit(answer.headers["Location"]).path
    for number, piece in enumerate(pieces(content)):
        connection.request("PATCH", place, piece, {**TUS, "Upload-Offset": str(number * CHUNK)})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 204, answer.status
    seconds = time.perf_counter() - begun
    assert hash_of(files / place.rsplit("/", 1)[-1]) == hashlib.sha256(content).hexdigest()
    return seconds


def nginx(url: str, files: Path, content: bytes, streams: int) -> float:
    parts = pieces(content)
    begun = time.perf_counter()

    def send(client: http.client.HTTPConnection, index: int) -> None:
        client.request("PUT", f"/{index}", parts[index])
        client.getresponse().read()

    in_streams(streams, len(parts), lambda: http.client.HTTPConnection(urlsplit(url).netloc, timeout=60), send)
    seconds = time.perf_counter() - begun
    assert sum((files / str(index)).stat().st_size for index in range(len(parts))) == len(content)
    return seconds


def in_streams(count: int, chunks: int, connect: Callable, send: Callable) -> None:
    left = iter(range(chunks))

    def stream(_: int) -> None:
        client = connect()
        for index in left:
            send(client, index)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(stream, range(count)))


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def peak_memory(program: Program, measured: Measured) -> Iterator[None]:
    idle, most, done = memory_mib(program), [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            most[0] = max(most[0], memory_mib(program))

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    done.set()
    thread.join()
    measured.memory.append(max(0.0, most[0] - idle))


# --- What it runs on ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def our_house(folder: Path) -> Iterator[tuple[Web, str]]:
    services = [PostgreSQL(folder / "postgresql"), Redis(folder / "redis")]
    with all_running(*services):
        port = free_port()
        environment = {**os.environ, **settings_for(folder, services), **NO_LIMIT, "UPLOAD_OPEN_SESSIONS": "1000"}
        environment |= {"PUBLIC_URL": f"http://127.0.0.1:{port}", "SECRET_KEY": "only-for-this-benchmark" * 3}
        (folder / "data").mkdir()
        prepare = [sys.executable, MANAGE, "prepare", "--test-users"]
        printed = subprocess.run(prepare, env=environment, check=True, capture_output=True, text=True).stdout
        tokens = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
        web = Web(port, environment)
        with all_running(web, *background(environment, folder / "data")):
            yield web, tokens["ATS_TOKEN"]


def tuspyserver(folder: Path) -> tuple[Server, Path]:
    """Of today, in an environment of its own."""
    python, files, port = folder / "venv/bin/python", folder / "tus", free_port()
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    packages = ["tuspyserver", "uvicorn", "fastapi"]
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    (folder / "tus.py").write_text(TUSPY)
    files.mkdir()
    return Server("tuspyserver", [python, folder / "tus.py", str(port), files], port), files


def nginx_server(folder: Path) -> tuple[Server, Path]:
    port = free_port()
    (folder / "files").mkdir()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    command: list[str | Path] = ["nginx", "-p", folder, "-c", folder / "nginx.conf"]
    return Server("nginx", command, port), folder / "files"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mib", type=int, default=1024, help="size of the file")
    arguments.add_argument("--rounds", type=int, default=3)
    asked = arguments.parse_args()
    content = b"\x00\x00\x00\x18ftypisom" + os.urandom(asked.mib * 2**20 - 12)
    with temporary_folder() as folder, contextlib.ExitStack() as running:
        web, token = running.enter_context(our_house(folder))
        tus_server, tus_files = tuspyserver(folder)
        running.enter_context(all_running(tus_server))
        ways = our_ways(web, token, content)
        ways["tuspyserver, 1 stream"] = lambda _: tus(f"http://127.0.0.1:{tus_server.port}", tus_files, content)
        if shutil.which("nginx"):
            limit, files = nginx_server(folder)
            running.enter_context(all_running(limit))
            url = f"http://127.0.0.1:{limit.port}"
            ways["nginx, 1 stream"] = lambda _: nginx(url, files, content, 1)
            ways["nginx, 4 streams"] = lambda _: nginx(url, files, content, 4)
        warm_up(web, token)
        results = {name: Measured() for name in ways}
        for _ in range(asked.rounds):
            for name, way in ways.items():
                results[name].seconds.append(way(results[name]))
    show(results, asked.mib)


def warm_up(web: Web, token: str) -> None:
    """Each process and thread has served a call before its memory at rest is read."""
    for _ in range(2):
        ours(web.url, token, b"\x00\x00\x00\x18ftypisom" + os.urandom(32 * CHUNK), 16, True, Measured())


def our_ways(web: Web, token: str, content: bytes) -> dict[str, Callable[[Measured], float]]:
    def way(streams: int, hashed: bool) -> Callable[[Measured], float]:
        def run(measured: Measured) -> float:
            with peak_memory(web, measured):
                return ours(web.url, token, content, streams, hashed, measured)

        return run

    return {
        "ours, 4 streams, SHA-256 of each chunk": way(4, True),
        "ours, 4 streams": way(4, False),
        "ours, 1 stream": way(1, False),
    }


def show(results: dict[str, Measured], mib: int) -> None:
    best = statistics.median(results["ours, 4 streams, SHA-256 of each chunk"].seconds)
    rows = [("", "seconds", "MB/s", "time of ours with SHA-256 : this", "MiB above idle", "complete ms")]
    for name, measured in results.items():
        seconds = statistics.median(measured.seconds)
        memory = f"{max(measured.memory):.0f}" if measured.memory else ""
        complete = f"{statistics.median(measured.complete):.0f}" if measured.complete else ""
        rows.append(
            (name, f"{seconds:.2f}", f"{mib * 2**20 / 1e6 / seconds:.0f}", f"{best / seconds:.2f}", memory, complete)
        )
    table(f"{mib} MiB in chunks of 5 MiB, over loopback, medians of {len(results[next(iter(results))].seconds)}", rows)
    if not shutil.which("nginx"):
        print("nginx is not on the PATH, so the limit was not measured.")


if __name__ == "__main__":
    main()
