"""Whose CV is this? The same e-mail, telephone or profile link is the same person; what is in doubt is for a human."""

from __future__ import annotations

import pytest
from django.db import transaction

from ats.tests.builders import at_once, make_cv, stored
from candidates.keys import email_key, is_shared_email, names_agree, phone_key, profile_key
from candidates.models import Candidate, PersonKey, PossibleDuplicate, ResumeVersion
from uploads.models import Document

pytestmark = pytest.mark.django_db
ASHA = {"name": "Asha Verma", "email": "asha@example.com", "phone": "+91 98123 45678"}
RAVI = {"name": "Ravi Kumar", "email": "ravi@example.com", "phone": "+91 98765 43210"}


def fields(**basics):
    return {"basics": basics, "skills": []}


def take_in(basics, document=None):
    """As a reader does that has found this in a document."""
    document, said = document or stored(make_cv()), fields(**basics)
    if claimed := Document.objects.claim_for_parsing(document.pk):
        claimed.mark_parsed(said, "text", 1)
    return Candidate.objects.take_in(document, said)


def suggestions():
    return {(pair.candidate.full_name, pair.other.full_name) for pair in PossibleDuplicate.objects.all()}


# --- The same person --------------------------------------------------------------------------------------------------


def test_a_first_cv_makes_a_candidate_who_is_new():
    person = Candidate.objects.get(pk=take_in(ASHA).pk)
    assert (person.full_name, person.email, person.phone) == ("Asha Verma", "asha@example.com", "+91 98123 45678")
    assert (person.review_status, person.source, person.name_is_guess) == ("new", "cv", False)
    assert person.versions.count() == 1


@pytest.mark.parametrize(
    "second",
    [
        {"name": "Asha Verma", "email": "ASHA@Example.com"},
        {"name": "Asha Verma", "email": "asha+jobs@example.com"},
        {"name": "ASHA VERMA", "phone": "+919812345678"},
        {"name": "Verma, Asha R.", "phone": "+91-98123-45678", "email": "new.address@example.com"},
        {"email": "asha@example.com"},
        {"name": "Asha V.", "email": "asha@example.com"},
    ],
)
def test_a_key_that_is_known_leads_to_the_same_person(second):
    first = take_in(ASHA)
    assert take_in(second).pk == first.pk
    assert Candidate.objects.count() == 1
    assert first.versions.count() == 2


def test_a_profile_link_is_a_key_in_every_spelling():
    links = [
        "https://www.linkedin.com/in/Asha-Verma/",
        "linkedin.com/in/asha-verma?utm=1",
        "http://LinkedIn.com/in/asha-verma",
    ]
    people = {take_in({"name": "Asha Verma", "profiles": [{"url": link}]}).pk for link in links}
    assert len(people) == 1


def test_the_same_document_twice_is_one_version_of_one_person():
    document = stored(make_cv())
    assert take_in(ASHA, document).pk == take_in(ASHA, document).pk
    assert (Candidate.objects.count(), ResumeVersion.objects.count()) == (1, 1)


def test_a_new_key_of_a_known_person_is_a_key_from_then_on():
    first = take_in(ASHA)
    take_in({**ASHA, "phone": "+44 20 7946 0123"})
    assert take_in({"name": "Asha Verma", "phone": "+442079460123"}).pk == first.pk


def test_two_people_with_one_name_are_two():
    take_in(ASHA)
    take_in({**RAVI, "name": "Asha Verma"})
    assert Candidate.objects.count() == 2
    assert not suggestions()


# --- In doubt ---------------------------------------------------------------------------------------------------------


def test_keys_of_two_people_make_a_suggestion_and_no_merge():
    take_in(ASHA), take_in(RAVI)
    person = take_in({"name": "Asha Kumar", "email": ASHA["email"], "phone": RAVI["phone"]})
    assert Candidate.objects.count() == 3
    assert {other for name, other in suggestions() if name == person.full_name} == {"Asha Verma", "Ravi Kumar"}
    reasons = person.possible_duplicates.get(other__full_name="Asha Verma").reasons
    assert reasons == ["same email"]


def test_a_key_under_another_name_is_a_suggestion():
    take_in(ASHA)
    take_in({"name": "Ravi Kumar", "email": ASHA["email"]})
    assert Candidate.objects.count() == 2
    assert ("Ravi Kumar", "Asha Verma") in suggestions()
    assert PersonKey.objects.get(kind="email").candidate.full_name == "Asha Verma"


@pytest.mark.parametrize(
    "email", ["hr@agency.example", "jobs@firm.example", "123@mail.naukri.com", "x@indeedemail.com"]
)
def test_an_address_that_many_share_is_nobodys_key(email):
    first, second = take_in({"name": "Asha Verma", "email": email}), take_in({"name": "Asha Verma", "email": email})
    assert first.pk != second.pk
    assert not PersonKey.objects.exists()


def test_a_cv_without_a_key_makes_a_person_of_its_own():
    take_in({"name": "Asha Verma"}), take_in({"name": "Asha Verma"})
    assert Candidate.objects.count() == 2


# --- What is known ----------------------------------------------------------------------------------------------------


def test_a_cv_without_a_name_is_titled_by_its_file_and_flagged():
    document = stored(make_cv(name="Naukri Resume"))
    person = take_in({"email": "asha@example.com"}, document)
    assert person.full_name == document.original_filename.removesuffix(".pdf")
    assert person.name_is_guess
    named = Candidate.objects.get(pk=take_in(ASHA).pk)
    assert (named.pk, named.full_name, named.name_is_guess) == (person.pk, "Asha Verma", False)


def test_a_later_cv_fills_blanks_and_overwrites_nothing():
    first = take_in({"name": "Asha Verma", "email": "asha@example.com", "label": "Engineer"})
    take_in({**ASHA, "label": "Director", "location": {"city": "Pune", "countryCode": "IN"}})
    person = Candidate.objects.get(pk=first.pk)
    assert (person.headline, person.phone, person.location) == ("Engineer", "+91 98123 45678", "Pune, IN")


def test_a_decision_of_a_human_stands_when_another_cv_comes():
    take_in(ASHA)
    Candidate.objects.all().reject()
    take_in(ASHA)
    assert Candidate.objects.get().review_status == "rejected"


def test_very_long_values_are_cut_or_dropped():
    long = "x" * 1000
    person = take_in({"name": long, "email": f"{long}@example.com", "label": long, "location": {"city": long}})
    person.refresh_from_db()
    assert (len(person.full_name), person.email, len(person.headline), len(person.location)) == (200, "", 200, 200)


# --- At once ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_eight_cvs_of_one_person_at_once_make_one_candidate():
    documents = [stored(make_cv()) for _ in range(8)]
    people = at_once(8, lambda number: take_in(ASHA, documents[number]).pk)
    assert len(set(people)) == 1
    assert ResumeVersion.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_one_document_taken_in_six_times_at_once_is_one_person():
    document = stored(make_cv())
    people = at_once(6, lambda _: take_in(ASHA, document).pk)
    assert len(set(people)) == Candidate.objects.count() == ResumeVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_six_who_are_given_one_address_at_once_all_keep_it_and_each_is_shown_its_twins():
    people = [Candidate.objects.make({"full_name": f"Person {number}"}) for number in range(6)]

    def change(number):
        with transaction.atomic():
            Candidate.objects.select_for_update().get(pk=people[number].pk).change({"email": "one@example.com"})

    at_once(6, change)
    assert set(Candidate.objects.values_list("email", flat=True)) == {"one@example.com"}
    owner = PersonKey.objects.get().candidate
    assert {pair.candidate for pair in PossibleDuplicate.objects.filter(other=owner)} == {*people} - {owner}


# --- Keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Asha@Example.COM", "asha@example.com"),
        ("a.s.h.a+x@googlemail.com", "asha@gmail.com"),
        ("a.s@example.com", "a.s@example.com"),
        ("no-at-sign", ""),
        ("@example.com", ""),
        ("asha@", ""),
    ],
)
def test_an_email_key(email, key):
    assert email_key(email) == key


@pytest.mark.parametrize(
    ("phone", "key"),
    [
        ("+91 98123-45678", "+919812345678"),
        ("+49 (0)30 901820", "+4930901820"),
        ("98123 45678", ""),  # without its country it may be anybody's
        ("+1", ""),
        ("call me", ""),
        ("", ""),
    ],
)
def test_a_phone_key(phone, key):
    assert phone_key(phone) == key


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://github.com/asha", "github.com/asha"),
        ("https://www.linkedin.com/in/asha/", "linkedin.com/in/asha"),
        ("https://linkedin.com/company/initech", ""),
        ("https://example.com/asha", ""),
        ("", ""),
    ],
)
def test_a_profile_key(url, key):
    assert profile_key(url) == key


def test_what_is_a_shared_address():
    assert is_shared_email("HR@Firm.example")
    assert not is_shared_email("asha.hr@firm.example")


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Asha Verma", "VERMA Asha Kumari", True),
        ("Asha Verma", "A. Verma", True),
        ("Mohammed Ali", "Muhammad Ali", True),
        ("Ravi Sharma", "Priya Sharma", False),
        ("Grace Kimani", "Rohan Deshpande", False),
    ],
)
def test_relatives_who_share_a_surname_are_two_people(one: str, other: str, agree: bool) -> None:
    assert names_agree(one, other) is agree
    assert names_agree(other, one) is agree
