from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ats.console import Console
from ats.processes import NotReady
from ats.stack import CannotStart, run
from ats.supervisor import StepFailed, Supervisor


class Command(BaseCommand):
    help = "Runs the whole system from the folder ATS_DATA_DIR: broker, web server, worker, schedule."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument("--test-users", action="store_true", help="also make the test users, print their tokens")
        parser.add_argument(
            "--leave-with-parent", action="store_true", help="end when the process that started us does"
        )
        parser.add_argument("--no-broker", action="store_true", help="as where there is no Redis for the platform")

    def handle(self, *, port: int, leave_with_parent: bool, test_users: bool, no_broker: bool, **_: Any) -> None:
        supervisor = Supervisor(Console(), leave_with_parent=leave_with_parent)
        try:
            run(supervisor, settings.ATS_DATA_DIR, port, test_users=test_users, no_broker=no_broker)
        except (CannotStart, NotReady, StepFailed) as error:
            raise CommandError(str(error)) from error
