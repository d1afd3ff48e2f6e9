"""The statements behind a chunk's arrival, by hand: every chunk of every upload pays for them."""

from __future__ import annotations

import uuid

from django.conf import settings

from uploads.sql import fetch_one, fetch_one_and, in_dialect, term

COLUMNS = (
    "upload_id", "user_id", "file_size", "chunk_size", "total_chunks", "status", "key", "multipart_upload_id",
    "document_id",
)  # fmt: skip
_FIND = """
SELECT {columns} FROM upload_sessions
WHERE upload_id = %(session)s AND user_id = %(user)s AND status = 'open' AND expires_at > {now}
"""
_SLIDE = """
UPDATE upload_sessions SET expires_at = {end}, updated_at = {now}
WHERE upload_id = %(session)s AND status = 'open' AND expires_at > {now} RETURNING upload_id
"""
_TAKE = """
INSERT INTO upload_chunks (session_id, "index", writer) SELECT upload_id, %(index)s, %(writer)s FROM met WHERE true
ON CONFLICT (session_id, "index") DO UPDATE SET writer = excluded.writer, received_at = NULL
"""
_IS_WRITING = """
SELECT 1 FROM upload_chunks WHERE session_id = %(session)s AND "index" = %(index)s AND writer = %(writer)s
"""
_RECORD = """
UPDATE upload_chunks SET size = %(size)s, etag = %(etag)s, writer = NULL, received_at = {now}
WHERE session_id = %(session)s AND "index" = %(index)s AND writer = %(writer)s
    AND EXISTS (SELECT 1 FROM upload_sessions WHERE upload_id = %(session)s AND status = 'open')
RETURNING size
"""
_COUNT = "SELECT count(*) FROM upload_chunks WHERE session_id = %(session)s AND received_at IS NOT NULL"


def find(session: uuid.UUID, user_id: int) -> tuple | None:
    """The COLUMNS of that session, when it takes chunks of that user."""
    sql = in_dialect(_FIND, columns=", ".join(COLUMNS))
    return fetch_one(sql, {"session": session, "user": user_id, **term(0)})


def begin(session: uuid.UUID, index: int, writer: uuid.UUID) -> bool:
    """Slides the expiry and gives the chunk to that writer; False when the session takes no more chunks.

    The session's row is held by both: `complete` takes it, too, and so cannot pass in between.
    """
    params = {"session": session, "index": index, "writer": writer, **term(settings.UPLOAD_SESSION_TTL)}
    return fetch_one_and(in_dialect(_SLIDE), ("upload_id",), _TAKE, params) is not None


def is_writing(session: uuid.UUID, index: int, writer: uuid.UUID) -> bool:
    return fetch_one(_IS_WRITING, {"session": session, "index": index, "writer": writer}) is not None


def record(session: uuid.UUID, index: int, writer: uuid.UUID, size: int, etag: str) -> bool:
    """The chunk is there. False when it has another writer or the session has ended."""
    params = {"session": session, "index": index, "writer": writer, "size": size, "etag": etag, **term(0)}
    return fetch_one(in_dialect(_RECORD), params) is not None


def count(session: uuid.UUID) -> int:
    """How many chunks are there; asked once a chunk is recorded, so that of two at once the later one sees both."""
    row = fetch_one(_COUNT, {"session": session})
    assert row is not None
    return row[0]
