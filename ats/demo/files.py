"""Makes CVs of invented people as real PDF and DOCX files, by hand: no library that only the demo would need."""

from __future__ import annotations

import io
import textwrap
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import pikepdf

WIDTH, HEIGHT, MARGIN = 595, 842, 50  # A4 in points (1/72 inch)
BAR = 185  # the coloured bar at the left
LEADING = 1.45
Line = tuple[str, float, bool, float]  # text, size in points, bold, space above in points


def make(person: dict[str, Any]) -> bytes:
    if person["layout"] == "docx":
        return _docx([*_side(person, title=True), *_main(person)])
    if person["layout"] == "bar":
        side, main = _side(person, title=False), [*_title(person), *_main(person)]
        return _pdf([(side, 24, BAR - 36, "0.93 0.95 0.98"), (main, BAR + 22, WIDTH - BAR - 60, "")])
    lines = [*_side(person, title=True), *_main(person)]
    return _pdf([(lines, MARGIN, WIDTH - 2 * MARGIN, "")], ruled=person["layout"] == "lines")


# --- What a CV says, as lines -----------------------------------------------------------------------------------------


def _heading(text: str) -> Line:
    return (text, 12.5, True, 14)


def _title(person: dict[str, Any]) -> list[Line]:
    return [(person["name"], 21, True, 0), (person["label"], 12, False, 2)]


def _side(person: dict[str, Any], *, title: bool) -> list[Line]:
    contact = [person["city"], person["phone"], person["email"], *person["links"]]
    if title:
        return [*_title(person), *((text, 9.5, False, 0) for text in [" | ".join(contact[:3]), *person["links"]])]
    lists = (("Contact", contact), ("Skills", person["skills"]), ("Languages", person["languages"]))
    return [line for name, items in lists for line in [_heading(name), *((item, 9, False, 1) for item in items)]]


def _main(person: dict[str, Any]) -> list[Line]:
    lines = [_heading("Summary"), (person["summary"], 10, False, 2), _heading("Work Experience")]
    for position, company, start, end, highlights in person["work"]:
        lines += [(position, 10.5, True, 5), (f"{company}, {start} - {end}", 10, False, 0)]
        lines += [(f"• {text}", 10, False, 1) for text in highlights]
    lines.append(_heading("Education"))
    for school, degree, start, end in person["education"]:
        lines += [(degree, 10.5, True, 5), (f"{school}, {start} - {end}", 10, False, 0)]
    if person["layout"] != "bar":
        lines += [_heading("Skills"), (", ".join(person["skills"]), 10, False, 2)]
        lines += [_heading("Languages"), (", ".join(person["languages"]), 10, False, 2)]
    return lines


# --- PDF --------------------------------------------------------------------------------------------------------------


def _pdf(columns: Sequence[tuple[Sequence[Line], float, float, str]], ruled: bool = False) -> bytes:
    """One page of columns: lines, left edge, width, colour behind (empty: none). Helvetica, which every reader has."""
    content: list[str] = []
    for lines, left, width, colour in columns:
        if colour:
            content.append(f"{colour} rg 0 0 {BAR} {HEIGHT} re f 0 g")
        content += _column(lines, left, width, ruled)
    return _document("\n".join(content).encode("cp1252", "replace"))


def _column(lines: Sequence[Line], left: float, width: float, ruled: bool) -> list[str]:
    content, y = [], float(HEIGHT - MARGIN)
    for text, size, bold, above in lines:
        y -= above
        for piece in textwrap.wrap(text, int(width / (size * (0.56 if bold else 0.5)))):
            y -= size * LEADING
            words = piece.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            content.append(f"BT /F{1 + bold} {size} Tf {left} {y:.1f} Td ({words}) Tj ET")
        if ruled and bold and size == 12.5:
            content.append(f"0.2 0.4 0.7 RG 0.8 w {left} {y - 4:.1f} m {left + width} {y - 4:.1f} l S")
    return content


def _document(content: bytes, **save: Any) -> bytes:
    pdf, out = pikepdf.new(), io.BytesIO()
    fonts = pikepdf.Dictionary()
    for number, name in enumerate(("Helvetica", "Helvetica-Bold"), start=1):
        font = {"Type": "/Font", "Subtype": "/Type1", "BaseFont": f"/{name}", "Encoding": "/WinAnsiEncoding"}
        fonts[f"/F{number}"] = pdf.make_indirect(
            pikepdf.Dictionary({f"/{key}": pikepdf.Name(value) for key, value in font.items()})
        )
    page = pdf.add_blank_page(page_size=(WIDTH, HEIGHT))
    page.Contents = pdf.make_stream(content)
    page.Resources = pikepdf.Dictionary(Font=fonts)
    pdf.save(out, deterministic_id=not save, static_id=False, **save)
    return out.getvalue()


def locked() -> bytes:
    """A CV that opens with a password only. Encryption is random, so its bytes differ each time it is made."""
    return _document(b"BT /F1 12 Tf 50 780 Td (A locked CV) Tj ET", encryption=pikepdf.Encryption(user="secret"))


def scan() -> bytes:
    """A page without any text."""
    return _document(b"0.85 g 60 90 470 660 re f 0.6 g 90 640 300 24 re f 90 560 410 8 re f 90 540 390 8 re f")


def invoice() -> bytes:
    """Plainly no CV."""
    rows = [
        ("Invoice 2026-0417", 20, True, 0), ("Marram Payments Ltd, accounts payable", 10, False, 4),
        ("Invoice date: 3 November 2026. Payment is due within 30 days.", 10, False, 10),
        ("Item: office chairs, quantity 12, unit price 149.00, net amount 1788.00", 10, False, 10),
        ("VAT 20 percent: 357.60", 10, False, 2), ("Total due: GBP 2145.60", 12, True, 8),
        ("Please quote the invoice number with your payment. VAT number GB 000 0000 00.", 9, False, 16),
    ]  # fmt: skip
    return _pdf([(rows, MARGIN, WIDTH - 2 * MARGIN, "")])


# --- DOCX (ECMA-376): the three parts that a reader needs -------------------------------------------------------------

_TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
 Target="word/document.xml"/></Relationships>"""
_BODY = """<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>"""


def _docx(lines: list[Line]) -> bytes:
    paragraphs = "".join(
        f'<w:p><w:pPr><w:spacing w:before="{round(above * 20)}" w:after="0"/></w:pPr><w:r><w:rPr>{"<w:b/>" * bold}'
        f'<w:sz w:val="{round(size * 2)}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
        for text, size, bold, above in lines
    )
    parts = {"[Content_Types].xml": _TYPES, "_rels/.rels": _RELATIONS, "word/document.xml": _BODY.format(paragraphs)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), part)
    return out.getvalue()
