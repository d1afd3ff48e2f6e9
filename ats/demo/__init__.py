"""A living system for a newcomer: made-up people and their CVs, brought in by the real road."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from django.contrib.auth.models import User

from ats.demo import files
from capture.models import CVCapture
from parsing.tasks import parse_document
from uploads.filetypes import BY_EXTENSION
from uploads.keys import kept_key
from uploads.models import Document
from uploads.storage import get_store

PEOPLE = Path(__file__).with_name("people.json")


def load(user: User) -> dict[str, int]:
    """Brings in what is not there yet, and reads it here where no worker has done so. Safe to run again."""
    brought = [keep(user, *made) for made in made_up()]
    for document in brought:
        parse_document(str(document.pk))  # which claims it, or leaves it to the worker that has
    ours = Document.objects.filter(pk__in=[document.pk for document in brought])
    return {
        "CVs brought in": len(brought),
        "people on the desk": ours.exclude(candidates=None).values("candidates").distinct().count(),
        "to look at": ours.to_look_at().count(),
    }


def made_up() -> Iterator[tuple[str, str, str, bytes]]:
    """(file name, source, device, bytes)"""
    for person in json.loads(PEOPLE.read_text(encoding="utf-8")):
        yield person["file"], person["source"], person["device"], files.make(person)
    yield "scan0042.pdf", "download", "Desk 1", files.scan()
    yield "Invoice-2026-0417.pdf", "download", "Desk 2", files.invoice()
    if not Document.objects.filter(original_filename=LOCKED).exists():  # its bytes are new each time
        yield LOCKED, "download", "Desk 2", files.locked()


LOCKED = "CV_confidential_locked.pdf"


def keep(user: User, name: str, source: str, device: str, body: bytes) -> Document:
    """Stored, proven and captured: what the capture door does with a file, without its HTTP."""
    sha256, file_type = hashlib.sha256(body).hexdigest(), BY_EXTENSION[PurePath(name).suffix[1:].lower()]
    document = Document.objects.stored().filter(doc_hash_256=sha256).first() or _store(name, sha256, file_type, body)
    facts: dict[str, Any] = {"file_name": name, "source": source, "device": device, "ip_address": "127.0.0.1"}
    CVCapture.objects.receipt(user.pk, document, **facts)
    return document


def _store(name: str, sha256: str, file_type: Any, body: bytes) -> Document:
    key = kept_key(sha256, file_type.extension)
    stored = get_store().put(key, io.BytesIO(body), sha256=sha256, content_type=file_type.mime)
    return Document.objects.keep(sha256=sha256, name=name, file_type=file_type, stored=stored)[0]
