"""Answers the bell: a stored CV is queued to be read."""

from __future__ import annotations

import uuid
from typing import Any

from django.dispatch import receiver

from parsing.tasks import parse_document
from uploads.bell import nudge
from uploads.models import Document
from uploads.signals import document_stored


@receiver(document_stored, sender=Document)
def queue_reading(doc_id: uuid.UUID, **_: Any) -> None:
    nudge(parse_document, str(doc_id))
