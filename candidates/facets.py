"""How what was found is spread over skills, places, years and so on: counted on the newest, never over the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from candidates.models import Candidate, ResumeVersion
from candidates.queries import CandidateQuerySet

MOST_COUNTED, MOST_VALUES = 1000, 20
STEPS = ((2, "0-1"), (5, "2-4"), (10, "5-9"))


def years_step(years: float | None) -> str | None:
    if years is None:
        return None
    return next((step for limit, step in STEPS if years < limit), "10-")


_OF_CANDIDATE: dict[str, Callable[[Candidate], Iterable[str | None]]] = {
    "skill": lambda person: set(person.skills) or [None],
    "place": lambda person: [person.location or None],
    "years": lambda person: [years_step(person.total_years)],
    "source": lambda person: [person.source or None],
    "review_status": lambda person: [person.review_status],
    "created": lambda person: [f"{person.created_at:%Y-%m}"],
}


def facets(candidates: CandidateQuerySet) -> dict[str, Any]:
    """`{"skill": [{"value", "count"}, …], …}` of the newest matches; the value of what is not known is None."""
    columns = ("skills", "location", "total_years", "source", "review_status", "created_at")
    newest = candidates.prefetch_related(None).only(*columns).first_rows(["-pk"], None, MOST_COUNTED + 1)
    counted = newest[:MOST_COUNTED]
    found: dict[str, Any] = {"counted": len(counted), "complete": len(newest) <= MOST_COUNTED}
    for name, values_of in _OF_CANDIDATE.items():
        found[name] = _ranked(Counter(value for person in counted for value in values_of(person)))
    return found | {"captured_by": _ranked(_captured_by([person.pk for person in counted]))}


def _captured_by(ids: list[int]) -> Counter[str | None]:
    versions = ResumeVersion.objects.filter(candidate__in=ids, document__captures__captured_at__isnull=False)
    pairs = set(versions.values_list("candidate", "document__captures__user__username"))
    counts: Counter[str | None] = Counter(name for _, name in pairs)
    if unknown := len(set(ids) - {candidate for candidate, _ in pairs}):
        counts[None] = unknown
    return counts


def _ranked(counts: Counter[str | None]) -> list[dict[str, Any]]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return [{"value": value, "count": count} for value, count in ranked[:MOST_VALUES]]
