"""The receipt that stays when a person is erased."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from uploads.errors import StoreUnavailable
from uploads.keys import resume_name
from uploads.storage import get_store

logger = logging.getLogger(__name__)


class Erasure(models.Model):
    """The receipt: that somebody was erased, when, by whom, how much. None of the data.

    `left`: objects, as [key, version], that the store still holds; emptied as they go.
    """

    candidate_id = models.BigIntegerField()
    erased_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    erased_at = models.DateTimeField(db_default=Now())
    documents = models.PositiveIntegerField()
    objects_removed = models.PositiveIntegerField()
    left = models.JSONField(default=list)

    class Meta:
        db_table = "erasures"
        ordering = ["-erased_at", "-pk"]

    def __str__(self) -> str:
        return f"erasure of candidate {self.candidate_id}"

    def finish(self) -> bool:
        """Removes what the store still holds. False when the store is away: the sweep tries again."""
        store = get_store()
        try:
            store.unlink(resume_name(self.candidate_id))
            for key, version in self.left:
                store.delete(key, version)
        except StoreUnavailable as error:
            logger.warning("Erasure %s waits for the store: %s", self.pk, type(error).__name__)
            return False
        self.left = []
        self.save(update_fields=["left"])
        return True
