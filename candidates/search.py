"""What is searched: one entry for each candidate, written in the transaction that changes the candidate.

PostgreSQL keeps the words as a `tsvector` under a GIN index; SQLite as text, and triggers keep an FTS5 table of it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import phonenumbers
from django.db import connection, models
from django.db.models.functions import Left
from rapidfuzz.distance import OSA

from candidates.keys import phone_key
from candidates.query import Term, compile_terms, parse
from candidates.words import facet_word, with_one_letter_less, words_of

if TYPE_CHECKING:
    from candidates.models import Candidate

MOST_CHARACTERS = 200_000  # of one CV; a tsvector holds at most 1 MB
MOST_POSITIONS = 16_000  # PostgreSQL counts places up to 16383
MOST_REPEATS = 50
EVERYBODY = "xeverybodyx"


class WordsField(models.Field):
    """`tsvector` on PostgreSQL, the words themselves on SQLite. Written from a list of words, names first."""

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "resolve_expression"):
            return value
        names, words = value
        return vector(names, words) if connection.vendor == "postgresql" else " ".join([*names, *words])


def vector(names: list[str], words: list[str]) -> str:
    """The literal of a tsvector: names with weight A, each word with its places (letters and digits: no quoting)."""
    places: dict[str, list[str]] = defaultdict(list)
    for place, word in enumerate([*names, *words], 1):
        seen = places[word]
        if place < MOST_POSITIONS and len(seen) < MOST_REPEATS:
            seen.append(f"{place}A" if place <= len(names) else str(place))
    return " ".join(f"'{word}'" + (f":{','.join(at)}" if at else "") for word, at in places.items())


@WordsField.register_lookup
class Matches(models.Lookup):
    """`words__matches=<compiled query>`."""

    lookup_name = "matches"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} @@ %s::tsquery", [*params, self.rhs]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        key = column.rpartition(".")[0] + '."candidate_id"'
        found = "SELECT rowid FROM candidate_words WHERE candidate_words MATCH %s"
        return f"{key} IN ({found})", [*params, self.rhs]


class SearchEntry(models.Model):
    candidate = models.OneToOneField(
        "candidates.Candidate", primary_key=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    names = models.TextField()
    words = WordsField()

    class Meta:
        db_table = "candidate_search"

    def __str__(self) -> str:
        return f"search entry of {self.candidate_id}"

    @classmethod
    def write(cls, candidate: Candidate) -> None:
        names = words_of(candidate.full_name)
        entry = SearchEntry(candidate=candidate, names=" ".join(names), words=(names, _words(candidate)))
        before = cls.objects.filter(pk=candidate.pk).values_list("names", flat=True).first()
        SearchEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["candidate"], update_fields=["names", "words"]
        )
        NameSlip.learn(names)
        NameSlip.forget(set((before or "").split()) - set(names))

    @classmethod
    def has(cls, term: Term) -> bool:
        return cls.objects.filter(words__matches=compile_terms([term])).exists()


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
    def forget(cls, names: set[str]) -> None:
        """Names that nobody bears any more."""
        for name in names:
            if not SearchEntry.has(Term((name,))):
                cls.objects.filter(name=name).delete()

    @classmethod
    def near(cls, word: str) -> tuple[str, ...]:
        """Names that `word` may be a slip of: one letter other, more, less, or two changed about."""
        found = cls.objects.filter(slip__in=with_one_letter_less(word)).values_list("name", flat=True).distinct()
        return tuple(sorted(name for name in found if OSA.distance(name, word) <= 1))[:10]


def _words(candidate: Candidate) -> list[str]:
    rows = [candidate, *candidate.absorbed.all()]
    columns = [text for row in rows for text in (row.full_name, row.email, row.phone, row.location, row.headline)]
    tags = list(candidate.tags.values_list("name", flat=True))
    texts = candidate.documents.annotate(start=Left("text", MOST_CHARACTERS)).values_list("start", flat=True)
    spoken = "\n".join([candidate.source, *columns, *candidate.skills, *candidate.links, *tags, *texts])
    return [EVERYBODY, *_numbers(candidate.phone), *_facets(candidate), *words_of(spoken)]


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
    terms = parse(text)
    return [
        Term(term.words, instead=NameSlip.near(term.words[0]))
        if term.may_be_a_slip and not SearchEntry.has(term)
        else term
        for term in terms
    ]


def create_index(apps: Any, schema_editor: Any) -> None:
    """The index of each database; part of the migration."""
    for statement in _INDEX[connection.vendor]:
        schema_editor.execute(statement)


def drop_index(apps: Any, schema_editor: Any) -> None:
    for statement in _NO_INDEX[connection.vendor]:
        schema_editor.execute(statement)


_INDEX = {
    "postgresql": ["CREATE INDEX candidate_search_words ON candidate_search USING gin (words)"],
    "sqlite": [
        "CREATE VIRTUAL TABLE candidate_words USING fts5(names, words, content='candidate_search',"
        " content_rowid='candidate_id', tokenize=\"unicode61 remove_diacritics 0\")",
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
    "postgresql": ["DROP INDEX candidate_search_words"],
    "sqlite": [
        "DROP TRIGGER candidate_search_made",
        "DROP TRIGGER candidate_search_gone",
        "DROP TRIGGER candidate_search_changed",
        "DROP TABLE candidate_words",
    ],
}
