"""What keys, search entry and suggestions are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models.functions import Left

from candidates.keys import person_keys
from candidates.matches import Key
from uploads.models import Document

if TYPE_CHECKING:
    from candidates.models import Candidate

MOST_CHARACTERS = 200_000  # of one CV; a tsvector holds at most 1 MB


class CV(NamedTuple):
    sha256: str
    basics: dict[str, Any] | None  # of JSON Resume
    text: str


@dataclass
class Dossier:
    """All that the record and the CVs of one candidate say. Each part is read when it is first asked for, once."""

    candidate: Candidate
    is_new: bool = False

    @classmethod
    def of_new(cls, candidate: Candidate, document: Document | None) -> Dossier:
        """Of a candidate made a moment ago: there is nothing to be read."""
        dossier = cls(candidate, is_new=True)
        dossier.records, dossier.tags, dossier.keys_held = [candidate], [], {}
        dossier.cvs = [_cv(document)] if document else []
        return dossier

    @cached_property
    def records(self) -> list[Candidate]:
        return self.candidate.records()

    @cached_property
    def cvs(self) -> list[CV]:
        start = Left("text", MOST_CHARACTERS)
        rows = self.candidate.documents.values_list("doc_hash_256", "parsed__basics", start)
        return [CV(*row) for row in rows]

    @cached_property
    def tags(self) -> list[str]:
        return list(self.candidate.tags.values_list("name", flat=True))

    @cached_property
    def keys_held(self) -> dict[Key, int]:
        """The keys that stand for this candidate, with the ids of their rows."""
        return {(kind, value): pk for kind, value, pk in self.candidate.keys.values_list("kind", "value", "pk")}

    @property
    def hashes(self) -> list[Key]:
        return [("sha256", cv.sha256) for cv in self.cvs]

    def keys_said(self) -> set[Key]:
        return {key for basics in self._basics() for key in person_keys(basics)}

    def _basics(self) -> Iterator[dict[str, Any]]:
        for row in self.records:
            yield {"email": row.email, "phone": row.phone, "profiles": [{"url": link} for link in row.links]}
        yield from (cv.basics for cv in self.cvs if cv.basics)


def _cv(document: Document) -> CV:
    basics = (document.parsed or {}).get("basics")
    return CV(document.doc_hash_256, basics, document.text[:MOST_CHARACTERS])
