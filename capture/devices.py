"""Devices on the desk: issue a token and show it once, rotate, revoke."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from capture.models import DeviceToken
from uploads.badges import badge, moment
from uploads.desk import DeskAdmin, LongList, NumberInput, Select, TextInput, log_action

DAYS, DAYS_MAX = 90, 3650


class IssueForm(forms.Form):
    """What a new device needs. The token itself is made by the server."""

    user = forms.ModelChoiceField(
        User.objects.none(), widget=Select, help_text="The device acts as this user and may do what this user may do."
    )
    name = forms.CharField(max_length=100, widget=TextInput, help_text="How you will know it again: “Asha’s laptop”.")
    days = forms.IntegerField(
        min_value=1, max_value=DAYS_MAX, initial=DAYS, widget=NumberInput, help_text="How long the token is valid."
    )

    def __init__(self, *args: Any, issuer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = User.objects.filter(is_active=True).order_by("username")
        # Nobody gains more than they have: a superuser's token comes from a superuser.
        user = cast(forms.ModelChoiceField, self.fields["user"])
        user.queryset = owners if issuer.is_superuser else owners.filter(is_superuser=False)


class DeviceList(LongList):
    def url_for_result(self, result: DeviceToken) -> str:
        return reverse("admin:capture_devicetoken_change", args=[result.device_id])  # the key is the token's digest


class StateFilter(SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Valid"), ("expired", "Expired"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        held, now = queryset.filter(revoked_at=None), timezone.now()
        states = {
            "open": held.exclude(expiry__lte=now),
            "expired": held.filter(expiry__lte=now),
            "revoked": queryset.filter(revoked_at__isnull=False),
        }
        return states.get(self.value() or "", queryset)


class DeviceTokenAdmin(DeskAdmin):
    """Rows are known by their device id: the digest of a token and its first characters are never shown."""

    ordering = ("-created", "-device_id")
    list_display = ("device", "user", "state", "last_seen", "last_ip", "until", "issued")
    list_filter = (StateFilter, "created")
    list_select_related = ("user",)
    search_fields = ("name", "=user__username")
    search_help_text = "Device or owner"
    actions: Any = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LongList]:
        return DeviceList

    def has_change_permission(self, request: HttpRequest, obj: DeviceToken | None = None) -> bool:
        return False  # changed by its verbs only

    def has_delete_permission(self, request: HttpRequest, obj: DeviceToken | None = None) -> bool:
        return False  # what was revoked stays as evidence

    @admin.display(description="Device")
    def device(self, token: DeviceToken) -> SafeString:
        return format_html('<span class="desk-name">{}</span>', token.name)

    @admin.display(description="State")
    def state(self, token: DeviceToken) -> SafeString:
        return badge(state_of(token))

    @admin.display(description="Last seen")
    def last_seen(self, token: DeviceToken) -> str:
        return moment(token.last_used_at) or "never"

    @admin.display(description="Valid until")
    def until(self, token: DeviceToken) -> str:
        return moment(token.expiry) or "without end"

    @admin.display(description="Issued")
    def issued(self, token: DeviceToken) -> str:
        return moment(token.created)

    # --- The page of one device: our own, because the admin's would link by the digest --------------------------------

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        device = DeviceToken.objects.select_related("user").filter(device_id=_uuid(object_id)).first()
        if device is None:
            raise Http404
        kind = ContentType.objects.get_for_model(DeviceToken)
        happened = LogEntry.objects.filter(content_type=kind, object_id=str(device.device_id)).select_related("user")
        facts = {"device": device, "state": state_of(device), "happened": happened.order_by("-pk")}
        return self._page(request, "page.html", device.name, **facts)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:capture_devicetoken_change", args=[object_id]))

    # --- Verbs --------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        do = self.admin_site.admin_view(require_POST(self.do))
        return [path("<uuid:device_id>/do/", do, name="device_do"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = IssueForm(request.POST or None, issuer=request.user)
        if not form.is_valid():
            return self._page(request, "issue.html", "Issue a token", form=form)
        asked = form.cleaned_data
        term = timedelta(days=asked["days"])
        device, token = DeviceToken.objects.create(asked["user"], name=asked["name"], expiry=term)
        return self._show_once(request, device, token, "Issued.", ADDITION)

    def do(self, request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
        if not request.user.has_perm("capture.change_devicetoken"):
            raise PermissionDenied
        device = get_object_or_404(DeviceToken.objects.filter(revoked_at=None), device_id=device_id)
        if device.user.is_superuser and not request.user.is_superuser:
            raise PermissionDenied
        if request.POST.get("verb") == "rotate":
            log_action(request, [device], "Rotated: this token has ended, a new one follows.", key="device_id")
            renewed, token = device.rotate()
            return self._show_once(request, renewed, token, "Issued by rotating.", ADDITION)
        if request.POST.get("verb") != "revoke":
            raise Http404
        device.revoke()
        log_action(request, [device], "Revoked.", key="device_id")
        messages.success(request, f"{device.name}: revoked. It is refused from this moment on.")
        return HttpResponseRedirect(reverse("admin:capture_devicetoken_change", args=[device_id]))

    def _show_once(
        self, request: HttpRequest, device: DeviceToken, token: str, words: str, flag: int
    ) -> TemplateResponse:
        """The only page that ever holds the token; `admin_view` forbids that it is stored."""
        log_action(request, [device], words, flag, key="device_id")
        return self._page(request, "token.html", "The token, shown once", device=device, token=token)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/capture/devicetoken/{template}", {**frame, **context})


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def state_of(token: DeviceToken) -> str:
    if token.revoked_at:
        return "revoked"
    return "valid" if token.is_open else "expired"
