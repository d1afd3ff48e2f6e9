"""The query language: words, "phrases", -not, prefix*. Every text is a query; none is a syntax error."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import connection

from candidates.words import words_of

LONGEST, MOST_TERMS = 500, 20
EVERYBODY = "xeverybodyx"  # a word that every entry holds
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_NUMBER = re.compile(r"[\d\s()+./-]+")


@dataclass(frozen=True)
class Term:
    """Words that stand one after the other. `instead`: names that the word may be a slip of. `in_name`: only there."""

    words: tuple[str, ...]
    negated: bool = False
    prefix: bool = False
    instead: tuple[str, ...] = ()
    in_name: bool = False

    @property
    def may_be_a_slip(self) -> bool:
        return len(self.words) == 1 and not self.negated and not self.prefix and len(self.words[0]) >= 4


def parse(text: str) -> list[Term]:
    text = text[:LONGEST]
    if _NUMBER.fullmatch(text) and len(digits := re.sub(r"\D", "", text)) >= 7:
        return [Term((digits,))]  # a telephone number, however it is spaced
    terms = []
    for minus, phrase, bare in _TERM.findall(text):
        prefix = bare.endswith("*") or phrase.endswith("*")
        if words := tuple(words_of(phrase or bare)):
            terms.append(Term(words, bool(minus), prefix))
    return terms[:MOST_TERMS]


def compile_terms(terms: list[Term]) -> str:
    """The terms in the query language of the database; only negated ones where nothing else is asked."""
    return {"postgresql": _tsquery, "sqlite": _fts5}[connection.vendor](terms)


def _tsquery(terms: list[Term]) -> str:
    # A query of negated terms alone would read the index whole: "everything" stands beside them.
    asked = [f"'{EVERYBODY}'"] if all(term.negated for term in terms) else []
    return " & ".join([*asked, *map(_tsterm, terms)])


def any_of(terms: list[Term]) -> str:
    """For PostgreSQL's ts_rank: each term weighs by itself, however far it stands from the others."""
    return " | ".join(map(_tsterm, terms))


def _tsterm(term: Term) -> str:
    # Words hold letters and digits only, so quoting is complete. A name carries the weight A.
    mark = (":A" if term.in_name else "") or (":*" if term.prefix else "")
    phrase = " <-> ".join(f"'{word}'" for word in term.words) + mark
    slips = "".join(f" | '{name}':A" for name in term.instead)
    return f"{'!' if term.negated else ''}({phrase}{slips})"


def _fts5(terms: list[Term]) -> str:
    # NOT is binary in FTS5: "everything" stands on its left where only negated terms are asked for.
    asked = [_fts5_phrase(term) for term in terms if not term.negated] or [f'words : "{EVERYBODY}"']
    negated = [_fts5_phrase(term) for term in terms if term.negated]
    return " AND ".join(asked) + "".join(f" NOT {phrase}" for phrase in negated)


def _fts5_phrase(term: Term) -> str:
    phrase = ("names : " if term.in_name else "") + f'"{" ".join(term.words)}"' + (" *" if term.prefix else "")
    slips = "".join(f' OR names : "{name}"' for name in term.instead)
    return f"({phrase}{slips})"
