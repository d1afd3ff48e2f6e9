"""Skills: the section decides what is a skill; open lists only give it its usual name and find skills elsewhere."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from parsing.headings import section_of
from parsing.languages import LEVEL as SPEAKING_LEVEL
from parsing.page import Line
from parsing.sections import without_bullet
from parsing.words import DATA, fold, load_groups

SEPARATORS = re.compile(r"\s*[,;•●▪■□◦○◆◇▸▹⁃∙|·\t、，；‣►]\s*|\s+[–—]\s+|\s{2,}|\s+/\s+")
GROUP = re.compile(r"^([^:：,;]{3,40})\s*[:：]\s*(.*)$")
LEVEL = re.compile(
    r"^\W*(?:advanced|master|intermediate|beginner|expert|proficient|basic|good|excellent|fluent|native|"
    r"novice|competent|skilled|strong|familiar|"
    r"working knowledge|fundamental|fortgeschritten|experte|grundkenntnisse|gut|sehr gut|avancé|"
    r"intermédiaire|débutant|avanzado|intermedio|"
    r"básico|\d+\s*\+?\s*(?:yrs?|years?|jahre|ans|años)\.?.*|\d{1,3}\s*%|[★☆●○•■□\s]+|\d(?:\s*/\s*\d+)?)\W*$",
    re.I,
)
TRAILING_LEVEL = re.compile(
    r"\s*(?:[(\[–—:-]\s*(?:advanced|intermediate|beginner|expert|proficient|basic|good|excellent|"
    r"fluent|novice|\d+\+? ?(?:yrs?|years?)[^)]*|\d+%)\s*[)\]]?"
    r"|\s\d+\s*\+?\s*(?:yrs?|years?)|\s\d{1,3}\s?%|[★☆●○■□]+)\s*$",
    re.I,
)
LEADING = re.compile(
    r"^(?:and|und|et|y|e|&|including|incl\.|e\.g\.|such as|knowledge of|proficient in|"
    r"experience (?:in|with)|familiar with)\s+",
    re.I,
)
IN_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]{1,30})[)\]]\s*$")
MAX_WORDS, MAX_LETTERS = 6, 50


class Skill(NamedTuple):
    name: str
    written: str
    line: Line
    confidence: float


@cache
def aliases() -> dict[str, str]:
    """Folded form to the usual name: the own list before O*NET's technologies before ESCO's knowledge concepts."""
    table: dict[str, str] = {}
    for file in ("knowledge.txt", "technologies.txt"):
        names = (DATA / file).read_text(encoding="utf-8").splitlines()
        table |= {fold(name): name for name in names if not name.startswith("#")}
    for name, forms in load_groups("skills.txt").items():
        table |= {fold(form): name for form in (name, *forms)}
    return table


def find_skills(lines: list[Line]) -> list[Skill]:
    """The skills that a skills section lists, in its order."""
    found: dict[str, Skill] = {}
    for text, line in _texts(lines):
        for part in _split(text):
            name = _clean(part)
            if name and fold(name):
                found.setdefault(
                    fold(name), Skill(usual_name(name), name, line, 0.9 if fold(name) in aliases() else 0.75)
                )
    return list(found.values())


def usual_name(name: str) -> str:
    """The lists' way to write a skill; what they do not know stays as written."""
    return aliases().get(fold(name), name)


def _texts(lines: list[Line]) -> list[tuple[str, Line]]:
    """Cells of a section without group labels; a list wrapped over lines is joined, a label alone is a group."""
    texts: list[tuple[str, Line]] = []
    open_list = False
    for line in lines:
        for cell in line.cells or (line.text,):
            text = without_bullet(cell)
            group = GROUP.match(text)
            if (
                group
                and section_of(group[1]) in ("awards", "interests", "languages", "references", "contact")
                and not _all_known(group[2])
            ):
                continue
            text = group[2] if group else text
            goes_on = open_list and not group and cell == text and len(line.cells) < 2 and texts
            if goes_on and _list_goes_on(texts[-1][0], text, cell, texts[-1][1].block == line.block):
                texts[-1] = (f"{texts[-1][0]} {text}", texts[-1][1])
            elif text.strip():
                texts.append((text, line))
            open_list = bool(text.strip())
    return texts


def _all_known(text: str) -> bool:
    """Whether a list under "Languages" within the skills names programming languages."""
    parts = [fold(part) for part in _split(text) if part.strip()]
    return bool(parts) and sum(part in aliases() for part in parts) * 2 >= len(parts)


def _list_goes_on(before: str, text: str, cell: str, same_block: bool) -> bool:
    """Whether a line continues the list of the line before: no bullet, and the list is open or was cut in an item."""
    if without_bullet(cell) != cell:
        return False
    cut_in_item = same_block and before.count(",") >= 1 and "," in text and len(before) > 20
    return (
        before.rstrip().endswith((",", ";", "/", "&", "("))
        or text[:1].islower()
        or _open_bracket(before)
        or cut_in_item
    )


def _open_bracket(text: str) -> bool:
    return text.count("(") > text.count(")")


def _split(text: str) -> list[str]:
    """Divide at separators outside of brackets."""
    if text.count(" / ") == 1:
        text = text.replace(" / ", "/")
    if (chips := _chips(text)) is not None:
        return chips
    parts, depth, start = [], 0, 0
    masked = list(text)
    for index, char in enumerate(text):
        depth += (char == "(") - (char == ")" and depth > 0)
        if depth and char != "(":
            masked[index] = "_"
    for match in SEPARATORS.finditer("".join(masked)):
        parts.append(text[start : match.start()])
        start = match.end()
    return [*parts, text[start:]]


def _chips(text: str) -> list[str] | None:
    """Known skills in a row with nothing but spaces between, as labels in little boxes come out."""
    words = text.split()
    if len(words) < 2 or SEPARATORS.search(text):
        return None
    parts: list[str] = []
    known = at = 0
    while at < len(words):
        size = next((n for n in (3, 2, 1) if fold(" ".join(words[at : at + n])) in aliases()), 0)
        known += size
        parts.append(" ".join(words[at : at + (size or 1)]))
        at += size or 1
    return parts if known >= 0.7 * len(words) and len(parts) > 1 else None


def _clean(part: str) -> str:
    text = LEADING.sub("", without_bullet(part).strip(" .,;:–—-\t"))
    if (bracket := IN_BRACKETS.search(text)) and SPEAKING_LEVEL.search(bracket[1]):
        text = text[: bracket.start()]
    text = TRAILING_LEVEL.sub("", text).strip(" .,;:–—-") if not LEVEL.match(text) else ""
    if not text or len(text) > MAX_LETTERS or len(text.split()) > MAX_WORDS or not any(c.isalnum() for c in text):
        return ""
    if text.islower() and len(text.split()) > 4:
        return ""
    return "" if re.match(r"^(?:https?://|www\.)|.*@.*\.|^\d+$", text) or "skill" in text.lower() else text


def mentioned(lines: list[Line], known: set[str]) -> list[Skill]:
    """Skills of the own list named outside of their section, with the line as evidence; ordinary words are left out."""
    found: dict[str, Skill] = {}
    distinct = _distinct()
    for line in lines:
        tokens = re.findall(r"[^\s,;()\[\]|•]+", line.text)
        for size in (3, 2, 1):
            for start in range(len(tokens) - size + 1):
                written = " ".join(tokens[start : start + size]).rstrip(".:")
                name = distinct.get(fold(written))
                if name and fold(name) not in known and written[:1] == written[:1].upper():
                    found.setdefault(name, Skill(name, written, line, 0.5))
    return list(found.values())


@cache
def _distinct() -> dict[str, str]:
    """Forms of the own list that are no ordinary word."""
    plain = frozenset(
        [
            "go",
            "r",
            "c",
            "less",
            "word",
            "access",
            "excel",
            "rust",
            "swift",
            "spark",
            "express",
            "react",
            "chef",
            "puppet",
            "oracle",
            "sas",
            "spring",
            "flask",
            "make",
            "ray",
        ]
    )
    return {
        fold(form): name
        for name, forms in load_groups("skills.txt").items()
        for form in (name, *forms)
        if fold(form) not in plain and len(form) > 1
    }
