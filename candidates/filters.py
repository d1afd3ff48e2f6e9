"""The filters of the list, from a query string."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from django.db.models import Q
from rest_framework.exceptions import ValidationError

from candidates.models import Candidate
from candidates.queries import CandidateQuerySet


def _document(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    try:
        return candidates.filter(versions__document=uuid.UUID(value))
    except ValueError:
        raise ValidationError("A document's UUID is needed.") from None


def _review_status(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    if value not in Candidate.ReviewStatus.values:
        raise ValidationError(f"One of these is needed: {', '.join(Candidate.ReviewStatus.values)}.")
    return candidates.filter(review_status=value)


def _search(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    for word in value.split():
        anywhere = Q(full_name__icontains=word) | Q(email__icontains=word) | Q(versions__document__text__icontains=word)
        candidates = candidates.filter(anywhere)
    return candidates.distinct()


_FILTERS: dict[str, tuple[str, Callable[[CandidateQuerySet, str], CandidateQuerySet]]] = {
    "search": ("words that the record or a CV holds", _search),
    "skill": ("a skill", lambda found, value: found.filter(skills__icontains=value)),
    "place": ("a part of the place", lambda found, value: found.filter(location__icontains=value)),
    "review_status": (", ".join(Candidate.ReviewStatus.values), _review_status),
    "source": ("where the candidate came from", lambda found, value: found.filter(source=value)),
    "document": ("the UUID of a document that is a CV of the candidate", _document),
}
FILTERS = {name: words for name, (words, _) in _FILTERS.items()}


def narrowed(candidates: CandidateQuerySet, asked: Mapping[str, str]) -> CandidateQuerySet:
    """The candidates that pass every filter that was given. A filter that cannot be meant is a 422 under its name."""
    faults = {}
    for name, (_, narrow) in _FILTERS.items():
        value = (asked.get(name) or "").replace("\0", "")
        try:
            candidates = narrow(candidates, value) if value else candidates
        except ValidationError as fault:
            faults[name] = fault.detail
    if faults:
        raise ValidationError(faults)
    return candidates
