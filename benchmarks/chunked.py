"""Uploads in chunks against their peers, in one run on one machine: `.venv/bin/python -m benchmarks.chunked`.

Four parts, each a table; `--part` names those that are wanted:

disk    PostgreSQL, Redis, the disk as store, the web server of production. Beside it nginx (the limit), tuspyserver and
        the Django packages, which are installed into environments of their own. Ours syncs each chunk before it
        answers; none of the others does. A slow disk then decides: `--files /dev/shm` shows what the programs cost.
memory  What the web processes hold above rest at their peak, and what `complete` costs, for files of 64 MiB, 1 GiB and
        5 GiB (`--sizes`).
s3      SeaweedFS as store: through us, and by a client that speaks multipart to the store itself.
page    The page in Chromium, and curl sending the same chunks.

Alternating rounds, medians, each way begun with the disk at rest; every upload is read back.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from ats.processes import Program, all_running, free_port
from ats.services.base import temporary_folder
from ats.services.postgresql import PostgreSQL
from ats.services.redis import Redis
from ats.services.s3 import S3
from ats.stack import Web, background
from ats.testing import settings_for
from benchmarks.chunked_clients import Made, Ours, s3_multipart
from benchmarks.chunked_page import by_curl, by_page, signed_in
from benchmarks.chunked_peers import all_peers
from benchmarks.house import MANAGE, NO_LIMIT, memory_mib, table

HASHED = "ours, 4 streams, SHA-256 of each chunk"
Ways = dict[str, Callable[[], float]]


class House:
    """Our system running, and the services it runs on."""

    def __init__(self, web: Web, tokens: dict[str, str], environment: dict[str, str], s3: S3 | None) -> None:
        self.web, self.environment, self.s3 = web, environment, s3
        self.ours = Ours(web.url, tokens["ATS_TOKEN"])


@contextlib.contextmanager
def house(files: Path, on_s3: bool = False) -> Iterator[tuple[House, Path]]:
    """Yields the house and the folder that every file is stored in, ours and the peers'."""
    with temporary_folder() as folder, temporary_folder(files) as stored:
        s3 = S3(folder / "s3") if on_s3 else None
        services = [PostgreSQL(folder / "postgresql"), Redis(folder / "redis"), *([s3] if s3 else [])]
        with all_running(*services):
            port = free_port()
            limits = {"UPLOAD_OPEN_SESSIONS": "1000", "UPLOAD_OPEN_BYTES": str(2**50), "UPLOAD_MAX_BYTES": str(2**40)}
            environment = {**os.environ, **settings_for(stored, services), **NO_LIMIT, **limits}
            environment |= {"PUBLIC_URL": f"http://127.0.0.1:{port}", "SECRET_KEY": "only-for-this-benchmark" * 3}
            (stored / "data").mkdir()
            prepare = [sys.executable, MANAGE, "prepare", "--test-users"]
            printed = subprocess.run(prepare, env=environment, check=True, capture_output=True, text=True).stdout
            tokens = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
            web = Web(port, environment)
            with all_running(web, *background(environment, stored / "data")):
                built = House(web, tokens, environment, s3)
                warm_up(built.ours)
                yield built, stored


def warm_up(ours: Ours) -> None:
    """Each process and thread has served a call before its memory at rest is read."""
    for _ in range(2):
        ours.send(Made(32 * 5 * 2**20), 16, True)
    ours.complete_ms.clear()


def rounds(ways: Ways, count: int, after: Callable[[str], object] = lambda name: None) -> dict[str, list[float]]:
    """Seconds by way. The disk is at rest before each, and `after` looks at what came of it."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(count):
        for name, way in ways.items():
            gc.collect()
            os.sync()
            seconds[name].append(way())
            print(f"{name}: {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
            after(name)
    return seconds


@contextlib.contextmanager
def peak_memory(program: Program) -> Iterator[list[float]]:
    """[PSS at rest, PSS at the peak], in MiB, of a program and its children."""
    memory, done = [memory_mib(program)] * 2, threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            memory[1] = max(memory[1], memory_mib(program))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        done.set()
        thread.join()


def described(mib: int, of: str, count: int) -> str:
    return f"{of}: {mib} MiB in chunks of 5 MiB over loopback, medians of {count} alternating rounds"


def compare(title: str, file: Made, seconds: dict[str, list[float]], base: str) -> None:
    """A table whose last column says how many times as long as this way the base takes."""
    best = statistics.median(seconds[base])
    rows = [("", "seconds", "lowest - highest", "MB/s", f"{base} : this")]
    for name, each in seconds.items():
        middle = statistics.median(each)
        spread = f"{min(each):.2f} - {max(each):.2f}"
        rows.append((name, f"{middle:.2f}", spread, f"{file.size / 1e6 / middle:.0f}", f"{best / middle:.2f}"))
    table(title, rows)


# --- The parts --------------------------------------------------------------------------------------------------------


def on_disk(asked: argparse.Namespace) -> None:
    file = Made(asked.mib * 2**20)
    with house(asked.files) as (built, folder), contextlib.ExitStack() as running:
        peers, absent = all_peers(
            folder / "peers",
            asked.environments or folder / "environments",
            built.environment["DATABASE_URL"],
            asked.peers,
        )
        running.enter_context(all_running(*(peer.server for peer in peers)))
        ways: Ways = {
            HASHED: lambda: built.ours.send(file, 4, True),
            "ours, 4 streams": lambda: built.ours.send(file, 4, False),
            "ours, 1 stream": lambda: built.ours.send(file, 1, False),
        }
        keeper = {}
        for peer in peers:
            for name, way in peer.ways.items():
                ways[name], keeper[name] = (lambda way=way: way(file)), peer

        def after(name: str) -> None:
            if name in keeper:
                keeper[name].assert_whole(file)
                keeper[name].clear()

        seconds = rounds(ways, asked.rounds, after)
    compare(described(asked.mib, "On disk", asked.rounds), file, seconds, HASHED)
    print(*absent, sep="\n")


def in_memory(asked: argparse.Namespace) -> None:
    rows = [("", "MiB at rest", "MiB at the peak", "MiB above", "seconds", "complete, ms")]
    with house(asked.files) as (built, _):
        for mib in asked.sizes:
            file = Made(mib * 2**20)
            os.sync()
            built.ours.complete_ms.clear()
            with peak_memory(built.web) as memory:
                seconds = [built.ours.send(file, 4, True) for _ in range(asked.rounds if mib < 2048 else 1)]
            complete = ", ".join(f"{each:.0f}" for each in built.ours.complete_ms)
            above = f"{memory[1] - memory[0]:.0f}"
            rest, peak = (f"{each:.0f}" for each in memory)
            rows.append((f"{mib} MiB", rest, peak, above, f"{statistics.median(seconds):.2f}", complete))
    table("The web server (a parent and two processes of 16 threads, PSS) while 4 streams with SHA-256 send", rows)


def on_s3(asked: argparse.Namespace) -> None:
    file = Made(asked.mib * 2**20)
    with house(asked.files, on_s3=True) as (built, _):
        assert built.s3 is not None
        client, bucket = built.s3.client(), built.s3.BUCKET
        direct = "straight to the store, 4 streams"
        ways: Ways = {
            HASHED: lambda: built.ours.send(file, 4, True),
            "ours, 4 streams": lambda: built.ours.send(file, 4, False),
            direct: lambda: s3_multipart(client, bucket, file, 4),
        }
        seconds = rounds(ways, asked.rounds)
    compare(described(asked.mib, "On SeaweedFS", asked.rounds), file, seconds, direct)


def in_page(asked: argparse.Namespace) -> None:
    file = Made(asked.mib * 2**20)
    with house(asked.files) as (built, folder), signed_in(built.web.url, folder) as page:
        path = file.write_to(folder / "talk.mp4")
        ways: Ways = {
            "the page in Chromium": lambda: by_page(page, path),
            "curl, 4 at once": lambda: by_curl(built.ours, file, folder),
        }
        seconds = rounds(ways, asked.rounds)
    compare(described(asked.mib, "The page", asked.rounds), file, seconds, "curl, 4 at once")


PARTS = {"disk": on_disk, "memory": in_memory, "s3": on_s3, "page": in_page}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    arguments.add_argument("--mib", type=int, default=1024, help="size of the file")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[64, 1024, 5120], help="MiB, for the part memory")
    arguments.add_argument("--peers", default="", help="only peers with this word in their name, for the part disk")
    place = "where files are stored; /dev/shm leaves the disk out of it"
    arguments.add_argument("--files", type=Path, default=Path("/tmp"), help=place)  # noqa: S108 (as all services)
    arguments.add_argument("--environments", type=Path, help="where the peers' environments are kept for the next run")
    asked = arguments.parse_args()
    for part in asked.part:
        PARTS[part](asked)


if __name__ == "__main__":
    main()
