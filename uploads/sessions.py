"""Bytes arriving in pieces, their hash not yet known: a session, its chunks, and the verbs that move them.

Any web process serves any chunk: what is known of an upload stands in these rows, its bytes lie in the store.
"""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from uploads import arrivals
from uploads.assessments import Assessment
from uploads.filetypes import BY_EXTENSION, FileType
from uploads.keys import tail_key
from uploads.session_queries import SessionQuerySet, SessionStatus
from uploads.states import LEASE
from uploads.storage import Part

if TYPE_CHECKING:
    from uploads.models import Document

MESSAGES = {
    SessionStatus.OPEN: "Waiting for chunks",
    SessionStatus.VERIFYING: "Upload complete, the file is being checked",
    SessionStatus.DONE: "Upload complete, the file is stored",
}


class UploadSession(models.Model):
    """One file on its way. Ends in a Document, or with a reason why not."""

    Status = SessionStatus

    upload_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="upload_sessions")
    filename = models.CharField("file name", max_length=255)
    file_size = models.BigIntegerField("size in bytes")
    chunk_size = models.PositiveIntegerField("bytes in a chunk")
    total_chunks = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=SessionStatus.choices, db_default=SessionStatus.OPEN)
    key = models.CharField(max_length=100, db_index=True)
    multipart_upload_id = models.CharField(max_length=300, blank=True, db_default="")
    expires_at = models.DateTimeField()

    # tus: the bytes after the last whole chunk lie in an object of their own until the chunk is whole. `appender` is
    # the call that may append now, `tail_writer` the one whose object holds the tail.
    appender = models.UUIDField(null=True, blank=True)
    tail_index = models.PositiveIntegerField(null=True, blank=True)
    tail_size = models.PositiveIntegerField(db_default=0)
    tail_writer = models.UUIDField(null=True, blank=True)
    tus_metadata = models.TextField(blank=True, db_default="")

    document = models.ForeignKey(
        "uploads.Document", null=True, blank=True, on_delete=models.CASCADE, related_name="upload_sessions"
    )
    failure_code = models.CharField(max_length=40, blank=True, db_default="")
    failure_reason = models.CharField("why it failed", max_length=500, blank=True, db_default="")
    verify_due_at = models.DateTimeField(null=True, blank=True)
    verify_lease = models.UUIDField(null=True, blank=True)
    verify_attempts = models.PositiveSmallIntegerField(db_default=0)

    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = SessionQuerySet.as_manager()

    class Meta:
        db_table = "upload_sessions"
        indexes = [
            models.Index(fields=["user", "expires_at"], condition=Q(status="open"), name="upload_sessions_open"),
            models.Index(fields=["verify_due_at"], condition=Q(status="verifying"), name="upload_sessions_to_prove"),
            models.Index(fields=["status", "updated_at"], name="upload_sessions_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(file_size__gt=0, chunk_size__gt=0, total_chunks__gt=0), name="upload_session_has_bytes"
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(document__isnull=False), name="upload_session_done_has_a_document"
            ),
            models.CheckConstraint(
                condition=~Q(status="verifying") | Q(verify_due_at__isnull=False), name="upload_session_to_prove_is_due"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | (~Q(failure_code="") & ~Q(failure_reason="")),
                name="upload_session_failed_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def file_type(self) -> FileType:
        """The type that the name claims; `init` lets no other name in."""
        return BY_EXTENSION[PurePath(self.filename).suffix[1:].lower()]

    @property
    def is_open(self) -> bool:
        return self.status == SessionStatus.OPEN

    @property
    def is_over(self) -> bool:
        return self.status not in (SessionStatus.OPEN, SessionStatus.VERIFYING)

    @property
    def message(self) -> str:
        unreadable = self.document.parse_reason if self.document else ""
        return self.failure_reason or unreadable or MESSAGES[SessionStatus(self.status)]

    @property
    def assessment_id(self) -> uuid.UUID | None:
        return Assessment.objects.filter(session=self).values_list("pk", flat=True).first()

    @property
    def tail_key(self) -> str:
        return tail_key(self.key, self.tail_writer)

    @property
    def offset(self) -> int:
        """How many bytes from the beginning are there without a gap."""
        if not self.is_open:
            return self.file_size
        there = set(self.received())
        whole = next(index for index in range(self.total_chunks + 1) if index not in there)
        tail = self.tail_size if self.tail_index == whole else 0
        return min(self.file_size, whole * self.chunk_size + tail)

    def span(self, index: int) -> tuple[int, int]:
        """Where chunk `index` begins in the file, and its length. Both in bytes."""
        start = index * self.chunk_size
        return start, min(self.chunk_size, self.file_size - start)

    def received(self) -> list[int]:
        """The chunks that are there, whole and durable."""
        if not self.is_open:
            return list(range(self.total_chunks))  # it would not have been completed otherwise
        return list(self.chunks.received().order_by("index").values_list("index", flat=True))

    def missing(self, most: int = 100) -> tuple[list[int], int]:
        """The first `most` chunks that are not there, and how many there are."""
        missing = sorted(set(range(self.total_chunks)) - set(self.received()))
        return missing[:most], len(missing)

    def parts(self) -> list[Part]:
        rows = self.chunks.received().order_by("index").values_list("index", "size", "etag")
        return [Part(index + 1, size or 0, etag) for index, size, etag in rows]

    # --- Chunks -----------------------------------------------------------------------------------------------------

    def begin_chunk(self, index: int) -> uuid.UUID | None:
        """Takes chunk `index` for one writer and slides the expiry; None when the session is no longer open.

        Until it is recorded the chunk has not arrived, even if it had before. A later writer takes it from an earlier
        one.
        """
        writer = uuid.uuid4()
        return writer if arrivals.begin(self.pk, index, writer) else None

    def is_writing(self, index: int, writer: uuid.UUID) -> bool:
        return arrivals.is_writing(self.pk, index, writer)

    def record_chunk(self, index: int, writer: uuid.UUID, *, size: int, etag: str) -> bool:
        """The chunk is there. False when another writer has taken it over or the session has ended."""
        return arrivals.record(self.pk, index, writer, size, etag)

    def count_chunks(self) -> int:
        """How many have arrived."""
        return arrivals.count(self.pk) if self.is_open else self.total_chunks

    def complete(self) -> bool:
        """open → verifying, once, when every chunk is there. A video gets its assessment with it."""
        with transaction.atomic():
            # The lock, not the count alone: a chunk that is about to be replaced takes the same row first.
            opened = UploadSession.objects.alive().select_for_update(no_key=True).filter(pk=self.pk).first()
            if opened is None or self.chunks.received().count() != self.total_chunks:
                return False
            UploadSession.objects.filter(pk=self.pk).update(
                status=SessionStatus.VERIFYING, verify_due_at=Now() + LEASE, updated_at=Now()
            )
            if self.file_type.is_video:
                Assessment.objects.create(session=self)
        return True

    def cancel(self) -> bool:
        cancelled = UploadSession.objects.filter(pk=self.pk, status=SessionStatus.OPEN)
        return bool(cancelled.update(status=SessionStatus.CANCELLED, updated_at=Now()))

    def expire(self) -> bool:
        overdue = UploadSession.objects.overdue().filter(pk=self.pk)
        return bool(overdue.update(status=SessionStatus.EXPIRED, updated_at=Now()))

    # --- Proof: only the holder of the lease may end it ---------------------------------------------------------------

    def _held(self) -> SessionQuerySet:
        return UploadSession.objects.filter(pk=self.pk, status="verifying", verify_lease=self.verify_lease)

    def renew_lease(self) -> bool:
        return bool(self._held().update(verify_due_at=Now() + LEASE))

    def put_off_proof(self) -> bool:
        """The store is away: this attempt does not count, and the next one comes with the sweep."""
        return bool(
            self._held().update(
                verify_lease=None, verify_due_at=Now() + LEASE, verify_attempts=F("verify_attempts") - 1
            )
        )

    def mark_done(self, document: Document) -> bool:
        """These bytes are this document. Rings once more for a video: known bytes may have an assessment to be made."""
        moved = self._held().update(
            status=SessionStatus.DONE, document=document, verify_due_at=None, verify_lease=None, updated_at=Now()
        )
        if moved:
            self.chunks.all().delete()
            if Assessment.objects.filter(session=self).update(document=document, due_at=Now() + LEASE):
                document.ring()
        return bool(moved)

    def mark_failed(self, code: str, reason: str) -> bool:
        with transaction.atomic():
            moved = self._held().fail(code, reason)
            if moved:
                Assessment.objects.filter(session=self).fail(reason)
        return moved


class ChunkQuerySet(models.QuerySet["UploadChunk"]):
    def received(self) -> ChunkQuerySet:
        return self.filter(received_at__isnull=False)


class UploadChunk(models.Model):
    """One piece. It has arrived when `received_at` is set: whole, checked and durable."""

    session = models.ForeignKey(UploadSession, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    size = models.PositiveIntegerField(null=True)
    # The store's answer for this part: SeaweedFS lists a part that was sent again twice, so its listing cannot tell.
    etag = models.CharField(max_length=200, blank=True, db_default="")
    writer = models.UUIDField(null=True)
    received_at = models.DateTimeField(null=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        db_table = "upload_chunks"
        constraints = [
            models.UniqueConstraint(fields=["session", "index"], name="upload_chunk_once_for_session_and_index"),
            models.CheckConstraint(
                condition=Q(received_at=None, writer__isnull=False)
                | Q(received_at__isnull=False, writer=None, size__isnull=False),
                name="upload_chunk_is_written_or_received",
            ),
        ]

    def __str__(self) -> str:
        return f"chunk {self.index}"
