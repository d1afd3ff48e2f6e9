"""A living system for a newcomer: made-up people and their CVs, brought in by the real road."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

from django.contrib.auth.models import User

from ats.demo import files
from capture.importing import bring
from parsing.tasks import parse_document
from uploads.models import Document

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
    return bring(user, name, io.BytesIO(body), source=source, device=device, ip_address="127.0.0.1")[0]
