"""Bringing a file that we hold: what the capture door does with one, without its HTTP."""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import IO, Any

from django.contrib.auth.models import User

from capture.models import CVCapture
from uploads.errors import ContentMismatch
from uploads.filetypes import BY_EXTENSION
from uploads.keys import kept_key
from uploads.models import Document
from uploads.storage import blocks, get_store


def bring(user: User, name: str, file: IO[bytes], **facts: Any) -> tuple[Document, bool]:
    """Stored, proven and captured; and whether this user brought it for the first time. Raises ContentMismatch."""
    digest = hashlib.sha256()
    for block in blocks(file):
        digest.update(block)
    sha256 = digest.hexdigest()
    document = Document.objects.stored().filter(doc_hash_256=sha256).first() or _store(name, sha256, file)
    return document, CVCapture.objects.receipt(user.pk, document, file_name=name, **facts)[1]


def _store(name: str, sha256: str, file: IO[bytes]) -> Document:
    file_type = BY_EXTENSION[PurePath(name).suffix[1:].lower()]
    file.seek(0)
    if not file_type.looks_like(file):
        raise ContentMismatch
    key = kept_key(sha256, file_type.extension)
    stored = get_store().put(key, file, sha256=sha256, content_type=file_type.mime)
    return Document.objects.keep(sha256=sha256, name=name, file_type=file_type, stored=stored)[0]
