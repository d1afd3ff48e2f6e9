"""Trace ids and the ledger for every call; Django's browser middleware for browsers only."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.exceptions import ParseError

from ats.errors import respond
from capture.models import DeviceToken
from uploads import ledger

GetResponse = Callable[[HttpRequest], HttpResponse]
_TRACE_ID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
NUL = "The address holds a character that no address needs."


class Trace:
    """Gives every call a trace id, and writes its ledger rows when it has ended."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Trace-Id", "")
        trace_id = uuid.UUID(given) if _TRACE_ID.fullmatch(given) else uuid.uuid4()
        trace = ledger.begin(ledger.Trace(id=trace_id))
        _unwrap_proxies(request)
        response = self.get_response(request)
        response["X-Trace-Id"] = str(trace_id)
        response.setdefault("Cache-Control", "no-store")  # answers are about people, unless they say otherwise
        self._close(request, response, trace)
        return response

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        door = getattr(view, "cls", view)
        writes = request.method in WRITES
        ledger.current().operation = getattr(door, "operation", door.__name__) if writes else door.__name__
        return respond(ParseError(NUL), request) if _holds_nul(request) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return None if is_desk(request) else respond(exception, request)

    def _close(self, request: HttpRequest, response: HttpResponse, trace: ledger.Trace) -> None:
        user = getattr(request, "user", None)
        if not user or not user.is_authenticated or is_desk(request):
            return
        if trace.error and trace.error["code"] == "DATABASE_UNAVAILABLE":
            return  # the log has it; the ledger lies in the same database
        trace.user_id = user.pk
        operation = _operation(request)
        is_call = request.method in WRITES and bool(operation)
        if response.status_code >= 400:
            trace.details["status"] = response.status_code
        if is_call and operation.startswith("cv_capture."):
            _count_for_device(request, failed=response.status_code >= 400)
        if is_call or trace.error:
            ledger.write(trace, is_call=is_call)


def _count_for_device(request: HttpRequest, failed: bool) -> None:
    device = getattr(request, "auth", None)
    if isinstance(device, DeviceToken):
        device.count_call(failed)


def _operation(request: HttpRequest) -> str:
    match = request.resolver_match
    return getattr(getattr(match.func, "cls", None), "operation", "") if match else ""


def _holds_nul(request: HttpRequest) -> bool:
    """No name and no text holds one, and PostgreSQL takes none: it would fail wherever it is asked for."""
    return "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")


def is_desk(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin")


def _unwrap_proxies(request: HttpRequest) -> None:
    """Behind N proxies of our own, the Nth address from the right of X-Forwarded-For is the client's."""
    if not settings.BEHIND_PROXIES:
        return
    addresses = request.headers.get("X-Forwarded-For", "").split(",")
    with suppress(ValueError):  # what is no address names nobody: the proxy itself stands then
        told = addresses[-min(settings.BEHIND_PROXIES, len(addresses))].strip()
        request.META["REMOTE_ADDR"] = str(ip_address(told))


def for_browsers(middleware: type) -> type:
    """The same middleware, passed by for a call that bears a token: such a call has no session to look up, and to a
    page it is a stranger's."""

    class ForBrowsers(middleware):
        def __call__(self, request: HttpRequest) -> HttpResponse:
            if "HTTP_AUTHORIZATION" in request.META and not is_desk(request):
                request.user = AnonymousUser()
                return self.get_response(request)
            return super().__call__(request)

    ForBrowsers.__name__ = ForBrowsers.__qualname__ = middleware.__name__
    return ForBrowsers


Session = for_browsers(SessionMiddleware)
Csrf = for_browsers(CsrfViewMiddleware)
Authentication = for_browsers(AuthenticationMiddleware)
Messages = for_browsers(MessageMiddleware)
ContentPolicy = for_browsers(CSPMiddleware)
