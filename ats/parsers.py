"""Bodies: small, flat, honest about their type. Answers: always JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import QueryDict
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MOST_LEVELS = 20
MISMATCH = "The body is {is_}, but the Content-Type says {says}. Send the body as its Content-Type says."


class BodyTooLarge(exceptions.APIException):
    status_code = 413
    default_detail = f"A body may have at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024} kB."
    default_code = "body_too_large"


def _read(stream: IO[bytes]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge
    return body


class StrictJSONParser(BaseParser):
    """A JSON object in UTF-8, at most 20 levels deep."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        body = _read(stream)
        try:
            data = json.loads(body.decode(), parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            raise exceptions.ParseError("The body is not UTF-8.") from None
        except RecursionError:
            raise exceptions.ParseError("The body is nested too deeply.") from None
        except ValueError:
            if re.match(rb"\w+=", body):
                says = "application/json"
                raise exceptions.ValidationError(MISMATCH.format(is_="a form", says=says)) from None
            raise exceptions.ParseError("The body is not valid JSON.") from None
        if not isinstance(data, dict):
            raise exceptions.ParseError("A JSON object is needed.")
        if _too_deep(data):
            raise exceptions.ParseError("The body is nested too deeply.")
        return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _too_deep(data: Any) -> bool:
    level = [data]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


class StrictFormParser(BaseParser):
    """A URL-encoded form. JSON under a form's header is told so."""

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> QueryDict:
        body = _read(stream)
        if body.lstrip()[:1] in (b"{", b"["):
            raise exceptions.ValidationError(MISMATCH.format(is_="JSON", says=self.media_type))
        try:
            unquote_to_bytes(body).decode()
            return QueryDict(body, encoding="utf-8")
        except UnicodeDecodeError:
            raise exceptions.ParseError("The body is not UTF-8.") from None


class AlwaysJSON(BaseContentNegotiation):
    """One representation, whatever the client would accept."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type
