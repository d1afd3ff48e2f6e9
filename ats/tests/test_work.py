"""Without a broker one loop does the work: the rows are the queue."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from ats.celery import app
from ats.management.commands.work import Timetable, work_once
from ats.tests.builders import make_cv, stored

pytestmark = pytest.mark.django_db


def test_the_loop_knows_every_task_of_the_timetable() -> None:
    timetable = Timetable(app)
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(timetable.celery.tasks)


def test_every_entry_runs_when_its_time_has_come_and_not_before() -> None:
    timetable = Timetable(app)
    timetable.run_due()
    begun = dict(timetable.last_run)
    timetable.run_due()
    assert timetable.last_run == begun
    timetable.last_run = {name: last - timedelta(days=2) for name, last in begun.items()}
    timetable.run_due()
    assert all(timetable.last_run[name] >= begun[name] for name in begun)


def test_what_waits_to_be_read_is_read_without_a_message() -> None:
    document = stored(make_cv())
    work_once(threading.Event())
    document.refresh_from_db()
    assert document.parse_status == "completed"
    assert document.candidates.count() == 1
