"""The desk: the admin site, who may enter it, what stands in its sidebar. With `uploads/desk.py` the only file that
knows the theme."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, NamedTuple

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from rest_framework.exceptions import APIException
from unfold.sites import UnfoldAdminSite

WORKING_RIGHTS = ("candidates.view_candidate", "uploads.run_ops")
TITLES = {400: "Not understood", 403: "Not open to you", 404: "Not found"}
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
            except (SuspiciousOperation, DataError, OverflowError, RecursionError):  # no link or form of ours
                return self.refuse(request, 400, "This page was asked for in a way that it cannot be.")
            except APIException as fault:  # of the store: it is away, or has lost what was verified
                return self.refuse(request, fault.status_code, str(fault.detail))

        return with_desk_policy(update_wrapper(page, view))

    def get_urls(self) -> list[Any]:
        """Without what nothing here links to: the theme's own search, and the way to a model's public page."""
        unused = ("search", "view_on_site")
        return [url for url in super().get_urls() if getattr(url, "name", "") not in unused]

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


class Place(NamedTuple):
    """An entry of the sidebar: a page by the name of its URL, and the right that opens it (none: everybody's)."""

    title: str
    icon: str
    page: str
    right: str = ""
    query: str = ""


def _list(title: str, icon: str, app: str, model: str, query: str = "") -> Place:
    return Place(title, icon, f"admin:{app}_{model}_changelist", f"{app}.view_{model}", query)


SIDEBAR = {
    "": [Place("Today", "home", "admin:index")],
    "Review": [
        _list("Candidates", "person_search", "candidates", "candidate"),
        _list("To look at", "visibility", "uploads", "document", "look=1"),
    ],
    "Intake": [
        Place("Upload", "upload_file", "upload_page", "uploads.add_document"),
        _list("Documents", "description", "uploads", "document"),
        _list("Captures", "move_to_inbox", "capture", "cvcapture"),
    ],
    "Operations": [
        _list("Calls", "receipt_long", "uploads", "requesttrace"),
        _list("Errors", "error", "uploads", "errorlog"),
        _list("Devices", "devices", "capture", "devicetoken"),
        _list("Desktops", "computer", "capture", "devicereport"),
        _list("Missing CVs", "unknown_document", "capture", "detectedfile"),
        _list("Monitor policies", "rule", "capture", "monitorpolicy"),
    ],
    "Access": [
        _list("Users", "group", "auth", "user"),
        _list("Groups", "key", "auth", "group"),
        _list("Sign-in attempts", "lock", "axes", "accessattempt"),
    ],
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: only what this user may open, with what waits."""
    from ats.today import waiting

    counts = waiting(request)
    groups = [
        {"title": title, "items": [_item(request, counts, place) for place in places if _is_open(request, place)]}
        for title, places in SIDEBAR.items()
    ]
    return [group for group in groups if group["items"]]


def _is_open(request: HttpRequest, place: Place) -> bool:
    return not place.right or request.user.has_perm(place.right)


def _item(request: HttpRequest, counts: dict[str, str], place: Place) -> dict[str, Any]:
    path = reverse(place.page)
    here = request.path == path if place.page == "admin:index" else request.path.startswith(path)
    link = f"{path}?{place.query}" if place.query else path
    item: dict[str, Any] = {"title": place.title, "icon": place.icon, "link": link}
    item["active"] = here and bool(place.query) == ("look" in request.GET)
    waits = counts.get(place.title.lower().replace(" ", "_"))
    if waits:
        item |= {"badge": waits, "badge_variant": "primary" if place.title == "Candidates" else "warning"}
    return item
