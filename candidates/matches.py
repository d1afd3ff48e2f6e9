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
    def owners_of(cls, keys: list[Key]) -> dict[Candidate, list[Key]]:
        """The people that these keys stand for, each with the keys that point there."""
        asked = Q(pk__in=[])
        for kind, value in keys:
            asked |= Q(kind=kind, value=value)
        owners: dict[Candidate, list[Key]] = {}
        for key in cls.objects.filter(asked).select_related("candidate"):
            owners.setdefault(key.candidate, []).append((key.kind, key.value))
        return owners

    @classmethod
    def take(cls, candidate: Candidate, keys: set[Key]) -> None:
        """Keys that stood for nobody when we looked. One that another took since is an IntegrityError: look again."""
        PersonKey.objects.bulk_create(PersonKey(kind=k, value=v, candidate=candidate) for k, v in sorted(keys))

    @classmethod
    def claim(cls, candidate: Candidate, keys: list[Key]) -> None:
        """Takes what is free now."""
        taken = {(key.kind, key.value) for key in cls.objects.filter(value__in=[value for _, value in keys])}
        cls.take(candidate, set(keys) - taken)


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
    def suggest(cls, candidate: Candidate, owners: dict[Candidate, list[Key]]) -> None:
        """Marks both sides of each pair."""
        found = [
            PossibleDuplicate(candidate=one, other=another, reasons=[f"same {kind}" for kind, _ in keys])
            for owner, keys in owners.items()
            if owner != candidate
            for one, another in ((candidate, owner), (owner, candidate))
        ]
        PossibleDuplicate.objects.bulk_create(found, ignore_conflicts=True)
