"""Does every row have its object, and every object its row?"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from uploads.errors import ObjectMissing
from uploads.keys import is_resume_name
from uploads.models import Document, UploadSession
from uploads.signals import storage_audited
from uploads.storage import blocks, get_store


@dataclass(frozen=True)
class Finding:
    code: str
    sentence: str
    key: str
    doc_id: uuid.UUID | None = None


def audit(grace: timedelta, *, hash_all: bool = False) -> Iterator[Finding]:
    """Every disagreement. Objects younger than `grace` may be on their way to their row.

    `hash_all` reads every stored object and compares its SHA-256; without it sizes, versions and ETags are compared.
    """
    for document in Document.objects.stored().defer("text", "parsed").iterator(chunk_size=500):
        yield from _audit_row(document, hash_all)
    yield from _audit_objects(grace)
    for _, findings in storage_audited.send(sender=Document):
        yield from findings  # type: ignore[misc]  # the stubs take every answer for a text


def _audit_row(document: Document, hash_all: bool) -> Iterator[Finding]:
    stored = get_store().head(document.s3_key, document.s3_version)
    if stored is None:
        yield Finding("object_missing", "The object of a stored document is not there.", document.s3_key, document.pk)
    elif stored.size != document.file_size_bytes or stored.etag != document.s3_etag:
        yield Finding("object_changed", "The object is not the one that was verified.", document.s3_key, document.pk)
    elif hash_all and _sha256(document) != document.doc_hash_256:
        yield Finding("hash_mismatch", "The object's bytes have another SHA-256.", document.s3_key, document.pk)


def _sha256(document: Document) -> str | None:
    digest = hashlib.sha256()
    try:
        with closing(get_store().open(document.pinned)) as stream:
            for block in blocks(stream):
                digest.update(block)
    except ObjectMissing:
        return None
    return digest.hexdigest()


def _audit_objects(grace: timedelta) -> Iterator[Finding]:
    young = timezone.now() - grace
    for stored in get_store().versions():
        if stored.modified < young and not _is_known(stored.key):
            yield Finding("object_without_row", "An object lies in the store that no row knows.", stored.key)


def _is_known(key: str) -> bool:
    if is_resume_name(key):
        return True  # whoever gave the name answers for it
    return Document.objects.filter(s3_key=key).exists() or UploadSession.objects.owning(key).exists()
