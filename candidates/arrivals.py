"""A CV that came in the body of a call: hashed, stored, then kept together with its candidate or not at all."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction

from candidates import named_files
from candidates.models import Candidate
from uploads import ledger
from uploads.errors import StoreUnavailable
from uploads.filetypes import BY_EXTENSION, FileType
from uploads.keys import kept_key
from uploads.models import Document
from uploads.storage import StoredObject, blocks, get_store

logger = logging.getLogger(__name__)


@dataclass
class Arrival:
    """Bytes that lie in the store and have no row yet. `is_held`: a document has been made of just this object."""

    sha256: str
    name: str
    file_type: FileType
    stored: StoredObject
    is_held: bool = False

    def keep(self) -> Document:
        """The document of these bytes, locked. Inside of the transaction that needs it, and before any candidate is
        locked, as everybody does: a reader that ends at this moment has been heard, or comes after the commit."""
        document, self.is_held = Document.objects.keep(
            sha256=self.sha256, name=self.name, file_type=self.file_type, stored=self.stored
        )
        return document

    def remove_unless_held(self) -> None:
        """Takes back a version that no row holds. What cannot be decided now is left to the cleanup."""
        if not self.stored.version:
            return  # a store that keeps no versions: another caller's bytes may lie under the same key
        try:
            held = Document.objects.filter(doc_hash_256=self.sha256).only("s3_key", "s3_version").first()
            if held is None or (held.s3_key, held.s3_version) != (self.stored.key, self.stored.version):
                get_store().delete(self.stored.key, self.stored.version)
        except (DatabaseError, StoreUnavailable) as error:
            logger.warning("A spare object stays until the cleanup: %s", type(error).__name__)


@contextmanager
def received(file: IO[bytes], name: str) -> Iterator[Arrival]:
    """The hashed and stored PDF while its rows are made; taken back when they are not, or hold these bytes already.

    Raises StoreUnavailable, StoreFull.
    """
    sha256, pdf = _sha256(file), BY_EXTENSION["pdf"]
    stored = get_store().put(kept_key(sha256, pdf.extension), file, sha256=sha256, content_type=pdf.mime)
    arrival, is_kept = Arrival(sha256, name, pdf, stored), False
    try:
        yield arrival
        is_kept = arrival.is_held  # and what the caller did with it has been committed
    finally:
        if not is_kept:
            arrival.remove_unless_held()


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    for block in blocks(file):
        digest.update(block)
    return digest.hexdigest()


def make_with_resume(typed: dict[str, Any], resume: UploadedFile) -> Candidate:
    """Candidate and file are one deed: the bytes are stored, then one transaction makes all the rows."""
    name = resume.name or ""
    with received(resume, name) as arrival, transaction.atomic():
        document = arrival.keep()
        ledger.note(document.pk)
        candidate = Candidate.objects.make(typed, document, name)
        named_files.place_after_commit(candidate.pk)
    return candidate


def put_resume(candidate_id: int, resume: UploadedFile) -> None:
    """A new version, the current one from now on. Raises Candidate.DoesNotExist."""
    name = resume.name or ""
    with received(resume, name) as arrival, transaction.atomic():
        document = arrival.keep()
        ledger.note(document.pk, candidate_id=candidate_id)
        Candidate.objects.select_for_update().get(pk=candidate_id).add_version(document, name)
        named_files.place_after_commit(candidate_id)
