"""A client of the chunked door that is met by faults, and what must be true of its upload at the end."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from ats.tests.fault_house import OWNER, FaultHouse, at_once, wait_until
from uploads.tests.chunks import CHUNK, DOOR, MULTIPART, form, make_bytes, pieces


class Uploader:
    """Sends one made-up video of so many chunks. Nothing is sent again unless a test says so."""

    def __init__(self, house: FaultHouse, chunks: int = 3, url: str = "") -> None:
        self.house = house
        self.url = url or house.web.url
        self.content = make_bytes(chunks * CHUNK - 1000)
        self.pieces = pieces(self.content)
        self.headers = {"Authorization": f"Bearer {house.tokens[OWNER]}"}
        self.upload_id = ""

    # --- Calls --------------------------------------------------------------------------------------------------------

    def init(self, timeout: float = 30) -> requests.Response:
        asked = {"filename": "talk.mp4", "file_size": len(self.content), "total_chunks": len(self.pieces)}
        return self._post("init", timeout, json=asked)

    def begin(self) -> Uploader:
        answer = self.init()
        assert answer.status_code == 200, answer.text
        self.upload_id = answer.json()["upload_id"]
        return self

    def send(self, index: int, piece: bytes | None = None, timeout: float = 30) -> requests.Response:
        piece = self.pieces[index] if piece is None else piece
        fields = {"upload_id": (None, self.upload_id), "chunk_index": (None, str(index)), "chunk": ("blob", piece)}
        return self._post("chunk", timeout, files=fields)

    def send_all(self) -> Uploader:
        assert {answer.status_code for answer in at_once(len(self.pieces), self.send)} == {200}
        return self

    def complete(self, timeout: float = 30) -> requests.Response:
        return self._post("complete", timeout, json={"upload_id": self.upload_id})

    def state(self) -> dict[str, Any]:
        url = f"{self.url}{DOOR}/{self.upload_id}"
        answer = requests.get(url, headers=self.headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _post(self, call: str, timeout: float, **body: Any) -> requests.Response:
        return requests.post(f"{self.url}{DOOR}/{call}", headers=self.headers, timeout=timeout, **body)

    @contextlib.contextmanager
    def half_sent(self, index: int) -> Iterator[socket.socket]:
        """A call whose chunk has come half way, and comes no further."""
        address = urlsplit(self.url)
        body = form(("upload_id", self.upload_id), ("chunk_index", index), ("chunk", self.pieces[index]))
        lines = [
            f"POST {DOOR}/chunk HTTP/1.1", f"Host: {address.netloc}", f"Content-Type: {MULTIPART}",
            f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in self.headers.items()), "", "",
        ]  # fmt: skip
        with socket.create_connection((address.hostname, address.port), timeout=30) as wire:
            wire.sendall("\r\n".join(lines).encode() + body[: len(body) // 2])
            wait_until(lambda: self.being_written() == [index], 10)
            yield wire

    # --- What came of it ----------------------------------------------------------------------------------------------

    def being_written(self) -> list[int]:
        sql = 'SELECT "index" FROM upload_chunks WHERE session_id = %s AND received_at IS NULL'
        return [index for (index,) in self.house.ask(sql, self.upload_id)]

    def sha256_with(self, index: int, piece: bytes) -> str:
        """Of the whole, had this chunk been another."""
        return hashlib.sha256(b"".join([*self.pieces[:index], piece, *self.pieces[index + 1 :]])).hexdigest()

    def finish(self) -> None:
        """Sends what is missing, as a client does that comes back, and waits for the end."""
        there = self.state()["received"]
        for index in range(len(self.pieces)):
            if index not in there:
                assert self.send(index).status_code == 200
        assert self.complete().status_code in (200, 202)
        self.assert_done()

    def assert_done(self, seconds: float = 45) -> None:
        """One document with the bytes that were sent, one assessment, one answer to whoever asks again."""
        wait_until(lambda: self.state()["status"] == "done", seconds)
        sha256 = hashlib.sha256(self.content).hexdigest()
        documents = self.house.ask("SELECT doc_id::text FROM documents WHERE doc_hash_256 = %s", sha256)
        assert documents == [(self.state()["doc_id"],)]
        assessments = self.house.ask(
            "SELECT assessment_id::text FROM assessments WHERE session_id = %s", self.upload_id
        )
        assert assessments == [(self.state()["assessment_id"],)]
        again = self.complete()
        assert (again.status_code, again.json()["assessment_id"]) == (200, self.state()["assessment_id"])


@contextlib.contextmanager
def one_address(*urls: str) -> Iterator[str]:
    """The URL of what stands before several servers: each connection goes to the next of them."""
    turns = itertools.cycle([(urlsplit(url).hostname, urlsplit(url).port) for url in urls])

    class Forward(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(next(turns)) as server:
                answers = threading.Thread(target=_pass_on, args=(server, self.request))
                answers.start()
                _pass_on(self.request, server)
                answers.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forward) as front:
        threading.Thread(target=front.serve_forever).start()
        yield f"http://127.0.0.1:{front.server_address[1]}"
        front.shutdown()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(2**16):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def full_disk(house: FaultHouse, folder: Path, size: int) -> Iterator[Path]:
    """The web server sees a file system of `size` bytes at `folder`. Yields where we see what it sees there.

    In a mount namespace of its own, so nothing is left behind however it ends.
    """
    command = house.web.command
    mount = f'mount -t tmpfs -o size={size} full "{folder}" && exec "$@"'
    folder.mkdir(exist_ok=True)
    house.web.command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh", *command]
    try:
        house.restart(house.web)
        assert house.web.process is not None
        yield Path(f"/proc/{house.web.process.pid}/root{folder}")
    finally:
        house.web.command = command
        house.restart(house.web)
