"""Text to fields in JSON Resume names."""

from __future__ import annotations

import re
from typing import Any

from parsing import contacts
from parsing.layout import join_hyphens
from parsing.page import Line, TextLayer
from parsing.reading import PARSER_VERSION, Reading, clean_text

NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){1,4}")
SECTIONS = {
    "experience": "work",
    "work experience": "work",
    "education": "education",
    "skills": "skills",
    "technical skills": "skills",
    "languages": "languages",
    "summary": "summary",
    "profile": "summary",
}


def read_fields(layer: TextLayer, file_name: str = "") -> Reading:
    text = clean_text(join_hyphens(layer.lines))
    uris = [link.uri for link in layer.links]
    sections = _sections(layer.lines)
    emails, phones = contacts.find_emails(text, uris), contacts.find_phones(text, uris)
    basics: dict[str, Any] = {
        "name": _name(layer.lines),
        "email": emails[0] if emails else None,
        "phone": phones[0] if phones else None,
        "profiles": contacts.find_links(text, uris),
    }
    score = 0.4 * bool(emails or phones) + 0.3 * ("work" in sections) + 0.3 * ("education" in sections)
    fields = {
        "basics": {k: v for k, v in basics.items() if v},
        "work": [],
        "education": [],
        "skills": [{"name": s} for s in _skills(sections)],
        "languages": [],
        "certificates": [],
        "projects": [],
        "total_years": None,
        "notice_period": None,
        "pay": None,
        "meta": {
            "engine": layer.engine,
            "version": PARSER_VERSION,
            "language": "",
            "sections": sorted(sections),
            "warnings": layer.warnings,
            "confidence": {},
            "is_cv": score >= 0.4,
            "cv_score": score,
            "reasons": [],
        },
    }
    return Reading(text, fields, list(layer.warnings))


def _name(lines: list[Line]) -> str | None:
    top = [line for line in lines[:12] if NAME.fullmatch(line.text) and line.text.lower() not in SECTIONS]
    return max(top, key=lambda line: line.size).text if top else None


def _sections(lines: list[Line]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if kind := SECTIONS.get(line.text.strip(" :").lower()):
            current = found.setdefault(kind, [])
        else:
            current.append(line.text)
    return found


def _skills(sections: dict[str, list[str]]) -> list[str]:
    return [
        s.strip() for line in sections.get("skills", []) for s in re.split(r"[,;•|·]", line) if 1 < len(s.strip()) < 40
    ]


def preload() -> None:
    """Load what every file needs, once, in the fork server."""
    for region, number in (("US", "312 555 0123"), ("GB", "020 7946 0123"), ("IN", "98765 43210"), ("DE", "030 2312")):
        contacts.normal_phone(number, region)
