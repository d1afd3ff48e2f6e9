"""A person under review, and the documents that are their CVs, newest first."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from rapidfuzz import fuzz

from candidates.keys import person_keys
from uploads.models import Document

SAME_NAME = 55  # of 100 (rapidfuzz token_set_ratio); below it two names are of two people


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def newest_first(self) -> CandidateQuerySet:
        return self.order_by("-created_at", "-pk")

    def shortlist(self) -> int:
        return self._review(Candidate.ReviewStatus.SHORTLISTED)

    def reject(self) -> int:
        return self._review(Candidate.ReviewStatus.REJECTED)

    def reopen(self) -> int:
        return self._review(Candidate.ReviewStatus.NEW)

    def _review(self, status: str) -> int:
        return self.exclude(review_status=status).update(review_status=status, updated_at=Now())

    def take_in(self, document: Document, fields: dict[str, Any]) -> Candidate:
        """The person whose CV this is: known by a key, else a new one. Fills blanks, never overwrites.

        Where keys point to two people, or a key's owner plainly has another name, it is a suggestion for a human.
        """
        basics = fields.get("basics", {})
        keys = list(person_keys(basics))
        for _ in range(5):  # another worker may claim one of our keys between our look and our write
            try:
                with transaction.atomic():
                    return self._take_in(document, fields, keys)
            except IntegrityError:
                continue
        raise IntegrityError("The keys of this person are being claimed elsewhere.")

    def _take_in(self, document: Document, fields: dict[str, Any], keys: list[tuple[str, str]]) -> Candidate:
        held = ResumeVersion.objects.filter(document=document).select_related("candidate").first()
        if held:
            held.candidate.fill_blanks(fields)
            return held.candidate
        owners = PersonKey.owners_of(keys)
        name = fields.get("basics", {}).get("name") or ""
        person = self._only(owners)
        if person and person.may_be_called(name):
            person.fill_blanks(fields)
        else:
            person = self._make(document, fields)
            PossibleDuplicate.suggest(person, owners)
        ResumeVersion.objects.create(candidate=person, document=document)
        PersonKey.claim(person, keys)
        return person

    def _only(self, owners: dict[Candidate, list[str]]) -> Candidate | None:
        """The one owner, locked against another CV of the same person at the same moment."""
        return self.select_for_update().get(pk=next(iter(owners)).pk) if len(owners) == 1 else None

    def _make(self, document: Document, fields: dict[str, Any]) -> Candidate:
        name = fields.get("basics", {}).get("name") or ""
        person = Candidate(
            full_name=name or PurePath(document.original_filename).stem[:200],
            name_is_guess=not name,
            source=Candidate.SOURCE_CV,
        )
        person.take_fields(fields)
        person.save(force_insert=True)
        return person


class Candidate(models.Model):
    """A person under review. What a person typed stays; what a CV says fills blanks."""

    class ReviewStatus(models.TextChoices):
        NEW = "new"
        SHORTLISTED = "shortlisted"
        REJECTED = "rejected"

    SOURCE_CV = "cv"
    FROM_CV = ("email", "phone", "location", "headline")

    full_name = models.CharField(max_length=200)
    name_is_guess = models.BooleanField(
        default=False, help_text="No name was found; this one comes from the file name."
    )
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    location = models.CharField(max_length=200, blank=True)
    headline = models.CharField(max_length=200, blank=True)
    skills = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    parsed_resume = models.JSONField(null=True, blank=True)
    source = models.CharField(max_length=20, blank=True)
    review_status = models.CharField(max_length=12, choices=ReviewStatus.choices, default=ReviewStatus.NEW)
    documents: models.ManyToManyField = models.ManyToManyField(
        Document, through="ResumeVersion", related_name="candidates"
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = CandidateQuerySet.as_manager()

    class Meta:
        db_table = "candidates"
        permissions = [
            ("review_candidate", "Can shortlist and reject candidates"),
            ("merge_candidate", "Can merge candidates"),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="candidates_newest"),
            models.Index(fields=["review_status", "-created_at"], name="candidates_by_review"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(full_name=""), name="candidate_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def current_version(self) -> ResumeVersion | None:
        return self.versions.select_related("document").order_by("-created_at", "-pk").first()

    def may_be_called(self, name: str) -> bool:
        """Whether a CV under `name` may be this person's: no name, a guessed one, or one that shares its words."""
        if not name or self.name_is_guess:
            return True
        return fuzz.token_set_ratio(self.full_name.casefold(), name.casefold()) >= SAME_NAME

    def take_fields(self, fields: dict[str, Any]) -> list[str]:
        """Puts what a CV says where nothing stands; returns the columns that changed."""
        basics = fields.get("basics", {})
        found = {
            "email": email_or_blank(basics.get("email")),
            "phone": (basics.get("phone") or "")[:40],
            "location": place(basics.get("location") or {}),
            "headline": (basics.get("label") or "")[:200],
            "skills": [skill["name"] for skill in fields.get("skills", [])],
            "links": [profile["url"] for profile in basics.get("profiles") or [] if profile.get("url")],
        }
        changed = [name for name, value in found.items() if value and not getattr(self, name)]
        for name in changed:
            setattr(self, name, found[name])
        self.parsed_resume = fields
        return [*changed, "parsed_resume"]

    def fill_blanks(self, fields: dict[str, Any]) -> None:
        changed = self.take_fields(fields)
        name = fields.get("basics", {}).get("name")
        if name and self.name_is_guess:
            self.full_name, self.name_is_guess = name[:200], False
            changed += ["full_name", "name_is_guess"]
        self.save(update_fields=changed)


def email_or_blank(value: str | None) -> str:
    return value if value and len(value) <= 254 else ""


def place(location: dict[str, Any]) -> str:
    """`Pune, IN` of a JSON Resume location."""
    parts = [location.get("city") or location.get("address"), location.get("region"), location.get("countryCode")]
    return ", ".join(part for part in parts if part)[:200]


class ResumeVersion(models.Model):
    """One document that is a CV of this person. The newest is the current one."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="versions")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "resume_versions"
        constraints = [
            models.UniqueConstraint(fields=["candidate", "document"], name="version_once_for_candidate_and_document")
        ]

    def __str__(self) -> str:
        return f"{self.candidate}: {self.document}"


class PersonKey(models.Model):
    """A normalised e-mail, telephone number or profile link, and the one person it stands for."""

    kind = models.CharField(max_length=8)
    value = models.CharField(max_length=254)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="keys")

    class Meta:
        db_table = "person_keys"
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="key_stands_for_one_person")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.candidate_id}"

    @classmethod
    def owners_of(cls, keys: list[tuple[str, str]]) -> dict[Candidate, list[str]]:
        """The people that these keys stand for, each with the kinds that point there."""
        asked = Q(pk__in=[])
        for kind, value in keys:
            asked |= Q(kind=kind, value=value)
        owners: dict[Candidate, list[str]] = {}
        for key in cls.objects.filter(asked).select_related("candidate"):
            owners.setdefault(key.candidate, []).append(key.kind)
        return owners

    @classmethod
    def claim(cls, candidate: Candidate, keys: list[tuple[str, str]]) -> None:
        """Claims what is free. A key that another worker claims at this moment is an IntegrityError: look again."""
        taken = {(key.kind, key.value) for key in cls.objects.filter(value__in=[value for _, value in keys])}
        free = sorted(set(keys) - taken)
        PersonKey.objects.bulk_create(PersonKey(kind=k, value=v[:254], candidate=candidate) for k, v in free)


class PossibleDuplicate(models.Model):
    """Two candidates who may be one person, and why. A human decides."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="possible_duplicates")
    other = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
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
        found = [
            PossibleDuplicate(candidate=candidate, other=other, reasons=[f"same {kind}" for kind in kinds])
            for other, kinds in owners.items()
        ]
        PossibleDuplicate.objects.bulk_create(found, ignore_conflicts=True)
