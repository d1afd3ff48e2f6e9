"""The desk's list, as it is searched and narrowed, as a spreadsheet. Who took it is written down."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import re_path
from django.utils import timezone
from django.views.decorators.http import require_GET

from candidates.models import Candidate, ResumeVersion
from candidates.spreadsheets import Cell, Row, csv_blocks, xlsx_file
from uploads import ledger
from uploads.desk import log_action, signed_in

BATCH = 500
TAKE = "uploads.download_document"
TYPES = {"csv": "text/csv; charset=utf-8",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip
READ = {"no_resume": "no CV", "pending": "being read", "completed": "read", "failed": "could not be read"}


def _to_check(person: Any) -> str:
    flags = {
        "name is a guess": person.name_is_guess,
        "possible duplicate": person.has_duplicate,
        "erased before": person.erased_before,
    }
    return ", ".join(flag for flag, holds in flags.items() if holds)


# Heading, width in characters, value.
COLUMNS: list[tuple[str, int, Callable[[Candidate], Cell]]] = [
    ("ID", 8, lambda person: person.pk),
    ("Name", 28, lambda person: person.full_name),
    ("E-mail", 32, lambda person: person.email),
    ("Telephone", 20, lambda person: person.phone),
    ("Place", 24, lambda person: person.location),
    ("Headline", 36, lambda person: person.headline),
    ("Years of work", 10, lambda person: person.total_years),
    ("Skills", 48, lambda person: ", ".join(person.skills)),
    ("Links", 40, lambda person: ", ".join(person.links)),
    ("Tags", 24, lambda person: ", ".join(tag.name for tag in person.tags.all())),
    ("Review", 12, lambda person: person.review_status),
    ("To check", 24, _to_check),
    ("Source", 12, lambda person: person.source),
    ("CV", 16, lambda person: READ[person.parsing_status]),
    ("Added (UTC)", 17, lambda person: person.created_at),
    ("Changed (UTC)", 17, lambda person: person.updated_at),
]
HEADINGS, WIDTHS = [heading for heading, _, _ in COLUMNS], [width for _, width, _ in COLUMNS]


def export_urls(desk: Any) -> list[Any]:
    def export(request: HttpRequest, kind: str) -> HttpResponseBase:
        return export_list(request, kind, desk)

    page = desk.admin_site.admin_view(require_GET(export))
    return [re_path(r"^list\.(?P<kind>csv|xlsx)$", page, name="candidate_export")]


def export_list(request: HttpRequest, kind: str, desk: Any) -> HttpResponseBase:
    """All that the list holds, not just its page. `kind`: csv, or xlsx, which is sent when it is whole."""
    if not (desk.has_view_permission(request) and request.user.has_perm(TAKE)):
        raise PermissionDenied
    try:
        asked = desk.get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        raise Http404 from None
    # The question is asked once; who is erased or merged while the file is written is left out.
    ids = array("q", asked.values_list("pk", flat=True).iterator())
    _note(request, kind, len(ids))
    batches = _rows(request, desk.get_queryset(request), ids, kind)
    name = f"candidates-{timezone.now():%Y-%m-%d}.{kind}"
    response: StreamingHttpResponse
    if kind == "csv":
        response = StreamingHttpResponse(csv_blocks(HEADINGS, batches), content_type=TYPES[kind])
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    else:
        file = xlsx_file(HEADINGS, WIDTHS, batches)
        response = FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[kind])
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _note(request: HttpRequest, kind: str, rows: int) -> None:
    """A ledger row: how much, and by which filters; not what they asked for, which may be a name."""
    trace = ledger.current()
    trace.operation, trace.user_id = "candidates.export_list", signed_in(request).pk
    ledger.note(format=kind, rows=rows, filters=sorted(request.GET))
    ledger.write(trace, is_call=True)


def _rows(request: HttpRequest, people: QuerySet, ids: array, kind: str) -> Iterator[list[Row]]:
    people = (
        people.defer(None)
        .defer("parsed_resume", "offered")
        .prefetch_related("tags", Prefetch("versions", ResumeVersion.light()))
    )
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = people.in_bulk(list(batch))
        rows = [found[pk] for pk in batch if pk in found]
        log_action(request, rows, f"Exported in a list ({kind}).")
        yield [[value(person) for _, _, value in COLUMNS] for person in rows]
