"""Is the house alive, and is it ready?"""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from rest_framework.exceptions import APIException

from ats.limits import shared_redis
from uploads.storage import get_store

SCHEDULE_LATE = 60  # seconds without a sweep
SCHEDULE_SEEN = "schedule:seen"


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """503 when the database or the store is away; `degraded` when the broker or the schedule is."""
    checks = {name: _passes(check) for name, check in CHECKS.items()}
    vital = checks["database"] and checks["store"]
    status = "ok" if all(checks.values()) else "degraded" if vital else "unavailable"
    words = {name: "ok" if passed else "away" for name, passed in checks.items()}
    response = JsonResponse({"status": status, "checks": words}, status=200 if vital else 503)
    if not vital:
        response["Retry-After"] = "5"
    return response


def _passes(check: Callable[[], object]) -> bool:
    try:
        return check() is not False
    except (DatabaseError, redis.RedisError, APIException, OSError):
        return False


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> bool:
    return bool(settings.REDIS_URL) and bool(shared_redis().ping())


def _schedule() -> bool:
    return time.time() - cache.get(SCHEDULE_SEEN, 0) < SCHEDULE_LATE


CHECKS: dict[str, Callable[[], object]] = {
    "database": _database,
    "store": lambda: get_store().check(),
    "broker": _broker,
    "schedule": _schedule,
}
