"""What a CV says of a person, as the columns of a candidate."""

from __future__ import annotations

from typing import Any


def columns_said(fields: dict[str, Any]) -> dict[str, Any]:
    """The columns that a JSON Resume fills; blank where it says nothing. The name is the caller's to judge."""
    basics = fields.get("basics", {})
    return {
        "email": email_or_blank(basics.get("email")),
        "phone": (basics.get("phone") or "")[:40],
        "location": place(basics.get("location") or {}),
        "headline": (basics.get("label") or "")[:200],
        "skills": [skill["name"] for skill in fields.get("skills", []) if skill.get("name")],
        "links": [profile["url"] for profile in basics.get("profiles") or [] if profile.get("url")],
        "total_years": fields.get("total_years"),
    }


def name_said(fields: dict[str, Any]) -> str:
    return (fields.get("basics", {}).get("name") or "")[:200]


def email_or_blank(value: str | None) -> str:
    return value if value and len(value) <= 254 else ""


def place(location: dict[str, Any]) -> str:
    """`Pune, IN` of a JSON Resume location."""
    parts = [location.get("city") or location.get("address"), location.get("region"), location.get("countryCode")]
    return ", ".join(part for part in parts if part)[:200]
