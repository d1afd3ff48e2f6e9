"""The Celery app and the beat timetable. The rows are the queue; a message is a nudge."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ats.settings")

app = Celery("ats")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def every(seconds: float, task: str) -> dict:
    """An entry that is dropped when nobody took it before the next one comes."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "show that the schedule runs": every(10, "ats.tasks.sweep_schedule"),
    "take up what waits to be read": every(5, "parsing.tasks.sweep_readings"),
    "take up videos that wait to be analysed": every(5, "parsing.assessments.sweep_assessments"),
    "take up what waits to be verified": every(5, "uploads.tasks.sweep_verifications"),
    "take up uploads in chunks that wait to be verified": every(5, "uploads.tasks.sweep_sessions"),
    "take up scans that can be read now": every(300, "parsing.tasks.sweep_scans"),
    "prove what arrived without its closing call": every(60, "capture.tasks.sweep_arrivals"),
    "end uploads whose bytes never came": every(60, "uploads.tasks.sweep_promises"),
    "put candidates' files in their place": every(30, "candidates.tasks.sweep_resume_files"),
    "finish erasing what the store still held": every(60, "candidates.tasks.sweep_erasures"),
    "bring the search up to date": every(300, "candidates.tasks.sweep_search"),
    "look for people who are there twice": {
        "task": "candidates.tasks.sweep_duplicates",
        "schedule": crontab(hour=1, minute=23),
    },
    "say what is out of bounds": every(900, "ats.tasks.sweep_alerts"),
    "remove what nobody holds": {"task": "uploads.tasks.sweep_leftovers", "schedule": crontab(minute=17)},
    "forget what is past its term": {"task": "uploads.tasks.sweep_records", "schedule": crontab(hour=3, minute=41)},
    "compare rows with objects": {"task": "uploads.tasks.sweep_audit", "schedule": crontab(hour=2, minute=11)},
}
