from __future__ import annotations

import json
from pathlib import Path

import pytest

from parsing import PARSER_VERSION, Unreadable, read_cv
from parsing.tests.cv_maker import Person, make_docx, make_pdf, make_picture_pdf, make_txt

MAKERS = {"pdf": make_pdf, "docx": make_docx, "txt": make_txt}


def read(tmp_path: Path, data: bytes, name: str = "cv.bin"):
    path = tmp_path / "file"
    path.write_bytes(data)
    return read_cv(path, name)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_format_gives_the_same_contact_data(tmp_path, kind):
    basics = read(tmp_path, MAKERS[kind](Person())).fields["basics"]
    assert (basics["name"], basics["email"], basics["phone"]) == (
        "Amara Okafor",
        "amara.okafor@example.org",
        "+442079460123",
    )
    assert [p["network"] for p in basics["profiles"]] == ["LinkedIn"]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_reading_can_be_written_as_json_and_names_its_version(tmp_path, kind):
    fields = read(tmp_path, MAKERS[kind](Person())).fields
    assert json.loads(json.dumps(fields)) == fields
    assert fields["meta"]["version"] == PARSER_VERSION
    assert fields["meta"]["is_cv"] is True


def test_text_that_would_poison_a_database_is_dropped(tmp_path):
    reading = read(tmp_path, "Ana\0 Diaz\x07\nana@example.org\u0301".encode() + b"\xed\xa0\x80")
    assert "\0" not in reading.text
    assert "\x07" not in reading.text
    reading.text.encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "damaged"),
        (b"   \n", "damaged"),
        (b"%PDF-1.4 nothing else", "damaged"),
        (b"PK\x03\x04 cut", "damaged"),
        (b"MZ\x90\0\x03\0\0\0" * 50, "not_supported"),
        (make_picture_pdf(), "no_text"),
    ],
)
def test_a_file_without_text_says_why(tmp_path, data, code):
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, data)
    assert caught.value.code == code
    assert caught.value.reason.endswith(".")
    assert str(tmp_path) not in caught.value.reason
