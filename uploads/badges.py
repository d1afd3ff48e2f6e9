"""States as coloured words. Knows no theme, so that templates may use it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from uploads.models import Document

KINDS = {
    "new": "info", "shortlisted": "good", "rejected": "bad",
    "valid": "good", "expired": "warn", "revoked": "bad",
    "waiting to be read": "info", "being read": "info", "read": "good", "could not be read": "warn",
    "stored": "good", "upload failed": "bad", "being analysed": "info", "ready": "good",
    "active": "good", "closed": "bad", "done": "good", "failed": "bad",
    "well": "good", "stuck": "warn", "silent": "plain",
}  # fmt: skip


def badge(word: object, kind: str = "") -> SafeString:
    """`kind` is info, good, warn, bad or plain; without it the word decides."""
    return format_html('<span class="desk-badge desk-{}">{}</span>', kind or KINDS.get(str(word), "plain"), word)


def moment(when: datetime | None) -> str | SafeString:
    """A time on one line, in UTC like all times of the desk."""
    return format_html('<time class="desk-time">{}</time>', f"{when:%d %b %Y, %H:%M}") if when else ""


def ago(when: datetime) -> SafeString:
    """`just now`, `5 minutes ago`; the moment itself, in UTC, as a tooltip."""
    words = f"{timesince(when, depth=1)} ago" if timezone.now() - when >= timedelta(minutes=1) else "just now"
    return format_html('<time class="desk-time" title="{} UTC">{}</time>', f"{when:%Y-%m-%d %H:%M}", words)


def state_badge(document: Document) -> SafeString:
    """How far this document has come: its upload until it is stored, then its reading."""
    if document.is_stored and document.parse_status != Document.ParseStatus.NOT_NEEDED:
        return badge(document.get_parse_status_display())
    return badge(document.get_upload_status_display())
