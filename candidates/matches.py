"""Who is who: the keys that stand for one person, and pairs that a human must judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

if TYPE_CHECKING:
    from candidates.models import Candidate

Key = tuple[str, str]  # kind, value


class PersonKey(models.Model):
    """A normalised e-mail, telephone number or profile link, and the one person it stands for."""

    kind = models.CharField(max_length=8)
    value = models.CharField(max_length=254)
    candidate = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="keys")

    class Meta:
        db_table = "person_keys"
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="key_stands_for_one_person")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.candidate_id}"

    @classmethod
    def owners_of(cls, keys: list[Key]) -> dict[Candidate, list[str]]:
        """The people that these keys stand for, each with the kinds that point there."""
        asked = Q(pk__in=[])
        for kind, value in keys:
            asked |= Q(kind=kind, value=value)
        owners: dict[Candidate, list[str]] = {}
        for key in cls.objects.filter(asked).select_related("candidate"):
            owners.setdefault(key.candidate, []).append(key.kind)
        return owners

    @classmethod
    def claim(cls, candidate: Candidate, keys: list[Key]) -> None:
        """Claims what is free. A key that another worker claims at this moment is an IntegrityError: look again."""
        taken = {(key.kind, key.value) for key in cls.objects.filter(value__in=[value for _, value in keys])}
        free = sorted(set(keys) - taken)
        PersonKey.objects.bulk_create(PersonKey(kind=k, value=v, candidate=candidate) for k, v in free)


class PossibleDuplicate(models.Model):
    """Two candidates who may be one person, and why. A human decides."""

    candidate = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="possible_duplicates")
    other = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="+")
    reasons = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "possible_duplicates"
        constraints = [
            models.UniqueConstraint(fields=["candidate", "other"], name="suggested_once"),
            models.CheckConstraint(condition=~Q(candidate=models.F("other")), name="nobody_is_their_own_duplicate"),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} and {self.other}"

    @classmethod
    def suggest(cls, candidate: Candidate, owners: dict[Candidate, list[str]]) -> None:
        """Marks both sides of each pair."""
        found = [
            PossibleDuplicate(candidate=one, other=another, reasons=[f"same {kind}" for kind in kinds])
            for owner, kinds in owners.items()
            if owner != candidate
            for one, another in ((candidate, owner), (owner, candidate))
        ]
        PossibleDuplicate.objects.bulk_create(found, ignore_conflicts=True)
