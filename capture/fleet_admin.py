"""The desktops on the desk: how each is, what is missing, what each group's monitors are to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from capture.fleet import SILENT_AFTER, DetectedFile, DeviceReport, MonitorPolicy
from uploads.badges import badge, moment
from uploads.desk import DeskAdmin, EvidenceAdmin, log_action


class DeviceReportAdmin(EvidenceAdmin):
    ordering = ("-seen_at", "-pk")
    list_display = ("name", "user", "state", "seen", "version", "queue_depth", "failures", "stuck_files")
    list_filter = ("version", "seen_at")
    list_select_related = ("user", "token")
    search_fields = ("=device", "=user__username")
    search_help_text = "Desktop or user"
    fields = ("device", "user", "version", "seen_at", "queue_depth", "oldest_waiting_s", "clock_ahead_s", "stuck_files")
    readonly_fields = ("stuck_files",)

    @admin.display(description="Desktop")
    def name(self, report: DeviceReport) -> SafeString:
        return format_html('<span class="desk-name">{}</span>', report.device)

    @admin.display(description="State")
    def state(self, report: DeviceReport) -> SafeString:
        return badge(state_of(report))

    @admin.display(description="Last heard")
    def seen(self, report: DeviceReport) -> str:
        return moment(report.seen_at)

    @admin.display(description="Failures in a row")
    def failures(self, report: DeviceReport) -> int:
        return report.token.failures_in_row if report.token else 0

    @admin.display(description="Stuck files")
    def stuck_files(self, report: DeviceReport) -> str:
        lines = ((one.get("file_name", ""), one.get("reason", "")) for one in report.stuck)
        return format_html_join("", "<div>{}: {}</div>", lines) or "none"


def state_of(report: DeviceReport) -> str:
    if timezone.now() - report.seen_at > SILENT_AFTER:
        return "silent"
    return "stuck" if report.stuck else "well"


class MissingAdmin(EvidenceAdmin):
    """Only what is missing: what has been stored since leaves the list by itself."""

    ordering = ("-first_seen_at", "-pk")
    list_display = ("file", "device", "user", "seen")
    list_filter = ("first_seen_at",)
    list_select_related = ("user",)
    search_fields = ("=sha256", "=device", "=user__username")
    search_help_text = "SHA-256, desktop or user"
    fields = ("sha256", "device", "user", "first_seen_at")
    actions = ("forgive",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return DetectedFile.objects.missing()

    @admin.display(description="SHA-256")
    def file(self, detected: DetectedFile) -> str:
        return f"{detected.sha256[:12]}…"  # whole on its own page: on a phone it would not fit

    @admin.display(description="Seen on the desktop")
    def seen(self, detected: DetectedFile) -> str:
        return moment(detected.first_seen_at)

    @admin.action(description="It need not come any more", permissions=["forgive"])
    def forgive(self, request: HttpRequest, detected: QuerySet) -> None:
        log_action(request, detected, "Need not come any more")
        DetectedFile.objects.filter(pk__in=detected.values("pk")).update(forgiven=True)

    def has_forgive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("capture.change_detectedfile")


class MonitorPolicyAdmin(DeskAdmin):
    ordering = ("pk",)
    list_display = ("group", "enabled", "rollout_percent", "check_interval_sec")
    fields: Any = ("group", *MonitorPolicy.FIELDS)
