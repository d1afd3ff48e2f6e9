"""What `benchmarks/search.py` asks of a database of made-up candidates, in a process of its own.

`ours` is what the door and the desk do. Beside it stand, over the same rows: `stock`, the same words in the same stored
index, asked as the ORM would, which leaves the way to the first twenty to the planner; `SearchVector`, Django's without
a stored column; `LIKE`, or ILIKE on PostgreSQL. The last two read all texts, and are asked a few
questions of the small table only.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402
from django.contrib.postgres.search import SearchQuery, SearchVector  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Q, QuerySet  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks.crowd import fill  # noqa: E402
from candidates.facets import facets  # noqa: E402
from candidates.models import Candidate  # noqa: E402
from candidates.query import compile_terms  # noqa: E402
from candidates.ranking import best  # noqa: E402
from candidates.search import understood  # noqa: E402
from uploads.desk import estimated_rows  # noqa: E402
from uploads.keyset import behind, encode_cursor  # noqa: E402

QUERIES = {
    "a rare name": "zuzabelle",
    "a name with a slip": "zuzabele",
    "an e-mail": "person77@example.com",
    "two skills": "python kubernetes",
    "a phrase": '"payment services"',
    "a phrase of nobody's": '"payment welding"',
    "a prefix": "kube*",
    "a prefix of one letter": "p*",
    "a prefix of one letter, of few": "z*",
    "one word but another": "python -java",
    "a word of everybody's": "engineer",
    "a word of nobody's": "unobtainium",
    "two common words that seldom meet": "welding nursing",
    "a word of the oldest CVs only": "cobol",
    "of the oldest, and common": "cobol engineer python",
}
SEARCHED = ["python kubernetes", "cobol", "engineer", "kube*"]
PAGE, MANY = 20, 40
STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
DESK = "/admin/candidates/candidate/"
SMALL = 10_000  # candidates of whom all texts are read, or all matches weighed
READ_WHOLE = ("zuzabelle", "python kubernetes", "engineer", "unobtainium")
Asked = tuple[str, str, dict[str, Callable[[], object]]]  # section, row, columns
ORDER = ["-created_at", "-pk"]


def questions(size: int) -> Iterator[Asked]:
    for name, text in QUERIES.items():
        yield "newest twenty of a search", name, {"ours": partial(newest, text), **_beside(text, size)}
    for name, text in QUERIES.items():
        ranked: dict[str, Callable[[], object]] = {"ours": partial(best_of, text)}
        if size <= SMALL:  # it weighs all that match
            ranked["stock"] = partial(stock_best, text)
        yield "best twenty of a search", name, ranked
    for name in ("a word of everybody's", "two skills", "two common words that seldom meet", "a rare name"):
        counted = {"ours": partial(facets_of, QUERIES[name]), "stock": partial(stock_facet, QUERIES[name])}
        yield "facets", name, counted
    yield from _pages(size)


def _beside(text: str, size: int) -> dict[str, Callable[[], object]]:
    beside: dict[str, Callable[[], object]] = {"stock": partial(stock_newest, text)}
    if size <= SMALL and text in READ_WHOLE:
        beside["LIKE"] = partial(like, text)
        if connection.vendor == "postgresql":
            beside["SearchVector"] = partial(search_vector, text)
    return beside


def newest(text: str) -> object:
    return Candidate.objects.search(text).only("pk").first_rows(["-pk"], None, PAGE)


def best_of(text: str) -> object:
    terms = understood(text)
    return best(Candidate.objects.only("pk").matching(terms), terms, None, PAGE)


def facets_of(text: str) -> object:
    return facets(Candidate.objects.search(text))


# --- As it is usually asked -------------------------------------------------------------------------------------------

_STOCK = {
    "postgresql": "SELECT c.{columns} FROM candidates c JOIN candidate_search s ON s.candidate_id = c.id"
    " WHERE c.merged_into_id IS NULL AND s.words @@ %s::tsquery {rest}",
    "sqlite": "SELECT c.{columns} FROM candidates c JOIN candidate_words s ON s.rowid = c.id"
    " WHERE c.merged_into_id IS NULL AND candidate_words MATCH %s {rest}",
}
_RANK = {"postgresql": "ts_rank(s.words, %s::tsquery) DESC", "sqlite": "bm25(candidate_words)"}


def _stock(text: str, columns: str, rest: str, *more: str) -> list[tuple]:
    with connection.cursor() as cursor:
        words = compile_terms(understood(text))
        cursor.execute(_STOCK[connection.vendor].format(columns=columns, rest=rest), [words, *[words] * len(more)])
        return cursor.fetchall()


def stock_newest(text: str) -> object:
    return _stock(text, "id", f"ORDER BY c.created_at DESC, c.id DESC LIMIT {PAGE}")


def stock_best(text: str) -> object:
    again = [text] if connection.vendor == "postgresql" else []
    return _stock(text, "id", f"ORDER BY {_RANK[connection.vendor]} LIMIT {PAGE}", *again)


def stock_facet(text: str) -> object:
    """One facet, where ours counts seven."""
    return _stock(text, "location, COUNT(*)", "GROUP BY c.location ORDER BY 2 DESC LIMIT 20")


def search_vector(text: str) -> object:
    vector = SearchVector("full_name", "headline", "documents__text", config="simple")
    query = SearchQuery(text, search_type="websearch", config="simple")
    found = Candidate.objects.annotate(vector=vector).filter(vector=query)
    return list(found.order_by(*ORDER).values_list("pk", flat=True)[:PAGE])


def like(text: str) -> object:
    found: QuerySet = Candidate.objects.all()
    for word in text.replace('"', "").replace("*", "").split():
        has = Q(full_name__icontains=word.lstrip("-")) | Q(documents__text__icontains=word.lstrip("-"))
        found = found.exclude(has) if word.startswith("-") else found.filter(has)
    return list(found.order_by(*ORDER).values_list("pk", flat=True)[:PAGE])


# --- Lists and pages --------------------------------------------------------------------------------------------------


def _pages(size: int) -> Iterator[Asked]:
    deep = Candidate.objects.order_by(*ORDER)[size * 9 // 10]
    rows, after = Candidate.objects.with_record(), [deep.created_at, deep.pk]
    for name, row, start in (("first", None, 0), ("at nine tenths", after, size * 9 // 10)):
        ours = lambda row=row: list(behind(rows, ORDER, row).order_by(*ORDER)[:PAGE])  # noqa: E731
        stock = lambda start=start: list(rows.order_by(*ORDER)[start : start + PAGE])  # noqa: E731
        yield "a page of the list", name, {"ours": ours, "stock": stock}
    yield "how many there are", "", {"ours": partial(estimated_rows, Candidate), "stock": Candidate.objects.count}
    desk = _at_desk()
    chance = random.Random(size)
    people = list(Candidate.objects.filter(pk__in=[chance.randint(1, size) for _ in range(MANY)]))
    paths = {
        "list, first page": [DESK] * MANY,
        "list, any page": [DESK + _after(person) for person in people],
        "list, searched": [f"{DESK}?q={text}" for text in chance.choices(SEARCHED, k=MANY)],
        "review page": [f"{DESK}{person.pk}/change/" for person in people],
    }
    for name, asked in paths.items():
        yield "the desk, p95 of forty calls", name, {"ours": partial(p95, desk, asked)}


def _at_desk() -> Client:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": STATIC}}  # nothing was collected
    user, _ = User.objects.get_or_create(username="recruiter", is_staff=True)
    user.groups.set(Group.objects.filter(name="Recruiter"))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _after(person: Candidate) -> str:
    """The page of the desk's list that begins behind this person."""
    columns = (Candidate._meta.get_field(name) for name in ("review_status", "created_at", "id"))
    return f"?after={encode_cursor([column.value_to_string(person) for column in columns])}"


def p95(desk: Client, paths: list[str]) -> float:
    """Milliseconds, in process through Django's test client."""
    times = []
    for path in paths:
        begun = time.perf_counter()
        response = desk.get(path)
        times.append((time.perf_counter() - begun) * 1000)
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code}")
    return sorted(times)[int(len(times) * 0.95)]


# --- Rounds -----------------------------------------------------------------------------------------------------------


def measure(rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    size = Candidate.objects.count()
    found: dict[str, dict[str, dict[str, float]]] = {}
    for section, row, columns in questions(size):
        times: dict[str, list[float]] = {name: [] for name in columns}
        for _ in range(rounds + 1):
            for name, ask in columns.items():
                times[name].append(_milliseconds(ask))
        medians = {name: statistics.median(each[1:]) for name, each in times.items()}
        found.setdefault(section, {})[row] = medians
        print(f"{size:,}: {section}, {row}: {medians}", file=sys.stderr, flush=True)
    return found


def _milliseconds(ask: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    said = ask()
    return said if isinstance(said, float) else (time.perf_counter() - begun) * 1000


def main(work: str, number: int) -> None:
    if work == "fill":
        call_command("migrate", verbosity=0)
        fill(number)
    else:
        print(json.dumps(measure(number)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
