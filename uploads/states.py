"""The states of a document, and the columns that go with each: what the constraints of the table demand."""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Now

from uploads.filetypes import FileType
from uploads.storage import StoredObject

LEASE = timedelta(seconds=20)
MAX_ATTEMPTS = 3
SCAN = "scan"  # the parse code of a document that waits for the slow reader of pictures


class Promised(enum.Enum):
    """What a promise met."""

    NEW = "new_document_created"
    RENEWED = "url_regenerated"
    VALID = "url_still_valid"
    STORED = "document_exists"


class UploadStatus(models.TextChoices):
    PENDING = "UPLOAD_PENDING", "waiting for a URL"
    URL_GENERATED = "UPLOAD_URL_GENERATED", "waiting for its bytes"
    COMPLETE = "UPLOAD_COMPLETE", "stored"
    FAILED = "UPLOAD_FAILED", "upload failed"


class ParseStatus(models.TextChoices):
    NOT_NEEDED = "not_needed", "not to be read"
    PENDING = "pending", "waiting to be read"
    RUNNING = "running", "being read"
    COMPLETED = "completed", "read"
    FAILED = "failed", "could not be read"


UNPROVEN = (UploadStatus.PENDING, UploadStatus.URL_GENERATED)


def proven_columns(stored: StoredObject, file_type: FileType) -> dict[str, Any]:
    """The columns that turn a row into a stored one. A CV waits for its reader from this moment."""
    parse = ParseStatus.NOT_NEEDED if file_type.is_video else ParseStatus.PENDING
    return {
        "upload_status": UploadStatus.COMPLETE,
        "content_type": file_type.mime,
        "file_size_bytes": stored.size,
        "s3_version": stored.version,
        "s3_etag": stored.etag,
        "verified_at": Now(),
        "verify_lease": None,
        "verify_due_at": None,
        "parse_status": parse,
        "parse_due_at": None if file_type.is_video else Now() + LEASE,
        "updated_at": Now(),
    }


def failed_columns(code: str) -> dict[str, Any]:
    return {
        "upload_status": UploadStatus.FAILED,
        "failure_code": code,
        "verify_lease": None,
        "verify_due_at": None,
        "updated_at": Now(),
    }


GAVE_UP = "The reader stopped several times while reading this file. The file itself is kept."


def unreadable_columns(code: str, reason: str) -> dict[str, Any]:
    return {
        "parse_status": ParseStatus.FAILED,
        "parse_code": code,
        "parse_reason": reason,
        "parse_lease": None,
        "parse_due_at": None,
        "updated_at": Now(),
    }
