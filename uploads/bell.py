"""Sending a task as a nudge: a sleeping broker never fails, and hardly delays, what was already committed."""

from __future__ import annotations

import logging
import time

from celery import Task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
PAUSE = 2.0  # seconds without trying after a failure, so that a broker that is away costs each caller little
_asleep_until = 0.0


def nudge(task: Task, *args: str) -> bool:
    """Publishes `task`; False when the broker did not take it. The sweeps find the row then."""
    global _asleep_until  # one word for this process
    if not task.app.conf.broker_url or time.monotonic() < _asleep_until:
        return False
    try:
        task.apply_async(args, retry=False)
    except OperationalError as error:
        _asleep_until = time.monotonic() + PAUSE
        logger.warning("The broker did not take %s (%s); a sweep will.", task.name, type(error).__name__)
        return False
    return True
