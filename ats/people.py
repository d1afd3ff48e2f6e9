"""The people whom `make run` and the tests need."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group, User

from ats.private_files import read_or_make
from capture.models import DeviceToken

DESK = {"Recruiter", "Reviewer"}  # the groups that may enter the admin
TEST_USERS = {  # the variable that carries the token, the name, the group
    "ATS_TOKEN": ("reviewer-one", "Reviewer"),
    "ATS_OTHER_TOKEN": ("reviewer-two", "Reviewer"),
    "ATS_STAFF_TOKEN": ("ops", "Ops"),
}


def ensure_user(username: str, group: str, password: str | None = None) -> User:
    """The user of that name, made when there is none, in that group. The password is for a new user only: a person may
    have changed it since."""
    user, created = User.objects.get_or_create(username=username, defaults={"is_staff": group in DESK})
    if created:
        user.set_password(password)  # None: nobody can sign in with it
        user.save(update_fields=["password"])
    user.groups.add(Group.objects.get(name=group))
    return user


def ensure_demo_recruiter(data_dir: Path) -> dict[str, str]:
    """The `username` and `password` made up at the first run and kept in `data_dir`."""

    def made_up() -> str:
        return json.dumps({"username": "recruiter", "password": secrets.token_urlsafe(12)})

    login = json.loads(read_or_make(data_dir / "demo-login.json", made_up))
    ensure_user(login["username"], "Recruiter", login["password"])
    return login


def issue_test_tokens() -> dict[str, str]:
    """A fresh token for each test user, by the name of the variable that carries it. Valid for a day."""
    return {
        variable: DeviceToken.objects.create(ensure_user(name, group), name="tests", expiry=timedelta(days=1))[1]
        for variable, (name, group) in TEST_USERS.items()
    }
