"""What pages of the desk put together from several rooms, and how they write values of strangers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import template

from candidates.models import Candidate
from candidates.profile import HEAVY
from capture.models import CVCapture
from uploads.badges import ago, badge, state_badge
from uploads.ledger import ErrorLog, RequestTrace
from uploads.models import Document

register = template.Library()
SHOWN = 20
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


register.filter("ago", ago)
register.filter("badge", badge)
register.filter("document_badge", state_badge)


@register.filter
def month(value: Any) -> str:
    """`Mar 2019` of JSON Resume's `2019-03` or `2019-03-01`; anything else as it is."""
    found = re.fullmatch(r"(\d{4})-(\d{2})(?:-\d{2})?", str(value or ""))
    if not found or not 1 <= int(found[2]) <= 12:
        return str(value or "")
    return f"{MONTHS[int(found[2]) - 1]} {found[1]}"


@register.filter
def weblink(value: Any) -> str:
    """The address to link to, or nothing for what is no web address: a CV may say javascript: too."""
    address = str(value or "").strip()
    if re.match(r"[\w-]+(\.[\w-]+)+(/|$)", address):
        address = f"https://{address}"
    return address if urlsplit(address).scheme in ("http", "https") else ""


@register.simple_tag
def captures_of(documents: Iterable[Document]) -> list[CVCapture]:
    """Who brought these, newest first."""
    found = CVCapture.objects.filter(document__in=list(documents)).select_related("user")
    return list(found.order_by("-pk")[:SHOWN])


@register.simple_tag
def calls_of(documents: Iterable[Document]) -> list[RequestTrace]:
    found = RequestTrace.objects.filter(document__in=list(documents)).select_related("user")
    return list(found.order_by("-pk")[:SHOWN])


@register.simple_tag
def timeline(document: Document) -> list[dict[str, Any]]:
    """What happened to a document, oldest first: promised, brought, stored, called for, gone wrong."""
    events = [*_own(document), *_brought(document), *_called(document), *_failed(document)]
    return sorted((event for event in events if event["when"]), key=lambda event: event["when"])


def _event(when: datetime | None, icon: str, what: str, detail: object = "", **more: Any) -> dict[str, Any]:
    return {"when": when, "icon": icon, "what": what, "detail": detail, **more}


def _own(document: Document) -> list[dict[str, Any]]:
    return [
        _event(document.created_at, "add_circle", "First heard of"),
        _event(document.verified_at, "verified", "Stored and proven", f"SHA-256 {document.doc_hash_256}"),
        _event(document.looked_at, "visibility", "Looked at and taken off the list"),
    ]


def _brought(document: Document) -> list[dict[str, Any]]:
    events = []
    for capture in captures_of([document]):
        whom = f"{capture.user.get_username()} · {capture.get_source_display()}"
        events.append(_event(capture.requested_at, "schedule", "Promised", whom))
        events.append(_event(capture.captured_at, "move_to_inbox", "Captured", f"{whom} {capture.device}"))
    return events


def _called(document: Document) -> list[dict[str, Any]]:
    return [
        _event(call.created_at, "receipt_long", call.operation, _said(call), trace_id=call.trace_id)
        for call in calls_of([document])
    ]


def _said(call: RequestTrace) -> str:
    return " ".join([call.outcome.lower(), *(str(value) for value in call.details.values())])


def _failed(document: Document) -> list[dict[str, Any]]:
    errors = ErrorLog.objects.filter(document=document).defer("stack_trace").order_by("-pk")[:SHOWN]
    return [_event(e.created_at, "error", e.code, e.message, trace_id=e.trace_id, is_error=True) for e in errors]


@register.filter
def rounded(count: int) -> str:
    """An estimate to two digits, as it deserves: `1 200 000` for 1 234 567."""
    step = 10 ** max(0, len(str(count)) - 2)
    return f"{round(count / step) * step:,}".replace(",", " ")


@register.simple_tag
def documents_of(versions: Iterable[Any]) -> list[Document]:
    return [version.document for version in versions]


@register.simple_tag
def people_of(document: Document) -> list[Candidate]:
    return list(document.candidates.defer(*HEAVY))


@register.simple_tag
def same_trace(row: RequestTrace | ErrorLog) -> list[RequestTrace | ErrorLog]:
    """The other ledger rows of the same call or task."""
    found: list[RequestTrace | ErrorLog] = [
        *RequestTrace.objects.filter(trace_id=row.trace_id)[:SHOWN],
        *ErrorLog.objects.filter(trace_id=row.trace_id).defer("stack_trace")[:SHOWN],
    ]
    return [other for other in found if other != row]
