"""Who brought which document from where, and the devices that bring them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from knox.models import AbstractAuthToken, AuthTokenManager

from capture.fleet import DetectedFile, DeviceReport, MonitorPolicy
from uploads.models import Document, Promised
from uploads.sql import fetch_one, now_sql

__all__ = ["CVCapture", "DetectedFile", "DeviceReport", "DeviceToken", "MonitorPolicy"]


class DeviceToken(AbstractAuthToken):
    """A bearer token, stored as its SHA-512, and the device or client that holds it. `objects.create(user, name=…)`
    returns the row and the token itself, which is never seen again."""

    device_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=100)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_ip = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    failures_in_row = models.PositiveIntegerField(
        db_default=0, help_text="refused or failed calls since the last good one"
    )

    objects = AuthTokenManager()

    class Meta:
        db_table = "device_tokens"
        verbose_name = "device"
        indexes = [models.Index(fields=["user", "name"], name="device_tokens_by_owner")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and (self.expiry is None or self.expiry > timezone.now())

    def mark_used(self, ip_address: str) -> None:
        """At most one write a minute, whoever else calls."""
        stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - timedelta(minutes=1))
        DeviceToken.objects.filter(stale, pk=self.pk).update(last_used_at=Now(), last_ip=ip_address or None)

    def count_call(self, failed: bool) -> None:
        """Failures since the last good call; a good call after a good one writes nothing."""
        if failed or self.failures_in_row:
            failures = F("failures_in_row") + 1 if failed else 0
            DeviceToken.objects.filter(pk=self.pk).update(failures_in_row=failures)

    def revoke(self) -> bool:
        return bool(DeviceToken.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=Now()))

    def rotate(self) -> tuple[DeviceToken, str]:
        """A new token for the same device; the old one ends."""
        self.revoke()
        return DeviceToken.objects.create(self.user, name=self.name)


# A size that conflicts with the row's promises nothing.
_PROMISE = """
INSERT INTO cv_captures (user_id, document_id, file_name, source, ip_address, requested_at)
SELECT %(user)s, doc_id, %(name)s, %(source)s, %(address)s, CURRENT_TIMESTAMP FROM met
WHERE file_size_bytes = %(size)s
ON CONFLICT (user_id, document_id) DO UPDATE SET requested_at = excluded.requested_at
"""


# Answers a row when this call made the receipt, whoever else makes one at the same moment.
_RECEIPT = """
INSERT INTO cv_captures (user_id, document_id, captured_at, {names}) VALUES (%(user)s, %(document)s, {now}, {values})
ON CONFLICT (user_id, document_id) DO UPDATE SET captured_at = excluded.captured_at, {changes}
WHERE cv_captures.captured_at IS NULL
RETURNING id
"""


@cache
def _receipt_sql(*names: str) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in names)
    values = ", ".join(f"%({name})s" for name in names)
    return _RECEIPT.format(names=", ".join(names), values=values, changes=changes, now=now_sql())


class CVCaptureQuerySet(models.QuerySet["CVCapture", "CVCapture"]):
    def promised(self) -> CVCaptureQuerySet:
        return self.filter(captured_at=None)

    def received(self) -> CVCaptureQuerySet:
        return self.filter(captured_at__isnull=False)

    def promise(self, user: User, *, source: str, ip_address: str, **file: Any) -> tuple[Document, Promised]:
        """Promises the document, and remembers that this user asked to bring it. Asking again changes nothing but
        times. `file` is what `Document.objects.promise` takes. Raises SizeConflict."""
        who: dict[str, Any] = {"user": user.pk, "source": source, "address": ip_address or None}
        return Document.objects.promise(**file, extend=True, then=_PROMISE, **who)

    def receipt(
        self, user_id: int, document: Document, *, file_name: str, source: str, **facts: Any
    ) -> tuple[CVCapture, bool]:
        """The capture of these bytes by this user, and whether this call made it. One row however often it is asked.

        `facts` are further columns of it.
        """
        given = {"file_name": file_name, "source": source, **facts}
        made = fetch_one(_receipt_sql(*given), {"user": user_id, "document": document.pk, **given})
        if made is None:
            return self.get(user_id=user_id, document=document), False
        return self.model(id=made[0], user_id=user_id, document=document, **given), True

    def settle(self) -> int:
        """Promises become receipts."""
        return self.promised().update(captured_at=Now())


class CVCapture(models.Model):
    """Promised at presign; a receipt once the bytes are proven."""

    class Source(models.TextChoices):
        DOWNLOAD = "download"
        UPLOAD = "upload"
        EMAIL = "email"
        IMPORT = "import"
        MANUAL = "manual"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="captures")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="captures")
    file_name = models.CharField(max_length=255)
    source = models.CharField(max_length=10, choices=Source.choices)
    device = models.CharField(max_length=100, blank=True, db_default="")
    emp_id = models.CharField("employee", max_length=40, blank=True, db_default="")
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    detected_at = models.DateTimeField(null=True, blank=True)
    uploaded_at = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(db_default=Now())
    captured_at = models.DateTimeField(null=True, blank=True)

    objects = CVCaptureQuerySet.as_manager()

    class Meta:
        db_table = "cv_captures"
        verbose_name = "CV capture"
        permissions = [("review_cvcapture", "Can review captures")]
        constraints = [models.UniqueConstraint(fields=["user", "document"], name="capture_once_for_user_and_document")]
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(captured_at=None), name="cv_captures_promised"),
            models.Index(fields=["-captured_at"], name="cv_captures_newest"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def status(self) -> str:
        """`stored`, `parsing`, `ready` or `failed`: what the row says of reading the document."""
        return STATUS[self.document.parse_status]

    @property
    def reason(self) -> str | None:
        return self.document.parse_reason or None


STATUS: dict[str, str] = {
    Document.ParseStatus.PENDING: "stored",
    Document.ParseStatus.RUNNING: "parsing",
    Document.ParseStatus.COMPLETED: "ready",
    Document.ParseStatus.FAILED: "failed",
    Document.ParseStatus.NOT_NEEDED: "stored",
}
