"""The schedule's own sign of life, for `/readyz`."""

import time

from celery import shared_task
from django.core.cache import cache

from ats.alerts import raise_alerts
from ats.views import SCHEDULE_SEEN


@shared_task
def sweep_schedule() -> None:
    cache.set(SCHEDULE_SEEN, time.time(), timeout=None)


@shared_task
def sweep_alerts() -> None:
    raise_alerts()
