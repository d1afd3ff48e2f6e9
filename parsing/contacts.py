"""E-mail addresses, telephone numbers, profile links. No link is ever opened."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from parsing.dates import looks_like_date
from parsing.page import Line, Link
from parsing.words import fold, load_index

EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9_](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
SPACED_AT = re.compile(r"(?<=[\w])\s*(?:\[at\]|\(at\)|\{at\}| @ )\s*(?=[\w-]+\s?(?:\.|\[dot\]|\(dot\)))", re.I)
PHONE = re.compile(r"(?<![\w@/.-])(?:\+|00)?\s?\(?\+?\d[\d\s().\-–/·\u2011\u00a0]{5,22}\d(?![\w@/])")
PHONE_LABEL = re.compile(
    r"(?:phone|mobile|tel|cell|handy|m[óo]vil|telefon|téléphone|telefono|тел|电话|手机|電話|전화|هاتف|fon|ph)\W{0,4}$",
    re.I,
)
NETWORKS = {
    "linkedin.com": ("LinkedIn", r"(?:in|pub)/([^/?#]+)"),
    "github.com": ("GitHub", r"([^/?#]+)/?$"),
    "gitlab.com": ("GitLab", r"([^/?#]+)/?$"),
    "bitbucket.org": ("Bitbucket", r"([^/?#]+)/?$"),
    "twitter.com": ("Twitter", r"@?([^/?#]+)/?$"),
    "x.com": ("X", r"@?([^/?#]+)/?$"),
    "xing.com": ("XING", r"profile/([^/?#]+)"),
    "medium.com": ("Medium", r"@?([^/?#]+)/?$"),
    "behance.net": ("Behance", r"([^/?#]+)/?$"),
    "dribbble.com": ("Dribbble", r"([^/?#]+)/?$"),
    "kaggle.com": ("Kaggle", r"([^/?#]+)/?$"),
    "orcid.org": ("ORCID", r"([\dX-]+)/?$"),
    "stackoverflow.com": ("Stack Overflow", r"users/([^?#]+)"),
    "researchgate.net": ("ResearchGate", r"profile/([^/?#]+)"),
    "scholar.google.com": ("Google Scholar", r"citations\?.*user=([^&]+)"),
    "leetcode.com": ("LeetCode", r"(?:u/)?([^/?#]+)/?$"),
    "hackerrank.com": ("HackerRank", r"(?:profile/)?([^/?#]+)/?$"),
    "facebook.com": ("Facebook", r"([^/?#]+)/?$"),
    "instagram.com": ("Instagram", r"([^/?#]+)/?$"),
    "t.me": ("Telegram", r"([^/?#]+)/?$"),
    "codepen.io": ("CodePen", r"([^/?#]+)/?$"),
    "youtube.com": ("YouTube", r"(?:@|c/|channel/)([^/?#]+)"),
    "dev.to": ("DEV", r"([^/?#]+)/?$"),
}
TLDS = (
    "com|org|net|io|dev|me|co|ai|app|info|tech|design|xyz|edu|eu|de|fr|es|it|nl|be|ch|at|pl|se|no|dk|"
    "fi|cz|pt|ro|ru|ua|tr|in|uk|us|ca|au|br|"
    "mx|ar|jp|cn|kr|sg|hk|za|ng|ke|ae|il|page|site|online|website|blog|studio|work|pro|name|"
    "science|academy|cloud|digital|space|biz"
)
URL = re.compile(
    rf"(?<![@\w.-])(?:https?://[^\s<>\"|]{{4,300}}|www\.[^\s<>\"|,;]{{4,200}}|"
    rf"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.){{1,3}}(?:{TLDS})"
    r"(?![\w.@-])(?:/[^\s<>\"|,;]*)?)",
    re.I,
)
NO_SITE = re.compile(r"^(?:asp|node|vue|react|next|express|socket|ado|vb|d3|three|b|m)\.", re.I)


class Profile(NamedTuple):
    url: str
    network: str
    username: str
    line: Line | None


def find_emails(lines: list[Line], links: list[Link]) -> list[tuple[str, Line | None]]:
    """Addresses in order, `mailto:` targets first, each with its line."""
    found: dict[str, Line | None] = {}
    for link in links:
        if link.uri.lower().startswith("mailto:") and (match := EMAIL.search(unquote(link.uri[7:]))):
            found.setdefault(match[0], None)
    for line in lines:
        if "@" in line.text or "at" in line.text:
            text = (
                re.sub(r"\s*(?:\[dot\]|\(dot\))\s*", ".", SPACED_AT.sub("@", line.text))
                if "@" not in line.text or " @ " in line.text
                else line.text
            )
            for match in EMAIL.finditer(text):
                if found.get(match[0]) is None:
                    found[match[0]] = line
    return list(found.items())


@cache
def _regions() -> dict[str, str]:
    return load_index("regions.txt")


def region_of(lines: list[Line], language: str) -> str:
    """The country whose national numbers a CV would write, by places in its first lines, else by its language."""
    for line in lines[:15]:
        for part in re.split(r"[,|•·/()\t]|\s[–-]\s", line.text):
            if region := _regions().get(fold(part)):
                return region
    for line in lines:
        for match in EMAIL.finditer(line.text):
            country = match[0].rpartition(".")[2].upper()
            if len(country) == 2 and country not in ("ME", "IO", "CO", "AI"):
                return "GB" if country == "UK" else country
    return _regions().get(f"lang {language}", "US")


def find_phones(lines: list[Line], links: list[Link], region: str) -> list[tuple[str, Line | None]]:
    """Numbers in E.164 where they are possible numbers, `tel:` targets first."""
    found: dict[str, Line | None] = {}
    for link in links:
        if link.uri.lower().startswith("tel:") and (number := normal_phone(unquote(link.uri[4:]), region)):
            found.setdefault(number, None)
    for line in lines:
        if sum(c.isdigit() for c in line.text) < 7:
            continue
        for match in PHONE.finditer(line.text):
            number = normal_phone(match[0], region) or (_raw(match[0]) if _is_surely_a_phone(line, match) else "")
            if number and found.get(number) is None:
                found[number] = line
    return list(found.items())


def _is_surely_a_phone(line: Line, match: re.Match[str]) -> bool:
    """Whether a number of another country is meant: it has a label or a plus, or fills a cell and begins with 0."""
    written = match[0].strip()
    labelled = PHONE_LABEL.search(line.text[: match.start()]) or written.startswith("+")
    return bool(labelled) or (written in line.cells and written.startswith(("0", "(0")) and not _is_date(written))


def _raw(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return ("+" if text.lstrip().startswith("+") else "") + digits if 8 <= len(digits) <= 15 else ""


def _is_date(text: str) -> bool:
    return not text.startswith("+") and looks_like_date(text)


@lru_cache(maxsize=2_000)
def normal_phone(text: str, region: str) -> str:
    """E.164, or "" when this is no possible number of that region."""
    import phonenumbers

    text = text.strip()
    digits = re.sub(r"\D", "", text)
    if not 7 <= len(digits) <= 15 or _is_date(text) or (text.isdigit() and len(text) < 9):
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def profile_of(url: str, line: Line | None) -> Profile | None:
    """A personal page on a known network, or None."""
    bare = re.sub(r"^(?:https?:)?//(?:www\.)?|^www\.", "", url.strip(), flags=re.I)
    host, _, rest = bare.partition("/")
    host = host.lower()
    for domain, (network, pattern) in NETWORKS.items():
        if host == domain or host.endswith("." + domain):
            match = re.match(pattern, rest, re.I)
            return Profile(url, network, unquote(match[1]).strip("/"), line) if match and match[1] else None
    return None


MAX_HEADER = 15  # lines; what stands further below and has no title is no contact data


def find_links(header: list[Line], others: list[Line], links: list[Link]) -> list[Profile]:
    """The person's own pages: profiles anywhere, other sites only among the contact data."""
    found: dict[str, Profile] = {}
    header = header + [line for line in others if _is_contact_line(line)]
    for url, line, own in [
        *_linked(links, header),
        *_written([line for line in header if not _is_sentence(line)], True),
        *_written(others, False),
    ]:
        profile = profile_of(url, line)
        if profile is None and (not own or _is_network(url) or NO_SITE.match(url)):
            continue
        profile = profile or Profile(url, "", "", line)
        taken = any(p.network == profile.network for p in found.values() if p.network)
        if _key(url) not in found and (own or not taken):
            found[_key(url)] = profile
    return [p for key, p in found.items() if not any(other != key and other.startswith(key + "/") for other in found)]


def _is_contact_line(line: Line) -> bool:
    """Nothing but pages, addresses and numbers, as in a footer."""
    rest, count = EMAIL.subn("", line.text)
    rest, more = URL.subn("", rest)
    return count + more >= 2 and sum(c.isalpha() for c in rest) <= 0.3 * len(line.text)


def _is_sentence(line: Line) -> bool:
    """Whether a line is running text, where a link is no more than a remark."""
    words = len(line.text.split())
    listed = EMAIL.search(line.text) or sum(c in "|•·,/" for c in line.text) > 2
    return not listed and (words > 12 or (words > 5 and line.text.endswith(".")))


def _linked(links: list[Link], header: list[Line]) -> list[tuple[str, Line | None, bool]]:
    found = [(link, _line_at(link, header)) for link in links if link.uri.lower().startswith(("http", "www."))]
    return [(link.uri, line, link.box is None or (line is not None and not _is_sentence(line))) for link, line in found]


def _line_at(link: Link, lines: list[Line]) -> Line | None:
    if link.box is None:
        return None
    x, y = (link.box[0] + link.box[2]) / 2, (link.box[1] + link.box[3]) / 2
    return next(
        (
            line
            for line in lines
            if line.page == link.page
            and line.box
            and line.box[0] - 12 <= x <= line.box[2] + 12
            and line.box[1] - 2 <= y <= line.box[3] + 2
        ),
        None,
    )


def _written(lines: list[Line], own: bool) -> list[tuple[str, Line | None, bool]]:
    return [(match[0].rstrip(".,;:)"), line, own) for line in lines for match in URL.finditer(line.text)]


def _is_network(url: str) -> bool:
    return any(domain in url.lower() for domain in (*NETWORKS, "doi.org", "google.com", "maps."))


def _key(url: str) -> str:
    return re.sub(r"^(?:https?:)?//(?:www\.)?|^www\.", "", url.strip().lower()).rstrip("/")
