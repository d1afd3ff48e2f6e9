"""OpenDocument texts: an own walk over the zip, with the limits of `docx.Archive`."""

from __future__ import annotations

from xml.etree import ElementTree

from parsing.docx import Archive
from parsing.page import Line, Link, TextLayer
from parsing.reading import Unreadable, clean_text

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
MAX_SPACES = 20


def read_odt(data: bytes) -> TextLayer:
    """Page headers first, then the body in order."""
    archive = Archive(data)
    if "META-INF/manifest.xml" in archive.names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise Unreadable("encrypted")
    layer = TextLayer("odt", [])
    if "styles.xml" in archive.names:
        for header in archive.xml("styles.xml").iter(STYLE + "header"):
            _flow(header, layer)
    body = archive.xml("content.xml").find(f"{OFFICE}body")
    if body is not None:
        _flow(body, layer)
    if any(name.startswith("Basic/") for name in archive.names):
        layer.warnings.append("The file holds macros.")
    if not layer.lines:
        raise Unreadable("no_text", "The file holds no text.")
    return layer


def _flow(parent: ElementTree.Element, layer: TextLayer) -> None:
    for element in parent:
        if element.tag in (TEXT + "p", TEXT + "h"):
            _paragraph(element, layer, "heading" if element.tag == TEXT + "h" else "")
        elif element.tag == TEXT + "list-item":
            before = len(layer.lines)
            _flow(element, layer)
            for line in layer.lines[before:]:
                line.style = line.style or "item"
        elif element.tag == TABLE + "table-row":
            _row(element, layer)
        elif element.tag != TEXT + "tracked-changes":
            _flow(element, layer)


def _row(row: ElementTree.Element, layer: TextLayer) -> None:
    """A row whose cells hold one paragraph each is one line; else the cells follow each other."""
    cells = []
    for cell in row.iter(TABLE + "table-cell"):
        inner = TextLayer("odt", [])
        _flow(cell, inner)
        layer.links += inner.links
        cells.append(inner.lines)
    if all(len(lines) <= 1 for lines in cells):
        _add([lines[0].text for lines in cells if lines], layer, "")
        return
    for lines in cells:
        layer.lines += lines


def _paragraph(paragraph: ElementTree.Element, layer: TextLayer, style: str) -> None:
    pieces: list[str] = []
    boxes: list[ElementTree.Element] = []
    _inline(paragraph, pieces, boxes, layer)
    for raw in clean_text("".join(pieces)).split("\n"):
        _add(raw.split("\t"), layer, style)
    for box in boxes:
        _flow(box, layer)


def _inline(
    element: ElementTree.Element, pieces: list[str], boxes: list[ElementTree.Element], layer: TextLayer
) -> None:
    pieces.append(element.text or "")
    for child in element:
        if child.tag == TEXT + "tab":
            pieces.append("\t")
        elif child.tag == TEXT + "line-break":
            pieces.append("\n")
        elif child.tag == TEXT + "s":
            pieces.append(" " * min(MAX_SPACES, int(child.get(TEXT + "c", "1") or 1)))
        elif child.tag == DRAW + "frame":
            boxes.append(child)
        elif child.tag != OFFICE + "annotation":
            if child.tag == TEXT + "a" and child.get(HREF):
                layer.links.append(Link(child.get(HREF, ""), None, 1))
            _inline(child, pieces, boxes, layer)
        pieces.append(child.tail or "")


def _add(cells: list[str], layer: TextLayer, style: str) -> None:
    kept = tuple(" ".join(cell.split()) for cell in cells if cell.strip())
    if kept:
        layer.lines.append(Line(" ".join(kept), cells=kept, style=style, block=len(layer.lines)))
