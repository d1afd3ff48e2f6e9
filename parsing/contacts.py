"""E-mail addresses, telephone numbers, profile links."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import unquote

EMAIL = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
PHONE = re.compile(r"(?<![\w@/.-])(?:\+|00)?\(?\d[\d\s().\-–/·\u2011]{5,24}\d(?![\w@])")
URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"|,;]{4,200}|"
    r"(?:[a-z]{2,3}\.)?(?:linkedin\.com/(?:in|pub)|github\.com|gitlab\.com)/[^\s<>\"|,;()]{2,100}",
    re.I,
)
NETWORKS = {"linkedin.com": "LinkedIn", "github.com": "GitHub", "gitlab.com": "GitLab"}


def find_emails(text: str, links: list[str]) -> list[str]:
    targets = [unquote(link[7:].split("?")[0]) for link in links if link.lower().startswith("mailto:")]
    return list(dict.fromkeys(match.group().strip(".") for part in [*targets, text] for match in EMAIL.finditer(part)))


def find_phones(text: str, links: list[str], region: str = "US") -> list[str]:
    """E.164 where it parses as a possible number."""
    targets = [unquote(link[4:]) for link in links if link.lower().startswith("tel:")]
    found = [normal_phone(c, region) for c in [*targets, *(m.group() for m in PHONE.finditer(text))]]
    return list(dict.fromkeys(phone for phone in found if phone))


@cache
def normal_phone(text: str, region: str) -> str:
    import phonenumbers

    digits = re.sub(r"\D", "", text)
    if not 7 <= len(digits) <= 15 or re.fullmatch(r"(19|20)\d\d\D+(19|20)\d\d", text.strip()):
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def find_links(text: str, links: list[str]) -> list[dict[str, Any]]:
    found = [link for link in links if link.lower().startswith("http")] + [
        m.group().rstrip(".") for m in URL.finditer(text)
    ]
    profiles, seen = [], set()
    for url in found:
        key = re.sub(r"^(https?://)?(www\.)?", "", url.lower()).rstrip("/")
        if key not in seen:
            seen.add(key)
            network = next((name for domain, name in NETWORKS.items() if domain in key), "")
            profiles.append({"network": network, "username": key.rpartition("/")[2] if network else "", "url": url})
    return profiles
