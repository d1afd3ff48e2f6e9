"""Rights as DRF permissions: `may("capture.add_cvcapture")`."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.models import User
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


@cache
def may(*names: str) -> type[BasePermission]:
    """Lets in who has one of these rights."""

    class May(BasePermission):
        message = "You are signed in, but this is not open to you."

        def has_permission(self, request: Request, view: Any) -> bool:
            return any(request.user.has_perm(name) for name in names)

    return May


def may_each(**rights: str) -> type[BasePermission]:
    """Lets in who has the right that the method needs: `may_each(GET="…", POST="…")`. Other methods are not there."""

    class MayEach(BasePermission):
        message = "You are signed in, but this is not open to you."

        def has_permission(self, request: Request, view: Any) -> bool:
            needed = rights.get("GET" if request.method == "HEAD" else str(request.method))
            return needed is None or request.user.has_perm(needed)

    return MayEach


RUN_OPS = "uploads.run_ops"


def asker(request: Request) -> User:
    """The signed-in user of a call that has passed its permissions."""
    assert isinstance(request.user, User)
    return request.user
