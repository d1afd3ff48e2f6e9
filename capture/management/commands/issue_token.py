from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from knox.crypto import hash_token
from knox.settings import CONSTANTS

from capture.models import DeviceToken


class Command(BaseCommand):
    help = "Issues a token for a user's device and prints it, and nothing else. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="the device or client")
        parser.add_argument("--days", type=int, default=90, help="how long it is valid (90)")
        parser.add_argument("--token", help="a fixed value, for trials with DEBUG only")

    def handle(self, *, username: str, name: str, days: int, token: str | None, **_: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError("There is no active user of that name.")
        if days < 1:
            raise CommandError("--days must be at least 1.")
        self.stdout.write(_issue(user, name, timedelta(days=days), token))


def _issue(user: User, name: str, term: timedelta, fixed: str | None) -> str:
    if fixed is None:
        return DeviceToken.objects.create(user, name=name, expiry=term)[1]
    if not settings.DEBUG:
        raise CommandError("--token is for trials: it needs DEBUG.")
    row = {"user": user, "name": name, "token_key": fixed[: CONSTANTS.TOKEN_KEY_LENGTH]}
    DeviceToken.objects.update_or_create(
        digest=hash_token(fixed), defaults={**row, "expiry": timezone.now() + term, "revoked_at": None}
    )
    return fixed
