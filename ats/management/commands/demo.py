from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from ats import demo
from ats.people import ensure_demo_recruiter


class Command(BaseCommand):
    help = "Loads made-up CVs of invented people, and the demo recruiter when there is none. Safe to run again."

    def handle(self, **_: Any) -> None:
        settings.ATS_DATA_DIR.mkdir(parents=True, exist_ok=True)
        login = ensure_demo_recruiter(settings.ATS_DATA_DIR)
        for what, count in demo.load(User.objects.get(username=login["username"])).items():
            self.stdout.write(f"{count} {what}")
        self.stdout.write(f"Sign in to the desk as {login['username']}: {login['password']}")
