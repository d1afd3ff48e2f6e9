"""Proving that what lies in the store is what was promised. Nothing is believed before."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from typing import IO, cast

from uploads.errors import Conflict, ContentMismatch, HashMismatch, ObjectMissing, SizeMismatch
from uploads.filetypes import HEAD_BYTES, FileType
from uploads.models import Document
from uploads.storage import BLOCK_BYTES, StoredObject, blocks, get_store

IN_MEMORY = 2**20


def prove(document: Document, file_type: FileType, on_block: Callable[[], object] = lambda: None) -> bool:
    """Proves the newest version under the document's key and marks the document stored.

    Returns True when this call moved the row. Raises ObjectMissing (row unchanged), or SizeMismatch, HashMismatch,
    ContentMismatch (row failed, version removed). `on_block` is called between blocks, to renew a lease.
    """
    store = get_store()
    found = store.fetch(document.s3_key)
    if found is None:
        raise ObjectMissing
    stored, stream = found
    try:
        with closing(stream):
            _compare(document, file_type, stored, stream, on_block)
    except Conflict as fault:
        is_ours = document.mark_failed(fault.default_code)
        store.delete(stored.key, stored.version)
        if is_ours or not Document.objects.stored().filter(pk=document.pk).exists():
            raise
        return False  # another call proved an earlier version meanwhile; what came later changes nothing
    return document.mark_stored(stored, file_type)


def _compare(
    document: Document, file_type: FileType, stored: StoredObject, stream: IO[bytes], on_block: Callable[[], object]
) -> None:
    if stored.size != document.file_size_bytes:
        raise SizeMismatch
    if stored.sha256 and not file_type.whole:
        sha256, sample = stored.sha256, cast(IO[bytes], BytesIO(stream.read(HEAD_BYTES)))
    else:
        sha256, sample = read_whole(stream, file_type, on_block)
    with sample:
        if sha256 != document.doc_hash_256:
            raise HashMismatch
        if not file_type.looks_like(sample):
            raise ContentMismatch


def read_whole(
    stream: IO[bytes], file_type: FileType, on_block: Callable[[], object] = lambda: None
) -> tuple[str, IO[bytes]]:
    """The SHA-256 of a stream, and its first bytes or, where the type needs them, all of them."""
    digest, sample = hashlib.sha256(), tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller closes)
    for block in blocks(stream):
        digest.update(block)
        if file_type.whole or sample.tell() < BLOCK_BYTES:
            sample.write(block)
        on_block()
    sample.seek(0)
    return digest.hexdigest(), cast(IO[bytes], sample)


def gather_parts(document: Document) -> None:
    """Makes one object of the parts of a multipart upload, if that has not been done yet.

    Raises ObjectMissing while parts are missing; the sizes tell.
    """
    store, upload_id = get_store(), document.multipart_upload_id
    parts = store.list_parts(document.s3_key, upload_id)
    if parts is None:
        return  # gathered before; the proof will find the object, or miss it
    if sum(part.size for part in parts) != document.file_size_bytes:
        if store.head(document.s3_key):
            return  # sent as a whole by a client that does not look at the parts
        raise ObjectMissing(f"{len(parts)} parts have arrived; the file is not whole yet.")
    store.complete_multipart(document.s3_key, upload_id, parts)
