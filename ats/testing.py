"""What `make test`, `make test-embedded`, `make test-faults` and `make serve-test` do:
`python -m ats.testing test|embedded|faults|serve [ARGS]`.

PostgreSQL, Redis and S3 are real; they run on free ports in a folder that is removed at the end, however that comes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ats import stack
from ats.console import Console
from ats.processes import NotReady, Parent, all_running, free_port, guardian
from ats.services.base import Service, temporary_folder
from ats.services.postgresql import PostgreSQL
from ats.services.redis import Redis
from ats.services.s3 import S3
from ats.supervisor import StepFailed, Supervisor

EMBEDDED = ["candidates", "ats/tests/test_erasing.py"]
NO_TESTS_COLLECTED = 5  # pytest's exit status
STOP_WITHIN = 20.0  # seconds for pytest to take its fixtures down
# A file's tests stay together, for they share what they started. Half of the time is waiting: one more than processors.
SIDE_BY_SIDE = ["--numprocesses", str((os.cpu_count() or 1) + 1), "--dist", "loadfile", "--no-loadscope-reorder"]
# Whatever the caller's shell or .env says of these, the tests say otherwise. An empty value means: not set.
OURS = (
    "ATS_ENVIRONMENT", "DATABASE_URL", "DEBUG", "LOG_DIR", "PUBLIC_URL", "REDIS_URL", "S3_ACCESS_KEY_ID", "S3_BUCKET",
    "S3_ENDPOINT_URL", "S3_PUBLIC_ENDPOINT_URL", "S3_REGION", "S3_SECRET_ACCESS_KEY", "SECRET_KEY",
)  # fmt: skip


def full_services(folder: Path) -> list[Service]:
    return [PostgreSQL(folder / "postgresql"), Redis(folder / "redis", free_port()), S3(folder / "s3")]


def embedded_services(folder: Path) -> list[Service]:
    """What `make run` uses: SQLite, the disk, Redis on a socket where there is a Redis for this platform."""
    return [Redis(folder / "redis")] if Redis.available() else []


def settings_for(folder: Path, services: list[Service]) -> dict[str, str]:
    settings = {**dict.fromkeys(OURS, ""), "ATS_DATA_DIR": str(folder / "data")}
    for service in services:
        settings |= service.settings()
    return settings


@contextlib.contextmanager
def environment(*, full: bool) -> Iterator[dict[str, str]]:
    """The environment of a test run; its services run meanwhile."""
    with temporary_folder() as folder:
        services = full_services(folder) if full else embedded_services(folder)
        with all_running(*services):
            yield {**os.environ, **settings_for(folder, services)}


def run_pytest(environment: dict[str, str], *arguments: str) -> int:
    """Its exit status. It stays in the foreground, so that a debugger in a test can be typed to."""
    parent = Parent()
    pytest = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], env=environment)
    guardian.take_on("begin", pytest.pid)
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return pytest.wait(0.5)
            if parent.leaves():
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pytest.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.wait(STOP_WITHIN)
        raise
    finally:
        pytest.kill()
        pytest.wait()
        guardian.let_go("end", pytest.pid)


def test(arguments: list[str]) -> int:
    """Everything on the full stack; then, on the embedded default, the journeys and what must be alike on both. Side
    by side; what `arguments` choose in one process, where a debugger can be typed to."""
    with environment(full=True) as services:
        status = run_pytest(services, *(arguments or SIDE_BY_SIDE))
    if status:
        return status
    print("Once more: SQLite, the disk, embedded Redis.", flush=True)
    with environment(full=False) as services:
        status = run_pytest(services, "-m", "journey or both_databases", *(arguments or SIDE_BY_SIDE))
    return 0 if status == NO_TESTS_COLLECTED and arguments else status


def embedded(arguments: list[str]) -> int:
    """The rooms of people and search on SQLite, the disk and embedded Redis; or what `arguments` choose."""
    with environment(full=False) as services:
        return run_pytest(services, *(arguments or [*EMBEDDED, *SIDE_BY_SIDE]))


def faults(arguments: list[str]) -> int:
    with environment(full=True) as services:
        return run_pytest(services, "-m", "faults", *arguments)


def serve(arguments: list[str]) -> int:
    """The full stack with test users, until told to stop."""
    supervisor = Supervisor(Console(), leave_with_parent=True)
    with temporary_folder() as folder, supervisor:
        data_dir = folder / "data"
        data_dir.mkdir()
        settings = settings_for(folder, []) | {"ATS_DATA_DIR": str(data_dir)}
        stack.start(supervisor, full_services(folder), settings, free_port(), test_users=True)
        supervisor.console.say("ready")
        supervisor.watch()
    return 0


MODES = {"test": test, "embedded": embedded, "faults": faults, "serve": serve}


def main(mode: str, arguments: list[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return MODES[mode](arguments)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (NotReady, StepFailed, stack.CannotStart) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
