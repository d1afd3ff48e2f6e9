"""Scores of read CVs against labels, per field: one-to-one matches, where a token overlap of 0.75 counts as right.

A label has JSON Resume fields; a scalar may be a list of alternatives, an item {"alt": […]}; `labelled` names the
fields that a person labelled. Dates compare at the label's precision, telephone numbers by their last nine digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import Any

FIELDS: dict[str, tuple[str, str]] = {
    "basics.name": ("basics", "name"),
    "basics.email": ("basics", "email"),
    "basics.phone": ("basics", "phone"),
    "basics.links": ("basics", "links"),
    "work.name": ("work", "name"),
    "work.position": ("work", "position"),
    "work.startDate": ("work", "startDate"),
    "work.endDate": ("work", "endDate"),
    "education.institution": ("education", "institution"),
    "education.studyType": ("education", "studyType"),
    "skills.name": ("skills", "name"),
    "languages.language": ("languages", "language"),
    "certificates.name": ("certificates", "name"),
}
GOALS = dict.fromkeys(FIELDS, 0.80) | {
    "basics.name": 0.96,
    "basics.email": 1.00,
    "basics.phone": 0.97,
    "basics.links": 0.90,
    "work.startDate": 0.85,
    "work.endDate": 0.85,
}


def normal(field: str, text: str) -> str:
    """The form in which two values of a field are compared."""
    text = unicodedata.normalize("NFKC", str(text)).casefold().strip()
    if field == "basics.phone":
        return re.sub(r"\D", "", text)[-9:]
    if field == "basics.links":
        return re.sub(r"^(?:https?:)?(?://)?(?:www\.)?", "", text).rstrip("/ .")
    if field.endswith("Date") or field == "basics.email":
        return text
    return " ".join(re.findall(r"[\w+#]+", text.replace("’", "").replace("'", "")))


def values_of(record: dict[str, Any], field: str) -> list[list[str]]:
    """The values of a field; each is a list of accepted forms."""
    section, key = FIELDS[field]
    if field == "basics.links":
        basics = record.get("basics") or {}
        found = [basics.get("url"), *(profile.get("url") for profile in basics.get("profiles") or [])]
    elif section == "basics":
        found = [(record.get("basics") or {}).get(key)]
    else:
        found = [_value(item, key) for item in record.get(section) or []]
    return [forms for value in found if (forms := _forms(value))]


def _value(item: Any, key: str) -> Any:
    if key == "endDate" and item.get("current") and not item.get("endDate"):
        return "present"
    return item if "alt" in item else item.get(key)


def _forms(value: Any) -> list[str]:
    value = value["alt"] if isinstance(value, dict) else value
    return [str(v) for v in value if v] if isinstance(value, list) else [str(value)] if value else []


def matches(field: str, forms: list[str], guess: str) -> bool:
    guess = normal(field, guess)
    return any(_same(field, normal(field, form), guess) for form in forms)


def _same(field: str, truth: str, guess: str) -> bool:
    if truth == guess:
        return True
    if field.endswith("Date"):
        return truth != "present" and guess.startswith(truth)
    if field.startswith("basics."):
        return False
    one, other = truth.split(), guess.split()
    common = sum(min(one.count(word), other.count(word)) for word in set(one))
    return bool(one and other) and 2 * common / (len(one) + len(other)) >= 0.75


class Score:
    """Hits, wrong values and misses per field."""

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, label: dict[str, Any], read: dict[str, Any]) -> None:
        for field in FIELDS:
            if field not in label.get("labelled", FIELDS):
                continue
            truth, guesses = values_of(label, field), [forms[0] for forms in values_of(read, field)]
            if field not in ("work.startDate", "work.endDate"):
                truth = list({normal(field, forms[0]): forms for forms in truth}.values())
                guesses = list({normal(field, guess): guess for guess in guesses}.values())
            hits = self._hits(field, truth, guesses)
            for index, value in enumerate((hits, len(guesses) - hits, len(truth) - hits)):
                self.counts[field][index] += value

    def _hits(self, field: str, truth: list[list[str]], guesses: list[str]) -> int:
        rest, hits = list(guesses), 0
        for forms in truth:
            exact = [g for g in rest if normal(field, g) in {normal(field, form) for form in forms}]
            hit = next((g for g in exact or rest if matches(field, forms, g)), None)
            if hit is not None:
                rest.remove(hit)
                hits += 1
        return hits

    def f1(self, field: str) -> float:
        hits, wrong, missed = self.counts[field]
        return 2 * hits / (2 * hits + wrong + missed) if hits else 0.0

    def macro(self) -> float:
        fields = [field for field in FIELDS if sum(self.counts[field])]
        return sum(map(self.f1, fields)) / max(1, len(fields))
