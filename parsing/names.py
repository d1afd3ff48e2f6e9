"""Whose CV it is: size, place and shape of a line, and whether address, profile link or file name agree."""

from __future__ import annotations

import re
from typing import NamedTuple

from parsing.headings import section_of
from parsing.page import Line
from parsing.sections import body_size
from parsing.who import company_score, place_score, school_score, title_score
from parsing.words import fold, load_index, word_set

DOCUMENT = re.compile(
    r"\b(?:curriculum\s+vit(?:ae|æ)|résumé|resume|cv|c\.v\.|bio[- ]?data|lebenslauf|europass|"
    r"portfolio|hoja de vida|currículum|"
    r"curriculo|currículo|życiorys|özgeçmiş)\b|резюме|简历|個人簡歷|履歴書|職務経歴書|이력서|السيرة الذاتية|"
    r"בקורות חיים",
    re.I,
)
CREDENTIALS = re.compile(
    r"(?:[,\s]+\(?(?:ph\.?\s?d|m\.?d|mba|m\.?sc|b\.?sc|msc|bsc|rn|bsn|msn|pmp|cpa|cfa|cissp|pe|"
    r"p\.?e|esq|jd|csm|m\.?tech|b\.?tech|m\.?eng|"
    r"b\.?eng|be|me|mca|acca|ca|phr|sphr|shrm-cp|pharmd|dds|lcsw|cma|aws|m\.?a|b\.?a|b\.?com|"
    r"m\.?com|he/him|she/her|they/them)\)?\.?)+$",
    re.I,
)
WORD = r"[^\W\d_][\w'’.\-\u0300-\u036f\u0900-\u097f]*"
SHAPE = re.compile(rf"{WORD}(?:[ \u3000]{WORD}){{0,5}}")
FILE_NOISE = re.compile(
    r"\b(?:cv|resume|résumé|curriculum|vitae|lebenslauf|naukri|linkedin|indeed|monster|profile|"
    r"final|new|updated?|latest|copy|draft|"
    r"application|bewerbung|years?|yrs?|exp|experience|document|scan|file|untitled|portfolio|eng|"
    r"english|version|v|pdf|docx?|print|download|of|"
    r"main|template|sample|example|test|page|my)\b|резюме|简历|履歴書|이력서",
    re.I,
)


class Name(NamedTuple):
    text: str
    rule: str
    confidence: float
    line: Line | None


def find_name(lines: list[Line], hints: list[str], file_name: str) -> Name | None:
    """The best candidate of the first page, else the file name. `hints` are parts of addresses and profile names."""
    top = [line for line in lines if line.page == 1][:80]
    usual = body_size(lines) or 1.0
    largest = max((line.size for line in top), default=0.0)
    best: tuple[float, str, Line] | None = None
    for index, (text, line, labelled) in enumerate(_candidates(top)):
        score = _score(text, hints, file_name) + (4.0 if labelled else 0.0)
        score += (
            min(3.0, 3.0 * (line.size / usual - 1)) + 1.2 * (line.size == largest > 1.15 * usual) if line.size else 0.0
        )
        score += 2.5 * (line.style == "title") + max(0.0, 1.8 - 0.18 * index)
        if best is None or score > best[0]:
            best = (score, text, line)
    if best and best[0] >= 2.2:
        return Name(tidy(best[1]), "name.line", round(min(0.98, 0.5 + 0.08 * best[0]), 2), best[2])
    if from_file := _from_file_name(file_name):
        return Name(from_file, "name.file", 0.4, None)
    return Name(tidy(best[1]), "name.weak", 0.35, best[2]) if best and best[0] >= 1.6 else None


def _candidates(lines: list[Line]) -> list[tuple[str, Line, bool]]:
    """Texts that have the shape of a name, in reading order; a name over two lines is put together."""
    found: list[tuple[str, Line, bool]] = []
    for index, line in enumerate(lines):
        found += [
            (f"{line.text} {other.text}", line, False)
            for other in lines[index + 1 : index + 4]
            if _goes_on(line, other)
        ]
        if labelled := _labelled(line):
            found.append((labelled, line, True))
        for cell in dict.fromkeys([line.text, *line.cells]):
            text = strip(cell)
            if _has_shape(text):
                found.append((text, line, False))
    return found


def _labelled(line: Line) -> str:
    """The name of "Name: Ravi Kumar", "First name(s) / Surname(s)" in a form, "Nombre y apellidos: ..."; else ""."""
    label, _, value = line.text.partition(":") if len(line.cells) < 2 else (line.cells[0], "", line.cells[1])
    words, label_words = fold(label).split(), word_set("names.txt", "label")
    if not value and words and words[0] in label_words:
        label, _, value = line.text.partition(" ")
        words = words[:1]
    if not label_words & {*words} or not {*words} <= label_words | word_set("names.txt", "beside"):
        return ""
    text = strip(value)
    return text if _has_shape(text) else ""


def strip(text: str) -> str:
    """A name without title, degree, the word CV and what follows a bar or a comma."""
    text = re.split(r"\s[|·•–—]\s|\t|\s-\s", text)[0]
    text = DOCUMENT.sub(" ", text)
    text = re.sub(r"^\W*(?:of|for|de|von|–|-|:)\s+(?=[A-Z])", "", text.strip(" :,–-|"))
    text = _without_titles(text.strip(" :,–-|"))
    text = _before_comma(re.sub(r"\s*\([^)]*\)\s*$", "", text))
    bare = CREDENTIALS.sub("", text)
    text = bare if " " in bare or "," in text else text  # Wei Ma is no Master of Arts
    return " ".join(text.strip(" ,:;–-|").split())


def _without_titles(text: str) -> str:
    while " " in text:
        first, rest = text.split(maxsplit=1)
        known = word_set("names.txt", "title") | (word_set("names.txt", "dotted") if "." in first else frozenset())
        if fold(first) not in known and not {*fold(first).split()} <= known:
            break
        text = rest
    return text


def _before_comma(text: str) -> str:
    """ "Ann Lee, Engineer" is Ann Lee, "LEE, Ann" is Ann Lee; a place stays as it is."""
    head, comma, tail = text.partition(",")
    if comma and " " in head and place_score(text) < 1.8:
        return head
    if comma and head.isupper() and not tail.isupper() and len(tail.split()) <= 2 and place_score(text) < 1.8:
        return f"{tail.strip()} {tidy(head)}"
    return text


def _has_shape(text: str) -> bool:
    if not 2 <= len(text) <= 48 or not SHAPE.fullmatch(text) or section_of(text):
        return False
    words = text.split()
    if words[0].isascii() and not any(word[0].isupper() for word in words):
        return False
    lower = [word for word in words if word[0].islower() and word.lower() not in word_set("names.txt", "particle")]
    return not lower


def _goes_on(line: Line, other: Line) -> bool:
    """Whether a name is written over two lines: of one size, one close below the other."""
    if (
        line.box is None
        or other.box is None
        or line.page != other.page
        or abs(line.size - other.size) > 0.1 * line.size
    ):
        return False
    if not 0 < other.box[3] - line.box[3] < 1.7 * line.size or min(line.box[2], other.box[2]) < max(
        line.box[0], other.box[0]
    ):
        return False
    return all(
        _has_shape(part.text) and len([w for w in part.text.split() if w not in word_set("names.txt", "particle")]) <= 2
        for part in (line, other)
    )


def _score(text: str, hints: list[str], file_name: str) -> float:
    words = text.split()
    score = 1.0 if 2 <= len(words) <= 4 else -0.6 if len(words) == 1 and text.isascii() else 0.2
    tokens = [token for token in fold(text).replace("-", " ").replace("'", "").split() if len(token) > 1]
    score += max((_agreement(tokens, hint) for hint in hints), default=0.0)
    score += 0.7 * _agreement(tokens, fold(FILE_NOISE.sub(" ", file_name.rpartition(".")[0].replace("_", " "))))
    score -= 2.5 * (_reads_as_title(text)) + 3.0 * (place_score(text) >= 2)
    return score - 2.0 * (company_score(text) >= 1.4 or school_score(text) >= 2)


def _reads_as_title(text: str) -> bool:
    """Whether a text is a job rather than a person called Cook or Smith."""
    rest = " ".join(word for word in fold(text).replace("-", " ").split() if word not in load_index("surnames.txt"))
    return title_score(rest) >= 1.8


def _agreement(tokens: list[str], hint: str) -> float:
    """How well a name explains an address such as j.doe or doejohn: 0 to 3."""
    squeezed = re.sub(r"[\W\d_]+", "", fold(hint))
    if not squeezed or not tokens:
        return 0.0
    whole = sum(len(token) for token in tokens if token in squeezed)
    return 3.0 * min(1.0, whole / len(squeezed)) if whole >= 3 else 0.0


def tidy(text: str) -> str:
    """Capitals only where names have them: "JEAN-LUC DE LA CRUZ" becomes "Jean-Luc de la Cruz"."""
    if not text.isupper() or not any(c.lower() != c for c in text):
        return text
    words = [
        w.lower() if w.lower() in word_set("names.txt", "particle") and i else re.sub(r"[^\W\d_]+", _capital, w)
        for i, w in enumerate(text.split())
    ]
    return " ".join(words)


def _capital(match: re.Match[str]) -> str:
    return match[0] if len(match[0]) == 1 else match[0][0] + match[0][1:].lower()


def _from_file_name(file_name: str) -> str:
    stem = re.sub(r"\.[A-Za-z]{2,4}$|[\[(][^\])]*[\])]", "", file_name)
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[_\-.+()\[\]]+", " ", stem))
    stem = " ".join(re.sub(r"\d+", " ", FILE_NOISE.sub(" ", re.sub(r"\d+", " ", stem))).split())
    words = stem.split()
    if 2 <= len(words) <= 4 and all(w.isalpha() and len(w) > 1 for w in words) and title_score(stem) < 1.8:
        return " ".join(w.capitalize() if w.islower() or w.isupper() else w for w in words)
    return ""
