"""Languages a person speaks, and the language a CV is written in."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache
from typing import Any

from parsing.page import Line
from parsing.sections import without_bullet
from parsing.words import fold, load_index

SEPARATORS = re.compile(r"[,;•|·●▪/\n\t、，；]|\s[–—-]\s|\band\b|\bund\b|\by\b|\bet\b|\be\b")
LEVEL = re.compile(
    r"\b(native(?: speaker)?|mother tongue|bilingual|fluent|full professional|"
    r"professional(?: working)?|proficient|advanced|"
    r"upper.intermediate|intermediate|conversational|basic|beginner|elementary|limited working|a1|a2|b1|b2|c1|c2|"
    r"muttersprache|fließend|verhandlungssicher|grundkenntnisse|gut|langue maternelle|courant|notions|intermédiaire|"
    r"nativo|lengua materna|fluido|avanzado|intermedio|básico|madrelingua|fluente|avançado|moedertaal|ojczysty|biegły|"
    r"родной|свободно|рідна)\b|母语|流利|精通|熟练|母語|ネイティブ|원어민|유창",
    re.I,
)
STOPWORDS = {
    "en": ["the", "and", "of", "with", "for", "in", "to", "at", "on", "from", "as", "by"],
    "de": ["und", "der", "die", "das", "mit", "für", "bei", "von", "im", "zur", "als", "eine"],
    "fr": ["et", "le", "la", "les", "des", "de", "du", "pour", "avec", "dans", "une", "en"],
    "es": ["y", "el", "la", "los", "las", "de", "del", "con", "para", "en", "una", "por"],
    "pt": ["e", "o", "os", "as", "do", "da", "dos", "com", "para", "em", "uma", "por"],
    "it": ["e", "il", "la", "di", "del", "della", "con", "per", "nel", "una", "presso", "dei"],
    "nl": ["en", "de", "het", "van", "een", "met", "voor", "bij", "als", "op", "in", "aan"],
    "pl": ["i", "w", "z", "na", "do", "oraz", "dla", "przy", "od", "się", "jako"],
    "sv": ["och", "i", "av", "för", "med", "på", "att", "som", "en", "till"],
    "tr": ["ve", "bir", "için", "ile", "olarak", "bu", "da", "de"],
}
SCRIPTS = (
    ("ja", r"[\u3040-\u30ff]"),
    ("ko", r"[\uac00-\ud7af]"),
    ("zh", r"[\u4e00-\u9fff]"),
    ("ar", r"[\u0600-\u06ff]"),
    ("he", r"[\u0590-\u05ff]"),
    ("hi", r"[\u0900-\u097f]"),
    ("bn", r"[\u0980-\u09ff]"),
    ("ta", r"[\u0b80-\u0bff]"),
    ("te", r"[\u0c00-\u0c7f]"),
    ("el", r"[\u0370-\u03ff]"),
    ("th", r"[\u0e00-\u0e7f]"),
)


@cache
def language_names() -> dict[str, str]:
    return load_index("languages.txt")


def find_languages(lines: list[Line]) -> list[tuple[dict[str, Any], Line]]:
    """Languages with the level stated beside them, in the order of the file."""
    found: dict[str, tuple[dict[str, Any], Line]] = {}
    for line in lines:
        for part in SEPARATORS.split("\t".join(line.cells) or line.text):
            if name := _language_in(part):
                item = {"language": name}
                if level := LEVEL.search(part) or LEVEL.search(line.text if _only_one(line) else ""):
                    item["fluency"] = level[0]
                found.setdefault(name, (item, line))
    return list(found.values())


def _language_in(part: str) -> str:
    words = fold(without_bullet(part)).split()
    for size in (2, 1):
        for start in range(min(4, max(0, len(words) - size + 1))):
            if name := language_names().get(" ".join(words[start : start + size])):
                return name
    joined = fold(part)
    if joined.isascii():
        return ""
    return next(
        (name for form, name in language_names().items() if not form.isascii() and len(form) > 1 and form in joined), ""
    )


def only_languages(text: str) -> bool:
    """Whether a text lists languages and nothing else, as "Portuguese, English"."""
    parts = [part for part in re.split(r"\s*[,;|/•·]\s*", text) if part]
    return len(parts) > 1 and all(fold(part) in language_names() for part in parts)


def _only_one(line: Line) -> bool:
    return sum(bool(_language_in(part)) for part in SEPARATORS.split(line.text)) == 1


@lru_cache(maxsize=4)
def written_in(text: str) -> str:
    """ISO 639-1 code of the text's main language, "" when it cannot be told."""
    sample = text[:20_000]
    letters = sum(c.isalpha() for c in sample)
    for code, script in SCRIPTS:
        if letters and len(re.findall(script, sample)) > 0.2 * letters:
            return code
    if letters and len(re.findall(r"[\u0400-\u04ff]", sample)) > 0.3 * letters:
        return "uk" if re.search("[іїєґ]", sample) else "ru"
    words = Counter(re.findall(r"[^\W\d_]+", re.sub(r"\S{1,60}[@/.]\S{1,60}", " ", sample.lower())))
    shared = Counter(word for stops in STOPWORDS.values() for word in stops)
    scores = {
        code: sum(words[word] / shared[word] ** 2 for word in stops if len(word) > 1)
        for code, stops in STOPWORDS.items()
    }
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] >= max(1.5, words.total() / 80) else ""
