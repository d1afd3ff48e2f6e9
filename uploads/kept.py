"""The one statement behind `Document.objects.keep`."""

from uploads.promise import COLUMNS
from uploads.sql import in_dialect

KEPT = (*COLUMNS, "verified_at", "s3_version", "s3_etag", "parse_status", "parsed", "text")
# What is stored stays as it is, and no row is answered; PostgreSQL locks it all the same. The columns are those of
# `uploads.states.proven_columns`, as a test compares.
_KEEP = """
INSERT INTO documents (doc_id, doc_hash_256, original_filename, file_size_bytes, content_type, s3_key, upload_status,
                       s3_version, s3_etag, verified_at, parse_status, parse_due_at, created_at, updated_at)
VALUES (%(doc_id)s, %(sha256)s, %(name)s, %(size)s, %(type)s, %(key)s, 'UPLOAD_COMPLETE', %(version)s, %(etag)s, {now},
        CASE WHEN %(to_be_read)s THEN 'pending' ELSE 'not_needed' END,
        CASE WHEN %(to_be_read)s THEN {end} END, {now}, {now})
ON CONFLICT (doc_hash_256) DO UPDATE SET
    original_filename = excluded.original_filename, file_size_bytes = excluded.file_size_bytes,
    content_type = excluded.content_type, s3_key = excluded.s3_key, upload_status = excluded.upload_status,
    s3_version = excluded.s3_version, s3_etag = excluded.s3_etag, verified_at = excluded.verified_at,
    parse_status = excluded.parse_status, parse_due_at = excluded.parse_due_at, updated_at = excluded.updated_at,
    failure_code = '', multipart_upload_id = '', verify_lease = NULL, verify_due_at = NULL
WHERE documents.upload_status <> 'UPLOAD_COMPLETE'
RETURNING {columns}
"""


def keep_sql() -> str:
    """The statement in the dialect of the database. Returns KEPT, or nothing where the document was stored before."""
    return in_dialect(_KEEP, columns=", ".join(KEPT))
