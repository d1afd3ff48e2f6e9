"""A made-up file, and the clients that send it in chunks: each to its server as the server's documentation says."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.house import Client

CHUNK = 5 * 2**20
DOOR = "/api/chunked-upload"
BOUNDARY = "boundary-of-the-benchmark"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
PIECES_KEPT = 256


class Made:
    """A file of so many bytes that begins like a video. No two chunks alike, and only so many of them in memory."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = -(-size // CHUNK)
        self.base = os.urandom(CHUNK)
        self.kept = [self._make(index) for index in range(min(self.count, PIECES_KEPT))]
        self.hashes: list[str] = []  # of each chunk, made beforehand: what is measured is the servers
        self.sha256 = self._sha256()

    def piece(self, index: int) -> bytes:
        return self.kept[index] if index < len(self.kept) else self._make(index)

    def _make(self, index: int) -> bytes:
        head = b"\x00\x00\x00\x18ftypisom" if index == 0 else b"%012d" % index
        return (head + self.base[12:])[: self.size - index * CHUNK]

    def _sha256(self) -> str:
        digest = hashlib.sha256()
        for index in range(self.count):
            piece = self.piece(index)
            digest.update(piece)
            self.hashes.append(hashlib.sha256(piece).hexdigest())
        return digest.hexdigest()

    def write_to(self, path: Path) -> Path:
        with path.open("wb") as file:
            for index in range(self.count):
                file.write(self.piece(index))
        return path


def in_streams(count: int, chunks: int, connect: Callable[[], Any], send: Callable[[Any, int], None]) -> None:
    """Each of `count` connections takes the next chunk when it has sent one."""
    left = iter(range(chunks))

    def stream(_: int) -> None:
        client = connect()
        for index in left:
            send(client, index)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(stream, range(count)))


def form(piece: bytes, field: str = "chunk", **fields: object) -> tuple[list[bytes], dict[str, str]]:
    """Body and headers of a form with a file at its end, which is not copied."""
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
        if value != ""
    )
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="talk.mp4"\r\n\r\n'
    body = [head.encode(), piece, f"\r\n--{BOUNDARY}--\r\n".encode()]
    return body, {**FORM, "Content-Length": str(sum(map(len, body)))}


# --- Ours -------------------------------------------------------------------------------------------------------------


class Ours:
    """The chunked door; `complete_ms` has how long each `complete` took."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.complete_ms: list[float] = []

    def client(self) -> Client:
        return Client(self.url, f"Bearer {self.token}")

    def send(self, file: Made, streams: int, hashed: bool) -> float:
        """Seconds until `complete` was answered. Afterwards the hash that the server found is compared."""
        caller, begun = self.client(), time.perf_counter()
        upload_id = self.open(caller, file)

        def send(client: Client, index: int) -> None:
            sha256 = file.hashes[index] if hashed else ""
            body, headers = form(file.piece(index), upload_id=upload_id, chunk_index=index, sha256=sha256)
            client.send("POST", f"{DOOR}/chunk", body, headers)

        in_streams(streams, file.count, self.client, send)
        self.complete(caller, upload_id)
        seconds = time.perf_counter() - begun
        self.assert_whole(upload_id, file)
        return seconds

    def open(self, caller: Client, file: Made) -> str:
        asked = {"filename": "talk.mp4", "file_size": file.size, "total_chunks": file.count}
        return caller.post(f"{DOOR}/init", asked)["upload_id"]

    def complete(self, caller: Client, upload_id: str) -> None:
        begun = time.perf_counter()
        caller.post(f"{DOOR}/complete", {"upload_id": upload_id})
        self.complete_ms.append((time.perf_counter() - begun) * 1000)

    def assert_whole(self, upload_id: str, file: Made) -> None:
        caller = self.client()
        while True:
            state = caller.send("GET", f"{DOOR}/{upload_id}", b"", {})
            if state["status"] == "done":
                break
            assert state["status"] == "verifying", state
            time.sleep(0.2)
        assert caller.send("GET", f"/upload/{state['doc_id']}", b"", {})["doc_hash_256"] == file.sha256
        while caller.send("GET", f"/api/assessments/{state['assessment_id']}", b"", {})["status"] == "processing":
            time.sleep(0.2)  # looking for pictures in it takes a processor, which what is measured next would miss


# --- Others -----------------------------------------------------------------------------------------------------------


class Plain:
    """One kept connection to a server without users."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def send(
        self, method: str, path: str, body: Any = b"", headers: dict[str, str] | None = None
    ) -> tuple[bytes, http.client.HTTPMessage]:
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content, answer.headers


def put(url: str, file: Made, streams: int) -> float:
    """nginx: each chunk a file of its own."""

    def send(client: Plain, index: int) -> None:
        client.send("PUT", f"/{index}", file.piece(index))

    begun = time.perf_counter()
    in_streams(streams, file.count, lambda: Plain(url), send)
    return time.perf_counter() - begun


def sync(folder: Path) -> None:
    """What nginx leaves to the system: its files, on the disk itself."""
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def tus(url: str, file: Made) -> float:
    client, begun = Plain(url), time.perf_counter()
    _, headers = client.send("POST", "/files/", b"", {**TUS, "Upload-Length": str(file.size)})
    place = urlsplit(headers["Location"]).path
    for index in range(file.count):
        client.send("PATCH", place, file.piece(index), {**TUS, "Upload-Offset": str(index * CHUNK)})
    return time.perf_counter() - begun


def _range(file: Made, index: int) -> dict[str, str]:
    start = index * CHUNK
    return {"Content-Range": f"bytes {start}-{min(start + CHUNK, file.size) - 1}/{file.size}"}


def drf_chunked_upload(url: str, file: Made) -> float:
    client, place, begun = Plain(url), "/", time.perf_counter()
    for index in range(file.count):
        body, headers = form(file.piece(index), "file", filename="talk.mp4")
        answer, _ = client.send("PUT", place, body, headers | _range(file, index))
        place = f"/{json.loads(answer)['id']}/"
    client.send("POST", place, b"{}", {"Content-Type": "application/json"})
    return time.perf_counter() - begun


def django_chunked_upload(url: str, file: Made) -> float:
    client, upload_id, begun = Plain(url), "", time.perf_counter()
    for index in range(file.count):
        body, headers = form(file.piece(index), "file", upload_id=upload_id)
        answer, _ = client.send("POST", "/", body, headers | _range(file, index))
        upload_id = json.loads(answer)["upload_id"]
    ending = {"Content-Type": "application/x-www-form-urlencoded"}
    client.send("POST", "/complete/", f"upload_id={upload_id}".encode(), ending)
    return time.perf_counter() - begun


def filepond(url: str, file: Made) -> float:
    client, begun = Plain(url), time.perf_counter()
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="filepond"\r\n\r\n{{}}\r\n--{BOUNDARY}--\r\n'
    length = {"Upload-Length": str(file.size)}
    upload_id, _ = client.send("POST", "/process/", field.encode(), {**FORM, **length})
    headers = {**length, "Upload-Name": "talk.mp4", "Content-Type": TUS["Content-Type"]}
    for index in range(file.count):
        offset = {"Upload-Offset": str(index * CHUNK)}
        client.send("PATCH", f"/patch/{upload_id.decode()}", file.piece(index), headers | offset)
    return time.perf_counter() - begun


def s3_multipart(s3: Any, bucket: str, file: Made, streams: int) -> float:
    """Parts by presigned URLs, straight from the client to the store."""
    begun = time.perf_counter()
    place = {"Bucket": bucket, "Key": "direct.mp4"}
    place["UploadId"] = s3.create_multipart_upload(**place)["UploadId"]
    etags: dict[int, str] = {}

    def send(client: Plain, index: int) -> None:
        part = {**place, "PartNumber": index + 1}
        url = urlsplit(s3.generate_presigned_url("upload_part", Params=part))
        _, headers = client.send("PUT", f"{url.path}?{url.query}", file.piece(index))
        etags[index] = headers["ETag"]

    in_streams(streams, file.count, lambda: Plain(s3.meta.endpoint_url), send)
    parts = [{"PartNumber": index + 1, "ETag": etags[index]} for index in range(file.count)]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    seconds = time.perf_counter() - begun
    assert s3.head_object(Bucket=bucket, Key="direct.mp4")["ContentLength"] == file.size
    return seconds


def found(folder: Path, file: Made) -> bool:
    """Whether the whole file lies somewhere in the folder."""
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_size == file.size and hash_of(path) == file.sha256:
                return True
    return False


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
