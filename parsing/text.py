"""Bytes to text: looks at what a file is, not at what it is called, and hands it to the reader of its format."""

from __future__ import annotations

import os
import sys
import zipfile
from importlib import import_module
from io import BytesIO
from pathlib import Path

from parsing.page import TextLayer
from parsing.reading import Unreadable

MAX_BYTES = 50 * 2**20


def read_text(path: str | os.PathLike[str], file_name: str | None = None, *, ocr: bool = False) -> TextLayer:
    """The lines of a file in reading order. Raises Unreadable, and OSError when the file cannot be opened."""
    if os.path.getsize(path) > MAX_BYTES:
        raise Unreadable("too_large")
    data = Path(path).read_bytes()
    if not data.strip():
        raise Unreadable("damaged", "The file is empty.")
    return read_bytes(data, ocr=ocr)


def read_bytes(data: bytes, *, ocr: bool = False) -> TextLayer:
    kind = sniff(data)
    if kind == "pdf":
        from parsing.engines import read_pdf

        return read_pdf(data, ocr=ocr)
    if kind == "image":
        from parsing.ocr import read_image

        if not ocr:
            raise Unreadable("no_text")
        return read_image(data)
    module = {"docx": "docx", "odt": "odt", "doc": "doc", "rtf": "plain", "html": "plain", "txt": "plain"}.get(kind)
    if module is None:
        raise Unreadable("not_supported")
    return getattr(import_module(f"parsing.{module}"), f"read_{kind}")(data)


def sniff(data: bytes) -> str:
    """One of pdf, docx, odt, rtf, doc, image, html, txt, or "" for anything else."""
    head = data[:1024]
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(data)
    if b"%PDF-" in head or b"endobj" in data[:65536]:
        return "pdf"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "doc"
    if head.lstrip().startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")):
        return "image"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return "txt" if _looks_like_text(data) else ""


def _kind_of_zip(data: bytes) -> str:
    try:
        names = set(zipfile.ZipFile(BytesIO(data)).namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Unreadable("damaged") from None
    if "word/document.xml" in names:
        return "docx"
    return "odt" if "content.xml" in names else ""


def _looks_like_text(data: bytes) -> bool:
    sample = data[:4096]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    strange = sum(byte < 9 or (13 < byte < 32 and byte != 27) for byte in sample)
    return strange <= 2 + len(sample) // 50


def preload() -> None:
    """Load the engines once, in the fork server, before any file."""
    for module in ("engines", "docx", "odt", "doc", "plain"):
        import_module(f"parsing.{module}")
    sys.modules["parsing.engines"].preload()
