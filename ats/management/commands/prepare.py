from __future__ import annotations

import fcntl
import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

from ats.people import ensure_demo_recruiter, issue_test_tokens


class Command(BaseCommand):
    help = "What has to be done before the web server starts: tables, static files, the demo recruiter."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--test-users", action="store_true", help="also make the test users, print their tokens")

    def handle(self, *, test_users: bool, **_: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        collect_static(Path(settings.STATIC_ROOT))
        ensure_demo_recruiter(settings.ATS_DATA_DIR)
        if test_users:
            self.stdout.write(f"ATS_URL={settings.PUBLIC_URL}")
            for variable, token in issue_test_tokens().items():
                self.stdout.write(f"{variable}={token}")


def collect_static(root: Path) -> None:
    """Only when a file changed since the last time, because it takes seconds. Two copies of the house share the folder:
    one collects, the other waits."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".collected").open("a+") as collected:
        fcntl.flock(collected, fcntl.LOCK_EX)
        collected.seek(0)
        if collected.read() == (now := fingerprint()):
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        collected.truncate(0)
        collected.write(now)


def fingerprint() -> str:
    """Of the names, sizes and times of all static files."""
    facts = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(()):
            status = Path(storage.path(name)).stat()
            facts.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return facts.hexdigest()
