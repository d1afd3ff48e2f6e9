"""Who may come in: users and groups for superusers, and the sign-in attempts that were refused."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from axes.utils import reset
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from uploads.badges import badge
from uploads.desk import EvidenceAdmin

for model in (AccessAttempt, AccessFailureLog, AccessLog, User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class DeskUserAdmin(UserAdmin, ModelAdmin):
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("username", "name", "rights", "state", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    show_full_result_count = False
    list_fullwidth = True
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", ("first_name", "last_name"), "email")}),
        ("What they may do", {"fields": ("is_active", "groups", "is_superuser")}),
        ("Dates", {"fields": (("last_login", "date_joined"),)}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "password1", "password2", "groups")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="Name")
    def name(self, user: User) -> str:
        return user.get_full_name() or "–"

    @admin.display(description="Groups")
    def rights(self, user: User) -> SafeString:
        names = ["superuser"] * user.is_superuser + [group.name for group in user.groups.all()]
        return format_html_join(" ", '<span class="desk-badge desk-info">{}</span>', ((name,) for name in names))

    @admin.display(description="State")
    def state(self, user: User) -> SafeString:
        return badge("active" if user.is_active else "closed")


@admin.register(Group)
class DeskGroupAdmin(GroupAdmin, ModelAdmin):
    filter_horizontal = ()


@admin.register(AccessAttempt)
class AccessAttemptAdmin(EvidenceAdmin):
    """Who guessed where; a lock can be opened at once."""

    list_display = ("attempt_time", "username", "ip_address", "failures", "user_agent")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    fields = ("attempt_time", "username", "ip_address", "failures_since_start", "user_agent", "path_info")
    actions: Any = ("unlock",)

    @admin.display(description="Failures")
    def failures(self, attempt: AccessAttempt) -> SafeString:
        return badge(attempt.failures_since_start, "warn")

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("axes.change_accessattempt")

    @admin.action(description="Open the lock", permissions=["unlock"])
    def unlock(self, request: HttpRequest, attempts: QuerySet) -> None:
        for attempt in attempts:
            reset(username=attempt.username, ip=attempt.ip_address)
        messages.success(request, "They may try again.")
