"""Words: how texts and queries are cut and folded, the same for both databases, so that both find the same.

Accents and case are folded, `C++` and `C#` are words of their own, everything else that is no letter and no digit
parts words. A word is at most 64 characters long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_RAW = re.compile(r"[^\W_]+(?:\+\+|#)?")
_LONGEST = 64


def fold(text: str) -> str:
    """`Zoë ÅNGSTRÖM` → `zoe angstrom`: no accents, no capitals, compatibility forms as plain ones."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.category(char).startswith("M"))


def words_of(text: str) -> list[str]:
    return [_spelt(match.group()) for match in _RAW.finditer(fold(text))]


def places_of(text: str) -> Iterator[tuple[str, int, int]]:
    """(word, start, end) of every word as it stands in `text`."""
    for match in _RAW.finditer(text):
        yield _spelt(fold(match.group())), match.start(), match.end()


def _spelt(word: str) -> str:
    return word.replace("++", "plusplus").replace("#", "sharp")[:_LONGEST]


def facet_word(kind: str, value: str) -> str:
    """A word that no text holds: `skill`, `Machine Learning` → `xskillxmachinelearning`. No value: it is unknown."""
    return f"x{kind}x{''.join(words_of(value))}"[:_LONGEST] if value else f"xno{kind}x"


def with_one_letter_less(word: str) -> set[str]:
    """The word and what it is with any one letter left out: two words that are one slip apart share one of these."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}
