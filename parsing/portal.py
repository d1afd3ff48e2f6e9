"""What job portals print beside a CV: notice period, current and expected pay, total experience, place."""

from __future__ import annotations

import re
from typing import Any

from parsing.dates import Span, month_number
from parsing.page import Line
from parsing.who import place_score

NOTICE = re.compile(
    r"\bnotice\s*period\b\W{0,4}(.{1,40})|\b(immediate(?:ly)?\s+(?:joiner|available)|"
    r"available\s+immediately)\b|"
    r"(?:kündigungsfrist|préavis|preaviso|aviso prévio|"
    r"opzegtermijn)\W{0,4}(.{1,40})",
    re.I,
)
LENGTH = re.compile(
    r"(\d{1,3})\s*(?:\(\w+\)\s*)?(day|week|month|tag|woche|monat|jour|semaine|mois|día|semana|mes)[a-zé]*", re.I
)
DAYS = {"d": 1, "w": 7, "m": 30, "t": 1, "j": 1, "s": 7}
PAY = re.compile(
    r"\b(current|present|existing|last(?:\s+drawn)?|expected|desired)\s+(?:annual\s+|monthly\s+|"
    r"fixed\s+)?(?:ctc|salary|pay|package|compensation)"
    r"\W{0,4}((?:(?:inr|usd|eur|gbp|aed|rs\.?)|[₹$€£])?\s*[\d.,]+\s*(?:k\b|lakhs?|lacs?|lpa|lac|"
    r"l\b|cr(?:ores?)?|million|per\s+\w+|p\.?a\.?|/\s*\w+|inr|usd|eur|gbp|aed)?"
    r"(?:\s*(?:per\s+\w+|p\.?\s?a\.?|lpa|inr|usd|eur|gbp|/\s*\w+))?)",
    re.I,
)
STATED_YEARS = re.compile(
    r"\btotal\s+(?:work\s+|professional\s+)?(?:experience|"
    r"exp)\W{0,4}(\d{1,2}(?:\.\d+)?)\s*(?:\+\s*)?(?:years?|yrs?)(?:\W{0,3}(\d{1,2})\s*months?)?",
    re.I,
)
PLACE = re.compile(
    r"^\W*(?:current\s+|present\s+)?(?:location|address|city|wohnort|adresse|anschrift|ubicación|"
    r"ciudad|lieu|città|адрес|город|现居地|住所|주소)\s*[:：\-–]\s*(.+)$",
    re.I,
)
LAKH = 100_000


def find_notice(lines: list[Line]) -> tuple[dict[str, Any], Line] | None:
    """The notice period as written and in days."""
    for line in lines:
        if match := NOTICE.search(line.text):
            written = next(part for part in match.groups() if part).strip(" :-–|,")
            if match[2] or re.match(r"(?:immediate|0\b|nil|none|sofort)", written, re.I):
                return {"text": written, "days": 0}, line
            if length := LENGTH.search(written):
                return {"text": length[0], "days": int(length[1]) * DAYS[length[2][0].lower()]}, line
    return None


def find_pay(lines: list[Line]) -> tuple[dict[str, Any], Line] | None:
    """Current and expected pay: as written, and the amount in units of the currency where it can be told."""
    found: dict[str, Any] = {}
    where: Line | None = None
    for line in lines:
        for match in PAY.finditer(line.text):
            kind = "expected" if match[1].lower() in ("expected", "desired") else "current"
            if any(c.isdigit() for c in match[2]):
                found.setdefault(kind, {"text": match[2].strip(), **_amount(match[2])})
                where = where or line
    return (found, where) if where else None


def _amount(text: str) -> dict[str, Any]:
    number = re.search(r"\d[\d.,]*", text)
    if not number:
        return {}
    digits = number[0].rstrip(".,").replace(",", "")
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    amount = float(digits)
    lowered = text.lower()
    factor = (
        LAKH
        if re.search(r"lakh|lac|lpa|\dl\b|\d l\b", lowered)
        else 10_000_000
        if "cr" in lowered
        else 1000
        if re.search(r"\d\s*k\b", lowered)
        else 1
    )
    currency = next(
        (
            code
            for sign, code in (
                ("₹", "INR"),
                ("inr", "INR"),
                ("rs", "INR"),
                ("$", "USD"),
                ("usd", "USD"),
                ("€", "EUR"),
                ("eur", "EUR"),
                ("£", "GBP"),
                ("gbp", "GBP"),
                ("aed", "AED"),
            )
            if sign in lowered
        ),
        "INR" if factor >= LAKH else "",
    )
    return {"amount": amount * factor} | ({"currency": currency} if currency else {})


def find_place(header: list[Line]) -> tuple[str, Line] | None:
    """Where the person lives, from a label or a text among the contact data that reads as a place."""
    for line in header:
        if match := PLACE.match(line.text):
            return match[1].strip(" .,;|"), line
    for line in header:
        for part in re.split(r"\s*[|•·●\t]\s*|\s{2,}", "\t".join(line.cells) or line.text):
            text = re.sub(r"^[^\w(]+", "", part).strip(" ,.;")
            if place_score(text) >= 1.8:
                return text, line
    return None


def total_years(spans: list[Span], as_of: str) -> float | None:
    """Years covered by jobs, overlaps counted once. An open end is `as_of`: the reader has no clock."""
    stretches = sorted(
        (month_number(span.start), month_number(end, last=True))
        for span in spans
        if span.start and (end := span.end or (as_of if span.current else ""))
    )
    months, reached = 0, -1
    for first, last in stretches:
        months += max(0, last - max(first, reached + 1) + 1)
        reached = max(reached, last)
    return round(months / 12, 1) if stretches else None


SAID_YEARS = re.compile(
    r"\b(\d{1,2})(?:\.\d)?\s*\+?\s*(?:years?|yrs?)(?:\s+of)?(?:\s+[\w-]+){0,3}\s+experience\b", re.I
)


def said_years(lines: list[Line]) -> float | None:
    """What a summary says: "8 years of experience"."""
    found = [float(match[1]) for line in lines for match in SAID_YEARS.finditer(line.text)]
    return max(found, default=None)


def stated_years(lines: list[Line]) -> float | None:
    for line in lines:
        if match := STATED_YEARS.search(line.text):
            return round(float(match[1]) + int(match[2] or 0) / 12, 1)
    return None
