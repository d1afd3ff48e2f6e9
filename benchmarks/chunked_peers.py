"""The servers that uploads in chunks are compared with. Those from the registry get environments of their own."""

from __future__ import annotations

import contextlib
import http.client
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ats.processes import Program, free_port
from benchmarks import chunked_clients as clients
from benchmarks.chunked_clients import Made
from benchmarks.house import make_database

DJANGO = {
    "drf-chunked-upload": clients.drf_chunked_upload,
    "django-chunked-upload": clients.django_chunked_upload,
    "django-drf-filepond": clients.filepond,
}
TODAY, OLD = ["Django>=5.2,<5.3", "psycopg[binary]"], ["Django>=3.2,<4", "psycopg2-binary"]
BENEATH = {"django-chunked-upload": OLD}  # it does not start under any later Django
TUSPY = """
import sys, uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router
app = FastAPI()
app.include_router(create_tus_router(files_dir=sys.argv[2], prefix="files", max_size=2**40))
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""
NGINX = """
{user} daemon off; error_log {folder}/error.log; pid {folder}/nginx.pid; worker_processes 2; events {{}}
http {{ access_log off; client_max_body_size 0; client_body_temp_path {folder}/body;
  server {{ listen 127.0.0.1:{port}; root {folder}/files;
    location / {{ dav_methods PUT; create_full_put_path on; }} }} }}
"""


class Server(Program):
    def __init__(self, name: str, command: list[str | Path], port: int, environment: dict[str, str]) -> None:
        super().__init__(name, command, {"PATH": os.environ["PATH"], **environment})
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def ready(self) -> bool:
        with (
            contextlib.suppress(OSError),
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as ask,
        ):
            ask.request("GET", "/")
            return ask.getresponse().status > 0
        return False


@dataclass
class Peer:
    """A server, the folder its files lie in, and the ways it is measured: by name, what sends a file to it."""

    server: Server
    files: Path
    ways: dict[str, Callable[[Made], float]]
    keeps_whole: bool = True

    def assert_whole(self, file: Made) -> None:
        if self.keeps_whole:
            assert clients.found(self.files, file), f"{self.server.name} has not kept what was sent"
        else:
            kept = sum(path.stat().st_size for path in self.files.iterdir())
            assert kept == file.size, f"{self.server.name} has {kept} bytes"

    def clear(self) -> None:
        for path in self.files.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def install(folder: Path, *packages: str) -> Path:
    """The Python of an environment with these packages of today, made where there is none yet.

    Raises CalledProcessError when that fails.
    """
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin/python"
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return python


def nginx(folder: Path, _: Path) -> Peer:
    """Its workers would drop to an account that may not write into the folder; they stay with ours."""
    port, files = free_port(), folder / "files"
    files.mkdir(parents=True)
    account = pwd.getpwuid(os.geteuid()).pw_name
    user = f"user {account};" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, user=user))
    server = Server("nginx", ["nginx", "-p", folder, "-c", folder / "nginx.conf"], port, {})

    def durable(file: Made) -> float:
        begun = time.perf_counter()
        clients.put(server.url, file, 4)
        clients.sync(files)
        return time.perf_counter() - begun

    ways: dict[str, Callable[[Made], float]] = {
        "nginx, PUT per chunk, 4 streams, then its files synced": durable,
        "nginx, PUT per chunk, 1 stream": lambda file: clients.put(server.url, file, 1),
        "nginx, PUT per chunk, 4 streams": lambda file: clients.put(server.url, file, 4),
    }
    return Peer(server, files, ways, keeps_whole=False)


def tuspyserver(folder: Path, environment: Path) -> Peer:
    port, files = free_port(), folder / "files"
    files.mkdir(parents=True)
    python = install(environment, "tuspyserver", "uvicorn", "fastapi")
    (folder / "serve.py").write_text(TUSPY)
    server = Server("tuspyserver", [python, folder / "serve.py", str(port), files], port, {})
    return Peer(server, files, {"tuspyserver, 1 stream": lambda file: clients.tus(server.url, file)})


def django_peer(name: str, folder: Path, own: Path, database_url: str) -> Peer:
    """Under the same web server and on the same PostgreSQL as ours."""
    folder.mkdir(parents=True)
    python, port = install(own, name, "gunicorn", *BENEATH.get(name, TODAY)), free_port()
    database = make_database(database_url, name.replace("-", "_"))
    environment = {"PEER": name, "PEER_FOLDER": str(folder), "PEER_DATABASE_URL": database}
    program = Path(__file__).with_name("peers") / "uploads.py"
    subprocess.run([python, program], env={"PATH": os.environ["PATH"], **environment}, check=True)
    options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "2", "--threads", "16"]
    command = [python, "-m", "gunicorn", "--chdir", program.parent, "uploads:application", *options]
    server = Server(name, [*command, "--preload", "--no-control-socket"], port, environment)
    return Peer(server, folder / "media", {f"{name}, 1 stream": lambda file: DJANGO[name](server.url, file)})


def all_peers(folder: Path, environments: Path, database_url: str, wanted: str) -> tuple[list[Peer], list[str]]:
    """Those whose name has the word in it, and a sentence on each of those that cannot be had."""
    makers: dict[str, Callable[[Path, Path], Peer]] = {"nginx": nginx, "tuspyserver": tuspyserver}
    for name in DJANGO:
        makers[name] = lambda files, own, name=name: django_peer(name, files, own, database_url)
    peers, absent = [], []
    for name, make in makers.items():
        if wanted not in name:
            continue
        if name == "nginx" and not shutil.which("nginx"):
            absent.append("nginx is not on the PATH: the limit was not measured.")
            continue
        try:
            peers.append(make(folder / name, environments / name))
        except subprocess.CalledProcessError as error:
            absent.append(f"{name} could not be set up: {error}")
    return peers, absent
