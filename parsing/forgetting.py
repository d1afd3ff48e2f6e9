"""What the external reader answered about somebody is forgotten with them."""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import receiver
from redis import RedisError

from parsing.tasks import external_reader
from uploads.erasing import Traces
from uploads.models import Document
from uploads.signals import person_erased

logger = logging.getLogger(__name__)


@receiver(person_erased, sender=Document)
def forget(traces: Traces, **_: Any) -> None:
    """A cache that is away ends its answers by itself."""
    reader = external_reader()
    if reader is None:
        return
    of_theirs = Document.objects.filter(pk__in=[document.pk for document in traces.documents])
    try:
        for text in of_theirs.exclude(text="").values_list("text", flat=True):
            reader.forget(text)
    except RedisError as error:
        logger.warning("Answers of the external reader stay for some minutes: %s", type(error).__name__)
