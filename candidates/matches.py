"""Who is who: the keys that stand for one person, and pairs that a human must judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
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
    def owners_of(cls, keys: Collection[Key]) -> dict[Candidate, list[Key]]:
        """The people that these keys stand for, each with the keys that point there."""
        owners: dict[Candidate, list[Key]] = {}
        for key in cls.objects.filter(value__in=[value for _, value in keys]).select_related("candidate"):
            if (key.kind, key.value) in keys:
                owners.setdefault(key.candidate, []).append((key.kind, key.value))
        return owners

    @classmethod
    def take(cls, candidate: Candidate, keys: Iterable[Key]) -> None:
        """Keys that stood for nobody when we looked. One that another took since is an IntegrityError: look again."""
        PersonKey.objects.bulk_create(PersonKey(kind=k, value=v, candidate=candidate) for k, v in sorted(keys))


class PossibleDuplicate(models.Model):
    """Two candidates who may be one person, and why. A human decides: a merge, or a dismissal that is remembered."""

    candidate = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="possible_duplicates")
    other = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="+")
    reasons = models.JSONField(default=list)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
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
    def open(cls) -> models.QuerySet[PossibleDuplicate]:
        return cls.objects.filter(dismissed_at=None, other__merged_into=None)

    @classmethod
    def suggest(cls, candidate: Candidate, reasons: dict[Candidate, list[str]]) -> None:
        """Marks both sides of each pair. The newest reasons stand; a dismissal stays."""
        found = [
            PossibleDuplicate(candidate=one, other=another, reasons=why)
            for owner, why in reasons.items()
            if owner != candidate
            for one, another in sorted([(candidate, owner), (owner, candidate)], key=lambda pair: pair[0].pk)
        ]
        PossibleDuplicate.objects.bulk_create(
            found, update_conflicts=True, unique_fields=["candidate", "other"], update_fields=["reasons"]
        )

    @classmethod
    def dismiss(cls, candidate_id: int, other_id: int, by: AbstractBaseUser | None) -> bool:
        """They are two people: said once, not asked again. False when nothing was suggested."""
        sides = Q(candidate=candidate_id, other=other_id) | Q(candidate=other_id, other=candidate_id)
        return bool(cls.objects.filter(sides).update(dismissed_at=Now(), dismissed_by=by))
