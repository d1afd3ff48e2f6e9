"""Recruiter, reviewer, ops, somebody without a group, nobody: at every call of doors one and five."""

from __future__ import annotations

import uuid

import pytest

from ats.tests.builders import (
    CHECK,
    COMPLETE,
    METADATA,
    PRESIGN,
    REQUEST,
    assert_envelope,
    capture,
    make_cv,
    presign,
    the_group,
)

pytestmark = pytest.mark.django_db
WORKS, REFUSED, UNKNOWN, STRANGER = "works", 403, 404, 401
TABLE = {
    #                          recruiter  reviewer ops      no group  nobody
    "presign":                 (WORKS,    WORKS,   REFUSED, REFUSED, STRANGER),
    "metadata":                (WORKS,    WORKS,   REFUSED, REFUSED, STRANGER),
    "check":                   (WORKS,    WORKS,   REFUSED, REFUSED, STRANGER),
    "own capture":             (WORKS,    WORKS,   WORKS,   REFUSED, STRANGER),
    "request":                 (WORKS,    WORKS,   REFUSED, REFUSED, STRANGER),
    "complete":                (WORKS,    WORKS,   REFUSED, REFUSED, STRANGER),
    "document":                (WORKS,    WORKS,   REFUSED, REFUSED, STRANGER),
    "foreign capture":         (UNKNOWN,  UNKNOWN, WORKS,   REFUSED, STRANGER),
    "absent capture":          (UNKNOWN,  UNKNOWN, UNKNOWN, REFUSED, STRANGER),
    "absent document":         (UNKNOWN,  UNKNOWN, REFUSED, REFUSED, STRANGER),
    "schema":                  (WORKS,    WORKS,   WORKS,   WORKS,   STRANGER),
}  # fmt: skip
CALLERS = ("recruiter", "reviewer", "ops", "no group", "nobody")


@pytest.fixture
def callers(api, reviewer, ops, nobody, anonymous):
    return dict(zip(CALLERS, (api, reviewer, ops, nobody, anonymous), strict=True))


def call(name, caller, other):
    """Makes one call, with everything that it needs made before by someone who may."""
    cv, maker = make_cv(), other
    if name in ("metadata", "own capture") and caller.user and caller.user.has_perm("capture.add_cvcapture"):
        maker = caller
    if name in ("own capture", "foreign capture"):
        return caller.get(f"/api/cv-capture/{capture(maker, cv).json()['cv_capture_id']}")
    if name == "metadata":
        capture(other, cv)
        return caller.post(METADATA, cv.presign(s3_key=presign(maker, cv)["s3_key"]))
    if name in ("complete", "document"):
        doc_id = capture(other, cv).json()["doc_id"]
        return caller.post(COMPLETE, {"doc_id": doc_id}) if name == "complete" else caller.get(f"/upload/{doc_id}")
    plain = {
        "presign": lambda: caller.post(PRESIGN, cv.presign()),
        "check": lambda: caller.post(CHECK, {"sha256": [cv.sha256]}),
        "request": lambda: caller.post(REQUEST, cv.request()),
        "absent capture": lambda: caller.get("/api/cv-capture/999999"),
        "absent document": lambda: caller.get(f"/upload/{uuid.uuid4()}"),
        "schema": lambda: caller.get("/api/schema/"),
    }
    return plain[name]()


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", TABLE)
def test_who_may_what(callers, other, name, who):
    expected = TABLE[name][CALLERS.index(who)]
    response = call(name, callers[who], other)
    if expected == WORKS:
        assert response.status_code in (200, 201), response.content
    else:
        assert_envelope(response, expected)


def test_the_foreign_and_the_absent_answer_alike(api, other, cv):
    foreign = capture(other, cv).json()["cv_capture_id"]
    first, second = api.get(f"/api/cv-capture/{foreign}"), api.get("/api/cv-capture/999999")
    for same in ("detail", "code", "errors"):
        assert first.json()[same] == second.json()[same]


RIGHTS = {
    "Recruiter": {"candidates.view_candidate", "candidates.review_candidate", "capture.add_cvcapture"},
    "Reviewer": {"candidates.merge_candidate", "candidates.delete_candidate", "candidates.view_candidate"},
    "Ops": {"uploads.run_ops"},
}


@pytest.mark.parametrize("name", RIGHTS)
def test_the_migration_makes_the_groups(callers, name):
    found = the_group(name).permissions.values_list("content_type__app_label", "codename")
    assert {f"{app}.{codename}" for app, codename in found} >= RIGHTS[name]


def test_ops_see_no_cv_and_recruiters_run_no_ops(callers):
    ops = the_group("Ops").permissions.values_list("codename", flat=True)
    assert not {"view_candidate", "view_document", "download_document"} & set(ops)
    for name in ("Recruiter", "Reviewer"):
        assert not the_group(name).permissions.filter(codename="run_ops").exists()
    recruiter = the_group("Recruiter").permissions.values_list("codename", flat=True)
    assert not {"merge_candidate", "delete_candidate"} & set(recruiter)
