"""The desk: the admin site, who may enter it, what stands in its sidebar. With `uploads/desk.py` the only file that
knows the theme."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from rest_framework.exceptions import APIException
from unfold.sites import UnfoldAdminSite

WORKING_RIGHTS = ("candidates.view_candidate", "uploads.run_ops")
TITLES = {403: "Not open to you", 404: "Not found"}
# The theme's scripts evaluate the attributes of its own templates, and set styles. No other page allows that.
DESK_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
with_desk_policy: Callable[[Callable[..., Any]], Callable[..., Any]] = csp_update(DESK_POLICY)


def may_enter(user: User | AnonymousUser) -> bool:
    return user.is_active and any(user.has_perm(right) for right in WORKING_RIGHTS)


class Desk(UnfoldAdminSite):
    """Recruiters, reviewers and ops work here; being staff alone opens nothing."""

    site_title = site_header = "CV intake"
    index_title = "Today"

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter(request.user)

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        inner = super().admin_view(view, cacheable)

        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return inner(request, *args, **kwargs)
            except Http404:
                return self.refuse(request, 404, "There is no such page, or what it showed is gone.")
            except PermissionDenied:
                return self.refuse(request, 403, "This is not open to you. Ask who looks after the installation.")
            except APIException as fault:  # of the store: it is away, or has lost what was verified
                return self.refuse(request, fault.status_code, str(fault.detail))

        return with_desk_policy(update_wrapper(page, view))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return with_desk_policy(super().login)(request, extra_context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from ats.today import today

        return super().index(request, {**today(request), **(extra_context or {})})

    def refuse(self, request: HttpRequest, status: int, sentence: str) -> TemplateResponse:
        context = {**self.each_context(request), "title": TITLES.get(status, "Not now")}
        return TemplateResponse(request, "admin/refused.html", {**context, "sentence": sentence}, status=status)


def primary_colours(request: HttpRequest) -> dict[str, str]:
    """The shades of the theme's first colour, a quiet blue (OKLCH: lightness, chroma, hue)."""
    shades = {
        "50": 97,
        "100": 94,
        "200": 88,
        "300": 80,
        "400": 70,
        "500": 60,
        "600": 52,
        "700": 45,
        "800": 38,
        "900": 32,
    }
    chroma = {"50": 0.014, "100": 0.03, "200": 0.06, "300": 0.1, "400": 0.15}
    return {name: f"oklch({light}% {chroma.get(name, 0.17)} 258)" for name, light in (shades | {"950": 25}).items()}


def desk_icon(request: HttpRequest) -> str:
    return static("ats/icon.svg")


def desk_css(request: HttpRequest) -> str:
    return static("ats/desk.css")


def desk_js(request: HttpRequest) -> str:
    return static("ats/desk.js")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: only what this user may open, with what waits."""
    from ats.today import waiting

    counts = waiting(request)
    places = [
        ("", [("Today", "home", "index", "", "")]),
        (
            "Review",
            [
                ("Candidates", "person_search", "candidates_candidate_changelist", "", "candidates.view_candidate"),
                ("To look at", "visibility", "uploads_document_changelist", "look=1", "uploads.view_document"),
            ],
        ),
        (
            "Intake",
            [
                ("Documents", "description", "uploads_document_changelist", "", "uploads.view_document"),
                ("Captures", "move_to_inbox", "capture_cvcapture_changelist", "", "capture.view_cvcapture"),
            ],
        ),
        (
            "Operations",
            [
                ("Calls", "receipt_long", "uploads_requesttrace_changelist", "", "uploads.view_requesttrace"),
                ("Errors", "error", "uploads_errorlog_changelist", "", "uploads.view_errorlog"),
                ("Devices", "devices", "capture_devicetoken_changelist", "", "capture.view_devicetoken"),
                ("Desktops", "computer", "capture_devicereport_changelist", "", "capture.view_devicereport"),
                ("Missing CVs", "unknown_document", "capture_detectedfile_changelist", "", "capture.view_detectedfile"),
                ("Monitor policies", "rule", "capture_monitorpolicy_changelist", "", "capture.view_monitorpolicy"),
            ],
        ),
        (
            "Access",
            [
                ("Users", "group", "auth_user_changelist", "", "auth.view_user"),
                ("Groups", "key", "auth_group_changelist", "", "auth.view_group"),
                ("Sign-in attempts", "lock", "axes_accessattempt_changelist", "", "axes.view_accessattempt"),
            ],
        ),
    ]
    groups = [
        {"title": title, "items": [_item(request, counts, *item[:4]) for item in items if _is_open(request, item[4])]}
        for title, items in places
    ]
    return [group for group in groups if group["items"]]


def _is_open(request: HttpRequest, right: str) -> bool:
    return not right or request.user.has_perm(right)


def _item(request: HttpRequest, counts: dict[str, str], title: str, icon: str, name: str, query: str) -> dict[str, Any]:
    path = reverse(f"admin:{name}")
    here = request.path == path if name == "index" else request.path.startswith(path)
    item: dict[str, Any] = {"title": title, "icon": icon, "link": f"{path}?{query}" if query else path}
    item["active"] = here and bool(query) == ("look" in request.GET)
    waits = counts.get(title.lower().replace(" ", "_"))
    if waits:
        item |= {"badge": waits, "badge_variant": "primary" if title == "Candidates" else "warning"}
    return item
