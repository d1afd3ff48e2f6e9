"""Plain text in any of the usual encodings, and formats that are text with marks: RTF and HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from parsing.page import Line, Link, TextLayer
from parsing.reading import Unreadable, clean_text

HYPERLINK = re.compile(rb'HYPERLINK\s+\\?"([^"\\]{4,500})')
BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "ul",
        "ol",
        "section",
        "header",
        "footer",
        "article",
        "dt",
        "dd",
        "hr",
        "title",
    ]
)
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])


def read_txt(data: bytes) -> TextLayer:
    return TextLayer("plain", lines_of(decode(data)))


def read_rtf(data: bytes) -> TextLayer:
    """Raises Unreadable (damaged, no_text)."""
    from striprtf.striprtf import rtf_to_text

    try:
        text = rtf_to_text(data.decode("latin-1"), errors="replace")
    except (ValueError, KeyError, IndexError, LookupError, AttributeError):  # what it is known to raise on bad files
        raise Unreadable("damaged") from None
    links = [Link(match[1].decode("latin-1"), None, 1) for match in HYPERLINK.finditer(data)]
    return TextLayer("striprtf", lines_of(text.replace("|", "\t")), links=links)


def read_html(data: bytes) -> TextLayer:
    """A CV that a portal saved as HTML, often under a name that ends in .doc."""
    page = _Html()
    page.feed(decode(data))
    return TextLayer("html", lines_of("".join(page.parts)), links=page.links)


class _Html(HTMLParser):
    """Text, with line breaks where blocks end and tabs between cells."""

    def __init__(self) -> None:
        super().__init__()
        self.parts, self.links, self.hidden = list[str](), list[Link](), 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("script", "style", "head")
        if tag in BLOCKS:
            self.parts.append("\n\n" if tag in HEADINGS else "\n• " if tag == "li" else "\n")
        if tag == "a" and (href := dict(attrs).get("href")):
            self.links.append(Link(href, None, 1))

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style", "head") and self.hidden > 0
        if tag in BLOCKS or tag in ("td", "th"):
            self.parts.append("\t" if tag in ("td", "th") else "\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def decode(data: bytes) -> str:
    """By byte order mark, else UTF-8, else Windows-1252, which every byte string is."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def lines_of(text: str) -> list[Line]:
    """Lines of text without a layout; an empty line ends a block, a tab or a wide space divides cells."""
    lines, block = [], 0
    for raw in clean_text(text).split("\n"):
        if not raw.strip():
            block += 1
            continue
        cells = tuple(
            " ".join(cell.split()) for cell in re.split(r"\t| {3,}|(?<![.!?])  (?=\S)", raw.strip()) if cell.strip()
        )
        lines.append(Line(" ".join(cells), cells=cells, block=block))
    if not lines:
        raise Unreadable("no_text", "The file holds no text.")
    return lines
