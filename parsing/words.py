"""Folding of words, so that one list entry finds all the ways to write it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'"})
NOT_WORDS = re.compile(r"[^\w\s+#]+")


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Lower case without accents and punctuation, single spaces; combining signs of Indian scripts stay."""
    lowered = unicodedata.normalize("NFKD", text.casefold().translate(SPECIAL))
    kept = "".join(c for c in lowered if not "\u0300" <= c <= "\u036f")
    return " ".join(NOT_WORDS.sub(" ", unicodedata.normalize("NFC", kept)).replace("_", " ").split())


def load_groups(name: str) -> dict[str, list[str]]:
    """A data file of lines `group: entry, entry`; a group may span several lines, # begins a comment."""
    groups: dict[str, list[str]] = {}
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        group, colon, entries = line.partition(":")
        if colon and not line.startswith("#"):
            groups.setdefault(group.strip(), []).extend(e.strip() for e in entries.split(",") if e.strip())
    return groups


@cache
def load_index(name: str) -> dict[str, str]:
    """Folded entry to group, of a data file as in `load_groups`."""
    return {fold(entry): group for group, entries in load_groups(name).items() for entry in entries}


@cache
def word_set(name: str, group: str) -> frozenset[str]:
    """The folded entries of one group of a data file as in `load_groups`."""
    return frozenset(fold(entry) for entry in load_groups(name)[group])
