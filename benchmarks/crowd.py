"""Made-up candidates by the million, written past the models: COPY on PostgreSQL, one prepared INSERT on SQLite.

Each has a CV of about eighty words. What is asked of them later is spread on purpose: a word of everybody's and of
nobody's, skills that most and few have, two that are common but seldom meet, one that only the oldest CVs name.
"""

from __future__ import annotations

import functools
import json
import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from candidates.models import NameSlip
from candidates.query import EVERYBODY
from candidates.search import MAKING, Words, create_index, drop_index
from candidates.words import facet_word, with_one_letter_less

BATCH = 20_000
RARE = 5_000  # who bears a name of their own
FILLER = "engineer built payment services led team delivered project customers reports quality testing support".split()  # noqa: SIM905
SHARES = {"python": 0.3, "java": 0.3, "react": 0.2, "django": 0.15, "kubernetes": 0.1, "rust": 0.02, "fortran": 0.0005}
TRADES = [["welding"], ["nursing"], ["sales"], ["welding", "nursing"]]
TRADE_WEIGHTS = [20_000, 20_000, 60_000, 2]
SYLLABLES = "ka ra mi jo le na to be su ve di ol an er pri sha gu po".split()  # noqa: SIM905
TOWNS = ["Pune, MH, IN", "Berlin, DE", "Lagos, NG", "Lima, PE", *(f"Town{number}, DE" for number in range(60))]
CAPTURERS = 20
_facet = functools.cache(facet_word)
START, APART = datetime(2023, 1, 1, tzinfo=UTC), timedelta(minutes=1.5)

TABLES = {
    "documents": "doc_id doc_hash_256 original_filename file_size_bytes content_type s3_key upload_status verified_at"
    " parse_status parser_version parsed text created_at updated_at",
    "candidates": "id full_name name_is_guess email phone location headline skills links total_years source"
    " review_status legal_hold erased_before parsed_resume created_at updated_at",
    "resume_versions": "candidate_id document_id file_name current_since",
    "candidate_search": "candidate_id names words made_by",
    "cv_captures": "user_id document_id file_name source requested_at captured_at",
    "name_slips": "slip name",
}  # fmt: skip


def fill(size: int) -> None:
    """Candidates, CVs, captures and search entries up to `size`, numbered from 1."""
    start = _last_id()
    users = [User.objects.get_or_create(username=f"capturer{number}")[0].pk for number in range(CAPTURERS)]
    known = set(NameSlip.objects.filter(slip=F("name")).values_list("name", flat=True))
    _index(drop_index)
    for first in range(start, size, BATCH):
        with transaction.atomic():
            _put(range(first, min(size, first + BATCH)), size, users, known)
    _index(create_index)
    _settle()


def _last_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM candidates")
        return cursor.fetchone()[0]


def _index(do: Callable[[Any, Any], None]) -> None:
    with connection.schema_editor() as editor:
        do(None, editor)


def _settle() -> None:
    """What the databases do by themselves in time."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("INSERT INTO candidate_words(candidate_words) VALUES ('rebuild')")
            return
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT setval(pg_get_serial_sequence('candidates', 'id'), MAX(id)) FROM candidates")


def _put(numbers: range, size: int, users: list[int], known: set[str]) -> None:
    rows: dict[str, list[tuple]] = {table: [] for table in TABLES}
    for number in numbers:
        for table, row in _person(number + 1, size, users):
            rows[table].append(row)
    names = {name for _, listed, *_ in rows["candidate_search"] for name in listed.split()} - known
    known |= names
    rows["name_slips"] = [(slip, name) for name in sorted(names) for slip in sorted(with_one_letter_less(name))]
    for table, columns in TABLES.items():
        _insert(table, columns.split(), rows[table])


def _person(pk: int, size: int, users: list[int]) -> Iterator[tuple[str, tuple]]:
    """(table, row) of the candidate with this id."""
    chance = random.Random(pk)
    name = "Zuzabelle Quorn" if pk == RARE else f"{_syllables(chance, 3)} {_syllables(chance, 4)}"
    skills = [skill for skill, share in SHARES.items() if chance.random() < share]
    skills += chance.choices(TRADES, TRADE_WEIGHTS)[0]
    old = pk < size / 3
    words = [*skills, *(["cobol"] if old and chance.random() < 0.3 else []), *chance.choices(FILLER, k=70)]
    place = chance.choice(TOWNS) if chance.random() < 0.9 else ""
    years = round(chance.expovariate(0.12), 1) if chance.random() < 0.9 else None
    status = chance.choices(["new", "rejected", "shortlisted"], [90, 8, 2])[0]
    when, email, document = START + APART * pk, f"person{pk}@example.com", uuid.UUID(int=pk)
    sha256, text = f"{pk:064x}", " ".join([name, email, f"reference{pk}", *words])
    yield "documents", (
        document, sha256, "cv.pdf", 50_000, "application/pdf", f"documents/{sha256}.pdf", "UPLOAD_COMPLETE", when,
        "completed", 1, "{}", text, when, when,
    )  # fmt: skip
    yield "candidates", (
        pk, name, False, email, "", place, "Engineer", json.dumps(skills), "[]", years, "cv", status, False, False,
        '{"basics": {}}', when, when,
    )  # fmt: skip
    yield "resume_versions", (pk, document, "cv.pdf", when)
    names = name.lower().split()
    yield (
        "candidate_search",
        (pk, " ".join(names), _words(names, skills, place, [f"reference{pk}", *words], pk), MAKING),
    )
    if chance.random() < 0.7:  # the first of the users left when a third of the CVs had arrived
        user = users[0] if old and chance.random() < 0.1 else chance.choice(users[1:])
        yield "cv_captures", (user, document, "cv.pdf", "download", when, when)


def _syllables(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(SYLLABLES, k=count)).title()


def _words(names: list[str], skills: list[str], place: str, text: list[str], pk: int) -> str:
    """As `SearchEntry.write` puts it down."""
    places = [place, *(part.strip() for part in place.split(","))] if place else [""]
    facets = [_facet("skill", skill) for skill in skills] + [_facet("place", part) for part in places]
    rest = [EVERYBODY, *facets, "cv", *names, f"person{pk}", "example", "com", *text]
    words = Words(names, ["engineer", *skills], rest)
    return words.vector() if connection.vendor == "postgresql" else " ".join(words)


def _insert(table: str, columns: list[str], rows: list[tuple]) -> None:
    listed = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            plain = (tuple(_plain(value) for value in row) for row in rows)
            cursor.connection.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", plain)  # noqa: S608 (our own)


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    return str(value.replace(tzinfo=None)) if isinstance(value, datetime) else value
