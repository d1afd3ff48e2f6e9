"""The recruiter's desk: the list, one person's page, deciding, correcting, erasing."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry

from ats.tests.builders import make_cv, stored
from ats.tests.desk import (
    LIST,
    at_desk,
    hostile_person,
    many_people,
    person,
    person_with_cv,
    pk_in,
    statements,
    text_of,
)
from candidates.models import Candidate, Erasure, PersonKey, PossibleDuplicate, ResumeAccess, ResumeVersion
from uploads.models import Document

pytestmark = pytest.mark.django_db
SEEN = re.compile(r'<span class="desk-name">([^<]*)</span>')


def page_of(candidate: Candidate, name: str = "change") -> str:
    return f"{LIST}{candidate.pk}/{name}/"


def names_on(response: object) -> list[str]:
    return SEEN.findall(text_of(response))


# --- The list ---------------------------------------------------------------------------------------------------------


def test_new_people_stand_first_the_newest_above():
    for name, status in (("A", "shortlisted"), ("B", "new"), ("C", "rejected"), ("D", "new")):
        person(name, review_status=status)
    assert names_on(at_desk().get(LIST)) == ["D", "B", "C", "A"]


def test_a_row_tells_who_where_what_and_what_to_look_out_for():
    asha = person(
        headline="Engineer", location="Pune, India", skills=["Python", "C++"], name_is_guess=True, source="form"
    )
    PossibleDuplicate.objects.create(candidate=asha, other=person("Other"))
    page = text_of(at_desk().get(f"{LIST}?flag=duplicate"))
    for word in ("Asha Verma", "Engineer", "Pune, India", "Python", "C++", "name is a guess", "possible duplicate"):
        assert word in page
    assert "Other" not in page


def test_search_finds_by_name_mail_telephone_and_skill():
    person("Asha Verma", email="asha@example.com", phone="+911234567", skills=["Cobol"])
    person("Ben Ode", email="ben@example.com", phone="+447700900123", skills=["Python"])
    desk = at_desk()
    for asked in ("asha", "asha@example.com", "+91 123-4567", "cobol", "veram", "asha -ben", '"asha verma"', "cob*"):
        assert names_on(desk.get(LIST, {"q": asked})) == ["Asha Verma"], asked


@pytest.mark.parametrize("narrowed", ["", "?source=cv"])
def test_every_row_is_met_once_on_the_way_down_and_again_on_the_way_up(narrowed):
    many_people(120)
    Candidate.objects.filter(full_name__endswith="7").update(review_status="rejected")
    desk, url, down, links = at_desk(), LIST + narrowed, [], []
    while url:
        page = desk.get(url)
        down += names_on(page)
        links.append(page.context["cl"].newer_url)
        url = page.context["cl"].older_url and LIST + page.context["cl"].older_url
    assert len(down) == len(set(down)) == 120
    assert names_on(desk.get(LIST + links[1])) == down[:50]
    assert names_on(desk.get(LIST + links[2])) == down[50:100]


def test_a_forged_place_in_the_list_shows_the_beginning():
    person()
    for cursor in ("x", "e30=", "WyJuZXciXQ==", "!"):
        assert names_on(at_desk().get(LIST, {"after": cursor})) == ["Asha Verma"]


def test_the_list_costs_the_same_for_one_person_and_for_many_and_counts_nobody(django_assert_max_num_queries):
    desk = at_desk()
    person()
    one = statements(desk, LIST)
    many_people(300)
    assert statements(desk, LIST) <= one + 1  # the estimate
    assert one <= 10
    assert "About 300" in text_of(desk.get(LIST)) or "on this page" in text_of(desk.get(LIST))


# --- Deciding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "status"), [("shortlist", "shortlisted"), ("reject", "rejected")])
def test_one_click_decides_and_leads_to_the_next_who_waits(verb, status):
    older, newer = person("Older"), person("Newer")
    response = at_desk().post(page_of(newer, "do"), {"verb": verb})
    newer.refresh_from_db()
    assert newer.review_status == status
    assert pk_in(response["Location"]) == older.pk


def test_after_the_oldest_comes_whoever_else_waits_and_then_today():
    first, second = person("First"), person("Second")
    desk = at_desk()
    assert pk_in(desk.post(page_of(first, "do"), {"verb": "reject"})["Location"]) == second.pk
    assert desk.post(page_of(second, "do"), {"verb": "reject"})["Location"] == "/admin/"


def test_a_decision_can_be_taken_back():
    asha = person(review_status="rejected")
    assert pk_in(at_desk().post(page_of(asha, "do"), {"verb": "reopen"})["Location"]) == asha.pk
    asha.refresh_from_db()
    assert asha.review_status == "new"


def test_many_are_decided_at_once_and_each_gets_its_line_of_history():
    people = [person(f"P{number}") for number in range(3)]
    desk = at_desk()
    desk.post(LIST, {"action": "shortlist", "_selected_action": [p.pk for p in people]})
    assert Candidate.objects.filter(review_status="shortlisted").count() == 3
    assert LogEntry.objects.filter(change_message="Shortlisted.").count() == 3
    assert "Shortlisted." in text_of(desk.get(page_of(people[0], "history")))


def test_the_history_names_no_person():
    asha = person()
    at_desk().post(page_of(asha, "do"), {"verb": "shortlist"})
    assert LogEntry.objects.get().object_repr == f"candidate {asha.pk}"


def test_a_decision_is_never_taken_by_a_link():
    asha = person()
    assert at_desk().get(page_of(asha, "do"), {"verb": "reject"}).status_code == 405


def test_an_unknown_verb_does_nothing():
    asha = person()
    assert at_desk().post(page_of(asha, "do"), {"verb": "delete"}).status_code == 404


def test_a_cv_is_read_again_by_one_click():
    asha, document = person_with_cv()
    at_desk().post(page_of(asha, "do"), {"verb": "read_again"})
    document.refresh_from_db()
    assert document.parse_status == Document.ParseStatus.PENDING


# --- One person -------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_was_read_beside_the_cv():
    asha, document = person_with_cv("Asha Verma")
    page = text_of(at_desk().get(page_of(asha)))
    for word in ("Asha Verma", asha.email, "Initech", "Python", document.original_filename):
        assert word in page
    assert f'src="{page_of(asha, "cv")}#' in page


def test_a_word_file_is_shown_as_its_text_and_never_framed():
    asha, _ = person_with_cv(extension="docx")
    page = text_of(at_desk().get(page_of(asha)))
    assert "<iframe" not in page
    assert "Built payment services in Python" in page


def test_who_looks_at_a_cv_is_written_down_once():
    asha, _ = person_with_cv()
    desk = at_desk()
    b"".join(desk.get(page_of(asha, "cv"), headers={"Range": "bytes=0-99"}).streaming_content)
    b"".join(desk.get(page_of(asha, "cv"), headers={"Range": "bytes=100-199"}).streaming_content)
    b"".join(desk.get(page_of(asha, "cv"), {"download": ""}).streaming_content)
    assert sorted(ResumeAccess.objects.values_list("kind", flat=True)) == ["download", "look"]


def test_two_versions_and_a_double_are_shown_with_their_reasons():
    asha, _ = person_with_cv()
    older = stored(make_cv())
    ResumeVersion.objects.create(candidate=asha, document=older, file_name="older.pdf")
    PossibleDuplicate.objects.create(candidate=asha, other=person("Asha V."), reasons=["same phone"])
    page = text_of(at_desk().get(page_of(asha)))
    assert "older.pdf" in page
    assert "Asha V." in page
    assert "same phone" in page


def test_the_page_costs_a_fixed_number_of_statements():
    alone, _ = person_with_cv("Ben Ode")
    asha, _ = person_with_cv()
    for number in range(5):
        ResumeVersion.objects.create(candidate=asha, document=stored(make_cv()), file_name=f"{number}.pdf")
        PossibleDuplicate.objects.create(candidate=asha, other=person(f"Other {number}"))
    desk = at_desk()
    one = statements(desk, page_of(alone))
    assert statements(desk, page_of(asha)) <= one
    assert one <= 24


def test_what_a_person_corrects_stays_and_moves_the_keys():
    asha = person(email="old@example.com")
    asha.settle()
    fields = {"full_name": "Asha Verma", "email": "new@example.com", "phone": "", "location": "", "headline": ""}
    at_desk().post(page_of(asha), {**fields, "_continue": "1"})
    asha.refresh_from_db()
    assert asha.email == "new@example.com"
    assert asha.typed_fields == ["email"]
    assert list(PersonKey.objects.values_list("value", flat=True)) == ["new@example.com"]


def test_what_the_cv_says_otherwise_is_taken_by_one_click():
    asha = person(headline="Nurse", offered={"headline": "Senior Nurse"})
    desk = at_desk()
    assert "Senior Nurse" in text_of(desk.get(page_of(asha)))
    desk.post(page_of(asha, "take"), {"field": "headline"})
    asha.refresh_from_db()
    assert (asha.headline, asha.offered) == ("Senior Nurse", {})


# --- Rights -----------------------------------------------------------------------------------------------------------


def test_a_reviewer_erases_a_person_with_their_cv():
    asha, document = person_with_cv()
    at_desk("Reviewer").post(page_of(asha, "delete"), {"post": "yes"})
    assert not Candidate.objects.filter(pk=asha.pk).exists()
    assert not Document.objects.filter(pk=document.pk).exists()
    assert Erasure.objects.get().candidate_id == asha.pk
    assert not LogEntry.objects.filter(object_repr__contains="Asha").exists()


def test_a_recruiter_does_not_erase():
    asha = person()
    assert at_desk().post(page_of(asha, "delete"), {"post": "yes"}).status_code == 403
    assert Candidate.objects.filter(pk=asha.pk).exists()


@pytest.mark.parametrize("name", ["change", "history", "delete", "cv"])
def test_ops_see_no_candidate_and_no_cv(name):
    asha, _ = person_with_cv()
    desk = at_desk("Ops")
    assert desk.get(page_of(asha, name)).status_code in (403, 404)
    assert desk.get(LIST).status_code == 403
    assert "Asha" not in text_of(desk.get("/admin/"))


@pytest.mark.parametrize("verb", ["do", "take"])
def test_ops_decide_nothing(verb):
    asha = person(offered={"headline": "x"})
    assert at_desk("Ops").post(page_of(asha, verb), {"verb": "reject", "field": "headline"}).status_code == 404
    asha.refresh_from_db()
    assert asha.review_status == "new"


def test_a_user_without_a_group_gets_nothing_not_even_with_the_staff_flag():
    asha = person()
    for facts in ({}, {"is_staff": True}):
        response = at_desk("", **facts).get(page_of(asha))
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")


# --- Strangers' words -------------------------------------------------------------------------------------------------


def test_strangers_words_are_shown_and_never_markup():
    made = hostile_person()
    desk = at_desk("Reviewer")
    desk.post(page_of(made, "do"), {"verb": "reopen"})
    for path in (LIST, page_of(made), page_of(made, "delete"), page_of(made, "history"), "/admin/"):
        page = text_of(desk.get(path))
        for markup in ("<img src=x", "<script>window", "<svg onload", "' x-init='", 'href="javascript:'):
            assert markup not in page, (path, markup)


def test_a_cv_that_holds_active_content_is_flagged_for_the_reviewer():
    person("Asha Verma", parsed_resume={"meta": {"warnings": ["The file holds JavaScript."]}})
    person("Ravi Sharma", parsed_resume={"meta": {"warnings": []}})
    page = text_of(at_desk().get(f"{LIST}?flag=active"))
    assert "Asha Verma" in page
    assert "active content" in page
    assert "Ravi Sharma" not in page
