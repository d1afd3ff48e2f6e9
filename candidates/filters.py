"""The filters of the list, from a query string. `unknown` asks for those of whom a thing is not known."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from rest_framework.exceptions import ValidationError

from candidates.models import Candidate, ResumeVersion
from candidates.queries import CandidateQuerySet
from candidates.query import Term
from candidates.words import facet_word

Narrow = Callable[[CandidateQuerySet, str], CandidateQuerySet]
UNKNOWN = "unknown"


def _facet(kind: str) -> Narrow:
    def narrow(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
        return candidates.matching([Term((facet_word(kind, "" if value == UNKNOWN else value),))])

    return narrow


def _document(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    try:
        return candidates.filter(versions__document=uuid.UUID(value))
    except ValueError:
        raise ValidationError("A document's UUID is needed.") from None


def _review_status(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    if value not in Candidate.ReviewStatus.values:
        raise ValidationError(f"One of these is needed: {', '.join(Candidate.ReviewStatus.values)}.")
    return candidates.filter(review_status=value)


def _years(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    """`3`, `3-7`, `3-` or `unknown`: whole ranges, both ends included."""
    if value == UNKNOWN:
        return candidates.filter(total_years=None)
    least, dash, most = value.partition("-")
    try:
        low, high = float(least or 0), float(most or (math.inf if dash else least))
    except ValueError:
        low = high = math.nan
    if not 0 <= low <= high:
        raise ValidationError("Years are needed, such as 3, 3-7, 3- or unknown.")
    candidates = candidates.filter(total_years__gte=low)
    return candidates if math.isinf(high) else candidates.filter(total_years__lt=high + 1)


# Who captured a document is known to a room that this one does not know: it is asked by the name of the relation.
_CAPTURED = ResumeVersion.objects.filter(document__captures__captured_at__isnull=False)


def _source(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    if value == UNKNOWN:
        return candidates.filter(source="")
    captured = _CAPTURED.filter(document__captures__source=value).values("candidate")
    return candidates.filter(Q(source=value) | Q(pk__in=captured))


def _captured_by(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    if value == UNKNOWN:
        return candidates.exclude(pk__in=_CAPTURED.values("candidate"))
    return candidates.filter(pk__in=_CAPTURED.filter(document__captures__user__username=value).values("candidate"))


def _created(side: str, days: int) -> Narrow:
    def narrow(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
        try:
            day = datetime.combine(date.fromisoformat(value), time(), UTC) + timedelta(days=days)
        except (ValueError, OverflowError):
            raise ValidationError("A day is needed, such as 2026-01-31.") from None
        return candidates.filter(**{f"created_at__{side}": day})

    return narrow


_FILTERS: dict[str, tuple[str, Narrow]] = {
    "skill": ("a skill, or unknown", _facet("skill")),
    "place": ("a town, region or country, or unknown", _facet("place")),
    "years": ("years of work: 3, 3-7, 3- or unknown", _years),
    "review_status": (", ".join(Candidate.ReviewStatus.values), _review_status),
    "source": ("where the candidate or a CV came from, or unknown", _source),
    "captured_by": ("the name of the user who captured a CV, or unknown", _captured_by),
    "created_from": ("the first day, in UTC", _created("gte", 0)),
    "created_to": ("the last day, in UTC", _created("lt", 1)),
    "document": ("the UUID of a document that is a CV of the candidate", _document),
}
SEARCH = 'what the record or a CV holds: words, "phrases", -not, prefix*'
FILTERS = {"search": SEARCH} | {name: words for name, (words, _) in _FILTERS.items()}


def narrowed(candidates: CandidateQuerySet, asked: Mapping[str, str], terms: list[Term]) -> CandidateQuerySet:
    """The candidates that pass every filter that was given, and the search, whose terms are `terms`.

    A filter that cannot be meant is a 422 under its name.
    """
    faults = {}
    if (asked.get("search") or "").strip():
        candidates = candidates.matching(terms)
    for name, (_, narrow) in _FILTERS.items():
        value = (asked.get(name) or "").replace("\0", "")
        try:
            candidates = narrow(candidates, value) if value else candidates
        except ValidationError as fault:
            faults[name] = fault.detail
    if faults:
        raise ValidationError(faults)
    return candidates
