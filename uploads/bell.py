"""Sending a task as a nudge: a sleeping broker never fails, and hardly delays, what was already committed."""

from __future__ import annotations

import logging
from functools import cache
from operator import attrgetter

import kombu.message  # noqa: F401 (celery loads it with the first message)
from celery import Task, current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from kombu.pools import ProducerPool, producers

from uploads.breaker import Breaker

logger = logging.getLogger(__name__)
broker = Breaker()


@cache
def _producers() -> ProducerPool:
    """Connections of our own, with less patience than a worker's, which waits on its connection for work."""
    once = {**settings.REDIS_PATIENCE, "max_retries": 0}
    connection = current_app.connection(settings.CELERY_BROKER_URL, transport_options=once)
    return producers[connection]


def get_ready() -> None:
    """Loads what the first message of a process would load, which costs its caller a tenth of a second. Connects to
    nothing, so a web server does it once, before it forks."""
    current_app.finalize()
    for part in ("backend", "amqp.send_task_message"):  # both are made when they are first asked for
        attrgetter(part)(current_app)
    if settings.CELERY_BROKER_URL:
        attrgetter("transport")(current_app.connection(settings.CELERY_BROKER_URL))


def nudge(task: Task, *args: str) -> bool:
    """Publishes `task`; False when the broker did not take it. The sweeps find the row then."""
    if not settings.CELERY_BROKER_URL or broker.is_open:
        return False
    try:
        with _producers().acquire(block=True, timeout=1) as producer:
            task.apply_async(args, producer=producer, retry=False)
    except (OperationalError, OSError) as error:
        broker.trip()
        logger.warning("The broker did not take %s (%s); a sweep will.", task.name, type(error).__name__)
        return False
    return True


def forget_connections() -> None:
    """For a process whose settings name another broker now."""
    _producers.cache_clear()
    broker.reset()
