"""What an external reader may answer: checked for shape, grounded in the text, and merged into blanks only."""

from __future__ import annotations

import copy
import re
from typing import Any

from parsing.contacts import EMAIL, normal_phone
from parsing.reading import Reading
from parsing.words import fold

TEXT = {"type": ["string", "null"], "maxLength": 300}
DATE = {"type": ["string", "null"], "pattern": r"^\d{4}(-\d{2})?$"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(properties)}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "maxItems": 100}


ANSWER_SCHEMA = _object(
    basics=_object(name=TEXT, email=TEXT, phone=TEXT, label=TEXT),
    work=_list(_object(name=TEXT, position=TEXT, startDate=DATE, endDate=DATE)),
    education=_list(_object(institution=TEXT, studyType=TEXT, area=TEXT, startDate=DATE, endDate=DATE)),
    skills=_list(_object(name=TEXT)),
    languages=_list(_object(language=TEXT)),
    certificates=_list(_object(name=TEXT)),
)
CONFIDENCE = 0.5
OVERRULED_BELOW = 0.4  # a value of the built-in reader that is less sure than this may be replaced
ISO = re.compile(r"^(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2]))?$")


class Nonsense(Exception):
    """The answer does not have the shape that was asked for."""


def validated(answer: Any, text: str) -> dict[str, Any]:
    """The part of an answer that has the right shape and whose words stand in the text. Raises Nonsense."""
    if not isinstance(answer, dict) or not set(answer) <= set(ANSWER_SCHEMA["properties"]):
        raise Nonsense("the service's answer has another shape")
    grounds = f" {fold(text)} "
    checked: dict[str, Any] = {
        "basics": _item(answer.get("basics") or {}, ANSWER_SCHEMA["properties"]["basics"], grounds)
    }
    for section, schema in ANSWER_SCHEMA["properties"].items():
        if section == "basics":
            continue
        items = answer.get(section) or []
        if not isinstance(items, list) or len(items) > 100:
            raise Nonsense("the service's answer has another shape")
        kept = [_item(item, schema["items"], grounds) for item in items]
        checked[section] = [item for item in kept if item]
    return checked


def _item(item: Any, schema: dict[str, Any], grounds: str) -> dict[str, str]:
    if not isinstance(item, dict) or not set(item) <= set(schema["properties"]):
        raise Nonsense("the service's answer has another shape")
    kept: dict[str, str] = {}
    for key, value in item.items():
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > 300:
            raise Nonsense("the service's answer has another shape")
        if _stands_in(key, value, grounds):
            kept[key] = value.strip()
    return kept


def _stands_in(key: str, value: str, grounds: str) -> bool:
    """Whether the text says so: the words in that order, of a date the year, of a number its last digits."""
    if key in ("startDate", "endDate"):
        return bool(ISO.match(value)) and value[:4] in grounds
    if key == "phone":
        return re.sub(r"\D", "", value)[-7:] in re.sub(r"\D", "", grounds) and sum(c.isdigit() for c in value) >= 7
    if key == "email" and not EMAIL.fullmatch(value):
        return False
    return bool(fold(value)) and f" {fold(value)} " in grounds


def merge(reading: Reading, answer: dict[str, Any], model: str) -> Reading:
    """The reading with its blanks filled; every filled value is marked as external in `meta`."""
    fields = copy.deepcopy(reading.fields)
    meta, filled = fields["meta"], list[str]()
    for key, value in answer["basics"].items():
        sure = meta["confidence"].get(f"basics.{key}", 0.0)
        value = normal_phone(value, "US") or value if key == "phone" else value
        if key not in fields["basics"] or sure < OVERRULED_BELOW:
            fields["basics"][key] = value
            filled.append(f"basics.{key}")
    for section, items in answer.items():
        if section != "basics" and items and not fields[section]:
            fields[section] = items
            filled.append(section)
    meta["external"] = {"model": model, "filled": filled}
    meta["confidence"] |= dict.fromkeys(filled, CONFIDENCE)
    return Reading(reading.text, fields, reading.warnings)
