"""Devices at the desk: a token is issued and seen once, rotated, revoked; who owns what and when it was last seen."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from ats.tests.builders import Caller, issue, make_cv, make_user, presign
from ats.tests.desk import at_desk, statements, text_of
from capture.models import DeviceToken

pytestmark = pytest.mark.django_db
DEVICES = "/admin/capture/devicetoken/"
TOKEN = re.compile(r'<input id="token"[^>]* value="(ats_[0-9a-f]+)"')


def page_of(device: DeviceToken, name: str = "change") -> str:
    return f"{DEVICES}{device.device_id}/{name}/"


def asked(owner, **changes):
    return {"user": owner.pk, "name": "Asha's laptop", "days": 30, **changes}


def test_a_token_is_issued_shown_once_and_works():
    asha, desk = make_user("Recruiter"), at_desk("Ops")
    response = desk.post(f"{DEVICES}add/", asked(asha))
    token = TOKEN.search(text_of(response))[1]
    assert "no-store" in response["Cache-Control"]
    presign(Caller(token=token), make_cv())
    device = DeviceToken.objects.get()
    assert (device.user, device.name) == (asha, "Asha's laptop")
    assert timedelta(days=29) < device.expiry - timezone.now() <= timedelta(days=30)
    for path in (DEVICES, page_of(device)):
        assert token not in text_of(desk.get(path))


def test_neither_digest_nor_the_beginning_of_a_token_is_ever_shown():
    issue(make_user("Recruiter"), name="Laptop")
    device, desk = DeviceToken.objects.get(), at_desk("Ops")
    desk.post(page_of(device, "do"), {"verb": "revoke"})
    for path in (DEVICES, page_of(device), "/admin/"):
        page = text_of(desk.get(path, follow=True))
        assert device.digest not in page
        assert device.token_key not in page
    assert not LogEntry.objects.filter(object_id=device.digest).exists()


def test_a_device_tells_what_happened_to_it():
    issue(make_user("Recruiter"), name="Laptop")
    device, desk = DeviceToken.objects.get(), at_desk("Ops")
    desk.post(page_of(device, "do"), {"verb": "revoke"})
    assert "Revoked." in text_of(desk.get(page_of(device)))
    assert desk.get(page_of(device, "history"))["Location"] == page_of(device)
    assert desk.get(f"{DEVICES}nonsense/change/").status_code == 404


def test_a_revoked_device_is_refused_from_that_moment_and_stays_as_evidence():
    token = issue(make_user("Recruiter"), name="Laptop")
    device, desk = DeviceToken.objects.get(), at_desk("Ops")
    desk.post(page_of(device, "do"), {"verb": "revoke"})
    assert Caller(token=token).post("/api/cv-capture/check", {"sha256": []}).status_code == 401
    assert "revoked" in text_of(desk.get(DEVICES))
    assert desk.post(page_of(device, "do"), {"verb": "revoke"}).status_code == 404


def test_rotating_ends_the_old_token_and_shows_the_new_one():
    old = issue(make_user("Recruiter"), name="Laptop")
    device = DeviceToken.objects.get()
    new = TOKEN.search(text_of(at_desk("Ops").post(page_of(device, "do"), {"verb": "rotate"})))[1]
    assert Caller(token=old).post("/api/cv-capture/check", {"sha256": []}).status_code == 401
    presign(Caller(token=new), make_cv())
    assert LogEntry.objects.filter(change_message__startswith="Rotated").count() == 1


def test_the_list_tells_owner_state_and_when_it_was_last_seen():
    asha = make_user("Recruiter", username="asha")
    issue(asha, name="Valid one")
    issue(asha, name="Old one", expiry=timedelta(seconds=-1))
    DeviceToken.objects.filter(name="Valid one").update(last_used_at="2026-11-01T10:00:00Z", last_ip="192.0.2.7")
    page = text_of(at_desk("Ops").get(DEVICES))
    for word in ("asha", "valid", "expired", "01 Nov 2026, 10:00", "192.0.2.7", "never"):
        assert word in page
    assert "Old one" not in text_of(at_desk("Ops").get(DEVICES, {"state": "open"}))


def test_a_device_without_a_name_or_a_term_is_not_issued():
    asha = make_user("Recruiter")
    for changes in ({"name": ""}, {"days": 0}, {"days": 9999}, {"user": 0}):
        assert at_desk("Ops").post(f"{DEVICES}add/", asked(asha, **changes)).status_code == 200
    assert not DeviceToken.objects.exists()


def test_ops_do_not_become_superuser_by_a_token():
    boss = make_user("Reviewer", is_superuser=True)
    desk = at_desk("Ops")
    desk.post(f"{DEVICES}add/", asked(boss))
    assert not DeviceToken.objects.exists()
    issue(boss)
    assert desk.post(page_of(DeviceToken.objects.get(), "do"), {"verb": "rotate"}).status_code == 403


def test_recruiters_and_reviewers_see_no_devices():
    issue(make_user("Recruiter"))
    device = DeviceToken.objects.get()
    for group in ("Recruiter", "Reviewer"):
        desk = at_desk(group)
        for path in (DEVICES, f"{DEVICES}add/", page_of(device)):
            assert desk.get(path).status_code == 403
        assert desk.post(page_of(device, "do"), {"verb": "revoke"}).status_code == 403


def test_the_list_costs_the_same_for_one_device_and_for_many():
    asha, desk = make_user("Recruiter"), at_desk("Ops")
    issue(asha)
    one = statements(desk, DEVICES)
    for number in range(10):
        issue(make_user("Recruiter"), name=f"Device {number}")
    assert statements(desk, DEVICES) == one
