"""Which of a few short texts is a job title, employer, school, degree, place: scores by words, suffixes, shape."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from parsing.words import fold, load_index, word_set

US_STATE = re.compile(
    r",\s*(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKRN]|PA|RI|"
    r"S[CD]|T[NX]|UT|V[TA]|W[AVIY]|BC|AB|QC)\b(?:\s+\d{5})?$"
)
POSTCODE = re.compile(r"\b\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")
ABOUT_A_PLACE = frozenset(
    ["greater", "area", "bay", "metropolitan", "metro", "region", "district", "raum", "und", "umgebung"]
)
LEGAL_END = re.compile(r"[\s,]+(?:&\s*)?(?:and\s+)?([\w./]+\.?)\s*$")


def _hits(folded: str, words: frozenset[str], longest: int = 3) -> int:
    """How many of the words stand in a folded text; in scripts without spaces, anywhere in it."""
    tokens = folded.split()
    found = 0
    for size in range(1, longest + 1):
        found += sum(" ".join(tokens[i : i + size]) in words for i in range(len(tokens) - size + 1))
    if not folded.isascii() and not found:
        found += any(not word.isascii() and len(word) > 1 and word in folded for word in words if not _spaced(word))
    return found


def _strong_titles(folded: str) -> int:
    """How many words head a job title, alone or at the end of a compound, as in Qualitätsingenieurin."""
    words = word_set("titles.txt", "strong")
    compounds = sum(
        any(token[start:] in words for start in range(3, len(token) - 6))
        for token in folded.split()
        if len(token) > 9 and token not in words
    )
    return _hits(folded, words) + compounds


@lru_cache(maxsize=2_000)
def _spaced(word: str) -> bool:
    """Whether the script of a word divides words by spaces."""
    return not any("\u2e80" <= c <= "\ud7ff" for c in word)


@lru_cache(maxsize=10_000)
def title_score(text: str) -> float:
    """How much a short text reads as a job title; around 3 is sure, below 0 is against."""
    folded = fold(text)
    if not folded or len(folded.split()) > 12 or text[0] in "$€£₹+#":
        return -2.0
    strong, weak = _strong_titles(folded), _hits(folded, word_set("titles.txt", "weak"))
    score = 2.5 * min(strong, 1) + 0.3 * min(max(strong - 1, 0), 2) + 0.5 * min(weak, 3)
    score -= 2.0 * has_legal_form(text) + 0.8 * min(_hits(folded, word_set("organisations.txt", "company")), 1) * (
        not strong
    )
    return score - 1.5 * (place_score(text) > 1.5) - 1.0 * any(c.isdigit() for c in text)


@lru_cache(maxsize=10_000)
def company_score(text: str) -> float:
    """How much a short text reads as an employer's name."""
    folded = fold(text)
    if not folded or len(folded.split()) > 10:
        return -2.0
    score = 3.0 * has_legal_form(text) + 1.2 * min(_hits(folded, word_set("organisations.txt", "company")), 2)
    score -= 1.5 * (_hits(folded, word_set("titles.txt", "strong")) > 0 and score < 3) + 1.5 * (place_score(text) > 1.5)
    words = text.split()
    score -= 2.0 * all(word in word_set("titles.txt", "weak") for word in folded.split())
    score -= 0.3 * max(len(words) - 4, 0) * (score < 1)
    score -= 1.0 * (len(words) > 2 and sum(word[0].islower() for word in words) * 2 > len(words))
    return score - 0.3 * ("," in text and score < 3) + 0.3 * (text[:1].isupper() or not text[:1].isascii())


def ends_as_company(text: str) -> bool:
    """Whether the last word of a text is one that ends companies' names, though it may be another word elsewhere."""
    return fold(text.rsplit(maxsplit=1)[-1]) in word_set("organisations.txt", "legal")


def has_legal_form(text: str) -> bool:
    """Whether a text ends as companies do: Ltd, GmbH, Inc."""
    match = LEGAL_END.search(text)
    if match and fold(match[1]) in word_set("organisations.txt", "legal") and fold(match[1]) not in ("as", "co", "se"):
        return True
    return not text.isascii() and any(
        word in text for word in ("有限公司", "公司", "集团", "株式会社", "ООО", "ЗАО", "شركة")
    )


@lru_cache(maxsize=10_000)
def school_score(text: str) -> float:
    """How much a short text reads as a place of study."""
    folded = fold(text)
    if not folded or len(folded.split()) > 14:
        return -1.0
    hits = _hits(folded, word_set("organisations.txt", "school"))
    return 2.5 * min(hits, 1) + 0.3 * min(max(hits - 1, 0), 2) - 1.0 * (place_score(text) > 1.5)


@cache
def _degrees() -> dict[str, str]:
    return load_index("degrees.txt")


@lru_cache(maxsize=10_000)
def degree_level(text: str) -> str:
    """doctor, master, bachelor, associate or school when a text names a degree, else ""."""
    tokens = fold(text.replace(".", " ") if re.search(r"\b[A-Za-z]{1,3}\.", text) else text).split()
    found: list[str] = []
    for size in (4, 3, 2, 1):
        for start in range(max(0, len(tokens) - size + 1)):
            form = " ".join(tokens[start : start + size])
            if form in _degrees() and not _only_a_word(form, text):
                found.append(_degrees()[form])
        if found:
            break
    if not found and not text.isascii():
        found = [level for form, level in _degrees().items() if not _spaced(form) and form in fold(text)]
    return found[0] if found else ""


def _only_a_word(form: str, text: str) -> bool:
    """Short forms such as "me", "be", "ma" are degrees only in capitals or with points: "MA", "M.A.", "MSc"."""
    letters = form.replace(" ", "")
    if len(letters) > 3:
        return False
    written = re.search(r"(?<![A-Za-z])" + r"\.?\s?".join(letters) + r"\b", text, re.I)
    if not written:
        return True
    capitals = sum(char.isupper() for char in written[0])
    return not (capitals > 1 or (capitals == 1 and ("." in written[0] or len(letters) == 3)))


@lru_cache(maxsize=10_000)
def place_score(text: str) -> float:
    """How much a short text reads as a place: 3 is sure."""
    stripped = text.strip(" ,;.()")
    if not stripped or len(stripped.split()) > 7:
        return 0.0
    parts = [part.strip() for part in re.split(r"\s*[,/|()]\s*|\s+[–—-]\s+", stripped) if part.strip()]
    unknown = [part for part in parts if not _is_place(part)]
    if parts and not unknown:
        return 3.0
    state = bool(US_STATE.search(stripped))
    cities = any(fold(part) in word_set("places.txt", "city") for part in parts[:-1])
    if len(unknown) <= 1 + state and len(parts) > 1 and (state or parts[-1] not in unknown):
        first = unknown[0]
        if cities and first != parts[-1]:
            return 0.0  # the city is known, so the other text is something else
        return (
            0.0
            if len(first.split()) > 3 or _names_organisation(first) or title_words(first)
            else 3.0
            if state
            else 1.8
            if fold(parts[-1]) in word_set("places.txt", "city")
            else 2.0
        )
    return 1.6 if POSTCODE.search(stripped) and len(stripped) < 60 else 0.0


def _is_place(text: str) -> bool:
    """Whether a list has the place, or what "Greater London" and "San Francisco Bay Area" are named after."""
    folded = fold(text)
    core = " ".join(word for word in folded.split() if word not in ABOUT_A_PLACE)
    return folded in _places() or core in _places()


def title_words(text: str) -> int:
    """How many words of a text head job titles."""
    return _strong_titles(fold(text))


def _names_organisation(text: str) -> bool:
    folded = fold(text)
    words = word_set("organisations.txt", "company") | word_set("organisations.txt", "school")
    return has_legal_form(text) or bool(_hits(folded, words))


@cache
def _places() -> frozenset[str]:
    return frozenset(load_index("places.txt"))


def is_country(text: str) -> bool:
    return fold(text) in word_set("places.txt", "country")
