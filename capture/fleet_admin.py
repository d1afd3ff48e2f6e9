"""The desktops on the desk: how each is, what is missing, what each group's monitors are to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from capture.fleet import SILENT_AFTER, DetectedFile, DeviceReport, MonitorPolicy
from uploads.badges import badge, moment
from uploads.desk import DeskAdmin, EvidenceAdmin, log_action

CLOCK_MATTERS = 300  # seconds: links of the store and tokens are refused beyond it


class DeviceReportAdmin(EvidenceAdmin):
    ordering = ("-seen_at", "-pk")
    nothing = "No desktop has reported yet. Issue a device its token, and start the monitor there."
    list_display = ("name", "user", "state", "seen", "version", "queue_depth", "failures", "stuck_count")
    list_filter = ("version", "seen_at")
    list_select_related = ("user", "token")
    search_fields = ("=device", "=user__username")
    search_help_text = "Desktop or user"
    fields = (
        "device",
        "user",
        "state",
        "token_page",
        "version",
        "seen",
        "queue_depth",
        "waiting",
        "clock",
        "stuck_files",
    )
    readonly_fields = ("state", "token_page", "seen", "waiting", "clock", "stuck_files")

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
    def stuck_count(self, report: DeviceReport) -> int:
        return len(report.stuck)

    @admin.display(description="Stuck files")
    def stuck_files(self, report: DeviceReport) -> str:
        lines = ((one.get("file_name", ""), one.get("reason", "")) for one in report.stuck)
        return format_html_join("", '<div class="desk-why">{}: {}</div>', lines) or "none"

    @admin.display(description="Oldest waits for")
    def waiting(self, report: DeviceReport) -> str:
        return lasting(report.oldest_waiting_s)

    @admin.display(description="Clock")
    def clock(self, report: DeviceReport) -> str:
        ahead = report.clock_ahead_s
        return "right" if abs(ahead) < CLOCK_MATTERS else f"{lasting(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}"

    @admin.display(description="Token")
    def token_page(self, report: DeviceReport) -> str:
        if not report.token:
            return "deleted"
        page = reverse("admin:capture_devicetoken_change", args=[report.token.device_id])
        return format_html('<a href="{}" class="text-link">{}</a>: rotate or revoke', page, report.token.name)


def lasting(seconds: int) -> str:
    """`2 days, 3 hours`; `less than a minute`."""
    now = timezone.now()
    return timesince(now - timedelta(seconds=seconds), now) if seconds >= 60 else "less than a minute"


def state_of(report: DeviceReport) -> str:
    if timezone.now() - report.seen_at > SILENT_AFTER:
        return "silent"
    return "stuck" if report.stuck else "well"


class MissingAdmin(EvidenceAdmin):
    """Only what is missing: what has been stored since leaves the list by itself."""

    ordering = ("-first_seen_at", "-pk")
    nothing = "No CV is missing: whatever a desktop saw more than an hour ago has been stored."
    list_display = ("file", "device", "user", "seen")
    list_filter = ("first_seen_at",)
    list_select_related = ("user",)
    search_fields = ("=sha256", "=device", "=user__username")
    search_help_text = "SHA-256, desktop or user"
    fields = ("whole", "desktop", "user", "seen")
    readonly_fields = ("whole", "desktop", "seen")
    actions = ("forgive",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return DetectedFile.objects.missing()

    @admin.display(description="SHA-256")
    def file(self, detected: DetectedFile) -> str:
        return f"{detected.sha256[:12]}…"  # whole on its own page: on a phone it would not fit

    @admin.display(description="SHA-256")
    def whole(self, detected: DetectedFile) -> SafeString:
        return format_html('<span class="desk-why">{}</span>', detected.sha256)

    @admin.display(description="Desktop")
    def desktop(self, detected: DetectedFile) -> str:
        report = DeviceReport.objects.filter(user=detected.user, device=detected.device).first()
        if not report:
            return detected.device
        page = reverse("admin:capture_devicereport_change", args=[report.pk])
        return format_html('<a href="{}" class="text-link">{}</a>: says what is stuck there', page, report.device)

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
    nothing = "No policy: every monitor goes by its own settings."
    list_display = ("group", "enabled", "rollout_percent", "patterns", "check_interval_sec")
    fields: Any = ("group", *MonitorPolicy.FIELDS)
