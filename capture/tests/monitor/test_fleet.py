"""The desk and the monitors: policy, revoked tokens, missing CVs; with the real doors, pages and program."""

import json

import pytest

from .conftest import Desk, System, end, sha256, wait_for
from .office import Office

PASSWORD = "made-up-for-this-test"
PEOPLE = """
from django.contrib.auth.models import Group, User
ops, _ = User.objects.get_or_create(username="desk-ops")
ops.set_password({password!r})
ops.save()
ops.groups.add(Group.objects.get(name="Ops"))
Group.objects.filter(name="Pilots").delete()  # and with it what an earlier run ordered
pilots = Group.objects.create(name="Pilots")
asha, _ = User.objects.get_or_create(username="asha")
asha.groups.add(Group.objects.get(name="Recruiter"), pilots)
print(asha.pk, pilots.pk)
"""
AN_HOUR_LATER = """
from datetime import timedelta
from django.db.models import F
from capture.models import DetectedFile
print(DetectedFile.objects.filter(sha256={sha256!r}).update(first_seen_at=F("first_seen_at") - timedelta(hours=2)))
"""
POLICY_ID = "from capture.models import MonitorPolicy; print(MonitorPolicy.objects.get(group={group}).pk)"


@pytest.fixture
def people(system):
    """The ids of a recruiter and of the group whose policy the tests change."""
    return system.shell(PEOPLE.format(password=PASSWORD)).split()


@pytest.fixture
def office(system, people):
    return Office(system.url, "desk-ops", PASSWORD)


@pytest.fixture
def pilot(tmp_path, system, office, people, newest_python):
    """A desk of that recruiter, with a token that was issued on the page for it."""
    device, token = office.issue_token(people[0], tmp_path.name)
    desk = Desk(tmp_path, System(system.url, token, system.shell), newest_python)
    desk.device = device
    desk.environment.pop("CV_CAPTURE_AUTH_TOKEN")
    desk.keep_token(token)
    desk.configure(heartbeat_sec=1, device=tmp_path.name)
    yield desk
    desk.close()


def test_what_the_desk_orders_the_monitor_does_within_a_heartbeat(pilot, office, people, system):
    order = {"group": people[1]}
    pilot.start()
    pilot.download("Naukri_first.pdf")
    pilot.wait_for_log("Successfully uploaded: Naukri_first.pdf")

    office.set_policy(None, **order)  # the box `enabled` is not ticked
    pilot.wait_for_log("Monitor thread stopped: switched off by the server")
    body = pilot.download("Naukri_while_off.pdf")

    policy = system.shell(POLICY_ID.format(group=people[1])).strip()
    office.set_policy(policy, **order, enabled="on", rollout_percent=0)
    pilot.wait_for_log("Not monitoring: this device is not part of the roll-out yet")
    assert "Naukri_while_off" not in pilot.log()

    office.set_policy(policy, **order, enabled="on", patterns=json.dumps(["CV_*"]), max_size_bytes=50_000)
    pilot.wait_for_log('Policy received: {"enabled": true, "max_size_bytes": 50000, "patterns": ["CV_*"]')
    pilot.download("CV_Asha.pdf")
    pilot.wait_for_log("Successfully uploaded: CV_Asha.pdf")
    assert pilot.known([body]) == 0

    office.set_policy(policy, **order, enabled="on")
    pilot.wait_for_log("Successfully uploaded: Naukri_while_off.pdf")


def test_one_click_revokes_a_device_and_a_new_token_goes_on_where_it_stopped(pilot, office, people):
    notices = pilot.catch_notices()
    process = pilot.start()
    pilot.download("Naukri_before.pdf")
    pilot.wait_for_log("Successfully uploaded: Naukri_before.pdf")

    office.revoke(pilot.device)
    pilot.download("Naukri_after.pdf")
    pilot.wait_for_log("ERROR: the server refuses the token: HTTP 401")
    wait_for(lambda: "the server refuses this device's token" in notices.read_text())
    because = "Naukri_after.pdf, since 0 min: the server refuses the token: HTTP 401"
    wait_for(lambda: because in pilot.run("status").stdout, why=lambda: pilot.run("status").stdout + pilot.log())
    assert "FAIL  token is accepted: HTTP 401" in pilot.run("doctor").stdout
    assert process.poll() is None

    _, token = office.issue_token(people[0], "the new one")
    pilot.keep_token(token)
    pilot.wait_for_log("Successfully uploaded: Naukri_after.pdf", seconds=60)
    assert "There is another auth token: it is tried now" in pilot.log()


def test_a_cv_that_cannot_come_is_listed_as_missing_until_it_comes(pilot, office, system):
    pilot.configure(heartbeat_sec=1, device=pilot.data.parent.name, upload_hosts=["store.example.com"])
    process = pilot.start()
    body = pilot.download("Naukri_lost.pdf")
    pilot.wait_for_log("Naukri_lost.pdf is set aside: the upload address is not on the list upload_hosts")
    wait_for(lambda: system.shell(AN_HOUR_LATER.format(sha256=sha256(body))).strip() == "1", every=1)
    assert pilot.data.parent.name in office.missing()
    stuck = "Naukri_lost.pdf: the upload address is not on the list upload_hosts"
    wait_for(lambda: stuck in office.desktop(pilot.data.parent.name)[1], every=0.5)  # in the next heartbeat
    assert ">stuck<" in office.desktop(pilot.data.parent.name)[0]

    end(process)
    pilot.configure(heartbeat_sec=1, device=pilot.data.parent.name)
    assert pilot.run("forget", "--all").returncode == 0
    assert pilot.run("once").returncode == 0
    assert pilot.known([body]) == 1
    assert pilot.data.parent.name not in office.missing()
