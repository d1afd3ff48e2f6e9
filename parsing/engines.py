"""A PDF to lines: PDFium first; the second engine when the first fails or finds little; repair before giving up."""

from __future__ import annotations

from parsing import ocr as tesseract
from parsing import pdf, repair
from parsing.layout import lines_of
from parsing.page import Page, TextLayer
from parsing.reading import Unreadable

LITTLE = 50  # glyphs on a page
MAX_UNMAPPED = 0.05
SAMPLE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    b"4 0 obj<</Length 32>>stream\nBT /F 12 Tf 9 9 Td (Hello) Tj ET\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)


def preload() -> None:
    """Read a page once, so that PDFium has looked for the fonts of the system before it is forked."""
    read_pdf(SAMPLE, ocr=False)


def read_pdf(data: bytes, *, ocr: bool) -> TextLayer:
    """Raises Unreadable (encrypted, damaged, no_text)."""
    layer = _first_that_opens(data)
    layer.warnings += repair.hazards_of(data)
    if _needs_second_engine(layer.pages):
        second = _by_pdfminer(data)
        if second and _glyphs(second.pages) > 1.2 * _glyphs(layer.pages):
            second.links = layer.links
            second.warnings += layer.warnings
            layer = second
    if _glyphs(layer.pages) < LITTLE and ocr and tesseract.available():
        return tesseract.read_pdf_pages(data, layer)
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


def _first_that_opens(data: bytes) -> TextLayer:
    try:
        return _by_pdfium(data)
    except Unreadable as unreadable:
        if unreadable.code == "encrypted":
            raise
    for version in repair.repaired(data):
        try:
            layer = _by_pdfium(version)
        except Unreadable:
            continue
        layer.warnings.append("The file was damaged and has been repaired; parts may be missing.")
        return layer
    layer = _by_pdfminer(data) or TextLayer("none", [])
    if not layer.lines:
        raise Unreadable("damaged")
    layer.warnings.append("The file is damaged; parts may be missing.")
    return layer


def _by_pdfium(data: bytes) -> TextLayer:
    pages, info = pdf.read_pages(data)
    layer = layer_of(pages, "pdfium")
    layer.title, layer.written = info["title"], info["written"]
    if int(info["pages"]) > len(pages):
        layer.warnings.append(f"Only the first {len(pages)} of {info['pages']} pages were read.")
    return layer


def _by_pdfminer(data: bytes) -> TextLayer | None:
    from parsing import pdfminer_engine

    try:
        return layer_of(pdfminer_engine.read_pages(data), "pdfminer")
    except Unreadable:
        return None


def _glyphs(pages: list[Page]) -> int:
    return sum(len(page.glyphs) for page in pages)


def _needs_second_engine(pages: list[Page]) -> bool:
    glyphs, unmapped = _glyphs(pages), sum(page.unmapped for page in pages)
    return unmapped > max(20, MAX_UNMAPPED * glyphs) and glyphs < 20 * unmapped
