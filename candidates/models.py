"""A person under review, and the documents that are their CVs, newest first."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from candidates import likeness
from candidates.dossier import Dossier
from candidates.erasures import Erasure
from candidates.keys import names_agree
from candidates.matches import Key, PersonKey, PossibleDuplicate
from candidates.merges import Merge
from candidates.queries import CandidateQuerySet, Visible, looking_again
from candidates.records import CandidateAssessment, Note, ResumeAccess, Tag
from candidates.said import columns_said, name_said
from candidates.search import NameSlip, SearchEntry
from uploads.models import Document, Tombstone

__all__ = [
    "Candidate", "CandidateAssessment", "Erasure", "Merge", "NameSlip", "Note", "PersonKey", "PossibleDuplicate",
    "ResumeAccess", "ResumeVersion", "SearchEntry", "Tag",
]  # fmt: skip


class Candidate(models.Model):
    """A person under review. What a person typed stays; what a CV says fills blanks."""

    class ReviewStatus(models.TextChoices):
        NEW = "new"
        SHORTLISTED = "shortlisted"
        REJECTED = "rejected"

    SOURCE_CV, SOURCE_FORM = "cv", "form"

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
    total_years = models.FloatField("years of work", null=True, blank=True)
    parsed_resume = models.JSONField(null=True, blank=True)
    typed_fields = models.JSONField(
        default=list, blank=True, db_default=[], help_text="Fields that a person set: no CV changes them."
    )
    offered = models.JSONField(
        default=dict, blank=True, db_default={}, help_text="What a CV says otherwise than the fields that stand."
    )
    source = models.CharField(max_length=20, blank=True)
    review_status = models.CharField(max_length=12, choices=ReviewStatus.choices, default=ReviewStatus.NEW)
    resume_file_due = models.BooleanField(
        db_default=False, help_text="The file under the candidate's name is not yet what the newest version says."
    )
    documents: models.ManyToManyField = models.ManyToManyField(
        Document, through="ResumeVersion", related_name="candidates"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    legal_hold = models.BooleanField(db_default=False, default=False, help_text="Nobody may erase this candidate.")
    erased_before = models.BooleanField(
        db_default=False, default=False, help_text="Somebody erased this person before; a human must decide what now."
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="absorbed", editable=False, db_index=False
    )
    compared_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = Visible()
    everyone = CandidateQuerySet.as_manager()

    class Meta:
        db_table = "candidates"
        permissions = [
            ("review_candidate", "Can shortlist and reject candidates"),
            ("merge_candidate", "Can merge candidates"),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="candidates_newest"),
            models.Index(fields=["-updated_at", "-id"], name="candidates_changed"),
            models.Index(fields=["full_name", "id"], name="candidates_by_name"),
            models.Index(fields=["review_status", "-created_at"], name="candidates_by_review"),
            models.Index(fields=["total_years"], name="candidates_by_years"),
            models.Index(fields=["compared_at"], name="candidates_to_compare"),
            models.Index(fields=["id"], condition=Q(resume_file_due=True), name="candidates_with_file_due"),
            # Of few: SQLite would read by an index of all to find those who were merged into nobody, and sort them.
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="candidates_absorbed"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(full_name=""), name="candidate_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def records(self) -> list[Candidate]:
        """This one, those that were merged into it, and those that were merged into these."""
        found = [self]
        for row in found:
            found += Candidate.everyone.filter(merged_into=row).order_by("pk")
        return found

    # --- The CVs ----------------------------------------------------------------------------------------------------

    @property
    def current_version(self) -> ResumeVersion | None:
        """The newest, from what was prefetched where it was."""
        if "versions" in getattr(self, "_prefetched_objects_cache", {}):
            return next(iter(self.versions.all()), None)
        return self.versions.select_related("document").defer("document__text", "document__parsed").first()

    @property
    def resume_url(self) -> str | None:
        return f"/candidates/{self.pk}/resume" if self.current_version else None

    @property
    def parsing_status(self) -> str:
        """`no_resume`, `pending`, `completed` or `failed`: what the row of the current CV says."""
        version = self.current_version
        return PARSING_STATUS[version.document.parse_status] if version else "no_resume"

    @property
    def parsing_message(self) -> str:
        version = self.current_version
        reason = version.document.parse_reason if version else ""
        return PARSING_MESSAGES[self.parsing_status].format(reason=reason)

    def add_version(self, document: Document, file_name: str) -> None:
        """Makes a document that `keep` gave in this transaction the current CV; hears what was read from it before."""
        self.attach(document, file_name)
        if document.said:
            self.hear(document, document.said)

    def attach(self, document: Document, file_name: str) -> None:
        """A document that was a version before becomes the current one again."""
        version, made = self.versions.get_or_create(document=document, defaults={"file_name": file_name})
        if not made:
            ResumeVersion.objects.filter(pk=version.pk).update(current_since=Now())
        Candidate.objects.filter(pk=self.pk).update(resume_file_due=True, updated_at=Now())

    # --- What is known: a person's words come first, a CV's only where nothing stands ---------------------------------

    def may_be_called(self, name: str) -> bool:
        """Whether a CV under `name` may be this person's: no name, a guessed one, or one that agrees."""
        return not name or self.name_is_guess or names_agree(self.full_name, name)

    def take_typed(self, typed: dict[str, Any]) -> None:
        """Sets the fields that a person typed. No CV will change them, not even one that was emptied."""
        for name, value in typed.items():
            setattr(self, name, value)
        self.typed_fields = sorted({*self.typed_fields, *(name for name in typed if name in TYPABLE)})
        self.offered = {name: value for name, value in self.offered.items() if name not in typed}
        if "full_name" in typed:
            self.name_is_guess = False

    def take_said(self, fields: dict[str, Any]) -> None:
        """Fills blanks with what a CV says, and keeps what it says otherwise to be shown."""
        said = columns_said(fields)
        name = name_said(fields)
        if name and self.name_is_guess:
            self.full_name, self.name_is_guess = name, False
        elif name:
            said["full_name"] = name
        for column, value in said.items():
            stands = getattr(self, column)
            if not value or same(value, stands):
                self.offered.pop(column, None)
            elif column in self.typed_fields or stands:
                self.offered[column] = value
            else:
                setattr(self, column, value)

    def change(self, typed: dict[str, Any]) -> None:
        """What a person changed by hand."""
        decided = typed.get("review_status", self.review_status) != self.review_status
        self.take_typed(typed)
        if decided:
            self.reviewed_at = timezone.now()
        self._save()
        if typed.get("erased_before") is False:
            self.keep_after_all()
        self.settle()

    def hear(self, document: Document, fields: dict[str, Any]) -> None:
        """A CV of this person has been read. Only the current one is shown as `parsed_resume`."""
        self.take_said(fields)
        version = self.versions.first()
        if version is None or version.document_id == document.pk:
            self.parsed_resume = fields
        self._save()
        self.settle()

    def _save(self) -> None:
        held = {name: getattr(self, name) for name in (*TYPABLE, *HELD)}
        Candidate.objects.filter(pk=self.pk).update(**held, updated_at=Now())

    # --- What follows from what is known: keys, search entry, likely twins --------------------------------------------

    def settle(self, dossier: Dossier | None = None) -> None:
        """Makes the keys, the search and the suggestions say what the record and its CVs say now."""
        dossier = dossier or Dossier(self)
        owners = self.settle_keys(dossier)
        SearchEntry.write(dossier)
        self.compare(owners)
        if Tombstone.of([*owners[self], *dossier.hashes]).exists():
            Candidate.objects.filter(pk=self.pk).update(erased_before=True)

    def settle_keys(self, dossier: Dossier) -> dict[Candidate, list[Key]]:
        """Old keys go, free ones are claimed. Answers for whom the keys that are said stand now, this one included."""
        return looking_again(lambda: self._settle_keys(dossier))

    def _settle_keys(self, dossier: Dossier) -> dict[Candidate, list[Key]]:
        keys = dossier.keys_said()
        gone = [pk for key, pk in dossier.keys_held.items() if key not in keys]
        self.keys.filter(pk__in=gone).delete()
        owners = PersonKey.owners_of(keys)
        free = sorted(keys.difference(*owners.values()))
        PersonKey.take(self, free)
        return {**owners, self: [*owners.get(self, []), *free]}

    def compare(self, owners: dict[Candidate, list[Key]] | None = None) -> None:
        """Marks whom this candidate looks like: those with a key in common, and those alike in name and more."""
        if owners is None:
            owners = self.settle_keys(Dossier(self))
        shared = {twin: {kind for kind, _ in keys} for twin, keys in owners.items() if twin != self}
        reasons = {twin: [f"same {kind}" for kind in sorted(kinds)] for twin, kinds in shared.items()}
        for twin, why in likeness.twins_of(self):
            reasons.setdefault(twin, []).extend(why)
        PossibleDuplicate.suggest(self, reasons)
        Candidate.objects.filter(pk=self.pk).update(compared_at=Now())

    def index(self) -> None:
        SearchEntry.write(Dossier(self))

    @classmethod
    def index_again(cls, pk: int) -> bool:
        """False when there is no such candidate any more."""
        with transaction.atomic():
            candidate = cls.objects.select_for_update().filter(pk=pk).first()
            if candidate:
                candidate.index()
        return candidate is not None

    def keep_after_all(self) -> None:
        """A human decided that somebody who was erased before may be kept."""
        dossier = Dossier(self)
        with transaction.atomic():
            Tombstone.of([*dossier.keys_held, *dossier.hashes]).delete()
            Candidate.objects.filter(pk=self.pk).update(erased_before=False)


def same(said: Any, stands: Any) -> bool:
    """Capitals and spaces make no other word."""
    if isinstance(said, str) and isinstance(stands, str):
        return "".join(said.split()).casefold() == "".join(stands.split()).casefold()
    return bool(said == stands)


TYPABLE = ("full_name", "email", "phone", "location", "headline", "skills", "links", "total_years")
HELD = (
    "name_is_guess", "review_status", "reviewed_at", "legal_hold", "source", "parsed_resume", "typed_fields", "offered",
)  # fmt: skip
PARSING_STATUS: dict[str, str] = {
    Document.ParseStatus.NOT_NEEDED: "pending",
    Document.ParseStatus.PENDING: "pending",
    Document.ParseStatus.RUNNING: "pending",
    Document.ParseStatus.COMPLETED: "completed",
    Document.ParseStatus.FAILED: "failed",
}
PARSING_MESSAGES = {
    "no_resume": "No resume file uploaded",
    "pending": "Resume parsing in progress",
    "completed": "Resume parsing completed",
    "failed": "Resume could not be read: {reason}",
}


class ResumeVersion(models.Model):
    """One document that is a CV of this person. The newest is the current one."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="versions")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    file_name = models.CharField(max_length=255, blank=True, db_default="", help_text="the name it came under")
    current_since = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "resume_versions"
        ordering = ["-current_since", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["candidate", "document"], name="version_once_for_candidate_and_document")
        ]

    def __str__(self) -> str:
        return f"{self.candidate}: {self.document}"

    @classmethod
    def light(cls) -> models.QuerySet[ResumeVersion]:
        """With their documents, but without what was read from these: up to a million characters each."""
        return cls.objects.select_related("document").defer("document__text", "document__parsed")
