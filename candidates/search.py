"""What is searched: one entry for each candidate, written in the transaction that changes the candidate.

PostgreSQL keeps the words as a `tsvector` under a GIN index; SQLite as text, and triggers keep an FTS5 table of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import phonenumbers
from django.db import connection, models
from rapidfuzz.distance import OSA

from candidates.keys import phone_key
from candidates.query import EVERYBODY, Term, compile_terms, parse
from candidates.words import facet_word, with_one_letter_less, words_of
from uploads.keyset import near_rows

if TYPE_CHECKING:
    from candidates.dossier import Dossier
    from candidates.models import Candidate

MOST_POSITIONS = 16_000  # PostgreSQL counts places up to 16383
MOST_REPEATS = 50
MAKING = 1  # how entries are made; to be raised with every change of that, so that older ones are made anew
SAMPLE = 1000


@dataclass(frozen=True)
class Words:
    """What an entry says, by what it weighs: names, then headline and skills, then the rest."""

    names: list[str]
    heading: list[str]
    rest: list[str]

    def __iter__(self) -> Iterator[str]:
        return chain(self.names, self.heading, self.rest)

    def vector(self) -> str:
        """The literal of a tsvector: each word with its places and their weights A, B or D, which is not written.
        Letters and digits only: no quoting."""
        places: dict[str, list[str]] = defaultdict(list)
        named, headed = len(self.names), len(self.names) + len(self.heading)
        for place, word in enumerate(self, 1):
            seen = places[word]
            if place < MOST_POSITIONS and len(seen) < MOST_REPEATS:
                seen.append(f"{place}A" if place <= named else f"{place}B" if place <= headed else str(place))
        return " ".join(f"'{word}'" + (f":{','.join(at)}" if at else "") for word, at in places.items())


class WordsField(models.Field):
    """`tsvector` on PostgreSQL, the words themselves on SQLite. Written from `Words`."""

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "resolve_expression"):
            return value
        return value.vector() if connection.vendor == "postgresql" else " ".join(value)


@WordsField.register_lookup
class Matches(models.Lookup):
    """`words__matches=<compiled query>`. How it is best answered depends on what is asked around it."""

    lookup_name = "matches"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Rows that are walked are only tested. Else the index is asked: a query in brackets is taken to be rare, where
        one that the planner sees is taken to be what its words are together by chance."""
        column, params = self.process_lhs(compiler, connection)
        walks = hasattr(compiler.query, "walks") or hasattr(compiler.query, "known")
        asked = "({} @@ %s::tsquery) IS TRUE" if walks else "{} @@ (SELECT %s::tsquery)"
        return asked.format(column), [*params, self.rhs]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        if hasattr(compiler.query, "known"):
            return "1", []
        column, params = self.process_lhs(compiler, connection)
        key = column.rpartition(".")[0] + '."candidate_id"'
        found = "SELECT rowid FROM candidate_words WHERE candidate_words MATCH %s"
        return f"{key} IN ({found})", [*params, self.rhs]


# The order is one that the index of ids does not give: see `uploads.keyset.first_rows`.
_IDS = {
    "postgresql": "SELECT candidate_id FROM candidate_search WHERE words @@ (SELECT %s::tsquery){bound}"
    " ORDER BY candidate_id + 0 {direction} LIMIT %s",
    "sqlite": "SELECT rowid FROM candidate_words WHERE candidate_words MATCH %s{bound}"
    " ORDER BY rowid {direction} LIMIT %s",
}


class SearchEntry(models.Model):
    candidate = models.OneToOneField(
        "candidates.Candidate", primary_key=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    names = models.TextField()
    words = WordsField()
    made_by = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        db_table = "candidate_search"
        indexes = [models.Index(fields=["made_by", "candidate"], name="search_entries_by_making")]

    def __str__(self) -> str:
        return f"search entry of {self.candidate_id}"

    @classmethod
    def write(cls, dossier: Dossier) -> None:
        words, pk = _words(dossier), dossier.candidate.pk
        entry = SearchEntry(pk=pk, names=" ".join(words.names), words=words, made_by=MAKING)
        before = "" if dossier.is_new else cls.objects.filter(pk=pk).values_list("names", flat=True).first()
        SearchEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["candidate"], update_fields=["names", "words", "made_by"]
        )
        NameSlip.learn(words.names)
        NameSlip.forget(set((before or "").split()) - set(words.names))

    @classmethod
    def make_anew(cls, limit: int) -> int:
        """Entries that were made in an older way, each in a transaction of its own. Returns how many there were."""
        from candidates.models import Candidate

        old = cls.objects.filter(made_by__lt=MAKING).order_by("made_by", "candidate")
        ids = list(old.values_list("pk", flat=True)[:limit])
        for pk in ids:
            Candidate.index_again(pk)
        return len(ids)

    @classmethod
    def has(cls, term: Term) -> bool:
        words = compile_terms([term])
        if connection.vendor == "postgresql" and cls.share(words, ["-pk"], None):
            return True  # else it reads all that match before it knows the first
        return bool(cls.ids_of(words, "-pk", None, 1))

    @classmethod
    def share(cls, words: str, order: Sequence[str], after: Sequence[Any] | None) -> float:
        """Which part of the next thousand entries matches; 0 where the table ends before."""
        if order[0].removeprefix("-") != "pk":
            order, after = ["-pk"], None
        near = near_rows(cls.objects.filter(words__matches=words), order, after, SAMPLE, SAMPLE)
        return near.order_by().count() / SAMPLE if near is not None else 0.0

    @classmethod
    def ids_of(cls, words: str, order: str, after: Sequence[Any] | None, count: int) -> list[int]:
        """The first `count` candidates that match, in the order `pk` or `-pk`, behind that id."""
        direction, step = ("DESC", "<") if order.startswith("-") else ("ASC", ">")
        column = "rowid" if connection.vendor == "sqlite" else "candidate_id"
        bound = f" AND {column} {step} %s" if after else ""
        with connection.cursor() as cursor:
            asked = _IDS[connection.vendor].format(bound=bound, direction=direction)
            cursor.execute(asked, [words, *(after or []), count])
            return [pk for (pk,) in cursor.fetchall()]


class NameSlip(models.Model):
    """A word of somebody's name, under each spelling with one letter less: how names with a slip are found."""

    slip = models.CharField(max_length=64)
    name = models.CharField(max_length=64, db_index=True)

    class Meta:
        db_table = "name_slips"
        constraints = [models.UniqueConstraint(fields=["slip", "name"], name="slip_of_a_name_once")]

    def __str__(self) -> str:
        return f"{self.slip} of {self.name}"

    @classmethod
    def learn(cls, names: list[str]) -> None:
        known = set(cls.objects.filter(name__in=names, slip=models.F("name")).values_list("name", flat=True))
        new = sorted({name for name in names if len(name) >= 4} - known)
        slips = [NameSlip(slip=slip, name=name) for name in new for slip in sorted(with_one_letter_less(name))]
        NameSlip.objects.bulk_create(slips, ignore_conflicts=True)

    @classmethod
    def forget(cls, names: set[str]) -> set[str]:
        """Those of these names that nobody bears any more; they are not to be guessed at either."""
        gone = {name for name in names if not SearchEntry.has(Term((name,)))}
        cls.objects.filter(name__in=gone).delete()
        return gone

    @classmethod
    def near(cls, words: Sequence[str]) -> list[tuple[str, ...]]:
        """For each word the names that it may be a slip of: one letter other, more, less, or two changed about."""
        slips = {slip for word in words for slip in with_one_letter_less(word)}
        found = sorted(set(cls.objects.filter(slip__in=slips).values_list("name", flat=True)))
        return [tuple(name for name in found if OSA.distance(name, word) <= 1)[:10] for word in words]


def _words(dossier: Dossier) -> Words:
    candidate, rows = dossier.candidate, dossier.records
    columns = [text for row in rows for text in (row.full_name, row.email, row.phone, row.location)]
    heading = [text for row in rows for text in (row.headline, *row.skills)]
    texts = [cv.text for cv in dossier.cvs]
    spoken = words_of("\n".join([candidate.source, *columns, *candidate.links, *dossier.tags, *texts]))
    rest = [EVERYBODY, *_numbers(candidate.phone), *_facets(candidate), *spoken]
    return Words(words_of(candidate.full_name), words_of("\n".join(heading)), rest)


def _numbers(phone: str) -> list[str]:
    """A telephone number without its spaces, with its country and without."""
    if not phone:
        return []
    digits = "".join(char for char in phone if char.isdigit())
    if not (e164 := phone_key(phone)):
        return [digits]
    return [e164[1:], str(phonenumbers.parse(e164).national_number)]


def _facets(candidate: Candidate) -> list[str]:
    places = [candidate.location, *candidate.location.split(",")] if candidate.location else [""]
    found = [("skill", skill) for skill in candidate.skills or [""]] + [("place", place.strip()) for place in places]
    return [facet_word(kind, value) for kind, value in found]


def understood(text: str) -> list[Term]:
    """The terms of a query; a word that no entry holds stands for the names that it may be a slip of."""
    return [_understood(term) for term in parse(text)]


def _understood(term: Term) -> Term:
    [names] = NameSlip.near([term.words[0]]) if term.may_be_a_slip else [()]
    if not names or term.words[0] in names or SearchEntry.has(term):
        return term
    return Term(term.words, instead=names)


def create_index(apps: Any, schema_editor: Any) -> None:
    """The index of each database; part of the migration."""
    for statement in _INDEX[connection.vendor]:
        schema_editor.execute(statement)


def drop_index(apps: Any, schema_editor: Any) -> None:
    for statement in _NO_INDEX[connection.vendor]:
        schema_editor.execute(statement)


def renew_index(apps: Any, schema_editor: Any) -> None:
    """SQLite's, as it is made now, over the entries that are there."""
    if connection.vendor == "sqlite":
        drop_index(apps, schema_editor)
        create_index(apps, schema_editor)
        schema_editor.execute("INSERT INTO candidate_words(candidate_words) VALUES ('rebuild')")


_INDEX = {
    "postgresql": ["CREATE INDEX candidate_search_words ON candidate_search USING gin (words)"],
    "sqlite": [
        "CREATE VIRTUAL TABLE candidate_words USING fts5(names, words, content='candidate_search',"
        " content_rowid='candidate_id', tokenize=\"unicode61 remove_diacritics 0\", prefix='1 2 3')",
        "CREATE TRIGGER candidate_search_made AFTER INSERT ON candidate_search BEGIN"
        " INSERT INTO candidate_words(rowid, names, words) VALUES (new.candidate_id, new.names, new.words); END",
        "CREATE TRIGGER candidate_search_gone AFTER DELETE ON candidate_search BEGIN"
        " INSERT INTO candidate_words(candidate_words, rowid, names, words)"
        " VALUES ('delete', old.candidate_id, old.names, old.words); END",
        "CREATE TRIGGER candidate_search_changed AFTER UPDATE ON candidate_search BEGIN"
        " INSERT INTO candidate_words(candidate_words, rowid, names, words)"
        " VALUES ('delete', old.candidate_id, old.names, old.words);"
        " INSERT INTO candidate_words(rowid, names, words) VALUES (new.candidate_id, new.names, new.words); END",
    ],
}
_NO_INDEX = {
    "postgresql": ["DROP INDEX IF EXISTS candidate_search_words"],
    "sqlite": [
        "DROP TRIGGER IF EXISTS candidate_search_made",
        "DROP TRIGGER IF EXISTS candidate_search_gone",
        "DROP TRIGGER IF EXISTS candidate_search_changed",
        "DROP TABLE IF EXISTS candidate_words",
    ],
}
