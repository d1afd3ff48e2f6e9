"""Answers the bell: a stored CV is queued to be read, a stored video to be analysed."""

from __future__ import annotations

import uuid
from typing import Any

from django.dispatch import receiver

from parsing.assessments import assess_video, ensure
from parsing.tasks import parse_document
from uploads.bell import nudge
from uploads.models import Document
from uploads.signals import document_stored


@receiver(document_stored, sender=Document)
def queue_work(doc_id: uuid.UUID, is_video: bool, **_: Any) -> None:
    if not is_video:
        nudge(parse_document, str(doc_id))
        return
    for assessment_id in ensure(doc_id):
        nudge(assess_video, str(assessment_id))
