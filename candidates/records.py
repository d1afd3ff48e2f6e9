"""What is written down beside a candidate: notes, tags, and who looked at a CV."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now
from django.http import HttpResponseBase

from uploads.errors import Conflict
from uploads.models import Assessment
from uploads.serving import SAME_LOOK, goes_on, is_first_look

if TYPE_CHECKING:
    from candidates.models import Candidate


class Note(models.Model):
    """What a colleague wrote about a candidate."""

    candidate = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "candidate_notes"
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"note on {self.candidate_id}"


class Tag(models.Model):
    """A word that a colleague put on a candidate. Case does not tell two tags apart."""

    candidate = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="tags")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=40)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "candidate_tags"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("candidate", models.functions.Lower("name"), name="tag_once_for_candidate")
        ]

    def __str__(self) -> str:
        return self.name


class ResumeAccess(models.Model):
    """One look at, or download of, a CV: who, when, which."""

    class Kind(models.TextChoices):
        DOWNLOAD = "download"
        LOOK = "look"

    candidate = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="accesses")
    document = models.ForeignKey("uploads.Document", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "resume_accesses"
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.candidate_id} by {self.user_id}"

    @classmethod
    def note(cls, response: HttpResponseBase, **facts: Any) -> None:
        """Writes down who was given these bytes: `candidate`, `document`, `user`, `kind`."""
        same_look = cls.objects.filter(**facts, created_at__gt=Now() - SAME_LOOK)
        if is_first_look(response) or (goes_on(response) and not same_look.exists()):
            cls.objects.create(**facts)


class AssessmentTaken(Conflict):
    default_detail = "This assessment is another candidate's."
    default_code = "assessment_taken"


class CandidateAssessment(models.Model):
    """A video that is of this candidate. One video is of one person."""

    candidate = models.ForeignKey("candidates.Candidate", on_delete=models.CASCADE, related_name="assessment_links")
    assessment = models.OneToOneField("uploads.Assessment", on_delete=models.CASCADE, related_name="candidate_link")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "candidate_assessments"
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"assessment {self.assessment_id} of {self.candidate_id}"

    @classmethod
    def put(cls, candidate: Candidate, assessment: Assessment, by: User) -> bool:
        """Whether it was not there before. Raises AssessmentTaken."""
        link, made = cls.objects.get_or_create(assessment=assessment, defaults={"candidate": candidate, "author": by})
        if link.candidate_id != candidate.pk:
            raise AssessmentTaken
        return made

    @classmethod
    def take_off(cls, candidate: Candidate, assessment_id: uuid.UUID) -> bool:
        """Of this candidate no more: it can be put on another. False when it was not there."""
        return bool(cls.objects.filter(candidate=candidate, assessment=assessment_id).delete()[0])
