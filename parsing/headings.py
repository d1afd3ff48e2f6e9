"""Which section a line opens: by a lexicon of titles in many languages."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from parsing.words import fold, load_index

MAX_TITLE = 60
NUMBER = re.compile(r"^\W*(?:\d{1,2}|[ivx]{1,4}|[a-h])[.)]\s+", re.I)
JOINERS = re.compile(
    r"\s*(?:[&/+,|]|\band\b|\bund\b|\bet\b|\by\b|\be\b|\bi\b|\bи\b|\bта\b|\bve\b|\boch\b|\bog\b|\ben\b|、|与|和)\s*"
)
MODIFIERS = frozenset(
    [
        "my",
        "relevant",
        "selected",
        "key",
        "core",
        "other",
        "additional",
        "technical",
        "recent",
        "main",
        "general",
        "summary",
        "details",
        "detail",
        "of",
        "professional",
        "personal",
        "career",
        "current",
        "previous",
        "past",
        "my",
        "the",
        "work",
        "significant",
        "notable",
        "brief",
    ]
)
PAIRED = 2


@cache
def lexicon() -> dict[str, str]:
    return load_index("headings.txt")


@lru_cache(maxsize=5_000)
def section_of(text: str) -> str:
    """The section that a line with this text opens, or "" when it is no known title."""
    if not text or len(text) > MAX_TITLE or text.endswith((".", ",")):
        return ""
    text = NUMBER.sub("", text)
    folded = fold(text)
    if not folded or any(c.isdigit() for c in folded):
        return ""
    return _look_up(folded) or _without_modifiers(folded) or _compound(text)


def _look_up(folded: str) -> str:
    return lexicon().get(folded, "") or (lexicon().get(folded.replace(" ", ""), "") if _spaced(folded) else "")


def _spaced(folded: str) -> bool:
    words = folded.split()
    return len(words) > 3 and all(len(word) == 1 for word in words)


def _without_modifiers(folded: str) -> str:
    words = folded.split()
    rest = [word for word in words if word not in MODIFIERS]
    return _look_up(" ".join(rest)) if rest and len(words) <= 5 and len(rest) < len(words) else ""


def _compound(text: str) -> str:
    """ "Education & Certifications": every part must be a title; the first decides."""
    parts = [fold(part) for part in JOINERS.split(text.casefold())]
    if len(parts) < PAIRED:
        return ""
    found = [_look_up(part) or _without_modifiers(part) for part in parts if part]
    return found[0] if found and all(found) else ""
