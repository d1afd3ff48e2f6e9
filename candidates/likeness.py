"""Who looks like whom where no key says so: alike in name, and in employer or place as well.

Scores are rapidfuzz ratios, 0 to 100.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz, process

from candidates.query import Term
from candidates.search import NameSlip
from candidates.words import fold, words_of
from uploads.keyset import by_no_index

if TYPE_CHECKING:
    from candidates.models import Candidate

ALIKE = 85  # below it two names, employers or places are two
MOST_COMPARED = 50


def twins_of(candidate: Candidate) -> Iterator[tuple[Candidate, list[str]]]:
    """Candidates who may be this one, each with the reasons. A name alone is no reason."""
    names = words_of(candidate.full_name)
    if len(names) < 2 or candidate.name_is_guess:
        return
    for other in _namesakes(candidate, names):
        name = fuzz.token_sort_ratio(fold(candidate.full_name), fold(other.full_name))
        more = [*_employer(candidate, other), *_place(candidate, other)]
        if name >= ALIKE and more:
            yield other, [f"similar name ({name:.0f})", *more]


def _namesakes(candidate: Candidate, names: list[str]) -> list[Candidate]:
    """The newest whose names hold all these words, give or take a slip in each."""
    long = [name for name in names if len(name) >= 4]
    near = dict(zip(long, NameSlip.near(long), strict=True))
    terms = [Term((name,), instead=near.get(name, ()), in_name=True) for name in names]
    model = type(candidate)
    namesakes = model.objects.matching(terms).exclude(pk=candidate.pk)
    return list(namesakes.order_by(by_no_index("-created_at"), "-pk")[:MOST_COMPARED])


def _employer(one: Candidate, other: Candidate) -> list[str]:
    theirs = employers(other.parsed_resume)
    for name in employers(one.parsed_resume):
        if theirs and process.extractOne(name, theirs, scorer=fuzz.token_set_ratio, score_cutoff=ALIKE):
            return [f"same employer ({name})"]
    return []


def employers(resume: dict[str, Any] | None) -> list[str]:
    return [fold(work["name"]) for work in (resume or {}).get("work") or [] if work.get("name")]


def _place(one: Candidate, other: Candidate) -> list[str]:
    here, there = fold(one.location), fold(other.location)
    return ["same place"] if here and there and fuzz.token_set_ratio(here, there) >= ALIKE else []
