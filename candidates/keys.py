"""The keys by which two CVs are known to be of one person: normalised e-mail, telephone number, profile link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import phonenumbers
from rapidfuzz import fuzz

# Mailboxes of a role or of a job portal's relay are nobody's own.
_ROLES = {
    *("admin", "career", "careers", "contact", "cv", "cvs", "hello", "hr", "info", "jobs", "mail", "noreply"),
    *("no-reply", "office", "recruiter", "recruitment", "resume", "resumes", "sales", "support", "team"),
}
_PORTALS = {"naukri.com", "monster.com", "indeed.com", "indeedemail.com", "timesjobs.com", "shine.com", "stepstone.de"}
KEY_MAX = 254  # characters: the longest address that mail can carry (RFC 5321, erratum 1690)
_PROFILES = re.compile(r"(?:www\.)?(linkedin\.com/in|github\.com|gitlab\.com|xing\.com/profile)/([\w%.\-]+)", re.I)


def email_key(email: str) -> str:
    """Lower case; for Gmail dots and `+labels` do not tell people apart."""
    local, _, domain = email.strip().casefold().rpartition("@")
    local = local.split("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local and domain else ""


def is_shared_email(email: str) -> bool:
    """An address that an agency, a company or a job portal gives for many people."""
    local, _, domain = email.casefold().rpartition("@")
    return local in _ROLES or any(domain == portal or domain.endswith(f".{portal}") for portal in _PORTALS)


def phone_key(phone: str) -> str:
    """E.164, or nothing for what is no number with its country."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def profile_key(url: str) -> str:
    """`linkedin.com/in/asha` for every spelling of that link; nothing for links that are no personal profile."""
    match = _PROFILES.search(url)
    return f"{match[1]}/{match[2].rstrip('.')}".casefold() if match else ""


def person_keys(basics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, value) of every key in a JSON Resume `basics`. What is longer than any address is nobody's key."""
    email = basics.get("email") or ""
    profiles = [profile.get("url") or "" for profile in basics.get("profiles") or []]
    found = [
        ("email", "" if is_shared_email(email) else email_key(email)),
        ("phone", phone_key(basics.get("phone") or "")),
        *(("profile", profile_key(url)) for url in profiles),
    ]
    yield from ((kind, value) for kind, value in found if 0 < len(value) <= KEY_MAX)


ALIKE = 70  # of 100 (rapidfuzz ratio): two spellings of one word of a name


def names_agree(one: str, other: str) -> bool:
    """Whether two names may be one person's: what only one of them says may be left out, shortened to an initial or
    spelt otherwise, but not be another word. Relatives share a surname and often a telephone; they are two people."""
    ours, theirs = _words(one), _words(other)
    fewer, more = sorted([ours - theirs, theirs - ours], key=len)
    if not fewer:
        return bool(ours & theirs)
    return all(any(_alike(word, against) for against in more) for word in fewer)


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.casefold()))


def _alike(one: str, other: str) -> bool:
    if min(len(one), len(other)) == 1:
        return one[0] == other[0]
    return fuzz.ratio(one, other) >= ALIKE
