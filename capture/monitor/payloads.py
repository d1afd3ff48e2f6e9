"""What is sent to the capture door, as plain functions, so that a test can hold them against the server's own rules."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence

# the MIME type the server expects with each extension
TYPES = {
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".rtf": "application/rtf",
    ".odt": "application/vnd.oasis.opendocument.text",
}
NAME_LIMIT = 255
LIST_LIMIT = 500


def file_type(name: str) -> str:
    """The MIME type by extension; a neutral one, which the server will name in its refusal, for any other."""
    return TYPES.get(os.path.splitext(name)[1].lower(), "application/octet-stream")


def clean_name(name: str) -> str:
    """A file name the server takes: composed Unicode, nothing invisible or broken, 255 at most."""
    if not name.isascii():
        from unicodedata import normalize  # half a megabyte that most names do not need

        name = normalize("NFC", name)
    name = "".join(char if char.isprintable() else "_" for char in name)
    stem, extension = os.path.splitext(name.replace("\\", "_"))
    return stem[: NAME_LIMIT - len(extension)] + extension


def presign(name: str, size: int, sha256: str) -> dict:
    """Asks for a place for these bytes, bound to their checksum."""
    return dict(described(name, size, sha256), checksum=True)


def metadata(
    name: str, size: int, sha256: str, s3_key: str, detected_at: float, device: str, emp_id: object = None
) -> dict:
    """Says that the bytes lie at `s3_key`; `detected_at` in Unix seconds, `emp_id` as it stands in the settings."""
    who = {"device": device, "emp_id": emp_id}
    return dict(described(name, size, sha256), s3_key=s3_key, detected_at=int(detected_at), **who)


def described(name: str, size: int, sha256: str) -> dict:
    """The five fields both calls require."""
    return {
        "file_name": clean_name(name),
        "file_size": size,
        "file_type": file_type(name),
        "sha256": sha256,
        "source": "download",
    }


def check(hashes: Iterable[str]) -> dict:
    """Asks which of these the server needs no more; at most 500."""
    return {"sha256": list(hashes)[:LIST_LIMIT]}


def heartbeat(
    device: str,
    version: str,
    depth: int,
    oldest_waiting_s: float,
    stuck: Sequence[tuple[str, str, float]],
    detected: Iterable[str],
) -> dict:
    """How this device is; `stuck` as (file name, reason, since in Unix seconds), `detected` as hashes."""
    return {
        "device": device,
        "version": version,
        "queue_depth": depth,
        "oldest_waiting_s": int(oldest_waiting_s),
        "stuck": [
            {"file_name": clean_name(name), "reason": reason, "since": int(since)} for name, reason, since in stuck[:50]
        ],
        "detected": list(detected)[:LIST_LIMIT],
        "sent_at": int(time.time()),
    }
