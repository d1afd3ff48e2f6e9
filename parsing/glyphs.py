"""What single characters of a PDF mean: ligatures opened, icons and unmapped glyphs dropped, hyphens told apart."""

from __future__ import annotations

import unicodedata
from functools import cache

LINE_END_HYPHEN = "\u00ad"  # a soft hyphen in our own text: the word goes on in the next line
LIGATURES = {
    0x0B: "ff",
    0x0C: "fi",
    0x0E: "ffi",
    0x0F: "ffl",
    0x1B: "ff",
    0x1C: "fi",
    0x1D: "fl",
    0x1E: "ffi",
    0x1F: "ffl",
}
"""Where TeX's OT1 and T1 encodings keep ligatures; fonts without a Unicode map leave them as they are."""
WINDOWS = dict(zip(range(0x91, 0x98), "‘’“”•–—", strict=True))
"""What fonts with Windows' encoding and no Unicode map keep there; the other codes from 0x80 to 0x9F are icons."""
SPACES = frozenset({0, 9, 10, 13, 32, 0x85, 0xA0, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000})
INVISIBLE = frozenset({0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF})
KEPT_AS_WRITTEN = frozenset("²³¹ºª™…№")


@cache
def expand(code: int) -> str:
    """The text of a code point: ligatures and full-width forms opened (NFKC); "" for private-use or unmapped."""
    if code in (2, 0xFFFE, 0xAD):
        return LINE_END_HYPHEN
    if code in LIGATURES:
        return LIGATURES[code]
    if code in WINDOWS:
        return WINDOWS[code]
    if (
        code < 32
        or 0x7F <= code < 0xA0
        or 0xE000 <= code <= 0xF8FF
        or 0xD800 <= code <= 0xDFFF
        or code >= 0xF0000
        or code in (0xFFFD, 0xFFFF)
    ):
        return ""
    char = chr(code)
    if code < 128 or code in INVISIBLE or char in KEPT_AS_WRITTEN:
        return char
    opened = unicodedata.normalize("NFKC", char)
    return opened if opened.strip() else ""


def join_words(before: str, after: str) -> str:
    """Two stretches of text that follow each other; a word that a hyphen divides between them is put together.

    The hyphen stays in addresses, and in front of a capital or a digit, where it is part of the word.
    """
    if not before.endswith(LINE_END_HYPHEN):
        return f"{before} {after}"
    divided = before[:-1].rsplit(maxsplit=1)[-1:]
    belongs = not after[:1].islower() or any(char in "/@." for word in divided for char in word)
    return before[:-1] + "-" * belongs + after
