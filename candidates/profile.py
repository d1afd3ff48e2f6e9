"""All that the page of one person shows."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Substr

from candidates.models import Candidate, PossibleDuplicate, ResumeVersion
from uploads.keyset import beyond
from uploads.models import Assessment, Document

HEAVY = ("parsed_resume", "skills", "links", "offered")
TEXT_SHOWN = 20_000  # characters of what was read


LABELS = {
    "full_name": "Name", "email": "E-mail", "phone": "Telephone", "location": "Place", "headline": "Headline",
    "skills": "Skills", "links": "Links", "total_years": "Years of work",
}  # fmt: skip
NOTES_SHOWN = 20
VIDEOS_OFFERED = 50


def profile(person: Candidate) -> dict[str, Any]:
    prefetch_related_objects([person], Prefetch("versions", ResumeVersion.light()))
    versions = list(person.versions.all())
    current = versions[0].document if versions else None
    return {
        "person": person,
        "resume": person.parsed_resume or {},
        "versions": versions,
        "document": current,
        "text": _text(current) if current else "",
        "pairs": list(_pairs(person)),
        "offers": [(name, LABELS.get(name, name), value) for name, value in sorted(person.offered.items())],
        "tags": list(person.tags.all()),
        "videos": list(videos_of(person)),
        "notes": list(person.notes.select_related("author")[:NOTES_SHOWN]),
        **_neighbours(person),
    }


def videos_of(person: Candidate) -> QuerySet[Assessment]:
    """Newest first, without the pictures themselves."""
    of_person = Assessment.objects.filter(candidate_link__candidate=person).select_related("document")
    light = of_person.defer("poster", "document__text", "document__parsed")
    return light.annotate(has_poster=Q(poster__isnull=False)).order_by("-candidate_link__pk")


def free_videos() -> QuerySet[Assessment]:
    """The newest that are nobody's yet."""
    free = Assessment.objects.filter(candidate_link=None).exclude(status=Assessment.Status.FAILED)
    light = free.select_related("document", "session__user").defer("poster", "document__text", "document__parsed")
    return light.order_by("-created_at")[:VIDEOS_OFFERED]


def _text(document: Document) -> str:
    shown = Document.objects.filter(pk=document.pk).values_list(Substr("text", 1, TEXT_SHOWN), flat=True)
    return shown.first() or ""


def _pairs(person: Candidate) -> QuerySet:
    """The others who may be this person, with the reasons."""
    return (
        PossibleDuplicate.open()
        .filter(candidate=person)
        .select_related("other")
        .defer(*(f"other__{column}" for column in HEAVY))
    )


def _beside(person: Candidate, status: str) -> tuple[QuerySet, QuerySet]:
    """(newer ones, older ones) of that status, the nearest first."""
    peers = Candidate.objects.filter(review_status=status).exclude(pk=person.pk).only("pk", "full_name")
    newer, older = (
        peers.filter(beyond(Candidate, order, [person.created_at, person.pk])).order_by(*order)
        for order in (["created_at", "pk"], ["-created_at", "-pk"])
    )
    return newer, older


def _neighbours(person: Candidate) -> dict[str, Candidate | None]:
    newer, older = _beside(person, person.review_status)
    return {"newer": newer[:1].first(), "older": older[:1].first()}


def next_new(person: Candidate) -> Candidate | None:
    """Who waits next after this one: the nearest older one, then the oldest of the newer ones."""
    newer, older = _beside(person, Candidate.ReviewStatus.NEW)
    return older[:1].first() or newer[:1].first()


def current_documents(people: list[Candidate]) -> QuerySet:
    """The current CV of each of these."""
    newest = ResumeVersion.objects.filter(candidate=OuterRef("pk")).values("pk")[:1]
    current = Candidate.objects.filter(pk__in=[person.pk for person in people]).annotate(newest=Subquery(newest))
    return Document.objects.light().filter(versions__pk__in=current.values("newest"))
