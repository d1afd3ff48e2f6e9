"""The one envelope for every error of every door."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from uploads import ledger
from uploads.errors import RETRY_AFTER

logger = logging.getLogger(__name__)
LEDGER_CODES = {"invalid_hash": "INVALID_HASH", "store_unavailable": "S3_ERROR", "error": "SYSTEM_ERROR"}


class DatabaseUnavailable(exceptions.APIException):
    status_code = 503
    default_detail = "The database does not answer. Nothing was lost; please try again."
    default_code = "database_unavailable"
    wait = RETRY_AFTER


def envelope(detail: str, code: str, errors: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {
        "detail": detail,
        "message": detail,
        "code": code,
        "errors": errors or {},
        "trace_id": str(ledger.current().id),
    }


def handler(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every exception of a door becomes the envelope."""
    status, body, headers = render(exc)
    request = context["request"]
    view = context["view"]
    _log_refusal(getattr(view, "operation", type(view).__name__), request, status, body)
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    return Response(body, status=status, headers=headers)


def render(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, envelope and headers of any exception; notes it for the ledger."""
    known = _known(exc)
    if known is None:
        logger.error("Unexpected error", exc_info=exc)
        detail = "Something went wrong here. It has been noted."
        ledger.note_error("SYSTEM_ERROR", f"{type(exc).__name__}", exc)
        return 500, envelope(detail, "error"), {}
    detail, code, errors = _describe(known)
    stack = known if known.status_code >= 500 else None
    ledger.note_error(LEDGER_CODES.get(code, code.upper()), _with_fields(detail, errors), stack)
    return known.status_code, envelope(detail, code, errors), _headers(known)


def _known(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError("This request cannot be read.")
    if isinstance(exc, OperationalError | InterfaceError):
        unavailable = DatabaseUnavailable()
        unavailable.__cause__ = exc
        return unavailable
    return None


def _describe(exc: exceptions.APIException) -> tuple[str, str, dict[str, list[str]]]:
    if not isinstance(exc, exceptions.ValidationError):
        codes = exc.get_codes()
        return str(exc.detail), codes if isinstance(codes, str) else exc.default_code, {}
    exc.status_code = 422
    errors = _by_field(exc.detail)
    fields, messages = list(errors), [message for found in errors.values() for message in found]
    code = "invalid_hash" if "invalid_hash" in str(exc.get_codes()) else "validation_error"
    if len(messages) == 1:
        detail = messages[0] if not messages[0].startswith("This ") else f"{fields[0]}: {messages[0]}"
    else:
        detail = f"These fields are at fault: {', '.join(fields)}."
    return detail, code, {} if fields == [""] else errors


def _by_field(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested details as one level of `field.inner` names."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            inner_path = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            for field, messages in _by_field(inner, inner_path).items():
                found.setdefault(field, []).extend(messages)
        return found
    if isinstance(detail, list):
        found = {}
        for item in detail:
            for field, messages in _by_field(item, path).items():
                found.setdefault(field, []).extend(messages)
        return found
    return {path: [str(detail)]}


def _with_fields(detail: str, errors: dict[str, list[str]]) -> str:
    return " ".join([detail, *(f"[{field}: {' '.join(messages)}]" for field, messages in errors.items())])


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    wait = getattr(exc, "wait", None)
    if wait is not None or exc.status_code == 503:
        headers["Retry-After"] = str(max(1, round(wait or RETRY_AFTER)))
    return headers


def _log_refusal(operation: str, request: Any, status: int, body: dict[str, Any]) -> None:
    """One log line for each refusal; those of the capture and chunk doors stand in their daily logs."""
    facts = {
        "operation": operation,
        "status": status,
        "code": body["code"],
        "errors": body["errors"],
        "trace_id": body["trace_id"],
        "ip_address": request.META.get("REMOTE_ADDR", ""),
    }
    level = logging.ERROR if status >= 500 else logging.WARNING
    logging.getLogger(f"door.{operation}").log(level, "Request refused", extra={"facts": facts})


def respond(exc: Exception, request: HttpRequest) -> HttpResponse:
    """The envelope outside of DRF: plain views and Django's own refusals."""
    status, body, headers = render(exc)
    _log_refusal(ledger.current().operation or "unknown", request, status, body)
    return JsonResponse(body, status=status, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(exceptions.ParseError("This request cannot be read."), request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(exceptions.PermissionDenied(), request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(exceptions.NotFound(), request)


def server_error(request: HttpRequest) -> HttpResponse:
    body = envelope("Something went wrong here. It has been noted.", "error")
    return JsonResponse(body, status=500)
