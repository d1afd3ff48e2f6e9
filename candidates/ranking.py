"""Relevance: the best of the newest matches. All of them are never weighed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F, FloatField, Func, Value
from django.db.models.functions import Substr

from candidates.models import Candidate, SearchEntry
from candidates.queries import CandidateQuerySet
from candidates.query import EVERYBODY, Term, any_of

RELEVANCE = "relevance"  # what an ordering by it is called
MOST_RANKED, ENOUGH_RANKED = 500, 100
NAME, HEADING, TEXT = 1.0, 0.4, 0.1  # the weights A, B and D of PostgreSQL's ts_rank
MOST_CHARACTERS = 20_000  # of an entry that is ranked


def best(
    people: CandidateQuerySet, terms: list[Term], after: Sequence[Any] | None, count: int, backwards: bool = False
) -> list[Candidate]:
    """The first `count` by relevance behind the one with that relevance and id; each with its `relevance`."""
    places = ranked(people, terms)
    if backwards:
        places.reverse()
    if after:
        places = [place for place in places if (place > tuple(after) if backwards else place < tuple(after))]
    found = {person.pk: person for person in people.known_to_match([pk for _, pk in places[:count]])}
    for relevance, pk in places[:count]:
        found[pk].relevance = relevance  # type: ignore[attr-defined]  # for the cursor
    return [found[pk] for _, pk in places[:count]]


def ranked(people: CandidateQuerySet, terms: list[Term]) -> list[tuple[float, int]]:
    """(relevance, id) of the newest matches, the best first. A name weighs most, then headline and skills, then the
    rest; every further mention weighs less."""
    newest: Any = people.prefetch_related(None).values_list("pk", flat=True)
    ids = newest.first_rows(["-pk"], None, MOST_RANKED, ENOUGH_RANKED)
    asked = [term for term in terms if not term.negated]
    score = {"postgresql": _by_vector, "sqlite": _by_counting}[connection.vendor]
    return sorted(score(ids, asked), reverse=True)


def _by_vector(ids: list[int], terms: list[Term]) -> list[tuple[float, int]]:
    if not terms:
        return [(0.0, pk) for pk in ids]
    query = Value(any_of(terms))
    template = "ts_rank(%(expressions)s::tsquery)"
    rank = Func(F("words"), query, template=template, output_field=FloatField())
    return list(SearchEntry.objects.filter(pk__in=ids).values_list(rank, "pk"))


def _by_counting(ids: list[int], terms: list[Term]) -> list[tuple[float, int]]:
    """FTS5's own bm25 first counts all rows that hold a word: the more there are, the longer it takes."""
    entries = SearchEntry.objects.filter(pk__in=ids).annotate(start=Substr("words", 1, MOST_CHARACTERS))
    return [
        (_score(terms, names, f" {start} "), pk) for pk, names, start in entries.values_list("pk", "names", "start")
    ]


def _score(terms: list[Term], name: str, text: str) -> float:
    """`text` is an entry: the name, headline and skills, the word of everybody's, and the rest."""
    heading, names, score = text[len(name) : text.find(f" {EVERYBODY} ") + 1], f" {name} ", 0.0
    for term in terms:
        words = f" {' '.join(term.words)}" + ("" if term.prefix else " ")
        named = words in names or any(f" {name} " in names for name in term.instead)
        times = text.count(words)
        score += NAME * named + HEADING * (words in heading) + TEXT * times / (times + 1)
    return score
