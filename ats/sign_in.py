"""Signing in at the desk: a right to work here is needed, and guessing is locked out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.forms import AuthenticationForm

from ats.admin_base import may_enter, with_desk_policy

NO_GROUP = "This account belongs to no group yet, so nothing is open to it. Ask who looks after the installation."


class SignIn(AuthenticationForm):
    """Asks for a right, where Django's own form asks for the staff flag."""

    def clean_username(self) -> str:
        """No account has a longer name, and the record of failed attempts has no room for one."""
        name: str = self.cleaned_data["username"]
        if len(name) > (User._meta.get_field("username").max_length or 0):
            raise self.get_invalid_login_error()
        return name

    def confirm_login_allowed(self, user: User) -> None:
        forms.AuthenticationForm.confirm_login_allowed(self, user)
        if not may_enter(user):
            raise ValidationError(NO_GROUP, code="no_group")


@with_desk_policy
def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """The page after too many failures: 429, the same for the right password."""
    hours = settings.AXES_COOLOFF_TIME
    context = {**admin.site.each_context(request), "title": "Locked for a while", "hours": hours}
    page = render(request, "admin/locked_out.html", context, status=429)
    page["Retry-After"] = str(int(hours * 3600))
    return page


@with_desk_policy
def too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form without the right CSRF token: mostly one that stood open while its reader signed in anew."""
    context = {**admin.site.each_context(request), "title": "This page is too old"}
    return render(request, "admin/too_old.html", context, status=403)
