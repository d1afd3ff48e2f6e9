"""Taking a chunk in: from the wire straight to its place in the store, recorded when it is whole and durable."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

from rest_framework.exceptions import ValidationError

from uploads.chunked_body import ChunkBody
from uploads.errors import ObjectMissing, PartTaken, SessionNotFound
from uploads.models import UploadSession
from uploads.storage import get_store


def take_in(session: UploadSession, index: int, body: ChunkBody, sha256: str) -> bool:
    """Writes chunk `index`. When a later call sends the same chunk, this one counts as replaced by it at once, and the
    answer is False.

    Raises ValidationError for another length or hash, IncompleteBody for a body cut off, SessionNotFound when the
    session ended meanwhile. After any of these the chunk has not arrived.
    """
    start, size = session.span(index)
    if not body.fits(size):
        body.drain()
        raise ValidationError({"chunk": [f"Chunk {index} of this upload has {size} bytes, not {max(0, body.size)}."]})
    writer = session.begin_chunk(index)
    if writer is None:
        raise SessionNotFound
    stream = _checked(session, index, writer, body.blocks(size), sha256)
    try:
        etag = get_store().write_part(
            session.key, session.multipart_upload_id, index + 1, start=start, size=size, stream=stream
        )
    except PartTaken:
        body.drain()
        return False
    except ObjectMissing as error:
        raise SessionNotFound from error
    return session.record_chunk(index, writer, size=size, etag=etag)


def _checked(
    session: UploadSession, index: int, writer: uuid.UUID, blocks: Iterator[memoryview], sha256: str
) -> Iterator[memoryview]:
    """The same blocks; the last one only when the hash is right and nobody else has begun to write this chunk."""
    digest, left = hashlib.sha256(), session.span(index)[1]
    for block in blocks:
        left -= len(block)
        if sha256:
            digest.update(block)
        if not left and sha256 and digest.hexdigest() != sha256:
            raise ValidationError({"sha256": ["The bytes of this chunk have another SHA-256."]})
        if not left and not session.is_writing(index, writer):
            raise PartTaken
        yield block
