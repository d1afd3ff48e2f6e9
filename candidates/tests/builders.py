"""Builders for the tests of the candidates door."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from ats.tests.builders import CV, Caller, make_cv
from candidates.models import Candidate
from parsing.tasks import parse_document
from uploads.models import Document

DOOR = "/candidates/"


def file_of(cv: CV, name: str = "My CV.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, cv.content, "application/pdf")


def create(caller: Caller, cv: CV | None = None, resume: Any = None, **fields: Any) -> Any:
    """The response of `POST /candidates/`."""
    parts: dict[str, Any] = {"candidate_in": json.dumps({"full_name": "John Doe", **fields})}
    if cv or resume is not None:
        parts["resume"] = file_of(cv) if cv else resume
    return caller.post(DOOR, parts, content_type=MULTIPART_CONTENT)


def created(caller: Caller, cv: CV | None = None, **fields: Any) -> Candidate:
    response = create(caller, cv, **fields)
    assert response.status_code == 201, response.content
    return Candidate.objects.get(pk=response.json()["id"])


def put_resume(caller: Caller, candidate_id: int, cv: CV, name: str = "Newer.pdf") -> Any:
    body = encode_multipart(BOUNDARY, {"resume": file_of(cv, name)})
    return caller.put(f"{DOOR}{candidate_id}/resume", body, content_type=MULTIPART_CONTENT)


def read(cv: CV) -> Document:
    """Reads a stored CV as the worker does; returns its row."""
    document = Document.objects.get(doc_hash_256=cv.sha256)
    parse_document(str(document.pk))
    document.refresh_from_db()
    return document


def bytes_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


__all__ = ["DOOR", "bytes_of", "create", "created", "file_of", "make_cv", "put_resume", "read"]
