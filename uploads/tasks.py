"""Background work on documents. Every task takes ids, claims a row, and is safe to run twice."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task
from django.core.management import call_command
from django.db import transaction

from uploads import ledger
from uploads.bell import nudge
from uploads.cleanup import Cleanup
from uploads.errors import Conflict, StoreUnavailable
from uploads.leases import renewed
from uploads.models import Document, UploadSession
from uploads.proof import prove
from uploads.session_proof import prove_session

logger = logging.getLogger(__name__)
RENEW_EVERY = 5.0  # seconds
BATCH = 200


def ask_for_verification(document: Document) -> None:
    with transaction.atomic():
        if document.request_verification():
            transaction.on_commit(lambda: nudge(verify_document, str(document.pk)))


# Hashing gigabytes takes longer than reading a CV; the lease, not the limit, frees a row whose worker died.
@shared_task(soft_time_limit=3600, time_limit=3660)
def verify_document(doc_id: str) -> None:
    document = Document.objects.claim_for_verifying(doc_id)
    if document is None:
        return
    ledger.begin(ledger.Trace(operation="verify_document", document_id=document.pk))
    try:
        prove(document, document.file_type, on_block=_renewing(document))
    except Conflict as fault:
        document.mark_failed(fault.default_code)
        ledger.record_failure("verify_document", fault.default_code.upper(), str(fault.detail), document.pk)
    except StoreUnavailable as error:
        logger.warning("The store is away; the proof of %s waits.", document.pk)
        ledger.record_failure("verify_document", "S3_ERROR", str(error.detail), document.pk)


def _renewing(document: Document) -> Callable[[], None]:
    last = time.monotonic()

    def on_block() -> None:
        nonlocal last
        if time.monotonic() - last > RENEW_EVERY:
            last = time.monotonic()
            document.renew_verify_lease()

    return on_block


@shared_task(ignore_result=True)
def sweep_verifications() -> int:
    """Queues again what a dead worker or a lost message left unproven."""
    ids: list[uuid.UUID] = Document.objects.take_back_proofs(BATCH)
    for doc_id in ids:
        nudge(verify_document, str(doc_id))
    return len(ids)


@shared_task(soft_time_limit=3600, time_limit=3660)
def verify_session(upload_id: str) -> None:
    """Hashes an upload that came in chunks, and makes it a document."""
    session = UploadSession.objects.claim_for_verifying(upload_id)
    if session is None:
        return
    ledger.begin(ledger.Trace(operation="verify_session", user_id=session.user_id))
    try:
        with renewed(session.renew_lease):
            prove_session(session)
    except Conflict as fault:
        ledger.record_failure("verify_session", fault.default_code.upper(), str(fault.detail))
    except StoreUnavailable as error:
        logger.warning("The store is away; the proof of upload %s waits.", session.pk)
        ledger.record_failure("verify_session", "S3_ERROR", str(error.detail))
        session.put_off_proof()


@shared_task
def sweep_sessions() -> int:
    """Queues again what a dead worker or a lost message left unproven."""
    ids = UploadSession.objects.take_back_proofs(BATCH)
    for upload_id in ids:
        nudge(verify_session, str(upload_id))
    return len(ids)


@shared_task
def sweep_promises() -> None:
    """Ends uploads whose URL has ended and whose bytes never came."""
    Cleanup(older_than=timedelta(hours=24)).end_expired_promises()


@shared_task(soft_time_limit=540, time_limit=600)
def sweep_leftovers() -> None:
    call_command("cleanup_uploads")


@shared_task(soft_time_limit=540, time_limit=600)
def sweep_records() -> None:
    call_command("prune_records")


@shared_task(soft_time_limit=3000, time_limit=3600)
def sweep_audit() -> None:
    """Compares rows with objects; what does not agree is an error row."""
    from uploads.audit import audit

    for finding in audit(timedelta(minutes=30)):
        ledger.record_failure("audit_storage", finding.code.upper(), finding.sentence, finding.doc_id)
