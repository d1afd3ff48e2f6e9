"""OpenAPI: every operation of a door documents the one envelope for its errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiResponse
from rest_framework import serializers


class ErrorSerializer(serializers.Serializer):
    """The one shape of every error. `errors` is empty unless fields are at fault."""

    detail = serializers.CharField()
    message = serializers.CharField(help_text="the same as detail")
    code = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # DRF has a property of that name
        child=serializers.ListField(child=serializers.CharField())
    )
    trace_id = serializers.UUIDField()


REFUSALS = {
    400: "The body cannot be read",
    401: "No token, or one that is malformed, unknown, expired or revoked",
    403: "Known, but not allowed",
    404: "There is no such thing, or the caller may not know of it",
    409: "The state does not allow it",
    413: "The body is too large",
    415: "Unknown media type",
    422: "Fields are at fault; each is named",
    429: "Too many calls; see Retry-After",
    503: "The database or the store is away; see Retry-After",
}


class DoorSchema(AutoSchema):
    def _get_response_bodies(self, direction: Direction = "response") -> Any:
        """Not by `get_response_serializers`: a view that names its answers itself replaces that one."""
        refused = {
            str(status): self._get_response_for_code(
                OpenApiResponse(ErrorSerializer, description=text), str(status), direction=direction
            )
            for status, text in REFUSALS.items()
        }
        return {**refused, **super()._get_response_bodies(direction)}
