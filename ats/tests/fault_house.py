"""The full stack with a handle on each process, for tests that kill, stop and starve them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import requests

from ats.processes import NotReady, Program, all_running, free_port
from ats.services.base import temporary_folder
from ats.services.postgresql import PostgreSQL
from ats.services.redis import Redis
from ats.services.s3 import S3
from ats.stack import MANAGE, Web, background
from ats.testing import settings_for
from ats.tests.builders import CV, METADATA, PDF, PRESIGN
from ats.tests.crashing import ORDERS

PLACES = (
    "capture.views:_presigned",  # the row is there, the URL not yet answered
    "uploads.models:Document.mark_stored",  # the bytes are proven, nothing is committed
    "parsing.bell:nudge",  # committed, not yet published
    "parsing.tasks:read",  # a document is claimed
    "parsing.tasks:_record",  # it has been read, nothing is recorded
    "uploads.s3:S3Store.create_multipart",  # an upload session is there, the store knows nothing of it
    "uploads.disk:DiskStore.create_multipart",
    "uploads.sessions:UploadSession.record_chunk",  # a chunk is in the store, its row does not say so
    "uploads.chunked:_progress",  # the chunk has arrived, the answer has not gone out
    "uploads.sessions:UploadSession.complete",  # all chunks are there, completion was asked for
    "uploads.chunked:nudge",  # completed, not yet published
    "uploads.tasks:prove_session",  # an upload is claimed
    "uploads.session_proof:_check",  # its parts are one object
    "uploads.session_proof:_keep",  # its bytes are hashed, there is no document yet
)


OWNER = "ATS_TOKEN"


class FaultHouse:
    """PostgreSQL, Redis, S3, web, worker and schedule, each a `Program` with `kill`, `start` and `signal`.

    `on_disk`: without S3.
    """

    def __init__(self, folder: Path, *, on_disk: bool = False) -> None:
        self.folder, self.on_disk = folder, on_disk
        self.postgresql, self.redis = PostgreSQL(folder / "postgresql"), Redis(folder / "redis", free_port())
        self.s3 = S3(folder / "s3")
        self.services = [self.postgresql, self.redis, *([] if on_disk else [self.s3])]
        port = free_port()
        (folder / "data").mkdir()
        (folder / "orders").mkdir()
        (folder / "tmp").mkdir()
        self.environment = {
            **os.environ,
            **settings_for(folder, self.services),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SECRET_KEY": "only for the fault tests " * 3,
            "DJANGO_SETTINGS_MODULE": "ats.tests.crash_settings",
            "CRASH_PLACES": ",".join(PLACES),
            ORDERS: str(folder / "orders"),
            "TMPDIR": str(folder / "tmp"),
            "RATE_CAPTURE": "1000000",
            "RATE_UPLOAD": "1000000",
            "RATE_CHUNKED": "1000000",
        }
        self.web = Web(port, self.environment)
        self.worker, self.beat = background(self.environment, folder / "data")
        for program in (self.web, self.worker, self.beat):
            program.log = folder / f"{program.name}.log"
        self.tokens: dict[str, str] = {}

    def prepare(self) -> None:
        made = self.manage("prepare", "--test-users")
        self.tokens = dict(line.split("=", 1) for line in made.stdout.splitlines() if line.startswith("ATS_"))

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(MANAGE), *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)

    @property
    def programs(self) -> list[Program]:
        return [*self.services, self.web, self.worker, self.beat]

    # --- What happens to it -------------------------------------------------------------------------------------------

    def order_death(self, place: str, whom: str = "") -> None:
        """The next process that enters this function dies; `with parent`, or `always`: each that does."""
        assert place in PLACES
        (self.folder / "orders" / place).write_text(whom)

    def pardon(self) -> None:
        for order in (self.folder / "orders").iterdir():
            order.unlink()

    def restart(self, *programs: Program) -> None:
        for program in programs:
            program.kill()
            start_again(program)

    def heal(self) -> None:
        """Everything runs again, whatever a test did."""
        self.pardon()
        for program in self.programs:
            if not program.alive:
                self.restart(program)

    # --- Who uses it --------------------------------------------------------------------------------------------------

    def call(self, path: str, payload: dict[str, Any], who: str = OWNER, timeout: float = 30) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        return requests.post(f"{self.web.url}{path}", json=payload, headers=headers, timeout=timeout)

    def presign(self, cv: CV, who: str = OWNER) -> dict[str, Any]:
        answer = self.call(PRESIGN, cv.presign(), who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, cv: CV) -> dict[str, Any]:
        """Presign and PUT; returns the payload for `metadata`."""
        presigned = self.presign(cv)
        put = requests.put(presigned["s3_url"], data=cv.content, headers={"Content-Type": PDF}, timeout=30)
        assert put.status_code == 200, put.text
        return cv.presign(s3_key=presigned["s3_key"])

    def capture(self, cv: CV) -> dict[str, Any]:
        answer = self.call(METADATA, self.send(cv))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    # --- What came of it ----------------------------------------------------------------------------------------------

    def ask(self, sql: str, *params: Any) -> list[tuple]:
        url = self.environment["DATABASE_URL"].replace("postgres://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(sql, params).fetchall()

    def parse_state(self, cv: CV) -> tuple[str, str, int]:
        """Status, code and attempts."""
        sql = "SELECT parse_status, parse_code, parse_attempts FROM documents WHERE doc_hash_256 = %s"
        return self.ask(sql, cv.sha256)[0]  # type: ignore[return-value]

    def wait_until_read(self, *cvs: CV, seconds: float = 45) -> None:
        hashes = [cv.sha256 for cv in cvs]
        sql = "SELECT count(*) FROM documents WHERE doc_hash_256 = ANY(%s) AND parse_status = 'completed'"
        wait_until(lambda: self.ask(sql, hashes)[0][0] == len(set(hashes)), seconds)

    def assert_sound(self) -> None:
        """Every row has its object and every object its row, byte by byte; nobody waits; each person stands once."""
        audit = self.manage("audit_storage", "--hash", "--json", "--grace", "0")
        findings = [one for one in json.loads(audit.stdout)["findings"] if one["code"] != "object_without_row"]
        assert findings == []
        assert self.ask("SELECT count(*) FROM documents WHERE parse_status IN ('pending', 'running')") == [(0,)]
        twice = "SELECT document_id FROM resume_versions GROUP BY document_id HAVING count(*) > 1"
        assert self.ask(twice) == []
        unread = """SELECT count(*) FROM documents d WHERE parse_status = 'completed'
                    AND NOT EXISTS (SELECT 1 FROM resume_versions v WHERE v.document_id = d.doc_id)"""
        assert self.ask(unread) == [(0,)]


def start_again(program: Program) -> None:
    """Once more when it ended at once: the system may hold the port of a killed server for a moment."""
    for again in (True, True, False):
        program.start()
        try:
            program.wait_until_ready()
            return
        except NotReady:
            if not again:
                raise
            program.kill()
            time.sleep(1)


def wait_until(condition: Callable[[], object], seconds: float) -> float:
    """How long it took; fails after `seconds`."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - begun


def at_once(count: int, do: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(do, range(count)))


@contextlib.contextmanager
def fault_house(*, on_disk: bool = False) -> Iterator[FaultHouse]:
    with temporary_folder() as folder:
        house = FaultHouse(folder, on_disk=on_disk)
        with all_running(*house.services):
            house.prepare()
            with all_running(house.web, house.worker, house.beat):
                yield house
