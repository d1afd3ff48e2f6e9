"""Analysing a stored video in the background: claim, measure in a child, record."""

from __future__ import annotations

import base64
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import shared_task
from django.db import OperationalError, transaction
from django.db.models.functions import Now

from parsing import Unreadable
from parsing.sandbox import probe_safely
from parsing.tasks import fetched
from uploads import ledger
from uploads.bell import nudge
from uploads.errors import HashMismatch, ObjectMissing, StoreUnavailable
from uploads.filetypes import BY_EXTENSION
from uploads.leases import renewed
from uploads.models import Assessment, Document
from uploads.states import LEASE
from uploads.storage import get_store

logger = logging.getLogger(__name__)
BATCH = 50
OTHER_BYTES = "The stored video is not the one that was verified."


# Bringing gigabytes from S3 takes longer than the child may; the lease, not the limit, frees a row whose worker died.
@shared_task(soft_time_limit=1800, time_limit=1860)
def assess_video(assessment_id: str) -> None:
    assessment = Assessment.objects.claim(assessment_id)
    if assessment is None or assessment.document is None:
        return
    ledger.begin(ledger.Trace(operation="assess_video", document_id=assessment.document_id))
    try:
        with renewed(assessment.renew_lease):
            assess(assessment, assessment.document)
    except (StoreUnavailable, OperationalError) as error:
        logger.warning("The analysis of %s waits: %s", assessment.pk, type(error).__name__)
        assessment.put_off()


def assess(assessment: Assessment, document: Document) -> None:
    """Measures a claimed video and records what was found, or why nothing was."""
    try:
        with at_hand(document) as path:
            found = probe_safely(path, document.file_type.extension)
    except Unreadable as unreadable:
        _record_failure(assessment, unreadable.code, unreadable.reason)
    except (ObjectMissing, HashMismatch) as fault:
        _record_failure(assessment, fault.default_code, OTHER_BYTES)
    else:
        assessment.mark_ready(**_columns(found))


def _columns(found: dict[str, Any]) -> dict[str, Any]:
    poster = found.pop("poster", None)
    return {**found, "poster": base64.b64decode(poster) if poster else None}


def _record_failure(assessment: Assessment, code: str, reason: str) -> None:
    if assessment.mark_failed(reason):
        ledger.record_failure("assess_video", code.upper(), reason, assessment.document_id)


@contextmanager
def at_hand(document: Document) -> Iterator[Path]:
    """The pinned bytes as a file: where they lie on disk, else a temporary copy, hashed on the way."""
    path = get_store().local_path(document.pinned)
    if path:
        yield path
        return
    with fetched(document) as copied:
        yield copied


def ensure(doc_id: uuid.UUID) -> list[uuid.UUID]:
    """The assessments of a stored video that wait to be made; one is begun where none was asked for."""
    with transaction.atomic():
        Document.objects.select_for_update(no_key=True).filter(pk=doc_id).values_list("pk").first()
        of_document = Assessment.objects.filter(document=doc_id)
        if not of_document.exists():
            Assessment.objects.create(document_id=doc_id, due_at=Now() + LEASE)
        return list(of_document.processing().values_list("pk", flat=True))


@shared_task
def sweep_assessments() -> int:
    """Queues again what a dead worker or a lost message left; begins what a missing bell never did."""
    unasked = Document.objects.stored().filter(content_type__in=_video_types(), assessments=None)
    ids = Assessment.objects.take_back(BATCH)
    for doc_id in unasked.values_list("pk", flat=True)[:BATCH]:
        ids += ensure(doc_id)
    for assessment_id in ids:
        nudge(assess_video, str(assessment_id))
    return len(ids)


def _video_types() -> list[str]:
    return [file_type.mime for file_type in BY_EXTENSION.values() if file_type.is_video]
