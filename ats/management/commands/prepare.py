from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from ats.people import ensure_demo_recruiter, issue_test_tokens


class Command(BaseCommand):
    help = "What has to be done before the web server starts: tables, static files, the demo recruiter."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--test-users", action="store_true", help="also make the test users, print their tokens")

    def handle(self, *, test_users: bool, **_: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        ensure_demo_recruiter(settings.ATS_DATA_DIR)
        if test_users:
            self.stdout.write(f"ATS_URL={settings.PUBLIC_URL}")
            for variable, token in issue_test_tokens().items():
                self.stdout.write(f"{variable}={token}")
