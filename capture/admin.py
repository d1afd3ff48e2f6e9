"""Captures on the desk: who brought what from where, read only."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from capture.devices import DeviceTokenAdmin
from capture.fleet_admin import DeviceReportAdmin, MissingAdmin, MonitorPolicyAdmin
from capture.models import CVCapture, DetectedFile, DeviceReport, DeviceToken, MonitorPolicy
from uploads.badges import moment, state_badge
from uploads.desk import EvidenceAdmin

admin.site.register(DeviceToken, DeviceTokenAdmin)
admin.site.register(DeviceReport, DeviceReportAdmin)
admin.site.register(DetectedFile, MissingAdmin)
admin.site.register(MonitorPolicy, MonitorPolicyAdmin)


@admin.register(CVCapture)
class CVCaptureAdmin(EvidenceAdmin):
    list_display = ("file", "state", "user", "source", "device", "captured", "promised")
    list_filter = ("source", "captured_at")
    search_fields = ("file_name", "=user__username", "=document__doc_hash_256", "=device")
    search_help_text = "File name, user, device or SHA-256"
    fields = ("file_name", "user", "source", "device", "emp_id", "ip_address", "detected_at", "uploaded_at",
              "requested_at", "captured_at")  # fmt: skip
    change_form_template = "admin/capture/capture_page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("user", "document")
        return rows.defer("document__text", "document__parsed")

    @admin.display(description="File")
    def file(self, capture: CVCapture) -> SafeString:
        return format_html('<span class="desk-name">{}</span>', capture.file_name)

    @admin.display(description="Document")
    def state(self, capture: CVCapture) -> SafeString:
        return state_badge(capture.document)

    @admin.display(description="Captured")
    def captured(self, capture: CVCapture) -> str:
        return moment(capture.captured_at) or "not yet"

    @admin.display(description="Promised")
    def promised(self, capture: CVCapture) -> str:
        return moment(capture.requested_at)
