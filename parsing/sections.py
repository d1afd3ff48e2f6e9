"""Lines to sections: which lines are titles, by the lexicon and by the style that a document's sure titles share."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from parsing.dates import find_spans, looks_like_date
from parsing.headings import section_of
from parsing.page import Line
from parsing.words import fold

BULLETS = "•●▪■□◦○◆◇►▸▹‣⁃∙·»›➢➤✓✔❖★☆–—*"
BULLET = re.compile(rf"^\s*(?:[{re.escape(BULLETS)}\u00a7]+|-(?=\s)|o(?=\s[A-Z])|\(?\d{{1,2}}[.)](?=\s))\s*")
INLINE = re.compile(r"^([^:：]{3,32}?)\s*[:：]\s*(\S.*)$")
CONTACT = re.compile(r"^\W*(?:www\.\S+|https?://\S+|\S+@\S+\.\w+|\+?[\d\s()./*-]{8,})\W*$")
WORKED_AS = re.compile(
    r"^(?:i\s+(?:am|was)\s+)?(?:(?:currently|presently|previously|formerly|earlier)\s+)?(?:working|worked|work|employed|associated|serving|served)\s+(?:"
    r"(?:as|like)\s+(?:an?\s+|the\s+)?(?P<title>.+?)\s+(?:in|at|with|for)\s+(?P<company>.+)|"
    r"(?:in|at|with|for)\s+(?P<company2>.+?)\s+as\s+(?:an?\s+|the\s+)?(?P<title2>.+))$",
    re.I,
)
Style = tuple[float, bool, bool]


@dataclass(slots=True)
class Section:
    """A stretch of lines under one title; kind "" is what stands before the first title."""

    kind: str
    title: str = ""
    lines: list[Line] = field(default_factory=list)


def is_bullet(line: Line) -> bool:
    return line.style == "item" or bool(BULLET.match(line.text))


def without_bullet(text: str) -> str:
    return BULLET.sub("", text, count=1)


def split_sections(lines: list[Line]) -> list[Section]:
    """Sections in reading order. A title beside the first row of its section, or in front of a colon, opens one too."""
    styles = _title_styles(lines)
    sections = [Section("")]
    columns = _Columns()
    for line in _split_side_titles(lines):
        kind = _opens(line, styles)
        if kind == "other" and len(sections) == 1:
            kind = ""  # the name, or a title of the whole document
        if not kind and (carried := columns.carried_over(line, sections[-1].kind)):
            sections.append(Section(carried))
        if kind == "skills" == sections[-1].kind and line.style != "heading" and "skill" not in line.text.lower():
            kind = ""  # a group of skills within the section, such as "Tools"
        if kind:
            sections.append(Section(kind, line.text))
        elif inline := _inline_section(line, sections[-1].kind):
            before = sections[-1]
            sections.append(Section(inline[0], "", [inline[1]]))
            if beside := tuple(cell for cell in line.cells if CONTACT.search(cell)):
                sections.append(Section("contact", "", [replace(line, text=" ".join(beside), cells=beside)]))
            sections.append(Section(before.kind))
        else:
            sections[-1].lines.append(line)
        columns.note(line, sections[-1].kind)
    for section in sections:
        if section.kind == "languages" and section.lines and not any(_names_languages(x.text) for x in section.lines):
            section.kind = "skills"  # of programming
    return [section for section in sections if section.lines or section.title]


class _Columns:
    """Which section each text column is in, since a sidebar and the main column go on separately on the next page."""

    def __init__(self) -> None:
        self.kinds: dict[int, str] = {}
        self.page, self.key = 1, -1

    def carried_over(self, line: Line, current: str) -> str:
        """The section to go on with where a column begins on a new page without a title of its own."""
        if line.box is None or line.page == 1 or (line.page == self.page and round(line.column / 30) == self.key):
            return ""
        before = next((self.kinds[key] for key in self._near(line) if key in self.kinds), "")
        return before if before and before != current else ""

    def note(self, line: Line, kind: str) -> None:
        self.page, self.key = line.page, round(line.column / 30)
        self.kinds[self.key] = kind

    def _near(self, line: Line) -> tuple[int, int, int]:
        key = round(line.column / 30)
        return key, key - 1, key + 1


def style_of(line: Line) -> Style:
    """What makes lines look alike: size, weight, capitals."""
    return (round(line.size * 2) / 2, line.bold, line.text.isupper())


def body_size(lines: list[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _split_side_titles(lines: list[Line]) -> list[Line]:
    """A title that stands in a margin beside the first row of its section becomes a line of its own."""
    result: list[Line] = []
    margin = {section_of(line.cells[0]) for line in lines if len(line.cells) > 1 and not line.cells[0].endswith(":")}
    many = len(margin - {""}) >= 3
    for line in lines:
        for index in (0, -1) if 1 < len(line.cells) <= 5 else ():
            if _is_side_title(line, index, many):
                rest = line.cells[1:] if index == 0 else line.cells[:-1]
                result.append(replace(line, text=line.cells[index], cells=(line.cells[index],), style="heading"))
                line = replace(line, text=" ".join(rest), cells=rest)
                break
        result.append(line)
    return result


def _is_side_title(line: Line, index: int, many: bool) -> bool:
    """Not the label of a value nor one title among others; in capitals, or one of many in a left margin."""
    cell = line.cells[index]
    if section_of(cell) in ("", "contact", "personal") or cell.rstrip().endswith(":"):
        return False
    others = [other for other in line.cells if other is not cell]
    return (cell.isupper() or (many and index == 0)) and not any(section_of(other) for other in others)


def _title_styles(lines: list[Line]) -> set[Style]:
    """The styles of the sure titles. Empty where the format knows no sizes."""
    known = [line for line in lines if line.size and section_of(without_bullet(line.text))]
    counts = Counter(
        {
            style: len({section_of(line.text) for line in known if style_of(line) == style})
            for style in map(style_of, known)
        }
    )
    if not counts:
        return set()
    best = max(counts.values())
    return {style for style, count in counts.items() if count >= max(2, 0.4 * best)} or {counts.most_common(1)[0][0]}


def _opens(line: Line, styles: set[Style]) -> str:
    if line.style == "item":
        return ""
    text = line.text.strip()
    kind = section_of(text)
    if line.style == "heading":
        return kind or "other"
    if kind:
        return kind if not styles or _strong_enough(line, styles) else ""
    return "other" if _unknown_title(line, styles) else ""


def _strong_enough(line: Line, styles: set[Style]) -> bool:
    """A known word opens a section unless it looks clearly weaker than the document's titles do."""
    size, bold, upper = style_of(line)
    strong = any(size >= s - 0.6 and (bold or not b) and (upper or bold or not u) for s, b, u in styles)
    return strong or (upper and len(line.text) > 5)


def _unknown_title(line: Line, styles: set[Style]) -> bool:
    """A line in the style of the titles, where that style is kept for titles: larger than the text, or capitals."""
    style = style_of(line)
    if style not in styles or len(styles) > 1 or len(line.cells) != 1 or not 3 <= len(line.text) <= 40:
        return False
    distinctive = style[2] and style[1]
    return distinctive and not find_spans(line.text) and len(line.text.split()) <= 4 and line.text[0].isalpha()


def _inline_section(line: Line, current: str) -> tuple[str, Line] | None:
    """ "Languages: English, French" in one line. Within skills such a word is only a group of skills."""
    own = [cell for cell in line.cells or (line.text,) if not CONTACT.search(cell)]
    joined = ": ".join(own) if len(own) == 2 and section_of(own[0]) else " ".join(own)
    match = INLINE.match(without_bullet(joined))
    if not match or looks_like_date(match[2]) or len(match[1].split()) > 4:
        return None
    kind = section_of(match[1])
    if kind not in ("skills", "languages", "certificates", "interests", "education", "summary"):
        return None
    if current in ("skills", "work", "projects") and not (kind == "languages" and _names_languages(match[2])):
        return None
    return kind, replace(line, text=match[2], cells=(match[2],), style="")


def _names_languages(text: str) -> bool:
    from parsing.languages import language_names

    words = fold(text).split()
    return sum(word in language_names() for word in words) >= max(1, len(words) // 3)
