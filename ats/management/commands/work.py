from __future__ import annotations

import logging
import signal
import threading
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from celery import Celery
from celery.schedules import maybe_schedule
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from ats.celery import app
from parsing.tasks import parse_document, parse_scan
from uploads.models import Document
from uploads.tasks import verify_document

logger = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between two looks at the rows


class Command(BaseCommand):
    help = "Does the background work without a broker: the rows are the queue, and the timetable runs in this process."

    def handle(self, **_: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda number, frame: _end(stop, number, frame))
        timetable = Timetable(app)
        while not stop.wait(PAUSE):
            try:
                work_once(stop)
                timetable.run_due()
            except OperationalError as error:
                logger.warning("The database does not answer (%s); the work waits.", type(error).__name__)
            close_old_connections()


def _end(stop: threading.Event, number: int, frame: FrameType | None) -> None:
    stop.set()


def work_once(stop: threading.Event) -> None:
    """Takes up every row that waits, the oldest first."""
    waiting = Document.objects.filter(parse_status=Document.ParseStatus.PENDING).order_by("parse_due_at")
    unproven = Document.objects.promised().filter(verify_due_at__isnull=False, verify_lease=None)
    rows_of = ((verify_document, unproven), (parse_document, waiting), (parse_scan, Document.objects.scans()))
    for task, rows in rows_of:
        for doc_id in rows.values_list("pk", flat=True)[:100]:
            if stop.is_set():
                return
            task(str(doc_id))


class Timetable:
    """The beat timetable of `ats.celery`, kept in memory."""

    def __init__(self, celery: Celery) -> None:
        celery.loader.import_default_modules()
        self.celery = celery
        self.last_run: dict[str, datetime] = {}

    def run_due(self) -> None:
        now = self.celery.now()
        for name, entry in self.celery.conf.beat_schedule.items():
            last = self.last_run.setdefault(name, now - timedelta(seconds=1))
            if maybe_schedule(entry["schedule"], app=self.celery).is_due(last).is_due:
                self.last_run[name] = now
                self.celery.tasks[entry["task"]]()
