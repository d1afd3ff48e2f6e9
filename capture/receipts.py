"""Receipts without a closing call, and the line that each receipt leaves in the daily log."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models.functions import Now

from capture.models import CVCapture
from uploads import ledger
from uploads.errors import Conflict, ObjectMissing, StoreUnavailable
from uploads.models import Document
from uploads.proof import gather_parts, prove

PATIENCE = timedelta(minutes=2)  # a client that is still about to say so itself comes first
BATCH = 500
logger = logging.getLogger("door.cv_capture")


def log_capture(capture: CVCapture, ip_address: str | None) -> None:
    facts = {
        "user_id": capture.user_id,
        "cv_capture_id": capture.pk,
        "file_name": capture.file_name,
        "source": capture.source,
        "ip_address": ip_address,
    }
    logger.info("CV uploaded", extra={"facts": facts})


def reconcile(patience: timedelta = PATIENCE) -> dict[str, int]:
    """Proves what arrived without its closing call, then gives each user who had asked for it a receipt."""
    arrived = sum(map(_prove, _waiting(patience)))
    return {"documents proven": arrived, "captures made": settle_promises(patience)}


def _waiting(patience: timedelta) -> list[Document]:
    promised = Document.objects.promised().filter(verify_due_at=None).asked_before(patience)
    return list(promised.defer("text", "parsed").order_by("s3_url_generated_at")[:BATCH])


def _prove(document: Document) -> bool:
    try:
        if document.multipart_upload_id:
            gather_parts(document)
        return prove(document, document.file_type)
    except ObjectMissing:
        return False
    except Conflict as fault:
        ledger.record_failure("reconcile_uploads", fault.default_code.upper(), str(fault.detail), document.pk)
        return False
    except StoreUnavailable:
        logging.getLogger(__name__).warning("The store is away; what has arrived waits.")
        return False


def settle_promises(patience: timedelta) -> int:
    """A promise whose document is stored becomes a receipt."""
    kept = CVCapture.objects.promised().filter(document__upload_status=Document.UploadStatus.COMPLETE)
    settled = 0
    for capture in kept.filter(requested_at__lt=Now() - patience).order_by("pk")[:BATCH]:
        if CVCapture.objects.filter(pk=capture.pk).settle():
            log_capture(capture, capture.ip_address)
            settled += 1
    return settled
