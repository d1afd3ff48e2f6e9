"""The result of reading a CV, and the one error a reader raises."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

PARSER_VERSION = 2
MAX_CHARACTERS = 1_000_000

REASONS = {
    "encrypted": "The file is protected by a password.",
    "no_text": "The file holds no text: it is a scan or a picture.",
    "damaged": "The file is damaged or is not what its name says.",
    "too_large": "The file is larger than the reader accepts.",
    "too_slow": "Reading the file took too long.",
    "not_supported": "This kind of file cannot be read here.",
    "crashed": "The reader stopped unexpectedly on this file.",
}


class Unreadable(Exception):
    """A file that gives no text. `code` is a key of REASONS, `reason` a sentence for a recruiter."""

    def __init__(self, code: str, reason: str = ""):
        self.code = code if code in REASONS else "crashed"
        self.reason = reason or REASONS[self.code]
        super().__init__(self.reason)


@dataclass(frozen=True)
class Reading:
    """What one file says.

    `text` is in reading order, NFC, without NUL, control characters or lone surrogates, at most MAX_CHARACTERS long.
    `fields` follows JSON Resume (jsonresume.org/schema) and can be written as JSON: `basics`, `work`, `education`,
    `skills`, `languages`, `certificates`, `projects`, then `total_years`, `notice_period`, `pay`, and `meta` with
    `engine`, `version`, `language`, `sections`, `warnings`, `confidence`, `is_cv`, `cv_score`, `reasons` and, where a
    current job counts in `total_years`, `as_of`, the month until which it counts.
    """

    text: str
    fields: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\ud800-\udfff\ufffe\uffff]")


def clean_text(text: str) -> str:
    """Text that every database takes: NFC, no control characters or lone surrogates, at most MAX_CHARACTERS.

    Soft hyphens go too: they only say where a word may be divided.
    """
    return unicodedata.normalize("NFC", CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))[
        :MAX_CHARACTERS
    ]
