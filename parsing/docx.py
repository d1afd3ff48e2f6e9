"""Word files by an own walk over the zip and its XML: the usual library leaves out tables, headers and text boxes.

Limits are counted on the bytes that really come out, since a zip's own directory may lie.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from xml.etree import ElementTree

from parsing.page import Line, Link, TextLayer
from parsing.reading import Unreadable, clean_text

MAX_MEMBERS = 2_000
MAX_UNPACKED = 100 * 2**20
RATIO_FROM = 10 * 2**20
MAX_RATIO = 200
MAX_MEMBER = 40 * 2**20

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
TEXT_BOX = W + "txbxContent"


class Archive:
    """The members of an office file, read within limits."""

    def __init__(self, data: bytes):
        try:
            self.zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise Unreadable("damaged") from None
        if len(self.zip.infolist()) > MAX_MEMBERS:
            raise Unreadable("too_large")
        self.packed, self.unpacked = len(data), 0
        self.names = set(self.zip.namelist())

    def read(self, name: str) -> bytes:
        """Raises Unreadable (too_large, damaged, encrypted)."""
        parts, size = [], 0
        try:
            with self.zip.open(name) as member:
                while part := member.read(2**18):
                    size += len(part)
                    self.unpacked += len(part)
                    if (
                        (self.unpacked > RATIO_FROM and self.unpacked > MAX_RATIO * self.packed)
                        or self.unpacked > MAX_UNPACKED
                        or size > MAX_MEMBER
                    ):
                        raise Unreadable("too_large", "The file unpacks to far more than a CV can be.")
                    parts.append(part)
        except RuntimeError:
            raise Unreadable("encrypted") from None
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, ValueError):
            raise Unreadable("damaged") from None
        return b"".join(parts)

    def xml(self, name: str) -> ElementTree.Element:
        """The parsed member. A document type declaration is refused: office files have none, and entities explode."""
        data = self.read(name)
        if b"<!DOCTYPE" in data or "<!DOCTYPE".encode("utf-16-le") in data or "<!DOCTYPE".encode("utf-16-be") in data:
            raise Unreadable("damaged", "The file holds a document type declaration, which no office program writes.")
        try:
            return ElementTree.fromstring(data)  # noqa: S314 - no declaration, so no entities
        except ElementTree.ParseError:
            raise Unreadable("damaged") from None


def read_docx(data: bytes) -> TextLayer:
    """Headers first, then the body in order with tables and text boxes, then footers and notes."""
    archive = Archive(data)
    walk = Walk(_bold_styles(archive))
    layer = TextLayer("docx", walk.lines, links=walk.links)
    if "word/vbaProject.bin" in archive.names:
        layer.warnings.append("The file holds macros.")
    if any(name.startswith("word/embeddings/") for name in archive.names):
        layer.warnings.append("The file holds embedded files.")
    parts = [n for n in sorted(archive.names) if re.fullmatch(r"word/(header|footer|footnotes|endnotes)\d*\.xml", n)]
    headers = [n for n in parts if n.startswith("word/header")]
    for name in [*headers, "word/document.xml", *[n for n in parts if n not in headers]]:
        walk.part(archive.xml(name), _targets(archive, name))
    layer.written = _core(archive, "modified")
    layer.title = _core(archive, "title")
    if not walk.lines:
        raise Unreadable("no_text", "The file holds no text.")
    return layer


def _core(archive: Archive, name: str) -> str:
    if "docProps/core.xml" not in archive.names:
        return ""
    return next((e.text or "" for e in archive.xml("docProps/core.xml").iter() if e.tag.endswith("}" + name)), "")


def _targets(archive: Archive, name: str) -> dict[str, str]:
    rels = name.replace("word/", "word/_rels/") + ".rels"
    if rels not in archive.names:
        return {}
    return {e.get("Id", ""): e.get("Target", "") for e in archive.xml(rels) if e.get("Type", "").endswith("/hyperlink")}


def _bold_styles(archive: Archive) -> dict[str, str]:
    """Style id to "title" or "heading"."""
    if "word/styles.xml" not in archive.names:
        return {}
    kinds = {}
    for style in archive.xml("word/styles.xml").iter(W + "style"):
        name_element = style.find(W + "name")
        name = (name_element.get(W + "val", "") if name_element is not None else "").lower()
        if name == "title" or name.startswith("heading"):
            kinds[style.get(W + "styleId", "")] = "title" if name == "title" else "heading"
    return kinds


class Walk:
    """Collects lines and links from the parts of one file."""

    def __init__(self, styles: dict[str, str]):
        self.styles, self.lines, self.links = styles, list[Line](), list[Link]()
        self.block = 0
        self.targets: dict[str, str] = {}

    def part(self, root: ElementTree.Element, targets: dict[str, str]) -> None:
        self.targets = targets
        body = root.find(W + "body")
        self.flow(root if body is None else body)

    def flow(self, parent: ElementTree.Element) -> None:
        for element in parent:
            if element.tag == W + "p":
                self.paragraph(element)
            elif element.tag == W + "tbl":
                self.table(element)
            elif element.tag != FALLBACK:
                self.flow(element)

    def table(self, table: ElementTree.Element) -> None:
        """A row whose cells hold one paragraph each is one line; else the cells follow each other."""
        for row in table.findall(W + "tr"):
            cells = []
            for cell in row.findall(W + "tc"):
                inner = Walk(self.styles)
                inner.targets, inner.links = self.targets, self.links
                inner.flow(cell)
                cells.append(inner.lines)
            self.block += 1
            if all(len(lines) <= 1 for lines in cells):
                self.add([lines[0].text for lines in cells if lines], all(lines[0].bold for lines in cells if lines))
                continue
            for line in (line for lines in cells for line in lines):
                line.block = self.block
                self.lines.append(line)

    def paragraph(self, paragraph: ElementTree.Element) -> None:
        pieces: list[str] = []
        boxes: list[ElementTree.Element] = []
        bold = self._inline(paragraph, pieces, boxes)
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        kind = self.styles.get(style.get(W + "val", ""), "") if style is not None else ""
        if paragraph.find(f"{W}pPr/{W}numPr") is not None or (style is not None and "List" in style.get(W + "val", "")):
            kind = kind or "item"
        text = clean_text("".join(pieces))
        if not text.strip():
            self.block += 1
        for raw in text.split("\n"):
            self.add(list(raw.split("\t")), bold, kind)
        for box in boxes:
            self.flow(box)

    def _inline(self, element: ElementTree.Element, pieces: list[str], boxes: list[ElementTree.Element]) -> bool:
        """Gather the text below a paragraph; whether all of it is bold."""
        bold = True
        for child in element:
            if child.tag == W + "t":
                pieces.append(child.text or "")
            elif child.tag in (W + "tab", W + "ptab"):
                pieces.append("\t")
            elif child.tag in (W + "br", W + "cr"):
                pieces.append("\n")
            elif child.tag == W + "noBreakHyphen":
                pieces.append("-")
            elif child.tag == TEXT_BOX:
                boxes.append(child)
            elif child.tag == W + "r":
                before = len(pieces)
                self._inline(child, pieces, boxes)
                bold = bold and (_run_is_bold(child) or not "".join(pieces[before:]).strip())
            elif child.tag not in (FALLBACK, W + "pPr", W + "rPr", W + "instrText", W + "delText"):
                self._note_link(child)
                bold = self._inline(child, pieces, boxes) and bold
        return bold

    def _note_link(self, element: ElementTree.Element) -> None:
        if element.tag == W + "hyperlink" and (target := self.targets.get(element.get(R + "id", ""))):
            self.links.append(Link(target, None, 1))

    def add(self, cells: list[str], bold: bool = False, style: str = "") -> None:
        kept = tuple(" ".join(cell.split()) for cell in cells if cell.strip())
        if kept:
            self.lines.append(Line(" ".join(kept), cells=kept, bold=bold, style=style, block=self.block))


def _run_is_bold(run: ElementTree.Element) -> bool:
    mark = run.find(f"{W}rPr/{W}b")
    return mark is not None and mark.get(W + "val", "1") not in ("0", "false")
