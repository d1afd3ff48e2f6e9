"""Builders that the tests of every app share: made-up CVs, people and their tokens, the ways into the store."""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

import docx
import requests
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client

from capture.models import DeviceToken
from uploads.filetypes import BY_EXTENSION
from uploads.models import Document
from uploads.storage import StoredObject, blocks, get_store

PDF = "application/pdf"
PRESIGN, METADATA, CHECK = "/api/cv-capture/presign", "/api/cv-capture/metadata", "/api/cv-capture/check"
REQUEST, COMPLETE = "/upload/request", "/upload/complete"


# --- Made-up CVs ------------------------------------------------------------------------------------------------------


def make_pdf(lines: list[str]) -> bytes:
    """A valid PDF of one page (ISO 32000-1) that shows these ASCII lines in Helvetica."""
    shown = " ".join("({}) Tj T*".format(line.translate({40: r"\(", 41: r"\)", 92: r"\\"})) for line in lines)
    content = f"BT /F1 11 Tf 14 TL 50 780 Td {shown} ET"
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file, places = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(file))
        file += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size, start = len(bodies) + 1, len(file)
    file += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    return f"{file}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1")


def make_docx(lines: list[str]) -> bytes:
    document, file = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(file)
    return file.getvalue()


def cv_lines(name: str, email: str, phone: str) -> list[str]:
    return [
        *(name, f"Email: {email}", f"Phone: {phone}", ""),
        *("SUMMARY", "Backend engineer with eight years of experience.", ""),
        *("EXPERIENCE", "Senior Software Engineer, Initech Pvt Ltd", "Jan 2019 - Present"),
        *("Built payment services in Python and PostgreSQL.", ""),
        *("EDUCATION", "B.Tech in Computer Science, IIT Bombay, 2015", ""),
        *("SKILLS", "Python, Django, PostgreSQL, Redis, Docker"),
    ]


@dataclass
class CV:
    """A file and what the doors are told about it."""

    content: bytes
    file_name: str
    file_type: str = PDF
    name: str = ""
    email: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> int:
        return len(self.content)

    def presign(self, **changes: Any) -> dict[str, Any]:
        """The body of a presign call."""
        facts = {"file_name": self.file_name, "file_size": self.size, "file_type": self.file_type}
        return {**facts, "sha256": self.sha256, "source": "download", **changes}

    def request(self, **changes: Any) -> dict[str, Any]:
        """The body of an upload request."""
        return {"doc_name": self.file_name, "doc_hash_256": self.sha256, "file_size": self.size, **changes}


def make_cv(name: str = "Asha Verma", email: str = "", phone: str = "", extension: str = "pdf") -> CV:
    """A CV that a reader can read; no two are alike."""
    mark = uuid.uuid4()
    email = email or f"{name.split()[0].lower()}.{mark.hex[:10]}@example.com"
    phone = phone or f"+91 98{mark.int % 10**8:08d}"
    lines = [*cv_lines(name, email, phone), f"Reference {mark.hex}"]
    content = make_docx(lines) if extension == "docx" else make_pdf(lines)
    file_name = f"{name.replace(' ', '_')}_{mark.hex[:6]}.{extension}"
    return CV(content, file_name, BY_EXTENSION[extension].mime, name, email)


# --- People -----------------------------------------------------------------------------------------------------------


def make_user(group: str = "", **facts: Any) -> User:
    """A user in one of the groups that the migration makes, or in none."""
    user = User.objects.create_user(facts.pop("username", f"{group or 'nobody'}-{uuid.uuid4().hex[:8]}"), **facts)
    if group:
        user.groups.add(the_group(group))
    return user


def the_group(name: str) -> Group:
    """As the migration makes it."""
    if not Group.objects.exists():  # a test that commits ends by emptying all tables, these too
        import_module("ats.migrations.0001_groups").make_groups(apps, None)
    return Group.objects.get(name=name)


def issue(user: User, name: str = "test", **facts: Any) -> str:
    """A token of this user."""
    return DeviceToken.objects.create(user, name=name, **facts)[1]


class Caller(Client):
    """Django's test client, speaking JSON and bearing a token."""

    def __init__(self, user: User | None = None, token: str = "", **facts: Any) -> None:
        self.user = user
        self.token = token or (issue(user) if user else "")
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        super().__init__(headers=headers, **facts)

    def post(self, path: str, data: Any = None, content_type: str = "application/json", **extra: Any) -> Any:  # type: ignore[override]
        return super().post(path, {} if data is None else data, content_type=content_type, **extra)


# --- The ways into the store ------------------------------------------------------------------------------------------


def put(url: str, content: bytes, headers: dict[str, str] | None = None) -> Any:
    """PUTs to a presigned URL: over the network on S3, through Django on disk. Returns the response."""
    headers = headers or {}
    if settings.S3_BUCKET:
        return requests.put(url, data=content, headers=headers, timeout=30)
    content_type = headers.get("Content-Type", "application/octet-stream")
    others = {name: value for name, value in headers.items() if name != "Content-Type"}
    return Client().put(url.removeprefix(settings.PUBLIC_URL), content, content_type, headers=others)


def presign(caller: Caller, cv: CV, **changes: Any) -> dict[str, Any]:
    response = caller.post(PRESIGN, cv.presign(**changes))
    assert response.status_code == 200, response.content
    return response.json()


def send(caller: Caller, cv: CV) -> dict[str, Any]:
    """Presign and PUT; returns what the metadata call needs."""
    answer = presign(caller, cv)
    assert put(answer["s3_url"], cv.content, answer["headers"]).status_code == 200
    return cv.presign(s3_key=answer["s3_key"])


def capture(caller: Caller, cv: CV) -> Any:
    """All three steps of the capture door; returns the response of the last one."""
    return caller.post(METADATA, send(caller, cv))


def promised(cv: CV, key: str = "", **changes: Any) -> Document:
    """A document whose bytes are to come."""
    extension = cv.file_name.rpartition(".")[2]
    facts = {"sha256": cv.sha256, "name": cv.file_name, "size": cv.size, "file_type": BY_EXTENSION[extension]}
    document, _ = Document.objects.promise(**{**facts, "key": key or f"{cv.sha256}/cv.{extension}", **changes})
    return Document.objects.get(pk=document.pk)


def put_object(cv: CV, key: str) -> StoredObject:
    return get_store().put(key, io.BytesIO(cv.content), sha256=cv.sha256, content_type=cv.file_type)


def stored(cv: CV) -> Document:
    """A document that lies in the store, verified."""
    extension = cv.file_name.rpartition(".")[2]
    placed = put_object(cv, f"documents/{cv.sha256}.{extension}")
    facts = {"sha256": cv.sha256, "name": cv.file_name, "file_type": BY_EXTENSION[extension]}
    return Document.objects.keep(**facts, stored=placed)[0]


def read_back(placed: StoredObject, start: int = 0, length: int | None = None) -> bytes:
    with closing(get_store().open(placed, start, length)) as stream:
        return b"".join(blocks(stream))


def age(document: Document, **by: float) -> Document:
    """Makes a row as old as `timedelta(**by)`."""
    moved = {}
    for name in (
        "created_at",
        "updated_at",
        "s3_url_generated_at",
        "s3_url_expires_at",
        "parse_due_at",
        "verify_due_at",
    ):
        if getattr(document, name):
            moved[name] = getattr(document, name) - timedelta(**by)
    Document.objects.filter(pk=document.pk).update(**moved)
    document.refresh_from_db()
    return document


# --- Assertions and threads -------------------------------------------------------------------------------------------


def assert_envelope(response: Any, status: int, code: str = "", field: str = "") -> dict[str, Any]:
    """The one shape of every error; returns it."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert set(body) == {"detail", "message", "code", "errors", "trace_id"}
    assert body["detail"]
    assert body["detail"] == body["message"]
    assert body["trace_id"] == response["X-Trace-Id"]
    assert not code or body["code"] == code, body
    assert not field or body["errors"].get(field), body
    return body


def at_once(times: int, do: Callable[[int], Any]) -> list[Any]:
    """Calls `do(0)` … `do(times - 1)` at one moment, each in a thread of its own."""
    barrier = threading.Barrier(times)

    def run(number: int) -> Any:
        try:
            barrier.wait()
            return do(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
