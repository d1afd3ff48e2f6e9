"""Who calls: a bearer token at every door, or a browser's session."""

from __future__ import annotations

import uuid

import pytest

from ats.tests.builders import CHECK, COMPLETE, METADATA, PRESIGN, REQUEST, Caller, assert_envelope, issue, make_user
from capture.models import DeviceToken

pytestmark = pytest.mark.django_db
CALLS = [
    *(("POST", path) for path in (PRESIGN, METADATA, CHECK, REQUEST, COMPLETE)),
    ("POST", "/api/chunked-upload/init"),
    ("GET", "/api/cv-capture/1"),
    ("GET", f"/upload/{uuid.UUID(int=1)}"),
    ("GET", "/candidates/"),
    ("GET", "/api/schema/"),
    ("GET", "/api/docs/"),
]
BAD_HEADERS = [
    *("Bearer nonsense", "Bearer ", "Bearer", "Token abc", "Basic YTpi", "Bearer a b", "abc", "Bearer " + "x" * 10_000),
    *("Bearer \xff\xfe", "Bearer %00", "Bearer ats_" + "0" * 60, "bearer,abc", "Negotiate YII="),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nothing_opens_without_a_token(anonymous, method, path):
    response = anonymous.generic(method, path, "{}", "application/json")
    assert_envelope(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", BAD_HEADERS)
@pytest.mark.parametrize(("method", "path"), CALLS[:1] + CALLS[6:8])
def test_nothing_opens_with_a_bad_one(anonymous, method, path, header):
    response = anonymous.generic(method, path, "{}", "application/json", headers={"authorization": header})
    assert_envelope(response, 401, "authentication_failed")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_the_word_bearer_may_be_written_in_any_case(api):
    caller = Caller()
    response = caller.post(CHECK, {"sha256": []}, headers={"authorization": f"bEARER {api.token}"})
    assert response.status_code == 200


def test_part_of_a_token_is_no_token(api):
    for part in (api.token[:-1], api.token + "0", api.token.upper(), api.token[:15]):
        assert_envelope(Caller(token=part).post(CHECK, {"sha256": []}), 401)


@pytest.mark.parametrize("path", [PRESIGN, "/api/cv-capture/1"])
def test_a_bad_body_or_method_tells_a_stranger_nothing(anonymous, path):
    assert_envelope(anonymous.post(path, "{"), 401)
    assert_envelope(anonymous.delete(path), 401)


def test_a_browser_session_opens_the_doors_too(api):
    browser = Caller()
    browser.force_login(api.user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.post(CHECK, {"sha256": []}).status_code == 200


def test_a_call_that_bears_a_bad_token_is_not_saved_by_a_session(api):
    browser = Caller()
    browser.force_login(api.user, backend="django.contrib.auth.backends.ModelBackend")
    assert_envelope(browser.post(CHECK, {"sha256": []}, headers={"authorization": "Bearer nonsense"}), 401)


def test_a_call_with_a_token_has_no_session(api):
    response = api.post(CHECK, {"sha256": []})
    assert not response.cookies


def test_rights_given_to_a_user_alone_count_as_those_of_a_group():
    from django.contrib.auth.models import Permission

    user = make_user()
    user.user_permissions.add(Permission.objects.get(codename="add_cvcapture"))
    assert Caller(user).post(CHECK, {"sha256": []}).status_code == 200


def test_a_superuser_may_everything():
    root = make_user(is_superuser=True)
    assert Caller(root).post(CHECK, {"sha256": []}).status_code == 200


def test_a_right_that_is_taken_away_is_gone_at_the_next_call(api):
    assert api.post(CHECK, {"sha256": []}).status_code == 200
    api.user.groups.clear()
    assert_envelope(api.post(CHECK, {"sha256": []}), 403)


def test_sign_in_at_the_desk_locks_out_after_failures(client, settings):
    make_user("Recruiter", username="asha", password="right-horse-battery", is_staff=True)
    page = "/admin/login/"
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post(page, {"username": "asha", "password": "wrong"})
    locked = client.post(page, {"username": "asha", "password": "right-horse-battery"})
    assert locked.status_code in (403, 429)
    assert "sessionid" not in client.cookies


def test_a_device_without_a_name_has_no_token_of_another(api):
    second = issue(api.user, "phone")
    assert second != api.token
    assert DeviceToken.objects.count() == 2
