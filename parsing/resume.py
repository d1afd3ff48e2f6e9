"""Text to fields in JSON Resume names, each with the rule that found it, its confidence, its page and box."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

from parsing import contacts, kind, portal, skills
from parsing.certificates import find_certificates, find_projects
from parsing.dates import Span
from parsing.education import find_education
from parsing.languages import find_languages, only_languages, written_in
from parsing.names import Name, find_name
from parsing.page import Line, TextLayer
from parsing.reading import PARSER_VERSION, Reading, clean_text
from parsing.sections import Section, split_sections
from parsing.untitled import with_sections
from parsing.who import place_score, title_score
from parsing.work import find_work

HEADER = ("", "contact", "personal")
MAX_LABELLED = 4  # words of a line that holds no more than a link and its label
MAX_LINES = 3_000
MAX_NAME_LINES = 120
MAX_LINE = 600  # characters; what names anything is shorter, and patterns take long on endless lines
DIGITS = re.compile(r"\d+")
PAGE_MARK = re.compile(
    r"^\W*(?:(?:page|seite|pagina|página)\s*)?\d{1,3}\s*(?:(?:/|of|von|de|di|sur)\s*\d{1,3})?\W*$", re.I
)


class Notes:
    """The rule, confidence, page and box of every value, and the mean confidence of every field."""

    def __init__(self) -> None:
        self.explain: list[dict[str, Any]] = []

    def add(self, path: str, value: Any, rule: str, confidence: float, line: Line | None) -> None:
        place = {"page": line.page, "box": [round(edge, 1) for edge in line.box]} if line and line.box else {}
        self.explain.append({"field": path, "value": value, "rule": rule, "confidence": confidence, **place})

    def confidence(self) -> dict[str, float]:
        groups: dict[str, list[float]] = {}
        for note in self.explain:
            groups.setdefault(note["field"].partition("[")[0], []).append(note["confidence"])
        return {field: round(sum(values) / len(values), 2) for field, values in groups.items()}


def read_fields(layer: TextLayer, file_name: str = "", today: str = "") -> Reading:
    """The fields of a text layer. Pure: the same lines on the same `today` ("YYYY-MM") give the same fields."""
    text = clean_text("\n".join(line.text for line in layer.lines))
    lines = without_page_marks([_cut(line) for line in layer.lines[:MAX_LINES]])
    sections = with_sections(split_sections(lines))
    notes = Notes()
    fields: dict[str, Any] = {"basics": _basics(layer, sections, notes, text, file_name)}
    fields["work"], spans = _work(sections, notes)
    fields["education"] = _education(sections, notes)
    fields["skills"] = _skills(sections, notes)
    fields["languages"] = _listed("languages", find_languages(_language_lines(sections)), notes)
    fields["certificates"] = _listed("certificates", find_certificates(_lines(sections, "certificates")), notes)
    fields["projects"] = _listed("projects", find_projects(_lines(sections, "projects")), notes)
    as_of = _as_of(layer, spans, today)
    fields |= _portal(lines, spans, as_of, notes)
    fields["meta"] = _meta(layer, sections, fields, notes, text) | {"as_of": as_of or None}
    return Reading(text, fields, list(layer.warnings))


def _cut(line: Line) -> Line:
    """A line of bounded length; the text of the reading stays whole."""
    if len(line.text) <= MAX_LINE:
        return line
    return replace(line, text=line.text[:MAX_LINE], cells=tuple(cell[:MAX_LINE] for cell in line.cells[:40]))


def without_page_marks(lines: list[Line]) -> list[Line]:
    """Lines without page numbers, and without headers and footers from the second page on."""
    alike = defaultdict(list)
    for line in lines:
        alike[DIGITS.sub("#", line.text)].append(line)
    return [
        line
        for line in lines
        if not PAGE_MARK.match(line.text) and not _repeated(line, alike[DIGITS.sub("#", line.text)])
    ]


def _repeated(line: Line, alike: list[Line]) -> bool:
    """Whether other pages have the same line at the same height, as headers and footers have."""
    if line.box is None or len(alike) < 2:
        return False
    bottom = line.box[3]
    pages = {other.page for other in alike if other.box and abs(other.box[3] - bottom) < 3}
    return (
        len(pages) > 1
        and (line.page > 1 or any(c.isdigit() for c in line.text[-8:]))
        and (len(pages) > 2 or line.box[1] < 60 or line.box[3] > 700)
    )


def _lines(sections: list[Section], *kinds: str) -> list[Line]:
    return [line for section in sections if section.kind in kinds for line in section.lines]


def _basics(layer: TextLayer, sections: list[Section], notes: Notes, text: str, file_name: str) -> dict[str, Any]:
    header = _lines(sections, *HEADER)
    others = [line for section in sections if section.kind not in (*HEADER, "references") for line in section.lines]
    emails = contacts.find_emails(header, layer.links) or contacts.find_emails(others, [])
    region = contacts.region_of(header, written_in(text))
    phones = contacts.find_phones(header, layer.links, region) or contacts.find_phones(others, [], region)
    about = [line for line in _lines(sections[:3], "summary") if len(line.text.split()) <= MAX_LABELLED]
    contact = [*_lines(sections[:1], "")[: contacts.MAX_HEADER], *about, *_lines(sections, "contact", "personal")]
    profiles = contacts.find_links(contact, others, layer.links)
    hints = [email.partition("@")[0] for email, _ in emails[:3]] + [p.username for p in profiles] + [layer.title]
    name = find_name([_cut(line) for line in layer.lines[:MAX_NAME_LINES]], hints, file_name)
    basics: dict[str, Any] = {}
    _put_name(basics, name, notes)
    for key, values in (("email", emails), ("phone", phones)):
        if values:
            basics[key] = values[0][0]
            notes.add(f"basics.{key}", values[0][0], f"contacts.{key}", 0.95, values[0][1])
    _put_profiles(basics, profiles, notes)
    _put_place(basics, header, notes)
    _put_headline(basics, header, name, notes)
    if summary := _lines(sections, "summary"):
        basics["summary"] = " ".join(line.text for line in summary)
        notes.add("basics.summary", basics["summary"][:80], "sections.summary", 0.8, summary[0])
    return basics


def _put_name(basics: dict[str, Any], name: Name | None, notes: Notes) -> None:
    if name:
        basics["name"] = name.text
        notes.add("basics.name", name.text, name.rule, name.confidence, name.line)


def _put_profiles(basics: dict[str, Any], profiles: list[contacts.Profile], notes: Notes) -> None:
    basics["profiles"] = []
    for profile in profiles[:12]:
        if not profile.network and "url" not in basics:
            basics["url"] = profile.url
            notes.add("basics.url", profile.url, "contacts.site", 0.7, profile.line)
            continue
        notes.add(f"basics.profiles[{len(basics['profiles'])}].url", profile.url, "contacts.profile", 0.9, profile.line)
        basics["profiles"].append({"network": profile.network, "username": profile.username, "url": profile.url})


def _put_place(basics: dict[str, Any], header: list[Line], notes: Notes) -> None:
    place = portal.find_place(header)
    if place:
        city, _, rest = place[0].partition(",")
        basics["location"] = {"address": place[0], "city": city.strip()} | (
            {"region": rest.strip()} if rest.strip() else {}
        )
        notes.add("basics.location", place[0], "portal.place", 0.7, place[1])


def _put_headline(basics: dict[str, Any], header: list[Line], name: Name | None, notes: Notes) -> None:
    """The title under the name, in one of the first lines."""
    for line in header[:8]:
        for cell in line.cells or (line.text,):
            plain = (
                1 < len(cell) < 80
                and not cell.endswith(".")
                and "@" not in cell
                and not any(c.isdigit() for c in cell)
                and ":" not in cell
            )
            if plain and title_score(cell) >= 2 and place_score(cell) < 2 and not (name and cell == name.text):
                basics["label"] = cell
                notes.add("basics.label", cell, "header.title", 0.7, line)
                return


def _work(sections: list[Section], notes: Notes) -> tuple[list[dict[str, Any]], list[Span]]:
    jobs = [job for section in sections if section.kind == "work" for job in find_work(section.lines)]
    for index, job in enumerate(jobs):
        for key, line in job.lines.items():
            notes.add(f"work[{index}].{key}", job.fields.get(key), "work.entry", job.confidence, line)
    spans = [
        Span(j.fields.get("startDate"), j.fields.get("endDate"), j.fields.get("current", False), 0, 0) for j in jobs
    ]
    return [job.fields for job in jobs], spans


def _education(sections: list[Section], notes: Notes) -> list[dict[str, Any]]:
    studies = [study for section in sections if section.kind == "education" for study in find_education(section.lines)]
    for index, study in enumerate(studies):
        for key, line in study.lines.items():
            notes.add(f"education[{index}].{key}", study.fields.get(key), "education.entry", study.confidence, line)
    return [study.fields for study in studies]


def _skills(sections: list[Section], notes: Notes) -> list[dict[str, Any]]:
    found = skills.find_skills(_lines(sections, "skills"))
    if not found:
        found = skills.mentioned(_lines(sections, "work", "projects", "summary", ""), set())
    for index, skill in enumerate(found):
        notes.add(f"skills[{index}].name", skill.written, "skills.section", skill.confidence, skill.line)
    return [{"name": s.written} | ({"canonical": s.name} if s.name != s.written else {}) for s in found[:150]]


def _language_lines(sections: list[Section]) -> list[Line]:
    lines = _lines(sections, "languages")
    if lines:
        return lines
    labelled = [line for line in _lines(sections, "personal", "skills", "") if "language" in line.text.lower()[:20]]
    return labelled or [line for line in _lines(sections, *HEADER) if only_languages(line.text)]


def _listed(field: str, items: list[tuple[dict[str, Any], Line]], notes: Notes) -> list[dict[str, Any]]:
    for index, (item, line) in enumerate(items):
        key = "language" if field == "languages" else "name"
        notes.add(f"{field}[{index}].{key}", item[key], f"{field}.section", 0.8, line)
    return [item for item, _ in items[:100]]


def _portal(lines: list[Line], spans: list[Span], as_of: str, notes: Notes) -> dict[str, Any]:
    years, rule = portal.stated_years(lines), "stated"
    if years is None and (as_of or not any(span.current for span in spans)):
        years, rule = portal.total_years(spans, as_of), "work.dates"
    if years is None:
        years, rule = portal.said_years(lines), "said"
    found: dict[str, Any] = {"total_years": years, "notice_period": None, "pay": None}
    for key, result in (("notice_period", portal.find_notice(lines)), ("pay", portal.find_pay(lines))):
        if result:
            found[key] = result[0]
            notes.add(key, result[0], f"portal.{key}", 0.85, result[1])
    if years is not None:
        notes.add("total_years", years, rule, 0.7, None)
    return found


def _as_of(layer: TextLayer, spans: list[Span], today: str) -> str:
    """Until when a current job counts: the month in which the file was written, else today; "" without such a job.

    Never before the latest date of the jobs themselves, whatever a file says of itself.
    """
    if not any(span.current for span in spans):
        return ""
    digits = "".join(c for c in layer.written[:12] if c.isdigit())
    written = f"{digits[:4]}-{digits[4:6]}" if len(digits) >= 6 and "1990" < digits[:4] < "2100" else today
    latest = max((date for span in spans for date in (span.start, span.end) if date), default="")
    return max(written, latest) if written else ""


def _meta(layer: TextLayer, sections: list[Section], fields: dict[str, Any], notes: Notes, text: str) -> dict[str, Any]:
    seen = {section.kind for section in sections if section.kind}
    basics = fields["basics"]
    counts = {
        "contacts": ("email" in basics) + ("phone" in basics),
        "name": int("name" in basics),
        "skills": len(fields["skills"]),
        "jobs": sum("startDate" in job for job in fields["work"]),
        "studies": len(fields["education"]),
    }
    is_cv, score, reasons = kind.judge(text, seen, counts)
    return {
        "engine": layer.engine,
        "version": PARSER_VERSION,
        "language": written_in(text),
        "sections": sorted(seen),
        "warnings": list(layer.warnings),
        "confidence": notes.confidence(),
        "is_cv": is_cv,
        "cv_score": score,
        "reasons": reasons,
        "explain": notes.explain,
    }


def preload() -> None:
    """Load lists and metadata once, in the fork server, by reading a made-up CV."""
    sample = (
        "Ann Example\nLondon, UK\nann@example.org\n+44 20 7946 0123\n(312) "
        "555-0100\nExperience\nEngineer, Example Ltd\n"
        "Jan 2019 - Feb 2020\nEducation\nBSc Physics, Example University, "
        "2018\nSkills\nPython\nLanguages\nEnglish"
    )
    read_fields(TextLayer("plain", [Line(line, cells=(line,)) for line in sample.split("\n")]))
    for region, number in (
        ("IN", "98765 43210"),
        ("DE", "030 2312345"),
        ("FR", "01 99 00 12 34"),
        ("US", "312 555 0123"),
    ):
        contacts.normal_phone(number, region)
