"""Questions to the upload sessions, and the verbs that move many rows or make one."""

from __future__ import annotations

import math
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Now
from django.utils import timezone

from uploads import arrivals
from uploads.assessments import Assessment
from uploads.errors import TooManyBytes, TooManySessions
from uploads.keys import session_key
from uploads.states import LEASE, MAX_ATTEMPTS

if TYPE_CHECKING:
    from uploads.sessions import UploadSession

GAVE_UP = "The check of this file stopped several times. Please send it again."


class SessionStatus(models.TextChoices):
    OPEN = "open", "receiving"
    VERIFYING = "verifying", "being checked"
    DONE = "done", "stored"
    FAILED = "failed", "failed"
    EXPIRED = "expired", "expired"
    CANCELLED = "cancelled", "cancelled"


def term() -> timedelta:
    return timedelta(seconds=settings.UPLOAD_SESSION_TTL)


class SessionQuerySet(models.QuerySet["UploadSession"]):
    # --- Questions --------------------------------------------------------------------------------------------------

    def alive(self) -> SessionQuerySet:
        """Takes chunks."""
        return self.filter(status=SessionStatus.OPEN, expires_at__gt=Now())

    def taking(self, upload_id: uuid.UUID, user: User) -> UploadSession | None:
        """An open session of that user, by one statement and with only what a chunk needs of it."""
        row = arrivals.find(upload_id, user.pk)
        return self.model.from_db(self.db, arrivals.COLUMNS, [upload_id, *row[1:]]) if row else None

    def overdue(self) -> SessionQuerySet:
        return self.filter(status=SessionStatus.OPEN, expires_at__lte=Now())

    def known(self) -> SessionQuerySet:
        """What its owner may still ask for: neither expired nor cancelled."""
        kept = [SessionStatus.VERIFYING, SessionStatus.DONE, SessionStatus.FAILED]
        return self.filter(Q(status__in=kept) | Q(status=SessionStatus.OPEN, expires_at__gt=Now()))

    def over(self, ago: timedelta) -> SessionQuerySet:
        """Ended, in whatever way, and nothing has happened since."""
        ends = [SessionStatus.DONE, SessionStatus.FAILED, SessionStatus.EXPIRED, SessionStatus.CANCELLED]
        return self.filter(status__in=ends, updated_at__lt=Now() - ago)

    def holding(self, multipart_upload_id: str) -> SessionQuerySet:
        """Whose bytes are in this multipart upload, and wanted."""
        wanted = [SessionStatus.OPEN, SessionStatus.VERIFYING]
        return self.filter(multipart_upload_id=multipart_upload_id, status__in=wanted)

    def verifying(self) -> SessionQuerySet:
        return self.filter(status=SessionStatus.VERIFYING)

    def owning(self, key: str) -> SessionQuerySet:
        """Whose bytes lie at this key, and are wanted though no document has them yet."""
        return self.filter(Q(status=SessionStatus.VERIFYING, key=key) | Q(status="open", key=key.partition(".tail")[0]))

    def waiting_for_proof(self) -> SessionQuerySet:
        return self.verifying().filter(verify_due_at__lte=Now())

    # --- Verbs ------------------------------------------------------------------------------------------------------

    def start(self, user: User, *, filename: str, file_size: int, extension: str) -> UploadSession:
        """A new session within the user's limits. Raises TooManySessions or TooManyBytes."""
        upload_id = uuid.uuid4()
        with transaction.atomic():
            # The user's row is the turnstile: of fifty calls at once each counts after the other.
            User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk").first()
            self._check_limits(user, file_size)
            return self.create(
                upload_id=upload_id,
                user=user,
                filename=filename,
                file_size=file_size,
                chunk_size=settings.UPLOAD_CHUNK_BYTES,
                total_chunks=math.ceil(file_size / settings.UPLOAD_CHUNK_BYTES),
                key=session_key(upload_id, extension),
                expires_at=timezone.now() + term(),
            )

    def _check_limits(self, user: User, file_size: int) -> None:
        held = self.alive().filter(user=user).aggregate(sessions=Count("pk"), size=Sum("file_size", default=0))
        if held["sessions"] >= settings.UPLOAD_OPEN_SESSIONS:
            raise TooManySessions
        if held["size"] + file_size > settings.UPLOAD_OPEN_BYTES:
            raise TooManyBytes

    def slide(self) -> int:
        return self.update(expires_at=Now() + term(), updated_at=Now())

    def forget(self) -> int:
        """Removes these, which are over, with their chunks. Documents stay, and the assessments of these."""
        Assessment.objects.filter(session__in=self, document=None).delete()
        return self.delete()[1].get(self.model._meta.label, 0)

    def fail(self, code: str, reason: str) -> bool:
        columns = {"status": SessionStatus.FAILED, "failure_code": code, "failure_reason": reason}
        return bool(self.update(**columns, verify_lease=None, verify_due_at=None, updated_at=Now()))

    def claim_for_verifying(self, upload_id: uuid.UUID | str) -> UploadSession | None:
        """Takes one up, or None: it is gone, taken, done, or has used up its attempts. A lease ends by itself."""
        lease = uuid.uuid4()
        claimed = (
            self.filter(pk=upload_id, status=SessionStatus.VERIFYING, verify_attempts__lt=MAX_ATTEMPTS)
            .filter(Q(verify_lease=None) | Q(verify_due_at__lte=Now()))
            .update(verify_lease=lease, verify_due_at=Now() + LEASE, verify_attempts=F("verify_attempts") + 1)
        )
        return self.filter(pk=upload_id, verify_lease=lease).first() if claimed else None

    def take_back_proofs(self, limit: int) -> list[uuid.UUID]:
        """Ends leases that ran out; returns what should be queued again."""
        ids = list(self.waiting_for_proof().order_by("verify_due_at").values_list("pk", flat=True)[:limit])
        for session in self.waiting_for_proof().filter(pk__in=ids, verify_attempts__gte=MAX_ATTEMPTS):
            session.mark_failed("verification_crashed", GAVE_UP)
        self.waiting_for_proof().filter(pk__in=ids).update(verify_lease=None, verify_due_at=Now() + LEASE)
        return ids
