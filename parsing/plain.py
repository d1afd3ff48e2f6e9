"""Plain text files in any of the usual encodings."""

from __future__ import annotations

from parsing.page import Line, TextLayer
from parsing.reading import Unreadable, clean_text


def read_plain(data: bytes) -> TextLayer:
    return TextLayer("plain", lines_of(decode(data)))


def decode(data: bytes) -> str:
    """By byte order mark, else UTF-8, else Windows-1252, which every byte string is."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def lines_of(text: str, styles: dict[str, str] | None = None) -> list[Line]:
    """Lines of text without a layout; an empty line ends a block, a tab or a wide space divides cells."""
    lines, block = [], 0
    for raw in clean_text(text).split("\n"):
        if not raw.strip():
            block += 1
            continue
        cells = tuple(" ".join(cell.split()) for cell in raw.replace("    ", "\t").split("\t") if cell.strip())
        lines.append(Line(" ".join(cells), cells=cells, block=block))
    if not lines:
        raise Unreadable("no_text", "The file holds no text.")
    return lines
