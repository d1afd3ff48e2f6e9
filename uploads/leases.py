"""Holding a claim while the work goes on; a worker that dies stops renewing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

logger = logging.getLogger(__name__)
RENEW_EVERY = 5.0  # seconds; a lease is 20


@contextmanager
def renewed(renew: Callable[[], object]) -> Iterator[None]:
    done = threading.Event()

    def keep_renewing() -> None:
        while not done.wait(RENEW_EVERY):
            try:
                renew()
            except OperationalError:
                logger.warning("A lease could not be renewed.")
        connection.close()

    thread = threading.Thread(target=keep_renewing, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
