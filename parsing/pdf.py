"""Glyphs and links of a PDF by PDFium, the first engine. It is not thread-safe: one document per process at a time."""

from __future__ import annotations

import ctypes
from math import hypot
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from parsing.glyphs import LINE_END_HYPHEN, SPACES, expand
from parsing.page import Glyph, Link, Page
from parsing.reading import MAX_CHARACTERS, Unreadable

MAX_PAGES = 100
BOLD_NAMES = ("bold", "black", "heavy", "demi", "cmbx", "-bd", "medi")


def _direct(function: Any, result: Any, *arguments: Any) -> Any:
    """The same C function with plain addresses instead of ctypes pointers, and without giving up the interpreter lock:
    called three times for every character, this halves the time of a page."""
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)


_is_generated = _direct(pdfium.FPDFText_IsGenerated, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_unicode_of = _direct(pdfium.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_box_of = _direct(pdfium.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_object_of = _direct(pdfium.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_font_of = _direct(pdfium.FPDFTextObj_GetFont, ctypes.c_void_p, ctypes.c_void_p)
_size_of = _direct(pdfium.FPDFTextObj_GetFontSize, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_matrix_of = _direct(pdfium.FPDFPageObj_GetMatrix, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def open_pdf(data: bytes) -> pypdfium2.PdfDocument:
    """Raises Unreadable (encrypted, damaged)."""
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Unreadable("encrypted" if "assword" in str(error) else "damaged") from error


def read_pages(data: bytes) -> tuple[list[Page], dict[str, str]]:
    """The pages (at most MAX_PAGES) and the document's own title and date."""
    document = open_pdf(data)
    try:
        fonts: dict[int, bool] = {}
        pages, letters = list[Page](), 0
        for index in range(min(len(document), MAX_PAGES)):
            pages.append(_read_page(document, index, fonts))
            letters += len(pages[-1].glyphs)
            if letters > MAX_CHARACTERS:
                break
        info = {
            "title": document.get_metadata_value("Title"),
            "written": document.get_metadata_value("ModDate"),
            "pages": str(len(document)),
        }
        return pages, info
    except pypdfium2.PdfiumError as error:
        raise Unreadable("damaged") from error
    finally:
        document.close()


def _read_page(document: pypdfium2.PdfDocument, index: int, fonts: dict[int, bool]) -> Page:
    page = document[index]
    left, bottom, right, top = page.get_bbox()
    rotated = page.get_rotation() in (90, 270)
    result = Page(index + 1, top - bottom if rotated else right - left, right - left if rotated else top - bottom)
    textpage = page.get_textpage()
    try:
        _read_glyphs(textpage.raw, result, fonts, (left, top))
        result.links = _read_links(document, page, index, (left, top))
    finally:
        textpage.close()
        page.close()
    return result


def _read_glyphs(textpage: Any, page: Page, fonts: dict[int, bool], origin: tuple[float, float]) -> None:
    """One pass over the characters: three calls into C for each, font and size once per text object."""
    left, height = origin
    box, style = pdfium.FS_RECTF(), _Style(fonts)
    here, handle = ctypes.addressof(box), ctypes.cast(textpage, ctypes.c_void_p).value
    glyphs, last, gap, size, bold = page.glyphs, None, False, 0.0, False
    for index in range(pdfium.FPDFText_CountChars(textpage)):
        code = _unicode_of(handle, index)
        if code in SPACES:
            gap = gap or not _is_generated(handle, index)
            continue
        char = expand(code)
        if not char:
            gap, page.unmapped = True, page.unmapped + 1
            continue
        if char == LINE_END_HYPHEN and glyphs:  # PDFium gives it no box of its own
            glyphs.append(glyphs[-1]._replace(char=char, x0=glyphs[-1].x1, gap=False))
            continue
        _box_of(handle, index, here)
        owner = _object_of(handle, index)
        if owner != last and owner:
            last = owner
            size, bold = style.of(owner)
        top, bottom = height - box.top, height - box.bottom
        tall = bottom - top
        known = size if 0.6 * size < tall < 2.5 * size else tall / 1.2
        glyphs.append(Glyph(char, box.left - left, top, box.right - left, bottom, known, bold, gap))
        gap = False


class _Style:
    """Size and weight of text objects; the weight is asked once per font."""

    def __init__(self, fonts: dict[int, bool]):
        self.fonts, self.size, self.matrix = fonts, ctypes.c_float(), pdfium.FS_MATRIX()
        self.size_at, self.matrix_at = ctypes.addressof(self.size), ctypes.addressof(self.matrix)

    def of(self, text_object: int) -> tuple[float, bool]:
        _size_of(text_object, self.size_at)
        _matrix_of(text_object, self.matrix_at)
        font = _font_of(text_object) or 0
        if font not in self.fonts:
            self.fonts[font] = _is_bold(ctypes.cast(font, pdfium.FPDF_FONT)) if font else False
        return self.size.value * hypot(self.matrix.c, self.matrix.d), self.fonts[font]


def _is_bold(font: Any) -> bool:
    buffer = ctypes.create_string_buffer(200)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    name = buffer.value.decode("latin-1").lower()
    return any(part in name for part in BOLD_NAMES) or pdfium.FPDFFont_GetWeight(font) >= 600


def _read_links(document: pypdfium2.PdfDocument, page: Any, index: int, origin: tuple[float, float]) -> list[Link]:
    links, position, found = list[Link](), ctypes.c_int(0), pdfium.FPDF_LINK()
    left, height = origin
    rect = pdfium.FS_RECTF()
    while pdfium.FPDFLink_Enumerate(page.raw, position, found) and len(links) < 500:
        action = pdfium.FPDFLink_GetAction(found)
        if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
            continue
        buffer = ctypes.create_string_buffer(2048)
        pdfium.FPDFAction_GetURIPath(document.raw, action, buffer, len(buffer))
        pdfium.FPDFLink_GetAnnotRect(found, rect)
        box = (rect.left - left, height - rect.top, rect.right - left, height - rect.bottom)
        links.append(Link(buffer.value.decode("utf-8", "replace"), box, index + 1))
    return links
