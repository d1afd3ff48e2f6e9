"""An uploaded video under analysis, and what was found."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from uploads.states import LEASE, MAX_ATTEMPTS

GAVE_UP = "The analysis stopped several times on this video. The file itself is kept."
POSTER_BYTES = 200_000


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def processing(self) -> AssessmentQuerySet:
        return self.filter(status=Assessment.Status.PROCESSING)

    def due(self) -> AssessmentQuerySet:
        """Stored, and nobody has taken them up in time. Before the bytes are proven there is no due time."""
        return self.processing().filter(due_at__lte=Now())

    def fail(self, message: str) -> bool:
        ended = {"status": Assessment.Status.FAILED, "message": message, "lease": None, "due_at": None}
        return bool(self.processing().update(**ended, updated_at=Now()))

    def claim(self, assessment_id: uuid.UUID | str) -> Assessment | None:
        """Takes one up, or None: it is gone, taken, done, not stored yet, or has used up its attempts."""
        lease = uuid.uuid4()
        claimed = (
            self.processing()
            .filter(pk=assessment_id, due_at__isnull=False, attempts__lt=MAX_ATTEMPTS)
            .filter(Q(lease=None) | Q(due_at__lte=Now()))
            .update(lease=lease, due_at=Now() + LEASE, attempts=F("attempts") + 1)
        )
        return self.select_related("document").filter(pk=assessment_id, lease=lease).first() if claimed else None

    def take_back(self, limit: int) -> list[uuid.UUID]:
        """Ends leases that ran out; returns what should be queued again."""
        ids = list(self.due().order_by("due_at").values_list("pk", flat=True)[:limit])
        due = self.due().filter(pk__in=ids)
        due.filter(attempts__gte=MAX_ATTEMPTS).fail(GAVE_UP)
        due.update(lease=None, due_at=Now() + LEASE)
        return ids


class Assessment(models.Model):
    """One video. Made when its upload is complete, so that its id is known before its bytes are proven."""

    class Status(models.TextChoices):
        PROCESSING = "processing", "being analysed"
        READY = "ready", "ready"
        FAILED = "failed", "failed"

    assessment_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.OneToOneField(
        "uploads.UploadSession", null=True, blank=True, on_delete=models.SET_NULL, related_name="assessment"
    )
    document = models.ForeignKey(
        "uploads.Document", null=True, blank=True, on_delete=models.CASCADE, related_name="assessments"
    )
    status = models.CharField(max_length=10, choices=Status.choices, db_default=Status.PROCESSING)
    message = models.CharField(max_length=500, blank=True, db_default="")

    duration_s = models.FloatField("duration in seconds", null=True, blank=True)
    width = models.PositiveIntegerField("width in pixels", null=True, blank=True)
    height = models.PositiveIntegerField("height in pixels", null=True, blank=True)
    frame_rate = models.FloatField("frames a second", null=True, blank=True)
    codecs = models.JSONField(default=list, blank=True)
    playable = models.BooleanField("plays in browsers", null=True, blank=True)
    poster = models.BinaryField("poster picture, JPEG", null=True, blank=True, max_length=POSTER_BYTES)

    due_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        db_table = "assessments"
        indexes = [models.Index(fields=["due_at"], condition=Q(status="processing"), name="assessments_to_be_made")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="ready") | Q(document__isnull=False), name="assessment_ready_has_a_document"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(message=""), name="assessment_failed_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Assessment {self.assessment_id}"

    @property
    def poster_url(self) -> str | None:
        return f"/api/assessments/{self.pk}/poster" if self.poster else None

    def _held(self) -> AssessmentQuerySet:
        return Assessment.objects.processing().filter(pk=self.pk, lease=self.lease)

    def renew_lease(self) -> bool:
        return bool(self._held().update(due_at=Now() + LEASE))

    def put_off(self) -> bool:
        """The store is away: this attempt does not count, and the next one comes with the sweep."""
        return bool(self._held().update(lease=None, due_at=Now() + LEASE, attempts=F("attempts") - 1))

    def mark_ready(self, message: str, **found: Any) -> bool:
        ended = {"status": self.Status.READY, "message": message, "lease": None, "due_at": None}
        return bool(self._held().update(**ended, **found, updated_at=Now()))

    def mark_failed(self, message: str) -> bool:
        return self._held().fail(message)
