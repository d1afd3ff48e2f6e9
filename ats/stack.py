"""One running house: its programs, their environment, and the order in which they start."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from ats.private_files import read_or_make
from ats.processes import Program, guardian
from ats.services.base import Service, temporary_folder
from ats.services.redis import Redis
from ats.supervisor import Supervisor

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
LONGEST_SOCKET_PATH = 100  # bytes; systems allow 104 to 108
LOCK_PATIENCE = 6.0  # seconds; what a killed copy left is cleared away in less


class CannotStart(Exception):
    """With a sentence that helps."""


class Web(Program):
    """The web server production uses. Many threads, because each client that sends slowly holds one, and one costs half
    a megabyte: with 2×4 a health check waits 11 s behind 12 slow uploads, with 2×16 milliseconds behind 24."""

    def __init__(self, port: int, environment: Mapping[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        options = [
            "--bind", f"127.0.0.1:{port}", "--worker-class", "ats.web_server.Threads", "--workers", "2",
            "--threads", "16", "--max-requests", "20000", "--max-requests-jitter", "2000", "--graceful-timeout", "30",
            "--preload", "--no-control-socket",  # else it opens one in the home directory
            *(["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []),  # noqa: S108 (heartbeats)
        ]  # fmt: skip
        command = [sys.executable, "-m", "gunicorn", "ats.wsgi:application", *options]
        super().__init__("web", command, environment)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310 (our own address)
                return self.alive and answer.status == 200
        except OSError:
            return False


class Worker(Program):
    """Reads, verifies, sweeps."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        options = ["--queues", "sweeps,ats,ocr", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "ats", "worker", "--loglevel", "WARNING", *options]
        super().__init__("worker", command, environment)
        broker = environment["REDIS_URL"].replace("unix://", "redis+socket://")
        self.celery = Celery(broker=broker, set_as_current=False)

    def ready(self) -> bool:
        try:
            return self.alive and bool(self.celery.control.ping(timeout=0.5, limit=1))
        except (OperationalError, RedisError):  # the second: this connection is from before the broker was restarted
            return False


def background(environment: Mapping[str, str], data_dir: Path) -> list[Program]:
    """Worker and schedule; without a broker one loop over the rows, which are the queue."""
    if not environment.get("REDIS_URL"):
        return [Program("work", [sys.executable, MANAGE, "work"], environment)]
    schedule = ["--loglevel", "WARNING", "--schedule", str(data_dir / "schedule"), "--pidfile", ""]
    beat = Program("beat", [sys.executable, "-m", "celery", "--quiet", "-A", "ats", "beat", *schedule], environment)
    return [Worker(environment), beat]


def start(
    supervisor: Supervisor, services: list[Service], settings: Mapping[str, str], port: int, test_users: bool
) -> None:
    """The whole house, in order: services, tables and people, then web, worker and schedule."""
    data_dir = Path(settings["ATS_DATA_DIR"])
    refuse_taken_port(port)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **settings}
    environment["PUBLIC_URL"] = environment.get("PUBLIC_URL") or f"http://127.0.0.1:{port}"
    made_up_key = read_or_make(data_dir / "secret-key", lambda: secrets.token_urlsafe(50))
    environment["SECRET_KEY"] = environment.get("SECRET_KEY") or made_up_key
    for service in services:
        environment |= service.settings()
    supervisor.start(*services)
    prepare = [sys.executable, str(MANAGE), "prepare", *(["--test-users"] if test_users else [])]
    supervisor.run(Program("", prepare, environment))
    supervisor.start(Web(port, environment), *background(environment, data_dir))


def run(supervisor: Supervisor, data_dir: Path, port: int, *, test_users: bool, no_broker: bool) -> None:
    """`make run`: until we are asked to end. What it writes, CVs among it, is for this account alone."""
    os.umask(0o077)
    settings = {"ATS_DATA_DIR": str(data_dir), **({"REDIS_URL": ""} if no_broker else {})}
    embedded_redis = not no_broker and not os.environ.get("REDIS_URL") and Redis.available()
    with locked(data_dir), contextlib.ExitStack() as stack:
        services: list[Service] = []
        if embedded_redis:
            folder = data_dir / "redis"
            too_long = len(os.fsencode(folder / "redis.sock")) > LONGEST_SOCKET_PATH
            services.append(Redis(folder, socket_folder=stack.enter_context(temporary_folder()) if too_long else None))
        stack.enter_context(supervisor)
        start(supervisor, services, settings, port, test_users)
        login = json.loads((data_dir / "demo-login.json").read_text())
        url = f"http://127.0.0.1:{port}"
        supervisor.console.say(
            f"ready {url}",
            f"The desk is {url}/admin/",
            f"Name: {login['username']}",
            f"Password: {login['password']}",
        )
        supervisor.watch()


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """One copy for one folder. The guardian holds the lock, too, until it has cleared away what a killed copy left."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("a") as lock:
        limit = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > limit:
                    raise CannotStart(
                        f"Another copy runs on {data_dir}: stop it, or give this one a folder and a port of its own, "
                        "as in: make run DATA_DIR=other PORT=8001"
                    ) from None
                time.sleep(0.1)
        guardian.locks.append(lock.fileno())
        try:
            yield
        finally:
            guardian.locks.clear()


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(f"Port {port} is taken: choose another, as in: make run PORT={port + 1}") from error
