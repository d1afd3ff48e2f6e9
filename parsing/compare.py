"""What a new reading gains and loses against an old one, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

BASICS = ("name", "email", "phone", "url", "label", "location", "summary", "profiles")
LISTS = ("work", "education", "skills", "languages", "certificates", "projects", "total_years", "notice_period", "pay")
KINDS = ("same", "gained", "lost", "changed")


def difference(before: Any, after: Any) -> str:
    """One of KINDS; an empty value is a blank, a list that only grew has gained."""
    if before == after or (not before and not after):
        return "same"
    if not before:
        return "gained"
    if not after:
        return "lost"
    if isinstance(before, list) and isinstance(after, list) and len(before) != len(after):
        return "gained" if len(after) > len(before) else "lost"
    return "changed"


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """Field to kind, for two readings of one file."""
    old, new = before.get("basics") or {}, after.get("basics") or {}
    found = {f"basics.{key}": difference(old.get(key), new.get(key)) for key in BASICS}
    return found | {key: difference(before.get(key), after.get(key)) for key in LISTS}


def tally(readings: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Counter[str]]:
    """Field to the count of each kind over many files."""
    counts: dict[str, Counter[str]] = {}
    for before, after in readings:
        for field, kind in differences(before, after).items():
            counts.setdefault(field, Counter())[kind] += 1
    return counts
