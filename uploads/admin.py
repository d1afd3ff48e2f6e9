"""Documents and the ledger on the desk: what is true, read only."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from uploads.badges import badge, moment, state_badge
from uploads.desk import EvidenceAdmin, log_action, was_logged
from uploads.ledger import ErrorLog, RequestTrace
from uploads.models import Document
from uploads.queries import DocumentQuerySet
from uploads.serving import SAME_LOOK, goes_on, is_first_look, show

SHA256_DIGITS, SAID_MAX = 64, 200


class LookFilter(SimpleListFilter):
    title, parameter_name = "to look at", "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Came to no candidate, not yet seen")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.to_look_at() if self.value() else queryset


@admin.register(Document)
class DocumentAdmin(EvidenceAdmin):
    ordering = ("-created_at", "-pk")
    list_display = ("name", "state", "reason", "size", "when")
    list_filter = (LookFilter, "upload_status", "parse_status", "created_at")
    fields = ("original_filename",)
    search_fields = ("original_filename", "doc_hash_256")
    search_help_text = "File name or SHA-256"
    actions = ("read_again", "seen")
    change_form_template = "admin/uploads/document/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return Document.objects.light()

    @admin.display(description="File")
    def name(self, document: Document) -> SafeString:
        return format_html('<span class="desk-name">{}</span>', document.original_filename)

    @admin.display(description="State")
    def state(self, document: Document) -> SafeString:
        return state_badge(document)

    @admin.display(description="Why", empty_value="")
    def reason(self, document: Document) -> SafeString:
        return format_html('<span class="desk-why">{}</span>', document.parse_reason or document.failure_code)

    @admin.display(description="Size")
    def size(self, document: Document) -> str:
        return filesizeformat(document.file_size_bytes)

    @admin.display(description="First heard of")
    def when(self, document: Document) -> str:
        return moment(document.created_at)

    # --- Verbs: on many rows, or by one click on the page -------------------------------------------------------------

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("uploads.change_document")

    @admin.action(description="Read again", permissions=["decide"])
    def read_again(self, request: HttpRequest, documents: QuerySet) -> None:
        started = [document for document in documents if document.read_again()]
        log_action(request, started, "Asked to be read again.")
        messages.success(request, f"{len(started)} will be read again in a moment.")

    @admin.action(description="Seen: take off the list", permissions=["decide"])
    def seen(self, request: HttpRequest, documents: DocumentQuerySet) -> None:
        seen = list(documents.to_look_at())
        documents.mark_looked_at()
        log_action(request, seen, "Looked at.")
        messages.success(request, f"{len(seen)} taken off the list.")

    # --- Pages --------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        own = [
            path("<uuid:doc_id>/file/", self.admin_site.admin_view(require_safe(self.file)), name="document_file"),
            path("<uuid:doc_id>/do/", self.admin_site.admin_view(require_POST(self.do)), name="document_do"),
        ]
        return own + super().get_urls()

    def file(self, request: HttpRequest, doc_id: Any) -> HttpResponseBase:
        """The bytes: shown in a frame where they are a PDF, else to be downloaded."""
        if not request.user.has_perm("uploads.download_document"):
            raise Http404
        document = get_object_or_404(Document.objects.stored().light(), pk=doc_id)
        response = show(request, document)
        words = "Downloaded." if "download" in request.GET else "Looked at the file."
        if is_first_look(response) or (goes_on(response) and not was_logged(request, document, words, SAME_LOOK)):
            log_action(request, [document], words)
        return response

    def do(self, request: HttpRequest, doc_id: Any) -> HttpResponseRedirect:
        if not self.has_decide_permission(request):
            raise Http404
        verb = {"read_again": self.read_again, "seen": self.seen}.get(request.POST.get("verb", ""))
        if verb is None:
            raise Http404
        verb(request, Document.objects.light().filter(pk=doc_id))
        return HttpResponseRedirect(reverse("admin:uploads_document_change", args=[doc_id]))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may_decide = self.has_decide_permission(request)
        return super().change_view(request, object_id, form_url, {"may_decide": may_decide, **(extra_context or {})})


class LedgerAdmin(EvidenceAdmin):
    list_select_related = ("user",)
    search_fields = ("trace_id",)  # only so that the box is there
    search_help_text = "Trace id, document id, SHA-256, operation or user"
    change_form_template = "admin/uploads/ledger_page.html"
    fields = ("trace_id",)

    def get_search_results(self, request: HttpRequest, rows: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return search_ledger(rows, search_term.strip()) if search_term.strip() else rows, False

    @admin.display(description="When")
    def when(self, row: Any) -> str:
        return moment(row.created_at)

    @admin.display(description="User")
    def who(self, row: Any) -> str:
        return row.user.get_username() if row.user else "–"

    @admin.display(description="Trace")
    def trace(self, row: Any) -> SafeString:
        return format_html("<code>{}</code>", row.trace_id)


def search_ledger(rows: QuerySet, term: str) -> QuerySet:
    """Exact look-ups, each by an index where a million rows may lie."""
    try:
        known = uuid.UUID(term)
    except ValueError:
        if len(term) == SHA256_DIGITS:
            return rows.filter(document__doc_hash_256=term.lower())
        return rows.filter(Q(operation=term) | Q(user__username=term))
    return rows.filter(Q(trace_id=known) | Q(document_id=known))


@admin.register(RequestTrace)
class RequestTraceAdmin(LedgerAdmin):
    list_display = ("when", "operation", "result", "who", "said", "took", "trace")
    list_filter = ("outcome", "created_at")

    @admin.display(description="Outcome")
    def result(self, row: RequestTrace) -> SafeString:
        return badge("failed" if row.outcome == RequestTrace.Outcome.FAILED else "done")

    @admin.display(description="What was said")
    def said(self, row: RequestTrace) -> str:
        return ", ".join(str(value) for value in row.details.values())[:SAID_MAX]

    @admin.display(description="Took")
    def took(self, row: RequestTrace) -> str:
        return f"{row.duration_ms} ms"


@admin.register(ErrorLog)
class ErrorLogAdmin(LedgerAdmin):
    list_display = ("when", "label", "operation", "said", "who", "trace")
    list_filter = ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("stack_trace")

    @admin.display(description="Code")
    def label(self, row: ErrorLog) -> SafeString:
        return badge(row.code, "bad")

    @admin.display(description="Message")
    def said(self, row: ErrorLog) -> SafeString:
        return format_html('<span class="desk-why">{}</span>', row.message[:SAID_MAX])
