"""From a complete upload to a document: the parts become one object, the whole is hashed, and only then believed."""

from __future__ import annotations

from contextlib import closing

from django.db import transaction

from uploads.errors import Conflict, ContentMismatch, ObjectMissing, SizeMismatch
from uploads.models import Document, UploadSession
from uploads.proof import read_whole
from uploads.storage import StoredObject, get_store

REASONS = {
    "object_missing": "Not all of this file is in the store. Please send it again.",
    "size_mismatch": "The file in the store has another size than was announced. Please send it again.",
    "content_mismatch": "The content of this file is not what its name says.",
}


def prove_session(session: UploadSession) -> Document | None:
    """Ends a claimed session in its document; None when another worker has taken the claim over.

    Raises ObjectMissing, SizeMismatch or ContentMismatch; the session has failed then, and its bytes are gone.
    """
    try:
        stored = _gather(session)
        sha256 = _check(session, stored)
    except Conflict as fault:
        if session.mark_failed(fault.default_code, REASONS[fault.default_code]):
            _remove(session)
        raise
    document = _keep(session, sha256, stored)
    if document and document.s3_key != stored.key:
        get_store().delete(stored.key)  # the bytes were known: the spare object goes
    return document


def _gather(session: UploadSession) -> StoredObject:
    """One object of all parts; found as it is when a worker died after gathering them."""
    store = get_store()
    stored = store.head(session.key)
    if stored is None:
        store.complete_multipart(session.key, session.multipart_upload_id, session.parts())
        stored = store.head(session.key)
    if stored is None:
        raise ObjectMissing
    return stored


def _check(session: UploadSession, stored: StoredObject) -> str:
    if stored.size != session.file_size:
        raise SizeMismatch
    with closing(get_store().open(stored)) as stream:
        sha256, sample = read_whole(stream, session.file_type)
    with sample:
        if not session.file_type.looks_like(sample):
            raise ContentMismatch
    return sha256


def _keep(session: UploadSession, sha256: str, stored: StoredObject) -> Document | None:
    with transaction.atomic():
        document, _ = Document.objects.keep(
            sha256=sha256, name=session.filename, file_type=session.file_type, stored=stored
        )
        if session.mark_done(document):
            return document
        transaction.set_rollback(True)
    return None


def _remove(session: UploadSession) -> None:
    store = get_store()
    store.abort_multipart(session.key, session.multipart_upload_id)
    store.delete(session.key)
