"""The timetable: every entry is a task that exists, and every job of the commands is in it."""

from __future__ import annotations

import pytest
from celery.schedules import crontab

from ats.celery import app

ENTRIES = app.conf.beat_schedule


@pytest.fixture(scope="module", autouse=True)
def _tasks():
    app.loader.import_default_modules()


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_is_a_task_that_exists(name):
    assert ENTRIES[name]["task"] in app.tasks


@pytest.mark.parametrize("name", ENTRIES)
def test_sweeps_have_a_queue_of_their_own(name):
    route = app.amqp.router.route({}, ENTRIES[name]["task"])
    assert route["queue"].name == "sweeps"


def test_an_entry_that_nobody_took_does_not_pile_up():
    for entry in ENTRIES.values():
        if not isinstance(entry["schedule"], crontab):
            assert entry["options"]["expires"] <= entry["schedule"]


@pytest.mark.parametrize(
    ("task", "seconds"),
    [
        ("parsing.tasks.sweep_readings", 5),
        ("uploads.tasks.sweep_verifications", 5),
        ("capture.tasks.sweep_arrivals", 60),
        ("uploads.tasks.sweep_promises", 60),
    ],
)
def test_what_others_wait_for_is_swept_often(task, seconds):
    [entry] = [entry for entry in ENTRIES.values() if entry["task"] == task]
    assert entry["schedule"] <= seconds


@pytest.mark.parametrize("task", ["sweep_leftovers", "sweep_records", "sweep_audit"])
def test_the_daily_jobs_run_by_themselves(task):
    assert f"uploads.tasks.{task}" in {entry["task"] for entry in ENTRIES.values()}


def test_no_task_runs_longer_than_a_message_may_be_held_back():
    held = app.conf.broker_transport_options["visibility_timeout"]
    for task in app.tasks.values():
        assert (task.time_limit or app.conf.task_time_limit) < held, task.name
