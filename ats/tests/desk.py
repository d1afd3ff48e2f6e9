"""What the tests of the desk share: people signed in at it, candidates of every kind."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ats.tests.builders import make_cv, make_user, stored
from candidates.models import Candidate, PossibleDuplicate, ResumeVersion
from parsing.tasks import parse_document
from uploads.models import Document

LIST = "/admin/candidates/candidate/"
# What a stranger may put into a file name or a CV, hoping that a browser runs it.
HOSTILE = [
    "<img src=x onerror=window.hacked=1>",
    '"><script>window.hacked=1</script>',
    "' x-init='window.hacked=1",
    "{{7*7}} {% now 'Y' %} ${7*7}",
    "javascript:window.hacked=1",
    "</title><svg onload=window.hacked=1>",
]


def at_desk(group: str = "Recruiter", **facts: Any) -> Client:
    """Signed in, as somebody of that group (or of none)."""
    client = Client()
    client.force_login(make_user(group, **facts), backend="django.contrib.auth.backends.ModelBackend")
    return client


def person(name: str = "Asha Verma", **fields: Any) -> Candidate:
    """A candidate without a CV."""
    candidate = Candidate.objects.create(full_name=name, source=fields.pop("source", "cv"), **fields)
    candidate.index()
    return candidate


def person_with_cv(name: str = "Asha Verma", extension: str = "pdf") -> tuple[Candidate, Document]:
    """A candidate whose CV lies in the store and has been read."""
    document = stored(make_cv(name, extension=extension))
    parse_document(str(document.pk))
    document.refresh_from_db()
    return document.candidates.get(), document


def unreadable(name: str = "scan.pdf", reason: str = "The file holds no text.") -> Document:
    document = stored(make_cv())
    failed = {"parse_status": "failed", "parse_code": "no_text", "parse_reason": reason, "parse_due_at": None}
    Document.objects.filter(pk=document.pk).update(original_filename=name, parse_lease=None, **failed)
    document.refresh_from_db()
    return document


def hostile_person() -> Candidate:
    """Every field as an attacker would fill it, with a file, a version and a double."""
    said = " ".join(HOSTILE)
    resume = {
        "basics": {"name": said, "summary": said},
        "work": [{"name": said, "position": said, "startDate": said, "highlights": HOSTILE, "summary": said}],
        "education": [{"institution": said, "studyType": said, "area": said}],
        "languages": [{"language": said}],
        "meta": {"warnings": HOSTILE},
    }
    fields = {"email": HOSTILE[1], "phone": "<b>1</b>", "location": HOSTILE[0], "headline": HOSTILE[2]}
    made = person(
        said[:200], **fields, skills=[*HOSTILE, "x" * 3000], links=HOSTILE, parsed_resume=resume,
        offered={"headline": said}, name_is_guess=True,
    )  # fmt: skip
    document = unreadable(f"{HOSTILE[0]}.pdf", said[:500])
    Document.objects.filter(pk=document.pk).update(text=f"\u202e{said}")
    ResumeVersion.objects.create(candidate=made, document=document, file_name=HOSTILE[1])
    PossibleDuplicate.objects.create(candidate=made, other=person(HOSTILE[0]), reasons=HOSTILE)
    return made


def many_people(count: int) -> None:
    people = (
        Candidate(full_name=f"Person {number}", skills=["Python", "Django"], source="cv") for number in range(count)
    )
    Candidate.objects.bulk_create(people, batch_size=1000)  # a statement of PostgreSQL takes 65 535 parameters


def statements(client: Client, path: str) -> int:
    """How many SQL statements a page costs."""
    with CaptureQueriesContext(connection) as asked:
        response = client.get(path)
        assert response.status_code == 200, response.content[:500]
    return len(asked)


def text_of(response: Any) -> str:
    return response.content.decode()


def pk_in(location: str) -> int:
    """The candidate that a redirect leads to."""
    found = re.fullmatch(r"/admin/candidates/candidate/(\d+)/change/", location)
    assert found, location
    return int(found[1])
