"""Who calls: a bearer token, or a browser's session."""

from __future__ import annotations

import copy
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.crypto import hash_token
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request

from capture.models import DeviceToken
from uploads.sql import fetch_one, revive

# Token, user and every right of the user in one statement.
_LOOK_UP = """
SELECT t.digest, t.device_id, t.last_used_at, t.failures_in_row, u.id, u.username, u.is_staff, u.is_superuser, {rights}
FROM device_tokens t
JOIN auth_user u ON u.id = t.user_id AND u.is_active
LEFT JOIN auth_user_groups ug ON ug.user_id = u.id
LEFT JOIN auth_user_user_permissions up ON up.user_id = u.id
LEFT JOIN auth_group_permissions gp ON gp.group_id = ug.group_id
LEFT JOIN auth_permission p ON p.id = gp.permission_id OR p.id = up.permission_id
LEFT JOIN django_content_type ct ON ct.id = p.content_type_id
WHERE t.digest = %(digest)s AND t.revoked_at IS NULL AND (t.expiry IS NULL OR t.expiry > %(now)s)
GROUP BY t.digest, u.id
"""
_RIGHTS = {
    "postgresql": "string_agg(ct.app_label || '.' || p.codename, ',')",
    "sqlite": "group_concat(ct.app_label || '.' || p.codename, ',')",
}
USED_EVERY = timedelta(minutes=1)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`: hashed at rest, expiring, revocable, with the time of its last use."""

    def authenticate(self, request: Request) -> tuple[User, DeviceToken] | None:
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"bearer":
            raise exceptions.AuthenticationFailed("The Authorization header must read: Bearer <token>.")
        user, token = look_up(words[1].decode("latin-1"))
        if token.last_used_at is None or timezone.now() - token.last_used_at > USED_EVERY:
            token.mark_used(request.META.get("REMOTE_ADDR", ""))
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="ats"'


def look_up(token: str) -> tuple[User, DeviceToken]:
    """The user and device of a token; AuthenticationFailed for one that is unknown, expired or revoked."""
    sql = _LOOK_UP.format(rights=_RIGHTS[connection.vendor])
    row = fetch_one(sql, {"digest": hash_token(token), "now": timezone.now()})
    if row is None:
        raise exceptions.AuthenticationFailed("This token is unknown, has expired or was revoked.")
    digest, device_id, last_used_at, failures, user_id, username, is_staff, is_superuser, rights = row
    user = User(id=user_id, username=username, is_staff=is_staff, is_superuser=is_superuser)
    user._state.adding = False
    user.__dict__["_perm_cache"] = set((rights or "").split(","))  # where ModelBackend keeps what it has asked for
    device = DeviceToken(
        digest=digest,
        device_id=uuid.UUID(str(device_id)),
        user=user,
        last_used_at=revive(last_used_at),
        failures_in_row=failures,
    )
    device._state.adding = False
    return user, device


class BrowserAuthentication(SessionAuthentication):
    """A signed-in browser page, with CSRF. A call that bears an Authorization header is never one."""

    def enforce_csrf(self, request: Any) -> None:
        """Looks for the CSRF token in the header only: Django would look into the body of a POST first, and so copy a
        chunk of a file to a temporary place before its door has seen it."""
        bodiless = copy.copy(request)
        bodiless.method = "PUT" if request.method == "POST" else request.method
        super().enforce_csrf(bodiless)


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class BrowserScheme(OpenApiAuthenticationExtension):
    target_class = BrowserAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
