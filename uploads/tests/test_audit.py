"""The audit: every row has its object, and every object its row."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from ats.tests.builders import make_cv, promised, put_object, stored
from uploads.audit import audit
from uploads.models import Document, ErrorLog
from uploads.storage import get_store
from uploads.tasks import sweep_audit

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=-5)  # every object is older than a moment to come


def codes(**options):
    return {finding.code for finding in audit(LATER, **options)}


def command(*arguments):
    said, status = io.StringIO(), 0
    try:
        call_command("audit_storage", *arguments, stdout=said)
    except SystemExit as ended:
        status = ended.code
    return status, said.getvalue()


def test_a_true_house_has_no_findings(cv):
    stored(cv)
    arriving = make_cv()
    put_object(arriving, promised(arriving).s3_key)
    assert codes(hash_all=True) == set()
    assert command("--hash") == (0, "0 findings\n")


def test_a_stored_document_whose_object_is_gone_is_found(cv):
    document = stored(cv)
    get_store().delete(document.s3_key)
    [finding] = audit(LATER)
    assert (finding.code, finding.key, finding.doc_id) == ("object_missing", document.s3_key, document.pk)


def test_a_size_that_does_not_agree_is_found(cv):
    stored(cv)
    Document.objects.update(file_size_bytes=cv.size + 1)
    assert codes() == {"object_changed"}


def test_bytes_that_do_not_agree_are_found_when_all_are_hashed(cv):
    stored(cv)
    Document.objects.update(doc_hash_256=make_cv().sha256)
    assert codes() == set()
    assert codes(hash_all=True) == {"hash_mismatch"}


def test_an_object_without_a_row_is_found_once_it_is_not_young(cv):
    put_object(cv, "documents/orphan.pdf")
    assert codes() == {"object_without_row"}
    assert not list(audit(timedelta(minutes=30)))


def test_the_command_ends_with_one_and_a_list(cv):
    document = stored(cv)
    get_store().delete(document.s3_key)
    status, said = command()
    assert status == 1
    assert f"object_missing {document.s3_key}" in said
    status, said = command("--json")
    finding = {"code": "object_missing", "key": document.s3_key, "doc_id": str(document.pk)}
    assert (status, json.loads(said)) == (1, {"ok": False, "findings": [finding]})


def test_the_nightly_audit_leaves_an_error_row_for_each_finding(cv):
    document = stored(cv)
    get_store().delete(document.s3_key)
    sweep_audit()
    error = ErrorLog.objects.get()
    assert (error.code, error.operation, error.document_id) == ("OBJECT_MISSING", "audit_storage", document.pk)
