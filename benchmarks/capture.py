"""Capture and upload request against their peers, in one run: `.venv/bin/python -m benchmarks.capture`.

Ours has everything on: token, rights, validation, limit, ledger, durable rows, signature, and at `metadata` the proof
of the bytes. The peers run under the same web server, on the same PostgreSQL, Redis and S3.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import signal
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg

from benchmarks.house import Client, House, Round, house, load, made_up_cv, median, memory_mib, table

Work = Callable[[int], Callable[[], object]]
PDF = {"Content-Type": "application/pdf"}
BOUNDARY = b"a-boundary-that-no-made-up-file-holds"
_serial = itertools.count()


def presign_payload(sha256: str = "", size: int = 245_000) -> dict:
    sha256 = sha256 or hashlib.sha256(f"{time.time_ns()}{next(_serial)}".encode()).hexdigest()
    name = "Naukri_AshaVerma.pdf"
    return {
        "file_name": name,
        "file_size": size,
        "file_type": "application/pdf",
        "sha256": sha256,
        "source": "download",
    }


def presigns(built: House) -> dict[str, Work]:
    bearer, token = f"Bearer {built.token}", f"Token {built.peers_token}"
    known = presign_payload()

    def posting(url: str, authorization: str, path: str, payload: Callable[[], dict]) -> Work:
        def work(number: int) -> Callable[[], object]:
            client = Client(url, authorization)
            return lambda: client.post(path, payload())

        return work

    def request_payload() -> dict:
        fresh = presign_payload()
        return {"doc_name": fresh["file_name"], "doc_hash_256": fresh["sha256"], "file_size": fresh["file_size"]}

    return {
        "presign, new hash": posting(built.url, bearer, "/api/cv-capture/presign", presign_payload),
        "presign, known hash": posting(built.url, bearer, "/api/cv-capture/presign", lambda: known),
        "upload request": posting(built.url, bearer, "/upload/request", request_payload),
        "conventional": posting(built.peers_url, token, "/conventional", presign_payload),
        "plain view": posting(built.peers_url, "", "/plain", presign_payload),
    }


def captures(built: House) -> dict[str, Work]:
    return {"capture": capturing(built), "FileField → S3": file_field(built), "bare PUT": bare_put(built)}


def capturing(built: House) -> Work:
    def work(number: int) -> Callable[[], object]:
        client, store = Client(built.url, f"Bearer {built.token}"), Client(built.environment["S3_ENDPOINT_URL"])
        return lambda: capture_one(client, store)

    return work


def capture_one(client: Client, store: Client) -> dict:
    """As the desktop monitor does it; returns the answer of `metadata`."""
    content, sha256 = made_up_cv()
    payload = presign_payload(sha256, len(content))
    presigned = client.post("/api/cv-capture/presign", payload)
    store.send("PUT", _path(presigned["s3_url"]), content, PDF)
    return client.post("/api/cv-capture/metadata", {**payload, "s3_key": presigned["s3_key"]})


def file_field(built: House) -> Work:
    return sending_forms(built.peers_url, f"Token {built.peers_token}", "/filefield", "file")


def sending_forms(url: str, authorization: str, path: str, part: str, before: Callable[[], bytes] = bytes) -> Work:
    """Forms with a CV as `part`, behind what `before` makes anew for each."""
    name = f'Content-Disposition: form-data; name="{part}"; filename="cv.pdf"'.encode()
    head = b"--" + BOUNDARY + b"\r\n" + name + b"\r\nContent-Type: application/pdf\r\n\r\n"
    form = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}

    def work(number: int) -> Callable[[], object]:
        client = Client(url, authorization)
        tail = b"\r\n--" + BOUNDARY + b"--\r\n"
        return lambda: client.send("POST", path, before() + head + made_up_cv()[0] + tail, form)

    return work


def bare_put(built: House) -> Work:
    """URLs are made beforehand: nothing but the store is measured."""

    def work(number: int) -> Callable[[], object]:
        signer = Client(built.url, f"Bearer {built.token}")
        store, content = Client(built.environment["S3_ENDPOINT_URL"]), made_up_cv()[0]
        sized = (presign_payload(size=len(content)) for _ in range(400))
        paths = itertools.cycle([_path(signer.post("/api/cv-capture/presign", one)["s3_url"]) for one in sized])
        return lambda: store.send("PUT", next(paths), content, PDF)

    return work


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def compare(works: dict[str, Work], connections: int, seconds: float, rounds: int) -> dict[str, Round]:
    """Alternating rounds; the median of each."""
    for work in works.values():
        load(work, connections, 1)
    measured: dict[str, list[Round]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            measured[name].append(load(work, connections, seconds))
    return {name: median(found) for name, found in measured.items()}


def report(title: str, found: dict[str, Round], ratios: list[tuple[str, str, str]]) -> None:
    rows = [("", "calls/s", "p50 ms", "p99 ms", "p99/p50")]
    for name, one in found.items():
        rows.append((name, f"{one.rate:.0f}", f"{one.p50:.1f}", f"{one.p99:.1f}", f"{one.p99 / one.p50:.1f}"))
    table(title, rows)
    for ours, peer, target in ratios:
        print(f"{ours} / {peer}: {found[ours].rate / found[peer].rate:.2f} (target {target})", flush=True)


def on_the_desk(built: House, alone: int, burst: int) -> None:
    """From the answer of `metadata` to a candidate in the database: alone, and as a rate with a queue."""
    client, store = Client(built.url, f"Bearer {built.token}"), Client(built.environment["S3_ENDPOINT_URL"])
    url = built.environment["DATABASE_URL"].replace("postgres://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as database:
        waits = []
        wait_for_readers(database)
        for _ in range(alone):
            doc_id = capture_one(client, store)["doc_id"]
            waits.append(_seconds_until_read(database, doc_id))
        waits.sort()
        begun = time.perf_counter()
        for _ in range(burst):
            capture_one(client, store)
        sent = time.perf_counter() - begun
        wait_for_readers(database)
        read = time.perf_counter() - begun
    rows = [
        ("", "measured", "target"),
        ("metadata → desk, p50", f"{statistics.median(waits):.3f} s", ""),
        ("metadata → desk, p95", f"{waits[int(len(waits) * 0.95)]:.3f} s", "0.2 s"),
        (f"{burst} captured in {sent:.1f} s and read in {read:.1f} s", f"{burst / read:.0f} CVs/s", "35 CVs/s"),
    ]
    table("From capture to candidate", rows)


def _seconds_until_read(database: psycopg.Connection, doc_id: str) -> float:
    begun = time.perf_counter()
    while time.perf_counter() - begun < 60:
        row = database.execute("SELECT parse_status FROM documents WHERE doc_id = %s", [doc_id]).fetchone()
        if row and row[0] in ("completed", "failed"):
            return time.perf_counter() - begun
        time.sleep(0.003)
    raise RuntimeError("not read within a minute")


def wait_for_readers(database: psycopg.Connection) -> None:
    waiting = "SELECT count(*) FROM documents WHERE parse_status IN ('pending', 'running')"
    while (row := database.execute(waiting).fetchone()) and row[0]:
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--alone", type=int, default=40, help="captures timed one by one")
    parser.add_argument("--burst", type=int, default=200, help="captures sent at once")
    options = parser.parse_args()
    with house() as built:
        found = compare(presigns(built), 8, options.seconds, options.rounds)
        ours = [("presign, new hash", "conventional", ">= 2"), ("presign, new hash", "plain view", ">= 0.5")]
        report("Presign, 8 connections", found, [*ours, ("presign, known hash", "presign, new hash", ">= 1")])
        on_the_desk(built, options.alone, options.burst)
        idle = memory_mib(built.web)
        built.worker.signal(signal.SIGSTOP)  # the peers read nothing either; the row above has the reading
        found = compare(captures(built), 4, options.seconds, options.rounds)
        built.worker.signal(signal.SIGCONT)
        report("245 kB PDF into S3, 4 clients", found, [("capture", "FileField → S3", ">= 1.4")])
        grown = memory_mib(built.web) - idle
        print(f"web memory: {idle:.0f} MiB idle, {grown:+.0f} MiB after the captures (target <= +20)", flush=True)


if __name__ == "__main__":
    main()
