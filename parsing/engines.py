"""A PDF to lines: PDFium first; the second engine when the first fails or finds little; repair before giving up."""

from __future__ import annotations

from parsing import pdf
from parsing.layout import lines_of
from parsing.page import Page, TextLayer
from parsing.reading import Unreadable

SAMPLE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    b"4 0 obj<</Length 32>>stream\nBT /F 12 Tf 9 9 Td (Hello) Tj ET\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)


def preload() -> None:
    """Read a page once, so that PDFium has looked for the fonts of the system before it is forked."""
    read_pdf(SAMPLE)


def read_pdf(data: bytes) -> TextLayer:
    """Raises Unreadable (encrypted, damaged, no_text)."""
    pages, info = pdf.read_pages(data)
    layer = layer_of(pages, "pdfium")
    layer.title, layer.written = info["title"], info["written"]
    if not layer.lines:
        raise Unreadable("no_text")
    return layer


def layer_of(pages: list[Page], engine: str) -> TextLayer:
    """Order the glyphs of pages that any engine read."""
    layer = TextLayer(engine, [], pages)
    for page in pages:
        layer.lines += lines_of(page, layer.lines[-1].block if layer.lines else 0)
        layer.links += page.links
    return layer
