"""What single characters of a PDF mean: ligatures opened, icons and unmapped glyphs dropped, hyphens told apart."""

from __future__ import annotations

import unicodedata
from functools import cache

LINE_END_HYPHEN = "\u00ad"  # a soft hyphen in our own text: the word goes on in the next line
BREAKING_SPACES = frozenset(
    {
        0xA0,
        0x2000,
        0x2001,
        0x2002,
        0x2003,
        0x2004,
        0x2005,
        0x2006,
        0x2007,
        0x2008,
        0x2009,
        0x200A,
        0x202F,
        0x205F,
        0x3000,
        0x85,
        0x2028,
        0x2029,
    }
)
INVISIBLE = frozenset({0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF})
KEPT_AS_WRITTEN = frozenset("²³¹º ª™…№ﷺ")


@cache
def expand(code: int) -> str:
    """The text of a code point: ligatures and full-width forms opened (NFKC); "" for private-use or unmapped."""
    if code in (2, 0xFFFE, 0xAD):
        return LINE_END_HYPHEN
    if code < 32 or 0xE000 <= code <= 0xF8FF or 0xD800 <= code <= 0xDFFF or code >= 0xF0000 or code in (0xFFFD, 0xFFFF):
        return ""
    char = chr(code)
    if code < 128 or code in INVISIBLE or char in KEPT_AS_WRITTEN:
        return char
    opened = unicodedata.normalize("NFKC", char)
    return opened if opened.strip() else ""
