"""What is asked of tables that grow: `.venv/bin/python -m benchmarks.growth`. On PostgreSQL; about ten minutes.

The look-up of a hash and the statement behind a presign, for new hashes and known ones, with ten thousand documents and
with five million; then removing expired sessions, beside one statement that removes as many. Medians of alternating
rounds, one connection, fsync off.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable

import django
import psycopg

from benchmarks.house import MANAGE, table
from benchmarks.search import databases

Ask = Callable[[psycopg.Connection, str], None]
SIZES = [10_000, 5_000_000]
CALLS = 2_000  # in a round
_FILL = """
INSERT INTO documents (doc_id, doc_hash_256, original_filename, file_size_bytes, content_type, s3_key, upload_status,
    verified_at)
SELECT gen_random_uuid(), encode(sha256(n::text::bytea), 'hex'), 'cv.pdf', 50000, 'application/pdf',
    'documents/' || encode(sha256(n::text::bytea), 'hex') || '.pdf', 'UPLOAD_COMPLETE', now()
FROM generate_series(1, %s) AS n
"""
_SESSIONS = """
INSERT INTO django_session (session_key, session_data, expire_date)
SELECT md5(n::text), repeat('x', 80), now() + make_interval(hours => CASE WHEN n %% 12 = 0 THEN 12 ELSE -12 END)
FROM generate_series(1, %s) AS n
"""


def hash_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def connected(environment: dict[str, str]) -> psycopg.Connection:
    url = environment["DATABASE_URL"].replace("postgres://", "postgresql://")
    return psycopg.connect(url, autocommit=True, prepare_threshold=3)


# --- Documents --------------------------------------------------------------------------------------------------------


def documents(environments: list[dict[str, str]], sizes: list[int], rounds: int) -> None:
    from uploads.promise import promise_sql

    connections = [connected(environment) for environment in environments]
    for connection, size in zip(connections, sizes, strict=True):
        connection.execute(_FILL, [size])
        connection.execute("VACUUM ANALYZE documents")
    upsert, chance = promise_sql(), random.Random(1)

    def look_up(connection: psycopg.Connection, sha256: str) -> None:
        connection.execute("SELECT doc_id, upload_status FROM documents WHERE doc_hash_256 = %s", [sha256]).fetchone()

    def promise(connection: psycopg.Connection, sha256: str) -> None:
        facts = {"doc_id": uuid.uuid4(), "sha256": sha256, "name": "cv.pdf", "size": 50_000, "extend": False}
        connection.execute(upsert, {**facts, "type": "application/pdf", "key": f"{sha256}/cv.pdf", "term": 900})

    asked = {
        "look-up": (look_up, lambda size: hash_of(chance.randint(1, size))),
        "upsert, known hash": (promise, lambda size: hash_of(chance.randint(1, size))),
        "upsert, new hash": (promise, lambda size: hash_of(-chance.getrandbits(60))),
    }
    rows = [("", *(f"{size:,}" for size in sizes), "growth", "target")]
    for name, (ask, hashes) in asked.items():
        times: list[list[float]] = [[] for _ in sizes]
        for _ in range(rounds + 1):
            for found, connection, size in zip(times, connections, sizes, strict=True):
                chosen = [hashes(size) for _ in range(CALLS)]
                found.append(_each(ask, connection, chosen))
        medians = [statistics.median(found[1:]) for found in times]
        rows.append((name, *(f"{one:.3f}" for one in medians), f"{medians[-1] / medians[0]:.2f}", "<= 1.2"))
    table("Documents: milliseconds a call", rows)


def _each(ask: Ask, connection: psycopg.Connection, hashes: list[str]) -> float:
    """The median of a round, in milliseconds."""
    times = []
    for sha256 in hashes:
        begun = time.perf_counter()
        ask(connection, sha256)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


# --- Sessions ---------------------------------------------------------------------------------------------------------


def sessions(environment: dict[str, str], count: int, rounds: int) -> None:
    """`count` of them, eleven of twelve expired."""
    statement, ours, worst, grown = [], [], [], []
    with connected(environment) as plain:
        for _ in range(rounds):
            _fill_sessions(plain, count)
            begun = time.perf_counter()
            plain.execute("DELETE FROM django_session WHERE expire_date < now()")
            statement.append(time.perf_counter() - begun)
            _fill_sessions(plain, count)
            idle = _peak_mib()
            times = _prune()
            ours.append(sum(times)), worst.append(max(times)), grown.append(_peak_mib() - idle)
    one, all_of_ours = statistics.median(statement), statistics.median(ours)
    rows = [
        ("", "measured", "target"),
        ("one statement", f"{one:.2f} s", ""),
        ("ours", f"{all_of_ours:.2f} s", ""),
        ("ours / one statement", f"{all_of_ours / one:.2f}", "<= 2.5"),
        ("longest statement of ours", f"{statistics.median(worst) * 1000:.0f} ms", "<= 25 ms"),
        ("memory", f"{max(grown):+.1f} MiB", "flat"),
    ]
    table(f"Removing the expired of {count:,} sessions", rows)


def _fill_sessions(plain: psycopg.Connection, count: int) -> None:
    plain.execute("TRUNCATE django_session")
    plain.execute(_SESSIONS, [count])
    plain.execute("VACUUM ANALYZE django_session")


def _prune() -> list[float]:
    """How long each statement took, in seconds."""
    from django.contrib.sessions.models import Session
    from django.db.models.functions import Now

    from uploads.management.commands.prune_records import stretches

    times = []
    for stretch in stretches(Session.objects.filter(expire_date__lt=Now())):
        begun = time.perf_counter()
        stretch.delete()
        times.append(time.perf_counter() - begun)
    return times


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--sessions", type=int, default=1_200_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with databases("postgresql", asked.sizes) as environments:
        for environment in environments:
            subprocess.run([sys.executable, MANAGE, "migrate", "--verbosity", "0"], env=environment, check=True)
        os.environ.update(environments[0])
        django.setup()
        sessions(environments[0], asked.sessions, asked.rounds)
        documents(environments, asked.sizes, asked.rounds)


if __name__ == "__main__":
    main()
