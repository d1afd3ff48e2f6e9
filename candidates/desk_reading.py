"""How far the reading of a person's CV has come, in words, with what it found: a card of the desk that is asked again
until it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone

from candidates.models import Candidate, PossibleDuplicate, ResumeVersion, same
from candidates.profile import LABELS
from candidates.said import columns_said, name_said
from uploads.states import SCAN

WORDS = {"pending": "Resume processing...", "completed": "Resume processed!"}
USUALLY_DONE_WITHIN = timedelta(seconds=30)
MOST_SHOWN = 10


def reading_page(request: HttpRequest, desk: Any, pk: int) -> HttpResponse:
    """A page of its own; with `?part` the card alone, with `?part=here` for the person's own page."""
    if not desk.has_view_permission(request):
        raise Http404
    person = get_object_or_404(Candidate.objects.with_record(), pk=pk)
    page = {"person": person, "reading": reading_of(person), "here": request.GET.get("part") == "here"}
    if "part" in request.GET:
        return TemplateResponse(request, "admin/candidates/candidate/reading.html", page)
    frame = desk.admin_site.each_context(request)
    return TemplateResponse(
        request, "admin/candidates/candidate/reading_page.html", {**frame, "opts": desk.opts, **page}
    )


def reading_of(person: Candidate) -> dict[str, Any]:
    """`state` is the parsing status. What a person typed is not told as found."""
    state, version = person.parsing_status, person.current_version
    return {
        "state": state,
        "words": WORDS.get(state) or person.parsing_message,
        "hint": _hint(version, state) if version else "",
        "found": list(_found(person)) if state == "completed" else [],
        "differs": [LABELS.get(name, name) for name in sorted(person.offered)] if state == "completed" else [],
        "pairs": PossibleDuplicate.open().filter(candidate=person).select_related("other"),
    }


def _hint(version: ResumeVersion, state: str) -> str:
    document = version.document
    if document.parse_code == "no_text":
        return "The file is kept. It is read by itself as soon as pictures can be read here."
    if state == "failed":
        return "The file is kept, and so is the candidate."
    if state == "pending" and document.parse_code == SCAN:
        return "It is a scan: its letters are read from the picture, which may take some minutes."
    if state == "pending" and timezone.now() - version.current_since > USUALLY_DONE_WITHIN:
        return "This takes longer than usual. Nothing is lost, and nobody needs to wait here."
    return "Nobody needs to wait here: it goes on by itself." if state == "pending" else ""


def _found(person: Candidate) -> Iterator[tuple[str, Any]]:
    """(what, value) of all that the current CV says and that nobody had typed."""
    resume = person.parsed_resume or {}
    said = {"full_name": name_said(resume), **columns_said(resume)}
    for column, value in said.items():
        if value and same(value, getattr(person, column)) and column not in person.typed_fields:
            yield LABELS[column], _shown(value)
    for section, label, name in (("work", "Work", "position"), ("education", "Education", "institution")):
        entries = resume.get(section) or []
        if names := [entry.get(name) or entry.get("name") for entry in entries]:
            yield label, _shown([name for name in names if name])


def _shown(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    more = len(value) - MOST_SHOWN
    return ", ".join(value[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
