"""Calls a minute, for each user and door: a fixed window, counted atomically in the shared cache, in one round trip."""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache as local_cache
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from uploads.breaker import Breaker

logger = logging.getLogger(__name__)
WINDOW = 60  # seconds
counter = Breaker()


@cache
def shared_redis() -> redis.Redis:
    """A client that never waits long: whoever asks it can go on without an answer."""
    return redis.Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **settings.REDIS_PATIENCE)


def _count(key: str) -> int:
    if settings.REDIS_URL:
        pipeline = shared_redis().pipeline(transaction=False)
        pipeline.incr(key)
        pipeline.expire(key, 2 * WINDOW)
        return pipeline.execute()[0]
    local_cache.add(key, 0, 2 * WINDOW)
    return local_cache.incr(key)


class DoorThrottle(BaseThrottle):
    """A door names itself by `throttle_scope`; a view without one is not limited."""

    def allow_request(self, request: Request, view: Any) -> bool:
        door = getattr(view, "throttle_scope", None)
        if door is None or not request.user.is_authenticated or counter.is_open:
            return True
        window = int(time.time()) // WINDOW
        try:
            return _count(f"limit:{door}:{request.user.pk}:{window}") <= settings.RATES[door]
        except redis.RedisError as error:
            # The broker's absence changes no answer.
            counter.trip()
            logger.warning("Calls are not counted: %s", type(error).__name__)
            return True

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW
