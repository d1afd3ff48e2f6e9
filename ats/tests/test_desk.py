"""Coming in at the desk: by a right, not by guessing; what stands in the sidebar and on the first page; the policy."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from ats import demo
from ats.tests.builders import make_user, the_group
from ats.tests.desk import at_desk, person, statements, text_of, unreadable
from candidates.models import Candidate, PossibleDuplicate
from capture.models import CVCapture
from uploads import ledger
from uploads.models import Document

pytestmark = pytest.mark.django_db
SIGN_IN, WORD = "/admin/login/", "a-long-made-up-word-7"


def sign_in(client: Client, username: str, password: str = WORD):
    return client.post(SIGN_IN, {"username": username, "password": password})


# --- Signing in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["Recruiter", "Reviewer", "Ops"])
def test_each_group_comes_in_without_the_staff_flag(group):
    user, client = make_user(group, password=WORD), Client()
    assert sign_in(client, user.username)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_without_a_group_the_right_password_opens_nothing_and_says_why():
    user, client = make_user(password=WORD, is_staff=True), Client()
    assert "belongs to no group yet" in text_of(sign_in(client, user.username))
    assert client.get("/admin/").status_code == 302


def test_five_wrong_passwords_lock_the_door_for_the_right_one_too():
    user, client = make_user("Recruiter", password=WORD), Client()
    answers = [sign_in(client, user.username, "wrong").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    locked = sign_in(client, user.username)
    assert locked.status_code == 429
    assert locked["Retry-After"] == "3600"
    assert "too many wrong passwords" in text_of(locked)
    assert "'unsafe-eval'" in locked["Content-Security-Policy"]


def test_a_lock_holds_for_one_name_only():
    make_user("Recruiter", username="asha", password=WORD)
    make_user("Recruiter", username="ben", password=WORD)
    client = Client()
    for _ in range(5):
        sign_in(client, "asha", "wrong")
    assert sign_in(client, "ben").status_code == 302


def test_ops_open_a_lock_again():
    make_user("Recruiter", username="asha", password=WORD)
    client = Client()
    for _ in range(5):
        sign_in(client, "asha", "wrong")
    desk = at_desk("Ops")
    page = desk.get("/admin/axes/accessattempt/")
    [attempt] = page.context["cl"].result_list
    assert attempt.username == "asha"
    desk.post("/admin/axes/accessattempt/", {"action": "unlock", "_selected_action": [attempt.pk]})
    assert sign_in(client, "asha").status_code == 302


# --- Who sees what ----------------------------------------------------------------------------------------------------

REVIEW = {"Candidates", "To look at", "Upload", "Documents", "Captures"}
PLACES = REVIEW | {"Calls", "Errors", "Devices", "Users", "Groups"}


def places(group: str, **facts) -> set[str]:
    page = at_desk(group, **facts).get("/admin/")
    return {item["title"] for block in page.context["sidebar_navigation"] for item in block["items"]} & PLACES


def test_the_sidebar_holds_what_one_may_open():
    assert places("Recruiter") == places("Reviewer") == REVIEW
    assert places("Ops") == {"Calls", "Errors", "Devices"}
    assert places("", is_superuser=True) == PLACES


def test_staff_see_the_same_pages():
    assert places("Recruiter", is_staff=True) == REVIEW


def test_only_superusers_manage_users_and_groups():
    user = make_user("Recruiter")
    for group in ("Recruiter", "Reviewer", "Ops"):
        desk = at_desk(group)
        for path in ("/admin/auth/user/", f"/admin/auth/user/{user.pk}/change/", "/admin/auth/group/"):
            assert desk.get(path).status_code == 403
    root = at_desk("", is_superuser=True)
    for path in ("/admin/auth/user/", f"/admin/auth/user/{user.pk}/change/", "/admin/auth/user/add/",
                 "/admin/auth/group/", f"/admin/auth/group/{the_group('Ops').pk}/change/"):  # fmt: skip
        assert root.get(path).status_code == 200, path


def test_a_superuser_makes_a_recruiter():
    group = the_group("Recruiter")
    new = {"username": "rita", "password1": WORD, "password2": WORD, "usable_password": "true", "groups": [group.pk]}
    at_desk("", is_superuser=True).post("/admin/auth/user/add/", new)
    assert sign_in(Client(), "rita").status_code == 302
    assert User.objects.get(username="rita").has_perm("candidates.review_candidate")


# --- Today ------------------------------------------------------------------------------------------------------------


def test_today_shows_a_recruiter_what_waits():
    asha = person("Asha Verma")
    person("Done Already", review_status="rejected")
    unreadable("scan.pdf", "The file holds no text.")
    for one, other in ((asha, person("A. Verma")),):
        PossibleDuplicate.objects.create(candidate=one, other=other, reasons=["same phone"])
        PossibleDuplicate.objects.create(candidate=other, other=one, reasons=["same phone"])
    page = text_of(at_desk().get("/admin/"))
    for word in ("Asha Verma", "scan.pdf", "The file holds no text."):
        assert word in page
    assert page.count("same phone") == 1
    assert "Done Already" not in page
    assert "The house" not in page


def test_today_shows_ops_how_the_house_is_and_no_person():
    person("Asha Verma")
    ledger.record_failure("parse_document", "CRASHED", "The reader stopped.")
    page = text_of(at_desk("Ops").get("/admin/"))
    assert "The house" in page
    assert "CRASHED" in page
    assert "Asha" not in page


def test_today_costs_the_same_for_one_and_for_many():
    desk = at_desk("Recruiter", is_superuser=True)
    person()
    unreadable()
    one = statements(desk, "/admin/")
    for number in range(20):
        person(f"P{number}")
        unreadable(f"{number}.pdf")
    assert statements(desk, "/admin/") == one
    assert one <= 20


# --- The policy -------------------------------------------------------------------------------------------------------


def test_only_pages_of_the_theme_may_evaluate():
    assert "'unsafe-eval'" in at_desk().get("/admin/")["Content-Security-Policy"]
    assert "'unsafe-eval'" in Client().get(SIGN_IN)["Content-Security-Policy"]
    for path in ("/healthz", "/api/docs/", "/nowhere"):
        policy = Client().get(path)["Content-Security-Policy"]
        assert "unsafe" not in policy, path


def test_no_page_of_the_desk_may_run_inline_scripts():
    policy = at_desk().get("/admin/")["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "'unsafe-inline'" not in scripts


def test_a_missing_page_and_a_closed_one_are_pages_of_the_desk():
    desk = at_desk()
    missing, closed = desk.get("/admin/nothing/here/"), desk.get("/admin/uploads/errorlog/")
    assert (missing.status_code, closed.status_code) == (404, 403)
    assert "There is no such page" in text_of(missing)
    assert "not open to you" in text_of(closed)


# --- The demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_brings_in_people_once_by_the_real_road(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no Tesseract, so that a scan stays a scan
    call_command("demo")
    call_command("demo")
    assert Candidate.objects.count() == 12
    assert Candidate.objects.get(full_name="Priya Nambiar").versions.count() == 2
    assert Candidate.objects.filter(full_name="Tomasz Wiśniewski", headline="Site Reliability Engineer").exists()
    assert PossibleDuplicate.objects.filter(candidate__full_name="Rohan Deshpande").exists()
    assert set(Document.objects.to_look_at().values_list("original_filename", flat=True)) == {
        "scan0042.pdf", "Invoice-2026-0417.pdf", demo.LOCKED,
    }  # fmt: skip
    assert CVCapture.objects.received().count() == Document.objects.stored().count() == 16
    assert "recruiter" in capsys.readouterr().out
