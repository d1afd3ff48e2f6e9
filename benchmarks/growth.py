"""What is asked of tables that grow: `.venv/bin/python -m benchmarks.growth`. On PostgreSQL; about ten minutes.

The look-up of a hash and the statement behind a presign, for new hashes and known ones, with ten thousand documents and
with five million; then removing expired sessions of the desk and of uploads, beside one statement that removes as
many. Medians of alternating rounds, one connection, fsync off.
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
from datetime import timedelta

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
_UPLOADS = """
INSERT INTO upload_sessions (upload_id, user_id, filename, file_size, chunk_size, total_chunks, key, status, expires_at,
    created_at, updated_at)
SELECT gen_random_uuid(), (SELECT min(id) FROM auth_user), 'talk.mp4', 5000000, 5242880, 1, 'sessions/' || n || '.mp4',
    'expired', now() - interval '3 days', now() - interval '3 days',
    now() - make_interval(days => CASE WHEN n %% 12 = 0 THEN 0 ELSE 2 END)
FROM generate_series(1, %s) AS n
"""
# What is removed → the table, the statement that fills it, the one that removes as much as ours.
_REMOVED = {
    "sessions of the desk": ("django_session", _SESSIONS, "DELETE FROM django_session WHERE expire_date < now()"),
    "upload sessions": (
        "upload_sessions",
        _UPLOADS,
        "DELETE FROM upload_sessions WHERE status IN ('done', 'failed', 'expired', 'cancelled')"
        " AND updated_at < now() - interval '1 day'",
    ),
}


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
    """`count` of each kind, eleven of twelve over."""
    from django.contrib.auth.models import User

    User.objects.get_or_create(username="uploader")
    for kind, (name, fill, statement) in _REMOVED.items():
        one, ours, longest, grown = [], [], [], []
        with connected(environment) as plain:
            for _ in range(rounds):
                _fill(plain, name, fill, count)
                begun = time.perf_counter()
                plain.execute(statement)
                one.append(time.perf_counter() - begun)
                _fill(plain, name, fill, count)
                idle, begun = _peak_mib(), time.perf_counter()
                longest.append(max(_held_while(_removal_of(kind))))
                ours.append(time.perf_counter() - begun), grown.append(_peak_mib() - idle)
        beside, mine = statistics.median(one), statistics.median(ours)
        rows = [
            ("", "measured", "target"),
            ("one statement", f"{beside:.2f} s", ""),
            ("ours", f"{mine:.2f} s", ""),
            ("ours / one statement", f"{mine / beside:.2f}", "<= 2.5"),
            ("longest transaction of ours", f"{statistics.median(longest) * 1000:.0f} ms", "<= 25 ms"),
            ("memory", f"{max(grown):+.1f} MiB", "flat"),
        ]
        table(f"Removing those that are over of {count:,} {kind}", rows)


def _fill(plain: psycopg.Connection, name: str, fill: str, count: int) -> None:
    plain.execute(f"TRUNCATE {name} CASCADE")  # type: ignore[arg-type]  # our own word
    plain.execute(fill, [count])  # type: ignore[arg-type]
    plain.execute(f"VACUUM ANALYZE {name}")  # type: ignore[arg-type]


def _removal_of(kind: str) -> Callable[[], object]:
    from django.contrib.sessions.models import Session
    from django.db.models.functions import Now

    from uploads.cleanup import Cleanup
    from uploads.management.commands.prune_records import prune_rows

    if kind == "upload sessions":
        return Cleanup(timedelta(days=1)).remove_sessions
    return lambda: prune_rows(Session.objects.filter(expire_date__lt=Now()), dry_run=False)


def _held_while(work: Callable[[], object]) -> list[float]:
    """How long each transaction of `work` lasted from its first statement, in seconds: so long are its locks held."""
    from django.db import connection, transaction

    held: list[float] = []

    def watch(execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
        if connection.in_atomic_block and not connection.run_on_commit:
            begun = time.perf_counter()
            transaction.on_commit(lambda: held.append(time.perf_counter() - begun))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        work()
    return held


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
