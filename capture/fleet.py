"""The desktops: how each is, what it saw, and what the server wants of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from uploads.models import Document, Tombstone

if TYPE_CHECKING:
    from capture.models import DeviceToken

PATIENCE = timedelta(hours=1)  # a file seen this long ago and not stored since is missing
LONGEST_INTERVAL = 3600
NO_TEXTS = 'A list of texts in quotation marks, such as ["Naukri_*", "Indeed_*"].'
SILENT_AFTER = timedelta(minutes=45)  # three heartbeats of a monitor that keeps the default interval


class DeviceReport(models.Model):
    """The last heartbeat of one desktop."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="desktops")
    device = models.CharField(max_length=100)
    token = models.ForeignKey(
        "capture.DeviceToken", null=True, on_delete=models.SET_NULL, to_field="device_id", related_name="reports"
    )
    version = models.CharField(max_length=40, blank=True, db_default="")
    queue_depth = models.PositiveIntegerField(db_default=0)
    oldest_waiting_s = models.PositiveIntegerField("oldest waiting, seconds", db_default=0)
    stuck = models.JSONField("stuck files", default=list)
    clock_ahead_s = models.IntegerField("clock ahead of ours, seconds", db_default=0)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "device_reports"
        verbose_name = "desktop"
        constraints = [models.UniqueConstraint(fields=["user", "device"], name="report_once_for_device")]
        indexes = [models.Index(fields=["-seen_at"], name="device_reports_newest")]

    def __str__(self) -> str:
        return self.device

    @classmethod
    def hear(cls, user: User, token: DeviceToken | None, *, device: str, **facts: Any) -> DeviceReport:
        known = {**facts, "token": token, "seen_at": Now()}
        report, _ = cls.objects.update_or_create(user=user, device=device, defaults=known)
        return report


class DetectedQuerySet(models.QuerySet["DetectedFile", "DetectedFile"]):
    def see(self, user: User, device: str, hashes: list[str]) -> None:
        """Remembers when each was first seen; again changes nothing. What was erased is not looked for again."""
        seen = [DetectedFile(user=user, device=device, sha256=sha256) for sha256 in dict.fromkeys(hashes)]
        DetectedFile.objects.bulk_create(seen, ignore_conflicts=True)
        # Afterwards: an erasing that ends between the two has not met these rows, but this meets its tombstones.
        self.forget(Tombstone.files_among(hashes))

    def forget(self, hashes: Collection[str]) -> None:
        if hashes:
            self.filter(sha256__in=hashes).delete()

    def missing(self, patience: timedelta = PATIENCE) -> DetectedQuerySet:
        """Seen on a desktop a while ago, and not stored since, whoever brought it."""
        stored = Document.objects.stored().filter(doc_hash_256=OuterRef("sha256"))
        return self.filter(~Exists(stored), forgiven=False, first_seen_at__lt=Now() - patience)


class DetectedFile(models.Model):
    """A file that a monitor saw, by its SHA-256. Its name stays on the desktop until the file is brought."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    device = models.CharField(max_length=100)
    sha256 = models.CharField("SHA-256", max_length=64)
    first_seen_at = models.DateTimeField(db_default=Now())
    forgiven = models.BooleanField(db_default=False, help_text="Looked into: it need not come any more.")

    objects = DetectedQuerySet.as_manager()

    class Meta:
        db_table = "detected_files"
        verbose_name = "file seen on a desktop"
        verbose_name_plural = "missing CVs"
        constraints = [models.UniqueConstraint(fields=["user", "sha256"], name="detected_once_for_user")]
        indexes = [models.Index(fields=["first_seen_at"], condition=Q(forgiven=False), name="detected_oldest")]

    def __str__(self) -> str:
        return f"{self.sha256[:12]}… on {self.device}"


class MonitorPolicy(models.Model):
    """What the monitors of one group are to do. An empty field leaves it to the monitor's own file."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="monitor_policy")
    enabled = models.BooleanField(default=True, help_text="Off: every monitor of the group stops within one heartbeat.")
    rollout_percent = models.PositiveSmallIntegerField(
        "roll-out, percent",
        default=100,
        help_text="The share of desktops that work; which ones stays the same while it grows.",
    )
    patterns = models.JSONField(default=list, blank=True, help_text='such as ["Naukri_*"]')
    extensions = models.JSONField(default=list, blank=True, help_text='such as [".pdf", ".docx"]')
    max_size_bytes = models.PositiveBigIntegerField("largest file, bytes", null=True, blank=True)
    check_interval_sec = models.PositiveIntegerField("a look every, seconds", null=True, blank=True)

    FIELDS = ("enabled", "rollout_percent", "patterns", "extensions", "max_size_bytes", "check_interval_sec")

    class Meta:
        db_table = "monitor_policies"
        verbose_name_plural = "monitor policies"
        constraints = [
            models.CheckConstraint(condition=Q(rollout_percent__lte=100), name="rollout_is_a_percentage"),
        ]

    def __str__(self) -> str:
        return f"Monitors of {self.group}"

    def clean(self) -> None:
        """A monitor refuses a policy that it does not understand, each of them and in silence: so it is said here."""
        faults = {name: NO_TEXTS for name in ("patterns", "extensions") if not _texts(getattr(self, name))}
        if self.check_interval_sec is not None and not 1 <= self.check_interval_sec <= LONGEST_INTERVAL:
            faults["check_interval_sec"] = f"From 1 to {LONGEST_INTERVAL} seconds."
        if self.max_size_bytes == 0:
            faults["max_size_bytes"] = "At least 1."
        if faults:
            raise ValidationError(faults)

    @classmethod
    def served_to(cls, user: User) -> dict[str, Any]:
        """The policy of the user's group, without what it leaves open; of several groups the strictest share."""
        policy = cls.objects.filter(group__user=user).order_by("enabled", "rollout_percent").first()
        if policy is None:
            return {}
        served = {name: getattr(policy, name) for name in cls.FIELDS}
        return {name: value for name, value in served.items() if value not in (None, [])}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)
