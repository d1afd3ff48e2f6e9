"""Pieces of what a search found, with the places of the words in them. Plain text: who shows it makes it safe."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models.functions import Left

from candidates.models import Candidate
from candidates.profile import current_documents
from candidates.query import Term
from candidates.words import places_of

MOST_READ = 20_000  # characters of a CV
AROUND, MOST_EXCERPTS = 80, 2


def excerpts_of(people: list[Candidate], terms: list[Term]) -> dict[int, list[dict]]:
    """By id: where the record or else the current CV holds what was asked for. One statement for all."""
    found = {person.pk: excerpts(_record(person), terms) for person in people}
    unseen = [person for person in people if not found[person.pk]]
    texts = current_documents(unseen).annotate(start=Left("text", MOST_READ)) if unseen and terms else None
    for pk, text in texts.values_list("versions__candidate", "start") if texts is not None else ():
        if pk in found:
            found[pk] = found[pk] or excerpts(text, terms)
    return found


def _record(person: Candidate) -> str:
    return " · ".join(filter(None, [person.full_name, person.headline, person.location, ", ".join(person.skills)]))


def excerpts(text: str, terms: list[Term]) -> list[dict]:
    """Up to two pieces of `text` around what was found: `{"text": …, "marks": [[start, end], …]}`, marks in `text`."""
    tests = [_test(term) for term in terms if not term.negated]
    hits = [(start, end) for word, start, end in places_of(text) if any(test(word) for test in tests)]
    found: list[dict] = []
    while hits and len(found) < MOST_EXCERPTS:
        left = max(0, hits[0][0] - AROUND)
        right = min(len(text), hits[0][1] + AROUND)
        inside = [(start, end) for start, end in hits if end <= right]
        found.append({"text": text[left:right], "marks": [[start - left, end - left] for start, end in inside]})
        hits = hits[len(inside) :]
    return found


def _test(term: Term) -> Callable[[str], bool]:
    known = {*term.words, *term.instead}
    return lambda word: word in known or (term.prefix and word.startswith(term.words[-1]))
