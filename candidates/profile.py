"""All that the page of one person shows."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Substr

from candidates.models import Candidate, PossibleDuplicate
from uploads.models import Document

TEXT_SHOWN = 20_000  # characters of what was read


def profile(person: Candidate) -> dict[str, Any]:
    versions = list(_versions(person))
    current = versions[0].document if versions else None
    return {
        "person": person,
        "resume": person.parsed_resume or {},
        "versions": versions,
        "document": current,
        "text": _text(current) if current else "",
        "pairs": _pairs(person),
        **_neighbours(person),
    }


def _versions(person: Candidate) -> QuerySet:
    light = person.versions.select_related("document").defer("document__text", "document__parsed")
    return light.order_by("-created_at", "-pk")


def _text(document: Document) -> str:
    shown = Document.objects.filter(pk=document.pk).values_list(Substr("text", 1, TEXT_SHOWN), flat=True)
    return shown.first() or ""


def _pairs(person: Candidate) -> list[tuple[Candidate, list[str]]]:
    """The others who may be this person, each with the reasons."""
    found = PossibleDuplicate.objects.filter(Q(candidate=person) | Q(other=person)).select_related("candidate", "other")
    heavy = [f"{side}__{column}" for side in ("candidate", "other") for column in ("parsed_resume", "skills", "links")]
    return [
        (pair.other if pair.candidate_id == person.pk else pair.candidate, pair.reasons) for pair in found.defer(*heavy)
    ]


def _beside(person: Candidate, status: str) -> tuple[QuerySet, QuerySet]:
    """(newer ones, older ones) of that status, the nearest first."""
    peers = Candidate.objects.filter(review_status=status).exclude(pk=person.pk).only("pk", "full_name")
    when, pk = person.created_at, person.pk
    newer = Q(created_at__gte=when) & (Q(created_at__gt=when) | Q(pk__gt=pk))
    older = Q(created_at__lte=when) & (Q(created_at__lt=when) | Q(pk__lt=pk))
    return peers.filter(newer).order_by("created_at", "pk"), peers.filter(older).order_by("-created_at", "-pk")


def _neighbours(person: Candidate) -> dict[str, Candidate | None]:
    newer, older = _beside(person, person.review_status)
    return {"newer": newer[:1].first(), "older": older[:1].first()}


def next_new(person: Candidate) -> Candidate | None:
    """Who waits next after this one: the nearest older one, then the oldest of the newer ones."""
    newer, older = _beside(person, Candidate.ReviewStatus.NEW)
    return older[:1].first() or newer[:1].first()


def current_documents(people: list[Candidate]) -> QuerySet:
    """The newest CV of each of these."""
    newest = Candidate.objects.filter(pk__in=[person.pk for person in people]).annotate(newest=Max("versions__pk"))
    return Document.objects.light().filter(versions__pk__in=newest.values("newest"))
