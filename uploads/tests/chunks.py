"""What the tests of the chunked door share: bodies as clients send them, and the calls in their order."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from ats.tests.builders import Caller
from uploads.models import UploadSession

DOOR = "/api/chunked-upload"
CHUNK = 5 * 2**20
BOUNDARY = "----a-boundary-of-the-tests"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def make_bytes(size: int) -> bytes:
    """An MP4 by its first bytes (ISO/IEC 14496-12), noise for the rest."""
    return (b"\x00\x00\x00\x18ftypisom" + os.urandom(size))[:size]


def pieces(content: bytes, size: int = CHUNK) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def form(*fields: tuple[str, Any], end: bytes = b"--\r\n") -> bytes:
    """A multipart body (RFC 7578): bytes go as a file, all else as text."""
    parts = []
    for name, value in fields:
        is_file = isinstance(value, bytes)
        file_name = '; filename="blob"\r\nContent-Type: application/octet-stream' if is_file else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'
        parts.append(head.encode() + (value if is_file else str(value).encode()) + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}".encode() + end


def start(caller: Caller, content: bytes, filename: str = "talk.mp4", **changes: Any) -> Any:
    asked = {"filename": filename, "file_size": len(content), "total_chunks": -(-len(content) // CHUNK)}
    return caller.post(f"{DOOR}/init", {**asked, **changes})


def begun(caller: Caller, content: bytes, filename: str = "talk.mp4") -> str:
    response = start(caller, content, filename)
    assert response.status_code == 200, response.content
    return response.json()["upload_id"]


def send_chunk(caller: Caller, upload_id: str, index: Any, piece: bytes, sha256: str | None = None) -> Any:
    hashed = [("sha256", sha256)] if sha256 is not None else []
    return send_body(caller, form(("upload_id", upload_id), ("chunk_index", index), *hashed, ("chunk", piece)))


def send_body(caller: Caller, body: bytes, content_type: str = MULTIPART, **facts: Any) -> Any:
    return caller.post(f"{DOOR}/chunk", body, content_type, **facts)


def sent(caller: Caller, content: bytes, filename: str = "talk.mp4") -> str:
    """All chunks of a file, not yet completed."""
    upload_id = begun(caller, content, filename)
    for index, piece in enumerate(pieces(content)):
        response = send_chunk(caller, upload_id, index, piece, hashlib.sha256(piece).hexdigest())
        assert response.status_code == 200, response.content
    return upload_id


def end(caller: Caller, upload_id: str) -> Any:
    return caller.post(f"{DOOR}/complete", {"upload_id": upload_id})


def state(caller: Caller, upload_id: str) -> dict[str, Any]:
    response = caller.get(f"{DOOR}/{upload_id}")
    assert response.status_code == 200, response.content
    return response.json()


def the_session(upload_id: str) -> UploadSession:
    return UploadSession.objects.get(pk=upload_id)
