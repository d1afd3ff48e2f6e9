"""What a reader of any format hands on: pages of glyphs and links, and the lines made of them.

Coordinates are points (1/72 inch) from the upper left corner of the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Glyph(NamedTuple):
    """One character and where it stands; `gap` tells that a space came before it."""

    char: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    bold: bool
    gap: bool


class Link(NamedTuple):
    """The target of a link annotation; it is read, never opened."""

    uri: str
    box: tuple[float, float, float, float] | None
    page: int


class Run(NamedTuple):
    """Text on one baseline without a wide gap: a word, a phrase, a table cell."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    bold: bool


@dataclass(slots=True)
class Page:
    """One page of a PDF: size in points, glyphs in the order of the file, links."""

    number: int
    width: float
    height: float
    glyphs: list[Glyph] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    unmapped: int = 0


@dataclass(slots=True)
class Line:
    """One line in reading order.

    `cells` are its parts where wide gaps, tabs or table cells divide it; `box` is None where the format has no pages.
    `column` is the left edge of the text column, `block` numbers paragraphs in reading order, `style` is "heading",
    "title" or "item" where the file itself says so.
    """

    text: str
    page: int = 1
    box: tuple[float, float, float, float] | None = None
    size: float = 0.0
    bold: bool = False
    cells: tuple[str, ...] = ()
    style: str = ""
    block: int = 0
    column: float = 0.0


@dataclass(slots=True)
class TextLayer:
    """All that was read of one file, before anybody asks what it means."""

    engine: str
    lines: list[Line]
    pages: list[Page] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    title: str = ""
    written: str = ""
