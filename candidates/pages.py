"""Keyset pages: any page costs what the first one costs, and nothing is counted.

A cursor holds `[value, id, backwards]`: the last row seen, in the order asked for. By relevance the value is what a
match weighs, and the pages end with the last of those that were weighed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from candidates.filters import FILTERS, begins_behind
from candidates.models import Candidate
from candidates.queries import CandidateQuerySet
from candidates.query import Term
from candidates.ranking import RELEVANCE, best
from uploads.keyset import behind, decode_cursor, encode_cursor, moment_of


def _weight(value: Any) -> float:
    if not isinstance(value, float):
        raise ValueError("no weight")
    return value


VALUES: dict[str, Callable[[Any], Any]] = {
    "created_at": moment_of,
    "updated_at": moment_of,
    "full_name": str,
    RELEVANCE: _weight,
}
ORDERINGS = [sign + name for name in VALUES for sign in ("", "-") if sign + name != RELEVANCE]
USUAL, MOST = 20, 100


@dataclass(frozen=True)
class Page:
    rows: list[Candidate]
    next: str | None
    previous: str | None


def page_of(people: CandidateQuerySet, request: Request, terms: list[Term]) -> Page:
    """The page that the query string asks for. 422 for an ordering, limit or cursor that cannot be meant."""
    ordering, limit = _ordering(request, terms), _limit(request)
    field, descending = ordering.lstrip("-"), ordering.startswith("-")
    cursor = request.query_params.get("cursor")
    value, pk, backwards = _decode(cursor, field) if cursor else (None, None, False)
    after = [value, pk] if cursor else None
    if field == RELEVANCE:
        rows = best(people, terms, after, limit + 1, backwards)
    else:
        rows = _in_order(people, request, ("-" if descending != backwards else "") + field, after, limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    has_next, has_previous = (bool(cursor), more) if backwards else (more, bool(cursor))
    return Page(
        rows,
        _link(request, rows[-1], field, False) if rows and has_next else None,
        _link(request, rows[0], field, True) if rows and has_previous else None,
    )


def _in_order(
    people: CandidateQuerySet, request: Request, ordering: str, after: list[Any] | None, count: int
) -> list[Candidate]:
    order = [ordering, "-pk" if ordering.startswith("-") else "pk"]
    if people.is_search and ordering.lstrip("-") == "created_at":  # ids are given in the order of arrival
        order = order[1:]
        after = after[1:] if after else begins_behind(order[0], request.query_params)
    if any(request.query_params.get(name) for name in FILTERS):
        return people.first_rows(order, after, count)
    return list(behind(people, order, after).order_by(*order)[:count])


def _ordering(request: Request, terms: list[Term]) -> str:
    ordering = request.query_params.get("ordering") or "-created_at"
    if ordering not in ORDERINGS:
        raise ValidationError({"ordering": [f"One of these is needed: {', '.join(ORDERINGS)}."]})
    if ordering.endswith(RELEVANCE) and not terms:
        raise ValidationError({"ordering": ["Relevance is that of a search."]})
    return ordering


def _limit(request: Request) -> int:
    text = request.query_params.get("limit") or str(USUAL)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST):
        raise ValidationError({"limit": [f"A number from 1 to {MOST} is needed."]})
    return int(text)


def _link(request: Request, row: Candidate, field: str, backwards: bool) -> str:
    value = getattr(row, field)
    facts = [value.isoformat() if isinstance(value, datetime) else value, row.pk, backwards]
    query = request.query_params.copy()
    query["cursor"] = encode_cursor(facts)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _decode(cursor: str, field: str) -> tuple[Any, int, bool]:
    try:
        value, pk, backwards = decode_cursor(cursor)
        found = VALUES[field](value)
    except (ValueError, TypeError):
        found = pk = backwards = None
    if found is None or type(pk) is not int or type(backwards) is not bool or abs(pk) > 2**62:
        raise ValidationError({"cursor": ["This cursor was not made here, or for another ordering."]})
    return found, pk, backwards
