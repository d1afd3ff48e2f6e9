"""A folder tree is taken in once, whatever lies in it and however often it is tried."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ats.tests.builders import Caller, make_cv, make_user
from capture.models import CVCapture
from uploads.models import Document

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tree = tmp_path / "cvs"
    (tree / "2025" / "deep").mkdir(parents=True)
    same = make_cv()
    (tree / "one.pdf").write_bytes(same.content)
    (tree / "2025" / "same again.pdf").write_bytes(same.content)
    (tree / "2025" / "deep" / "two.docx").write_bytes(make_cv(extension="docx").content)
    (tree / "page.pdf").write_bytes(b"<html>%PDF-1.4</html>")
    (tree / "empty.pdf").write_bytes(b"")
    (tree / "notes.txt").write_text("no CV")
    return tree


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_cvs", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_folder_tree_is_taken_in_and_each_content_once(folder: Path) -> None:
    user = make_user("Recruiter")
    out, err = run(str(folder), "--user", user.username)
    assert out.splitlines() == [
        "refused, empty or too large: 1",
        "refused, not what the name says: 1",
        "skipped, known: 1",
        "skipped, no CV type: 1",
        "taken in: 2",
    ]
    assert "page.pdf" in err
    assert Document.objects.stored().count() == CVCapture.objects.received().filter(source="import").count() == 2
    assert set(Document.objects.values_list("parse_status", flat=True)) == {"pending"}


def test_again_takes_nothing_in_twice(folder: Path) -> None:
    user = make_user("Recruiter")
    run(str(folder), "--user", user.username)
    assert "taken in" not in run(str(folder), "--user", user.username)[0]


def test_a_stranger_or_a_missing_folder_is_said(folder: Path, api: Caller) -> None:
    with pytest.raises(CommandError, match="no active user"):
        run(str(folder), "--user", "nobody-here")
    with pytest.raises(CommandError, match="There is no"):
        run(str(folder / "missing"), "--user", make_user("Recruiter").username)
