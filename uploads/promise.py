"""The one statement behind `Document.objects.promise`."""

from uploads.sql import in_dialect

COLUMNS = (
    "doc_id", "doc_hash_256", "original_filename", "file_size_bytes", "content_type", "s3_key", "upload_status",
    "s3_url_generated_at", "s3_url_expires_at", "multipart_upload_id",
)  # fmt: skip
# One statement decides between two callers with one hash, and by the database's clock. "Stale" is a row whose bytes may
# be asked for anew; a caller that extends gets the full term on a valid row as well; a stored row is never touched.
_PROMISE = """
INSERT INTO documents (doc_id, doc_hash_256, original_filename, file_size_bytes, content_type, s3_key, upload_status,
                       s3_url_generated_at, s3_url_expires_at, created_at, updated_at)
VALUES (%(doc_id)s, %(sha256)s, %(name)s, %(size)s, %(type)s, %(key)s, 'UPLOAD_URL_GENERATED',
        {now}, {end}, {now}, {now})
ON CONFLICT (doc_hash_256) DO UPDATE SET
    original_filename = CASE WHEN {stale} THEN excluded.original_filename ELSE documents.original_filename END,
    file_size_bytes = CASE WHEN {stale} THEN excluded.file_size_bytes ELSE documents.file_size_bytes END,
    content_type = CASE WHEN {stale} THEN excluded.content_type ELSE documents.content_type END,
    upload_status = CASE WHEN {stale} THEN excluded.upload_status ELSE documents.upload_status END,
    failure_code = CASE WHEN {stale} THEN '' ELSE documents.failure_code END,
    multipart_upload_id = CASE WHEN {stale} THEN '' ELSE documents.multipart_upload_id END,
    verify_due_at = CASE WHEN {stale} THEN NULL ELSE documents.verify_due_at END,
    verify_attempts = CASE WHEN {stale} THEN 0 ELSE documents.verify_attempts END,
    s3_url_generated_at = CASE WHEN {renew} THEN excluded.s3_url_generated_at ELSE documents.s3_url_generated_at END,
    s3_url_expires_at = CASE WHEN {renew} THEN excluded.s3_url_expires_at ELSE documents.s3_url_expires_at END,
    updated_at = CASE WHEN {renew} THEN excluded.updated_at ELSE documents.updated_at END
RETURNING {columns}, s3_url_generated_at = {now} AS renewed
"""
_STALE = """(documents.upload_status IN ('UPLOAD_PENDING', 'UPLOAD_FAILED')
    OR (documents.upload_status = 'UPLOAD_URL_GENERATED' AND documents.s3_url_expires_at <= {now}))"""
_RENEW = """({stale} OR (%(extend)s AND documents.upload_status = 'UPLOAD_URL_GENERATED'
    AND documents.file_size_bytes = excluded.file_size_bytes))"""


def promise_sql() -> str:
    """The statement in the dialect of the database. Returns COLUMNS, and whether this call made the URL's times."""
    stale = in_dialect(_STALE)
    return in_dialect(_PROMISE, columns=", ".join(COLUMNS), stale=stale, renew=_RENEW.format(stale=stale))
