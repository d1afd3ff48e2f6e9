"""Door one, first step: a URL for a CV, one row and one key for a hash."""

from __future__ import annotations

import base64
import re
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from ats.tests.builders import (
    PRESIGN,
    Caller,
    age,
    assert_envelope,
    at_once,
    capture,
    issue,
    make_cv,
    make_user,
    presign,
    put,
    stored,
)
from capture.models import CVCapture
from uploads.models import Document, RequestTrace

pytestmark = pytest.mark.django_db
FIELDS = ["file_name", "file_size", "file_type", "sha256", "source"]


def test_a_cv_gets_a_url_and_a_key_that_tells_where_it_lies(api, cv):
    body = presign(api, cv)
    row = Document.objects.get()
    slug = cv.file_name[:-4].lower().replace("_", "-")
    now = timezone.now()
    assert body == {
        "s3_url": body["s3_url"],
        "s3_key": f"resumes/local/ats/{api.user.pk}/{now:%Y}/{now:%m}/{cv.sha256}_{slug}.pdf",
        "expires_at": int(row.s3_url_expires_at.timestamp()),
        "headers": {"Content-Type": "application/pdf"},
        "duplicate": False,
        "status": "UPLOAD_URL_GENERATED",
        "doc_id": str(row.pk),
        "trace_id": body["trace_id"],
    }
    assert row.s3_key == body["s3_key"]
    assert abs(body["expires_at"] - now.timestamp() - 900) <= 2


def test_the_key_has_the_environment_and_folder_of_the_settings(api, cv, settings):
    settings.ATS_ENVIRONMENT, settings.RESUME_STORAGE_DIR = "staging", "cvs"
    assert presign(api, cv)["s3_key"].startswith(f"cvs/staging/ats/{api.user.pk}/")


def test_who_asked_is_remembered_as_a_promise(api, cv):
    presign(api, cv, source="email")
    promise = CVCapture.objects.get()
    assert (promise.user, promise.file_name, promise.source) == (api.user, cv.file_name, "email")
    assert (promise.captured_at, promise.ip_address) == (None, "127.0.0.1")


def test_asking_again_is_the_same_row_and_key_with_a_full_term(api, cv):
    first = presign(api, cv)
    age(Document.objects.get(), minutes=10)
    second = presign(api, cv)
    assert (second["doc_id"], second["s3_key"]) == (first["doc_id"], first["s3_key"])
    assert second["expires_at"] >= first["expires_at"]
    assert (Document.objects.count(), CVCapture.objects.count()) == (1, 1)
    assert put(second["s3_url"], cv.content, second["headers"]).status_code == 200


def test_two_recruiters_with_one_file_share_the_row_and_the_key(api, other, cv):
    mine, theirs = presign(api, cv), presign(other, cv, file_name="Another Name.pdf")
    assert (mine["doc_id"], mine["s3_key"]) == (theirs["doc_id"], theirs["s3_key"])
    assert set(CVCapture.objects.values_list("user", flat=True)) == {api.user.pk, other.user.pk}


def test_stored_bytes_are_a_duplicate_whose_url_works(api, cv):
    document = stored(cv)
    body = presign(api, cv)
    assert (body["duplicate"], body["status"]) == (True, "UPLOAD_COMPLETE")
    assert (body["doc_id"], body["s3_key"]) == (str(document.pk), document.s3_key)
    assert body["expires_at"] > timezone.now().timestamp() + 890
    assert put(body["s3_url"], cv.content, body["headers"]).status_code == 200
    assert RequestTrace.objects.get().details == {"action": "document_exists"}


def test_an_upper_case_hash_is_the_same_hash(api, cv):
    low, high = presign(api, cv), presign(api, cv, sha256=cv.sha256.upper())
    assert (low["doc_id"], low["s3_key"]) == (high["doc_id"], high["s3_key"])
    assert Document.objects.get().doc_hash_256 == cv.sha256


def test_with_a_checksum_the_store_refuses_other_bytes(api, cv):
    body = presign(api, cv, checksum=True)
    digest = base64.b64encode(bytes.fromhex(cv.sha256)).decode()
    assert body["headers"] == {"Content-Type": "application/pdf", "x-amz-checksum-sha256": digest}
    assert put(body["s3_url"], cv.content[:-1] + b"?", body["headers"]).status_code == 400
    assert put(body["s3_url"], cv.content, body["headers"]).status_code == 200


def test_the_store_refuses_another_type_or_size(api, cv):
    body = presign(api, cv)
    assert put(body["s3_url"], cv.content, {"Content-Type": "text/html"}).status_code in (400, 403)
    assert put(body["s3_url"], cv.content + b"x", body["headers"]).status_code in (400, 403)
    assert put(body["s3_url"], cv.content, body["headers"]).status_code == 200


# --- Faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", FIELDS)
def test_what_is_missing_is_named(api, cv, missing):
    body = cv.presign()
    del body[missing]
    assert set(assert_envelope(api.post(PRESIGN, body), 422)["errors"]) == {missing}


def test_everything_that_is_missing_is_named_at_once(api):
    assert set(assert_envelope(api.post(PRESIGN, {}), 422)["errors"]) == set(FIELDS)


BAD_VALUES = {
    "file_size": [0, -1, "many", "10", 10.0, 1.5, True, None, [1], 10 * 2**20 + 1, 10**30, "1_0", "١٠"],
    "sha256": ["abc123", "g" * 64, "", None, 7, "a" * 65, "a" * 64 + "\n", " " + "a" * 63, ["a" * 64]],
    "file_type": ["image/png", "application/x-msdownload", "nonsense", "", None, 7, "application/pdf; charset=x"],
    "file_name": [
        *("", " ", ".pdf", "cv.docx", "malware.exe", "noextension", "x" * 252 + ".pdf", None, 7, ["a.pdf"]),
        *("../../etc/passwd.pdf", "a/b.pdf", "C:\\Users\\me\\a.pdf", "C:a.pdf", "..", "a\x00.pdf", "a\r\nb.pdf"),
        *("a\u202efdp.exe.pdf", "a\u2066.pdf", "a\x1b[2J.pdf", "a\ud800.pdf", "a\u2028.pdf", "a\x7f.pdf"),
    ],
    "source": ["elsewhere", "", None, ["download"], 1, "DOWNLOAD", "\ud800", "\x00"],
    "checksum": ["yes", 1, "true", None],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in BAD_VALUES.items() for v in values])
def test_a_bad_value_is_named(api, cv, field, value):
    assert_envelope(api.post(PRESIGN, cv.presign(**{field: value})), 422, field=field)
    assert not Document.objects.exists()


GOOD_NAMES = [
    *("Résumé Asha.pdf", "履歴書.pdf", "नौकरी.pdf", "a b (1) [final].PDF", "O'Brien & Söhne.pdf", "😀.pdf", "سيرة.pdf"),
    *("a.tar.pdf", "--help.pdf", "<script>.pdf", "'; DROP TABLE documents;--.pdf", "%00.pdf", "x" * 251 + ".pdf"),
    *("क्\u200dष.pdf", "👩\u200d💻.pdf"),  # joiners belong to scripts and signs
]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_names_that_people_really_use_are_taken(api, cv, name):
    body = presign(api, cv, file_name=name)
    assert re.fullmatch(r"[a-z0-9/_.-]+", body["s3_key"])
    assert put(body["s3_url"], cv.content, body["headers"]).status_code == 200
    assert Document.objects.get().original_filename == name


def test_a_name_is_kept_in_nfc(api, cv):
    presign(api, cv, file_name="Re\u0301sume\u0301.pdf")
    assert CVCapture.objects.get().file_name == "R\u00e9sum\u00e9.pdf"


SLUGS = {
    "Naukri_Resume.pdf": "naukri-resume",
    "Résumé Asha.pdf": "resume-asha",
    "履歴書.pdf": "cv",
    "--a--b--.pdf": "a-b",
    "x" * 100 + ".pdf": "x" * 60,
    "a" * 59 + " b.pdf": "a" * 59,
}


@pytest.mark.parametrize(("name", "slug"), SLUGS.items())
def test_the_slug_is_plain(api, cv, name, slug):
    assert presign(api, cv, file_name=name)["s3_key"].endswith(f"/{cv.sha256}_{slug}.pdf")


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("cv.doc", "application/msword"),
        ("cv.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("cv.rtf", "application/rtf"),
        ("cv.rtf", "text/rtf"),
        ("cv.odt", "application/vnd.oasis.opendocument.text"),
    ],
)
def test_each_type_of_cv_is_taken(api, cv, name, mime):
    assert presign(api, cv, file_name=name, file_type=mime)["headers"] == {"Content-Type": mime}


def test_a_video_is_no_cv(api, cv):
    body = assert_envelope(api.post(PRESIGN, cv.presign(file_name="talk.mp4", file_type="video/mp4")), 422)
    assert set(body["errors"]) == {"file_name", "file_type"}


def test_types_and_sizes_are_settings(api, cv, settings):
    settings.CV_FILE_TYPES = ["docx"]
    assert_envelope(api.post(PRESIGN, cv.presign()), 422, field="file_name")
    settings.CV_FILE_TYPES, settings.CV_MAX_BYTES = ["pdf"], cv.size - 1
    assert_envelope(api.post(PRESIGN, cv.presign()), 422, field="file_size")


def test_another_size_for_a_promised_hash_is_a_conflict(api, other, cv):
    presign(api, cv)
    assert_envelope(other.post(PRESIGN, cv.presign(file_size=cv.size + 1)), 409, "size_conflict")


def test_unknown_fields_are_ignored(api, cv):
    assert presign(api, cv, doc_id="x", s3_key="y", user=1)["duplicate"] is False


def test_forms_are_read_too(api, cv):
    form = urlencode(cv.presign(checksum="true"))
    response = api.post(PRESIGN, form, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200, response.content
    assert "x-amz-checksum-sha256" in response.json()["headers"]


def test_a_failed_upload_can_be_tried_again(api, cv):
    first = presign(api, cv)
    Document.objects.get().mark_failed("hash_mismatch")
    second = presign(api, cv)
    assert (second["doc_id"], second["status"]) == (first["doc_id"], "UPLOAD_URL_GENERATED")
    assert capture(api, cv).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_two_recruiters_ten_times_each_at_once_make_one_document(cv):
    tokens = [issue(make_user("Recruiter")) for _ in range(2)]
    answers = at_once(20, lambda number: presign(Caller(token=tokens[number % 2]), cv))
    assert len({answer["doc_id"] for answer in answers}) == 1
    assert len({answer["s3_key"] for answer in answers}) == 1
    assert (Document.objects.count(), CVCapture.objects.count()) == (1, 2)


def test_signing_needs_no_store(api, store_away):
    store_away()
    assert presign(api, make_cv())["s3_url"]
