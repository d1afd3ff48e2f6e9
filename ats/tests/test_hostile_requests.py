"""What no client of ours would send: headers, addresses and forms made to break what reads them."""

from __future__ import annotations

import io
import json
import pickle

import pytest
import redis
from django.core.cache import cache
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from ats.tests.builders import CHECK, PRESIGN, Caller, assert_envelope, make_cv
from ats.tests.desk import LIST, at_desk, person
from ats.wsgi import application
from candidates.tests.builders import created
from capture.models import CVCapture

pytestmark = pytest.mark.django_db
UNREADABLE_TYPES = ["application/json; x*=nonsense''y", "multipart/form-data; boundary*=nonsense''y"]


def send_as(content_type: str, path: str) -> tuple[str, dict[str, str], dict]:
    """Through the web server's own entrance, which Django's test client passes by."""
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(b"{}"), "wsgi.url_scheme": "http", "CONTENT_LENGTH": "2", "CONTENT_TYPE": content_type,
    }  # fmt: skip
    answered = []
    content = b"".join(application(environ, lambda status, headers: answered.append((status, headers))))
    status, headers = answered[0]
    return status, dict(headers), json.loads(content)


@pytest.mark.parametrize("content_type", UNREADABLE_TYPES)
@pytest.mark.parametrize(("path", "status"), [(PRESIGN, "401 Unauthorized"), ("/nowhere", "404 Not Found")])
def test_a_content_type_that_cannot_be_read_is_none(content_type, path, status):
    told, headers, body = send_as(content_type, path)
    assert (told, headers["Content-Type"]) == (status, "application/json")
    assert body["trace_id"] == headers["X-Trace-Id"]


@pytest.mark.parametrize(
    "path", ["/candidates/?search=%00", "/candidates/?skill=a%00b", "/candidates/1/tags/a%00", f"{CHECK}?x=%00"]
)
def test_nul_in_an_address_is_a_clear_400(api, path):
    assert_envelope(api.get(path), 400, "parse_error")


def test_nul_in_an_address_of_the_desk_is_a_400_too(api):
    browser = Caller()
    browser.force_login(api.user, backend="django.contrib.auth.backends.ModelBackend")
    for query in ("review_status__exact=%00", "q=%00", "created_at__gte=%00"):
        assert browser.get(f"/admin/candidates/candidate/?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    ["_to_field=password", "email__startswith=a", "parsed_resume__icontains=a", "links=1", "notes__text__contains=a"],
)
def test_a_list_of_the_desk_takes_no_filter_but_its_own(query):
    assert at_desk().get(f"{LIST}?{query}").status_code == 400


def test_a_day_before_all_days_breaks_no_list():
    assert at_desk().get(f"{LIST}?created_at__gte=0001-01-01%2000:00:00%2B14:00").status_code in (200, 400)


@pytest.mark.parametrize("column", ["digest__startswith", "token_key__startswith", "user__password__startswith"])
def test_ops_cannot_guess_a_secret_letter_by_letter(column):
    desk = at_desk("Ops")
    assert desk.get("/admin/capture/devicetoken/").status_code == 200
    assert desk.get(f"/admin/capture/devicetoken/?{column}=a").status_code == 400


@pytest.mark.parametrize("chosen", ["x", "1.5", "1 OR 1=1"])
def test_a_choice_that_is_no_row_chooses_nothing(chosen):
    one = person()
    answer = at_desk().post(LIST, {"action": "shortlist", "_selected_action": chosen})
    assert answer.status_code == 400
    one.refresh_from_db()
    assert one.review_status == "new"


@pytest.mark.parametrize("path", ["/admin/search/?s=a", "/admin/search/?s=a&extended=1&page=9", "/admin/r/1/1/"])
def test_what_the_desk_does_not_use_is_not_there(path):
    assert at_desk("Reviewer").get(path).status_code == 404


def test_a_name_longer_than_any_account_is_a_wrong_name(client):
    answer = client.post("/admin/login/", {"username": "a" * 300, "password": "b" * 10_000})
    assert answer.status_code == 200
    assert "correct username and password" in answer.content.decode()


def test_a_form_without_its_csrf_token_changes_nothing_and_says_why():
    one, desk = person(), at_desk()
    desk.handler.enforce_csrf_checks = True
    answer = desk.post(f"{LIST}{one.pk}/do/", {"verb": "reject"})
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()
    one.refresh_from_db()
    assert one.review_status == "new"


def test_no_cookie_holds_the_name_of_a_person():
    one, desk = person("Zuleika Featherstonehaugh"), at_desk()
    desk.post(f"{LIST}{one.pk}/do/", {"verb": "shortlist"})
    assert set(desk.cookies) <= {"sessionid", "csrftoken"}
    assert "Zuleika Featherstonehaugh: shortlisted." in desk.get(LIST).content.decode()


@pytest.mark.parametrize("page", ["/upload/", "/upload", "/upload/videos/00000000-0000-0000-0000-000000000000"])
@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic YTpi", ""])
def test_a_token_opens_no_page_and_breaks_none(page, header):
    answer = Caller().get(page, headers={"authorization": header})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("other", [2**63, 2**64, 10**30, 10**4000])
def test_an_id_that_no_row_can_have_is_named(reviewer, other):
    candidate = created(reviewer)
    for path, field in (("merge", "other"), ("unmerge", "merge_id")):
        assert_envelope(reviewer.post(f"/candidates/{candidate.pk}/{path}", {field: other}), 422, field=field)


def test_a_name_in_another_encoding_is_refused_and_not_kept_spoilt(api):
    body = encode_multipart(BOUNDARY, {"candidate_in": "MARK"}).replace(
        b"MARK", '{"full_name": "José"}'.encode("latin-1")
    )
    answer = api.generic("POST", "/candidates/", body, MULTIPART_CONTENT)
    assert_envelope(answer, 422, field="candidate_in")


def test_a_tag_with_a_slash_comes_off_again(api):
    path = f"/candidates/{created(api).pk}/tags"
    assert api.post(path, {"name": "CI/CD"}).status_code == 201
    assert api.delete(f"{path}/CI/CD/").status_code == 204
    assert api.get(path).json() == []


@pytest.mark.parametrize("told", ["unknown", "198.51.100.7:4711", "", "<script>", "198.51.100.300"])
def test_what_a_proxy_tells_and_is_no_address_names_the_proxy(api, settings, told):
    settings.BEHIND_PROXIES = 1
    answer = api.post(PRESIGN, make_cv().presign(), headers={"x-forwarded-for": told})
    assert answer.status_code == 200, answer.content
    assert CVCapture.objects.get().ip_address == "127.0.0.1"


def test_the_shared_cache_reads_back_what_was_kept_and_unpickles_nothing(settings):
    for value in (5, 1.5, True, "text", '{"basics": {}}'):
        cache.set("hostile", value, 60)
        assert cache.get("hostile") == value
    cache.set("hostile", 1, 60)
    assert cache.incr("hostile") == 2
    if settings.REDIS_URL:
        redis.Redis.from_url(settings.REDIS_URL).set(cache.make_key("hostile"), pickle.dumps({"a": 1}))
        with pytest.raises(ValueError, match=r"decode|Expecting"):
            cache.get("hostile")
