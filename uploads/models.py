"""The ground: one row for each content, its states, and the verbs that move them.

Each move is one conditional UPDATE on the old state; a count of 0 means that somebody else was first, which is normal.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from uploads.assessments import Assessment
from uploads.filetypes import BY_MIME, FileType
from uploads.ledger import ErrorLog, RequestTrace
from uploads.queries import DocumentQuerySet
from uploads.sessions import UploadChunk, UploadSession
from uploads.signals import document_stored
from uploads.states import (
    LEASE,
    SCAN,
    UNPROVEN,
    ParseStatus,
    Promised,
    UploadStatus,
    failed_columns,
    proven_columns,
    unreadable_columns,
)
from uploads.storage import StoredObject
from uploads.tombstones import Tombstone

__all__ = [
    "Assessment", "Document", "ErrorLog", "Promised", "RequestTrace", "Tombstone", "UploadChunk", "UploadSession",
]  # fmt: skip


class Document(models.Model):
    """One file's bytes, known by their SHA-256: where they lie, whether they are true, what was read from them."""

    UploadStatus = UploadStatus
    ParseStatus = ParseStatus
    UNPROVEN = UNPROVEN

    doc_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    doc_hash_256 = models.CharField("SHA-256", max_length=64, unique=True)
    original_filename = models.CharField("file name", max_length=255)
    file_size_bytes = models.BigIntegerField("size in bytes")
    content_type = models.CharField(max_length=100)
    s3_key = models.CharField("key", max_length=500, db_index=True)
    upload_status = models.CharField(
        max_length=24, choices=UploadStatus.choices, db_default=UploadStatus.PENDING, db_index=True
    )
    failure_code = models.CharField(max_length=40, blank=True, db_default="")
    s3_url_generated_at = models.DateTimeField("URL made at", null=True, blank=True)
    s3_url_expires_at = models.DateTimeField("URL ends at", null=True, blank=True)
    multipart_upload_id = models.CharField(max_length=300, blank=True, db_default="")

    verified_at = models.DateTimeField(null=True, blank=True)
    s3_version = models.CharField("pinned version", max_length=200, blank=True, db_default="")
    s3_etag = models.CharField("pinned ETag", max_length=200, blank=True, db_default="")
    verify_due_at = models.DateTimeField(null=True, blank=True)
    verify_lease = models.UUIDField(null=True, blank=True)
    verify_attempts = models.PositiveSmallIntegerField(db_default=0)

    parse_status = models.CharField(max_length=12, choices=ParseStatus.choices, db_default=ParseStatus.NOT_NEEDED)
    parse_code = models.CharField(max_length=40, blank=True, db_default="")
    parse_reason = models.CharField("why it could not be read", max_length=500, blank=True, db_default="")
    parse_due_at = models.DateTimeField(null=True, blank=True)
    parse_lease = models.UUIDField(null=True, blank=True)
    parse_attempts = models.PositiveSmallIntegerField(db_default=0)
    parser_version = models.PositiveIntegerField(null=True, blank=True)
    parsed = models.JSONField("fields found", null=True, blank=True)
    text = models.TextField(blank=True, db_default="")
    looked_at = models.DateTimeField("looked at by a recruiter", null=True, blank=True)

    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = DocumentQuerySet.as_manager()

    class Meta:
        db_table = "documents"
        permissions = [("download_document", "Can look at and download the file")]
        indexes = [
            models.Index(
                fields=["parse_due_at"],
                condition=Q(parse_status__in=["pending", "running"]),
                name="documents_to_be_read",
            ),
            models.Index(
                fields=["verify_due_at"], condition=Q(verify_due_at__isnull=False), name="documents_to_be_proven"
            ),
            models.Index(
                fields=["s3_url_expires_at"],
                condition=Q(upload_status__in=["UPLOAD_PENDING", "UPLOAD_URL_GENERATED"]),
                name="documents_promised",
            ),
            models.Index(fields=["-created_at"], name="documents_newest"),
            models.Index(
                fields=["-created_at"],
                condition=Q(looked_at=None) & (Q(parse_status="failed") | Q(upload_status="UPLOAD_FAILED")),
                name="documents_to_look_at",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(doc_hash_256__regex="^[0-9a-f]{64}$"), name="document_hash_is_sha256"),
            models.CheckConstraint(condition=Q(file_size_bytes__gt=0), name="document_has_bytes"),
            models.CheckConstraint(
                condition=~Q(upload_status="UPLOAD_URL_GENERATED")
                | Q(s3_url_generated_at__isnull=False, s3_url_expires_at__isnull=False),
                name="document_with_url_has_its_times",
            ),
            models.CheckConstraint(
                condition=~Q(upload_status="UPLOAD_COMPLETE") | (Q(verified_at__isnull=False) & ~Q(s3_key="")),
                name="document_complete_is_verified",
            ),
            models.CheckConstraint(
                condition=~Q(upload_status="UPLOAD_FAILED") | ~Q(failure_code=""), name="document_failed_has_a_code"
            ),
            models.CheckConstraint(
                condition=Q(parse_status="not_needed") | Q(upload_status="UPLOAD_COMPLETE"),
                name="document_read_only_when_complete",
            ),
            models.CheckConstraint(
                condition=~Q(parse_status="completed") | Q(parsed__isnull=False, parser_version__isnull=False),
                name="document_read_has_a_result",
            ),
            models.CheckConstraint(
                condition=~Q(parse_status="failed") | ~Q(parse_reason=""), name="document_unreadable_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(parse_status="running") | Q(parse_lease__isnull=False, parse_due_at__isnull=False),
                name="document_being_read_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(parse_status="pending") | Q(parse_due_at__isnull=False),
                name="document_to_be_read_is_due",
            ),
        ]

    def __str__(self) -> str:
        return self.original_filename

    @property
    def is_stored(self) -> bool:
        return self.upload_status == self.UploadStatus.COMPLETE

    @property
    def said(self) -> dict[str, Any] | None:
        """The fields that were read; none while it is being read anew."""
        return self.parsed if self.parse_status == self.ParseStatus.COMPLETED else None

    @property
    def is_being_verified(self) -> bool:
        return self.verify_due_at is not None

    @property
    def file_type(self) -> FileType:
        """What was proven, and before that what the first name claimed: a later name may claim another type."""
        return BY_MIME[self.content_type]

    @property
    def pinned(self) -> StoredObject:
        """The version that was verified: the only one that is ever read."""
        when = self.verified_at or datetime.min
        return StoredObject(self.s3_key, self.file_size_bytes, self.s3_version, self.s3_etag, when, self.doc_hash_256)

    def ring(self) -> None:
        """Tells whoever listens, after commit, that a document is stored."""
        facts = {"doc_id": self.pk, "is_video": self.file_type.is_video}
        transaction.on_commit(lambda: document_stored.send_robust(sender=Document, **facts))

    # --- Upload states ----------------------------------------------------------------------------------------------

    def _move(self, sources: Any, **columns: Any) -> bool:
        moved = Document.objects.filter(pk=self.pk, upload_status__in=sources).update(**columns)
        return bool(moved)

    def hold_for_multipart(self, upload_id: str) -> bool:
        """Ties a multipart upload to this promise; False when another caller has tied one."""
        free = Document.objects.promised().filter(pk=self.pk, multipart_upload_id="")
        return bool(free.update(multipart_upload_id=upload_id, updated_at=Now()))

    def mark_stored(self, stored: StoredObject, file_type: FileType) -> bool:
        """These bytes are true. Rings the bell, once."""
        with transaction.atomic():
            moved = self._move(self.UNPROVEN, **proven_columns(stored, file_type))
            if moved:
                self.ring()
        return moved

    def mark_failed(self, code: str) -> bool:
        return self._move(self.UNPROVEN, **failed_columns(code))

    def request_verification(self) -> bool:
        """Leaves the proof to a worker. True when this call was the first to ask."""
        asked = Document.objects.promised().filter(pk=self.pk, verify_due_at=None)
        return bool(asked.update(verify_due_at=Now() + LEASE, verify_lease=None, verify_attempts=0, updated_at=Now()))

    def renew_verify_lease(self) -> bool:
        held = Document.objects.filter(pk=self.pk, verify_lease=self.verify_lease)
        return bool(held.update(verify_due_at=Now() + LEASE))

    # --- Parse states: only the holder of the lease may end a reading -------------------------------------------------

    def _held(self) -> DocumentQuerySet:
        return Document.objects.filter(pk=self.pk, parse_status=self.ParseStatus.RUNNING, parse_lease=self.parse_lease)

    def renew_parse_lease(self) -> bool:
        return bool(self._held().update(parse_due_at=Now() + LEASE))

    def mark_parsed(self, parsed: dict, text: str, parser_version: int) -> bool:
        return bool(
            self._held().update(
                parse_status=self.ParseStatus.COMPLETED,
                parsed=parsed,
                text=text,
                parser_version=parser_version,
                parse_code="",
                parse_reason="",
                parse_lease=None,
                parse_due_at=None,
                updated_at=Now(),
            )
        )

    def mark_unreadable(self, code: str, reason: str, parser_version: int | None = None) -> bool:
        return bool(self._held().update(**unreadable_columns(code, reason), parser_version=parser_version))

    def put_off_parsing(self, delay: timedelta) -> bool:
        """The reading could not even begin (the store is away): this attempt does not count."""
        return bool(
            self._held().update(
                parse_status=self.ParseStatus.PENDING,
                parse_lease=None,
                parse_due_at=Now() + delay,
                parse_attempts=F("parse_attempts") - 1,
            )
        )

    def wait_for_ocr(self) -> bool:
        """It holds no text, and pictures can be read here: the slow reader takes it up."""
        reading_or_failed = Q(parse_status=self.ParseStatus.RUNNING, parse_lease=self.parse_lease) | Q(
            parse_status=self.ParseStatus.FAILED, parse_code="no_text"
        )
        return bool(
            Document.objects.filter(reading_or_failed, pk=self.pk).update(
                parse_status=self.ParseStatus.PENDING,
                parse_code=SCAN,
                parse_reason="",
                parse_lease=None,
                parse_attempts=0,
                parse_due_at=Now() + LEASE,
            )
        )

    def read_again(self) -> bool:
        """By hand, or for a newer parser: a finished reading starts over."""
        over = [self.ParseStatus.FAILED, self.ParseStatus.COMPLETED]
        with transaction.atomic():
            moved = Document.objects.filter(pk=self.pk, parse_status__in=over).update(
                parse_status=self.ParseStatus.PENDING,
                parse_code="",
                parse_reason="",
                parse_attempts=0,
                parse_due_at=Now() + LEASE,
                looked_at=None,
                updated_at=Now(),
            )
            if moved:
                self.ring()
        return bool(moved)
