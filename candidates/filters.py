"""The filters of the list, from a query string. `unknown` asks for those of whom a thing is not known."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.exceptions import ValidationError

from candidates.models import Candidate, ResumeVersion
from candidates.queries import CandidateQuerySet
from candidates.query import Term
from candidates.words import facet_word

Narrow = Callable[[CandidateQuerySet, str], CandidateQuerySet]
UNKNOWN = "unknown"
AT_ONCE = 100  # candidates that are made at one moment may stand by another order than that of their ids


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


def _captured(**facts: str) -> QuerySet:
    """CVs that came by a capture. The room of the captures is not known here: it is asked by the name of a relation."""
    known = {f"document__captures__{name}": value for name, value in facts.items()}
    return ResumeVersion.objects.filter(document__captures__captured_at__isnull=False, **known)


def _of_this_person(versions: QuerySet) -> Exists:
    return Exists(versions.filter(candidate=OuterRef("pk")))


def _source(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    if value == UNKNOWN:
        return candidates.filter(source="")
    return candidates.filter(Q(source=value) | Q(_of_this_person(_captured(source=value))))


def _captured_by(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    if value == UNKNOWN:
        return candidates.filter(~_of_this_person(_captured()))
    return candidates.filter(pk__in=_captured(user__username=value).values("candidate"))


def _created_from(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    return candidates.filter(created_at__gte=_start_of(value))


def _created_to(candidates: CandidateQuerySet, value: str) -> CandidateQuerySet:
    return candidates.filter(created_at__lt=_start_of(value, 1))


def _start_of(day: str, later: int = 0) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=later)
    except (ValueError, OverflowError):
        raise ValidationError("A day is needed, such as 2026-01-31.") from None


def begins_behind(order: str, asked: Mapping[str, str]) -> list[int] | None:
    """The id behind which the days asked for begin, in the order `pk` or `-pk`: spares the way to them."""
    if order == "pk":
        bound, nearest, slack = _value(asked, "created_from"), ("-created_at", "-pk"), -AT_ONCE
        outside = Candidate.everyone.filter(created_at__lt=_start_of(bound)) if bound else None
    else:
        bound, nearest, slack = _value(asked, "created_to"), ("created_at", "pk"), AT_ONCE
        outside = Candidate.everyone.filter(created_at__gte=_start_of(bound, 1)) if bound else None
    last = outside.order_by(*nearest).values_list("pk", flat=True).first() if outside is not None else None
    return None if last is None else [last + slack]


_FILTERS: dict[str, tuple[str, Narrow]] = {
    "years": ("years of work: 3, 3-7, 3- or unknown", _years),
    "review_status": (", ".join(Candidate.ReviewStatus.values), _review_status),
    "source": ("where the candidate or a CV came from, or unknown", _source),
    "captured_by": ("the name of the user who captured a CV, or unknown", _captured_by),
    "created_from": ("the first day, in UTC", _created_from),
    "created_to": ("the last day, in UTC", _created_to),
    "document": ("the UUID of a document that is a CV of the candidate", _document),
}
SEARCH = 'what the record or a CV holds: words, "phrases", -not, prefix*'
# These two are words of the index, and asked together with the search.
FACET_WORDS = {"skill": "a skill, or unknown", "place": "a town, region or country, or unknown"}
FILTERS = {"search": SEARCH} | FACET_WORDS | {name: words for name, (words, _) in _FILTERS.items()}


def narrowed(candidates: CandidateQuerySet, asked: Mapping[str, str], terms: list[Term]) -> CandidateQuerySet:
    """The candidates that pass every filter that was given, and the search, whose terms are `terms`.

    A filter that cannot be meant is a 422 under its name.
    """
    faults = {}
    for name in _FILTERS:
        try:
            candidates = narrowed_by(candidates, name, asked)
        except ValidationError as fault:
            faults[name] = fault.detail
    if faults:
        raise ValidationError(faults)
    return searched(candidates, asked, asked.get("search") or "", terms)


def narrowed_by(candidates: CandidateQuerySet, name: str, asked: Mapping[str, str]) -> CandidateQuerySet:
    value = _value(asked, name)
    return _FILTERS[name][1](candidates, value) if value else candidates


def searched(
    candidates: CandidateQuerySet, asked: Mapping[str, str], text: str, terms: list[Term]
) -> CandidateQuerySet:
    """Who matches the `terms` of a text, and has the skill and the place: one question to the index."""
    if text.strip() and not terms:
        return candidates.none()
    facets = [
        Term((facet_word(kind, "" if value == UNKNOWN else value),))
        for kind in FACET_WORDS
        if (value := _value(asked, kind))
    ]
    return candidates.matching([*terms, *facets]) if terms or facets else candidates


def _value(asked: Mapping[str, str], name: str) -> str:
    return (asked.get(name) or "").replace("\0", "")
