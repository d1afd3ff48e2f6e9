"""A merge as a reversible link: who was put into whom, and what both were before."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Merge(models.Model):
    """`absorbed` is hidden behind `kept`; its own columns are not touched.

    `before` and `after` hold the columns of `kept` around the merge; `moved` the ids of the rows that changed their
    candidate; `shared` the versions that both had, as [doc_id, file_name, current_since, created_at] of the absorbed.
    """

    kept = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="+")
    before = models.JSONField()
    after = models.JSONField()
    moved = models.JSONField()
    shared = models.JSONField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    merged_at = models.DateTimeField(db_default=Now())
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "candidate_merges"
        ordering = ["-merged_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["absorbed"], condition=Q(undone_at=None), name="absorbed_by_one_at_a_time"),
            models.CheckConstraint(condition=~Q(kept=models.F("absorbed")), name="nobody_absorbs_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} in {self.kept_id}"
