"""What is out of bounds: by log, and by mail where an address is set."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import send_mail

from ats.figures import FAILURES_IN_ROW, Figures, Period, State, figures, state

logger = logging.getLogger(__name__)
HOURS = 1
LEAST_SUCCESS = 0.90
SLOWEST_CALL = 10.0  # seconds
MOST_ERRORS = 0.01
LEAST_TO_JUDGE = 10  # captures or calls: fewer say nothing of a rate
OLDEST_UNREAD = 900.0  # seconds
LEAST_DISK = 2 * 2**30  # bytes


def check() -> list[str]:
    """One sentence for each threshold that the last hour crossed."""
    return [*_of_the_hour(figures(Period.last(HOURS))), *_of_now(state())]


def _of_the_hour(found: Figures) -> Iterator[str]:
    if found.success is not None and found.presigned >= LEAST_TO_JUDGE and found.success < LEAST_SUCCESS:
        yield f"Only {found.success:.0%} of {found.presigned} promised CVs were stored, not {LEAST_SUCCESS:.0%}."
    if found.slowest_call is not None and found.slowest_call > SLOWEST_CALL:
        yield f"A call took {found.slowest_call:.1f} s; {SLOWEST_CALL:.0f} s is the most."
    if found.error_rate is not None and found.calls >= LEAST_TO_JUDGE and found.error_rate > MOST_ERRORS:
        yield f"{found.error_rate:.1%} of {found.calls} calls ended in an error of ours."


def _of_now(found: State) -> Iterator[str]:
    if found.failing_devices:
        devices = _counted(found.failing_devices, "device has", "devices have")
        yield f"{devices} failed more than {FAILURES_IN_ROW} times in a row."
    if found.missing_cvs:
        cvs = _counted(found.missing_cvs, "CV was", "CVs were")
        yield f"{cvs} seen on a desktop and never stored."
    if found.oldest_unread > OLDEST_UNREAD:
        yield f"A CV has been waiting for {found.oldest_unread / 60:.0f} minutes to be read."
    if found.disk_free_bytes < LEAST_DISK:
        yield f"Only {found.disk_free_bytes / 2**30:.1f} GiB of disk are free."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def raise_alerts() -> list[str]:
    """Checks, and says so."""
    sentences = check()
    for sentence in sentences:
        logger.error("Alert: %s", sentence)
    if sentences and settings.ALERT_EMAILS:
        title = f"[{settings.ATS_ENVIRONMENT}] CV intake: {len(sentences)} alerts"
        body = "\n".join([*sentences, "", f"{settings.PUBLIC_URL}/admin/"])
        send_mail(title, body, settings.ALERT_FROM, settings.ALERT_EMAILS, fail_silently=False)
    return sentences
