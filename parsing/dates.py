"""One grammar for dates and ranges of dates as CVs write them, in about fifteen languages.

What is partly known stays partly known: "2019" is the year alone, "2019-03" a month.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from parsing.words import load_groups


class Span(NamedTuple):
    """A stretch of time and where it stands in the text; `start` and `end` are "YYYY" or "YYYY-MM"."""

    start: str | None
    end: str | None
    current: bool
    begin: int
    finish: int


class Point(NamedTuple):
    year: int | None
    month: int | None
    begin: int
    finish: int


PRESENT = (
    "present|presently|now|current|currently|today|till date|till now|till today|to date|todate|"
    "until now|up to now|ongoing|date|continuing|"
    "heute|aktuell|jetzt|derzeit|laufend|gegenwärtig|dato|aujourd['’]hui|présent|ce jour|actuel|"
    "actuellement|maintenant|en cours|"
    "actualidad|la actualidad|presente|el presente|actual|hoy|la fecha|actualmente|atual|"
    "atualmente|o momento|momento|o presente|"
    "oggi|attuale|in corso|ad oggi|heden|nu|nuvarande|nåværende|nuværende|obecnie|teraz|dziś|"
    "nadal|halen|devam ediyor|günümüz|bugün|"
    "současnost|dosud|súčasnosť|prezent|jelenleg|jelen|nykyinen|σήμερα|σημερα|настоящее время|"
    "наст\\. ?время|н\\. ?в\\.|нв|сейчас|"
    "сегодня|по сей день|теперішній час|дотепер|зараз|сьогодні|至今|现在|現在|目前|今|현재|재직 ?중|वर्तमान|"
    "अब तक|आज|حتى الآن|الآن|الحاضر|היום|כיום"
)
SEPARATOR = (
    r"[\s,]*(?:\)?\s*[-–—−‐‑‒―~～〜→>/]+\s*\(?|\bto\b|\buntil\b|\btill\b|\bthrough\b|\bthru\b|"
    r"\bup to\b|\bbis(?: zum)?\b|à|\bau\b|\ba\b|\bal\b|"
    r"\bhasta(?: el| la)?\b|\baté\b|\btot(?: en met)?\b|\bt/m\b|\bdo\b|\btil\b|\btill\b|до|по|"
    r"[至到]|から|까지|부터|إلى|से|עד|\bja\b)[\s]*"
)
SINCE = re.compile(
    r"(?:\bsince|\bfrom|\bseit|\bab|\bdepuis(?: le)?|\bdesde|\bdal|\bsinds|\bvanaf|\bod|\bsedan|"
    r"\bsiden|с|з|от|від|منذ|beginning)\s*:?\s*$",
    re.I,
)
YEAR = r"(?:19[5-9]|20[0-3])\d"
SEASONS = (
    "spring|summer|autumn|fall|winter|frühjahr|frühling|sommer|herbst|printemps|été|automne|"
    "hiver|primavera|verano|otoño|invierno|"
    "estate|autunno|inverno|wiosna|lato|jesień|zima|весна|лето|осень|зима|q[1-4]|h[12]|t[1-4]"
)


@cache
def months() -> dict[str, int]:
    return {name: int(number) for number, names in load_groups("months.txt").items() for name in names}


@cache
def _point() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, months()), key=len, reverse=True))
    return re.compile(
        rf"(?<![\d])(?P<y1>{YEAR})(?:[./-]|\s?[年년]\s?)(?P<m1>1[0-2]|0?[1-9])(?!\d|/{YEAR})"
        rf"(?:\s?[月월]|[./-][0-3]?\d(?!\d)[日일]?)?"
        rf"|(?<!\d)(?P<y9>{YEAR})\s/\s(?P<m9>0[1-9]|1[0-2])(?!\d)"
        rf"|(?<!\d)(?P<d2>[0-3]?\d)\s?[./-]\s?(?P<m2>[01]?\d)\s?[./-]\s?(?P<y2>{YEAR})(?!\d)"
        rf"|(?<![\d/.])(?P<m3>1[0-2]|0?[1-9])\s?[./-]\s?(?P<y3>{YEAR})(?!\d)"
        rf"|(?<![\d/.-])(?P<m4>0[1-9]|1[0-2])/(?P<y4>\d\d)(?![\d/])"
        rf"|(?:(?<!\d)[0-3]?\d(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+|"
        rf"of\s+)?)?(?<![^\W\d_])(?P<name>{names})(?![^\W\d_])[.,]?\s*"
        rf"(?:(?:[0-3]?\d(?:st|nd|rd|th)?,\s*)?(?:del?\s+|of\s+|/\s*|"
        rf"[-–]\s?(?=\d{{4}}))?(?:(?P<y5>{YEAR})(?!\d)|['’‘`]?\s?(?P<y6>\d\d)(?![\d:.])))?"
        rf"|(?<!\w)(?:{SEASONS})[\s,]+(?P<y7>{YEAR})(?!\d)"
        rf"|(?<![\d.,$€£₹])(?P<y8>{YEAR})[年년]?(?![\d%+]|[.,]\d)",
        re.I,
    )


_SEPARATOR = re.compile(SEPARATOR, re.I)
_PRESENT = re.compile(rf"(?:the\s+|the present\s+)?(?:{PRESENT})(?![^\W\d_])", re.I)
DANGLING = re.compile(r"(?:[-–—]|\bto|\bbis|\bau?|\bal?|\bhasta|\baté)\s*$", re.I)
"""The end of a range whose second date stands elsewhere."""
_OPEN = re.compile(r"\s*[-–—→]\s*(?:$|\)|\n)|\s*(?:от|to)\s*$")


@lru_cache(maxsize=4_000)
def find_spans(text: str) -> tuple[Span, ...]:
    """All dates and ranges of a line in order; a single date is a Span whose `start` is None."""
    points, spans, index = _points(text), [], 0
    while index < len(points):
        point = points[index]
        after = _SEPARATOR.match(text, point.finish)
        following = points[index + 1] if index + 1 < len(points) else None
        index += 1
        if after and following and after.end() >= following.begin and _in_order(point, following):
            index += 1
            start = point if point.year else point._replace(year=following.year)
            spans.append(Span(_iso(start), _iso(following), False, point.begin, following.finish))
        elif point.year is None:
            continue
        elif after and (present := _PRESENT.match(text, after.end())):
            spans.append(Span(_iso(point), None, True, point.begin, present.end()))
        else:
            spans.append(_single(text, point))
    return tuple(spans)


def _in_order(point: Point, following: Point) -> bool:
    if following.year is None:
        return False
    return (point.year or following.year) <= following.year


def _single(text: str, point: Point) -> Span:
    since = SINCE.search(text, 0, point.begin)
    if since or _OPEN.match(text, point.finish):
        return Span(_iso(point), None, True, since.start() if since else point.begin, point.finish)
    return Span(None, _iso(point), False, point.begin, point.finish)


def _points(text: str) -> list[Point]:
    if not any(c.isdigit() for c in text):
        return []
    found = []
    for match in _point().finditer(text):
        group = match.groupdict()
        month = group["m1"] or group["m3"] or group["m4"] or group["m9"] or _day_month(group)
        name = group["name"]
        number = months().get(name.lower()) if name else int(month) if month else None
        found.append(Point(_year(group), number, match.start(), match.end()))
    return found


def _year(group: dict[str, str | None]) -> int | None:
    whole = next((group[key] for key in ("y1", "y2", "y3", "y5", "y7", "y8", "y9") if group[key]), None)
    if whole:
        return int(whole)
    short = group["y4"] or group["y6"]
    return None if short is None else int(short) + (2000 if int(short) < 40 else 1900)


def _day_month(group: dict[str, str | None]) -> str | None:
    """Day before month, as most of the world writes, unless the second number cannot be a month."""
    if not group["m2"] or not group["d2"]:
        return None
    if 1 <= int(group["m2"]) <= 12:
        return group["m2"]
    return group["d2"] if 1 <= int(group["d2"]) <= 12 else None


def _iso(point: Point) -> str:
    return f"{point.year}-{point.month:02d}" if point.month else str(point.year)


BESIDE_DATES = re.compile(
    r"\b(?:expected|anticipated|graduat(?:ed|ion|ing)|class of|completed|since|from|date|dates|period|approx|ca|"
    r"(?:\d+|\ban?)\s*\+?\s*(?:years?|yrs?|y|months?|mos?|m|jahre?|monate?|ans?|mois|años?|meses)\b\.?)",
    re.I,
)


@lru_cache(maxsize=4_000)
def looks_like_date(text: str) -> bool:
    """Whether a text is a date or a range and next to nothing else."""
    spans = find_spans(text)
    if not spans:
        return False
    rest = text
    for span in reversed(spans):
        rest = rest[: span.begin] + rest[span.finish :]
    rest = BESIDE_DATES.sub("", rest)
    return sum(c.isalpha() for c in rest) <= 2 and sum(c.isalnum() for c in rest) <= 0.3 * sum(
        c.isalnum() for c in text
    )


LEADING_IN = re.compile(
    r"\s*\b(?:from|during|between|since|in|in the year|period|im jahr|von|vom|seit|ab|en|de|du|"
    r"depuis|desde|del|da|dal|od)\s*:?\s*$",
    re.I,
)


def without_dates(text: str) -> str:
    """The text with its dates and the brackets around them cut out; cut places become tabs."""
    for span in reversed(find_spans(text)):
        if span.start or span.current or looks_like_date(text) or _at_an_end(text, span):
            before = LEADING_IN.sub("", text[: span.begin])
            text = before + "\t" + text[span.finish :]
    return re.sub(r"[(\[]\s*\t\s*[)\]]|\s*[–—-]?\s*\t\s*[)\]]", "\t", text).strip()


def _at_an_end(text: str, span: Span) -> bool:
    return not text[: span.begin].strip(" (") or not text[span.finish :].strip(" ).")


def month_number(iso: str, *, last: bool = False) -> int:
    """Months since the year 0 of "YYYY" or "YYYY-MM"; a bare year stands for its middle, July to June of the next."""
    year, _, month = iso.partition("-")
    return int(year) * 12 + (int(month) - 1 if month else 5 if last else 6)
