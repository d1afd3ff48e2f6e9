"""Bearer tokens: shown once, hashed at rest, ending, revocable, with the time of their last use."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from ats.tests.builders import CHECK, Caller, assert_envelope, issue, make_user
from capture.models import DeviceToken

pytestmark = pytest.mark.django_db


def opens(token):
    return Caller(token=token).post(CHECK, {"sha256": []}).status_code == 200


def command(*arguments):
    said = io.StringIO()
    call_command("issue_token", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_prints_a_token_and_nothing_else():
    user = make_user("Recruiter", username="asha")
    token = command("asha", "--name", "laptop-7")
    assert token == f"{token.strip()}\n"
    assert " " not in token.strip()
    assert opens(token.strip())
    device = DeviceToken.objects.get()
    assert (device.user, device.name) == (user, "laptop-7")
    assert timedelta(days=89) < device.expiry - timezone.now() < timedelta(days=90, seconds=1)


def test_the_term_may_be_chosen():
    make_user("Recruiter", username="asha")
    command("asha", "--name", "x", "--days", "3")
    assert DeviceToken.objects.get().expiry - timezone.now() < timedelta(days=3, seconds=1)


@pytest.mark.parametrize("arguments", [["nobody", "--name", "x"], ["asha", "--name", "x", "--days", "0"], ["asha"]])
def test_the_command_refuses_what_cannot_be(arguments):
    make_user("Recruiter", username="asha")
    with pytest.raises(CommandError):
        command(*arguments)
    assert not DeviceToken.objects.exists()


def test_a_user_who_has_left_gets_no_token():
    make_user("Recruiter", username="asha", is_active=False)
    with pytest.raises(CommandError):
        command("asha", "--name", "x")


def test_a_chosen_token_is_for_trials_only(settings):
    make_user("Recruiter", username="asha")
    with pytest.raises(CommandError, match="DEBUG"):
        command("asha", "--name", "x", "--token", "a-fixed-token-for-trials")
    settings.DEBUG = True
    for _ in range(2):
        assert command("asha", "--name", "x", "--token", "a-fixed-token-for-trials") == "a-fixed-token-for-trials\n"
    assert opens("a-fixed-token-for-trials")
    assert DeviceToken.objects.count() == 1


def test_a_token_is_stored_hashed():
    token = issue(make_user("Recruiter"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM device_tokens")
        assert token not in str(cursor.fetchall())


def test_two_devices_of_one_user_have_two_tokens():
    user = make_user("Recruiter")
    first, second = issue(user, "laptop"), issue(user, "phone")
    DeviceToken.objects.get(name="laptop").revoke()
    assert (opens(first), opens(second)) == (False, True)


def test_an_ended_token_opens_nothing():
    token = issue(make_user("Recruiter"))
    DeviceToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert not opens(token)
    assert not DeviceToken.objects.get().is_open


def test_a_token_without_an_end_stays_open():
    token = issue(make_user("Recruiter"))
    DeviceToken.objects.update(expiry=None)
    assert opens(token)
    assert DeviceToken.objects.get().is_open


def test_a_revoked_token_opens_nothing_and_is_revoked_once():
    token = issue(make_user("Recruiter"))
    device = DeviceToken.objects.get()
    assert device.revoke()
    assert not device.revoke()
    assert not opens(token)


def test_a_rotated_token_ends_and_the_new_one_is_for_the_same_device():
    old = issue(make_user("Recruiter"), "laptop-7")
    device, new = DeviceToken.objects.get().rotate()
    assert (opens(old), opens(new), device.name) == (False, True, "laptop-7")


def test_the_tokens_of_a_user_who_leaves_open_nothing():
    user = make_user("Recruiter")
    token = issue(user)
    user.is_active = False
    user.save()
    assert not opens(token)


def test_the_last_use_is_written_down_at_most_once_a_minute():
    token = issue(make_user("Recruiter"))
    assert opens(token)
    first = DeviceToken.objects.get()
    assert (first.last_ip, timezone.now() - first.last_used_at < timedelta(minutes=1)) == ("127.0.0.1", True)
    assert opens(token)
    assert DeviceToken.objects.get().last_used_at == first.last_used_at
    DeviceToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    assert opens(token)
    assert timezone.now() - DeviceToken.objects.get().last_used_at < timedelta(minutes=1)


def test_a_token_ends_with_its_own_user_only():
    mine, theirs = Caller(make_user("Recruiter")), Caller(make_user())
    assert mine.post(CHECK, {"sha256": []}).status_code == 200
    assert_envelope(theirs.post(CHECK, {"sha256": []}), 403)
