from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command

from ats.tests.builders import make_cv, stored
from candidates.models import Candidate
from parsing import PARSER_VERSION
from parsing.compare import difference
from parsing.tasks import parse_document
from parsing.tests.cv_maker import Person, make_docx, make_pdf, make_picture_pdf
from uploads.models import Document

Parse = Document.ParseStatus


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def read_document(db):
    document = stored(make_cv())
    parse_document(str(document.pk))
    document.refresh_from_db()
    return document


def test_parse_cv_prints_one_object_a_line_in_the_order_given(tmp_path):
    files = [tmp_path / "b.pdf", tmp_path / "a.docx"]
    files[0].write_bytes(make_pdf(Person(name="Grace Abebe")))
    files[1].write_bytes(make_docx(Person()))
    records = [json.loads(line) for line in run("parse_cv", *map(str, files)).splitlines()]
    assert [record["file"] for record in records] == [str(file) for file in files]
    assert [record["basics"]["name"] for record in records] == ["Grace Abebe", "Amara Okafor"]
    assert "explain" not in records[0]["meta"]


def test_parse_cv_names_what_it_cannot_read_and_ends_with_status_1(tmp_path):
    scan, good = tmp_path / "scan.pdf", tmp_path / "good.pdf"
    scan.write_bytes(make_picture_pdf())
    good.write_bytes(make_pdf(Person()))
    out = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("parse_cv", str(scan), str(tmp_path / "missing"), str(good), stdout=out)
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert caught.value.code == 1
    assert [sorted(record)[:3] for record in records[:2]] == [["code", "error", "file"]] * 2
    assert records[2]["basics"]["name"] == "Amara Okafor"


def test_parse_cv_explains_every_value_and_prints_a_table(tmp_path):
    file = tmp_path / "cv.pdf"
    file.write_bytes(make_pdf(Person()))
    meta = json.loads(run("parse_cv", str(file), "--explain"))["meta"]
    assert {"field", "value", "rule", "confidence", "page", "box"} <= set(meta["explain"][0])
    assert "work[0].name" in run("parse_cv", str(file), "--format", "table")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("", None, "same"),
        (None, "x", "gained"),
        ("x", "", "lost"),
        ("x", "y", "changed"),
        ([1], [1, 2], "gained"),
        ([1, 2], [3], "lost"),
    ],
)
def test_a_difference_is_a_gain_a_loss_or_a_change(before, after, kind):
    assert difference(before, after) == kind


def test_reparse_compares_without_changing_anything(read_document):
    Document.objects.update(
        parser_version=0, parsed={**read_document.parsed, "skills": [], "basics": {"name": "Old Name"}}
    )
    table = {line.split()[0]: line.split()[1:] for line in run("reparse", "--compare", "--sample", "5").splitlines()}
    assert table["field"] == ["same", "gained", "lost", "changed"]
    assert table["skills"] == ["0", "1", "0", "0"]
    assert table["basics.name"] == ["0", "0", "0", "1"]
    read_document.refresh_from_db()
    assert (read_document.parse_status, read_document.parser_version) == (Parse.COMPLETED, 0)


def test_reparse_queues_what_an_older_parser_read(read_document):
    assert "0 documents" in run("reparse")
    assert "1 documents" in run("reparse", "--parser-older-than", str(PARSER_VERSION + 1))
    read_document.refresh_from_db()
    assert read_document.parse_status == Parse.PENDING


def test_a_correction_becomes_a_case(read_document):
    Candidate.objects.get().change({"full_name": "Asha V. Verma"})
    case = json.loads(run("export_corrections"))
    assert case == {"id": read_document.doc_hash_256, "labelled": ["basics.name"], "basics": {"name": "Asha V. Verma"}}
