"""Odd, damaged and hostile files: said, flagged, survived."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from pathlib import Path

import pytest

from parsing import Unreadable
from parsing.resume import read_fields
from parsing.sandbox import read_safely
from parsing.tests.cv_maker import LAYOUTS, Paper, Person, make_docx, make_odt, make_pdf
from parsing.text import read_bytes, sniff


def name_in(data: bytes) -> str:
    return read_fields(read_bytes(data)).fields["basics"]["name"]


def archive(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def code_of(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read_bytes(data)
    return caught.value.code


def test_a_file_is_known_by_its_bytes_not_by_its_name():
    kinds = {layout: sniff(make(Person())) for layout, make in LAYOUTS.items()}
    assert {kinds[k] for k in ("pdf", "two-columns", "margin-dates")} == {"pdf"}
    assert [kinds[k] for k in ("docx", "odt", "doc", "rtf", "html", "txt")] == [
        "docx",
        "odt",
        "doc",
        "rtf",
        "html",
        "txt",
    ]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[10:],
        lambda data: b"From: somebody\r\n" * 30 + data,
        lambda data: data.replace(b"startxref", b"startxxxx"),
        lambda data: data.replace(b"%%EOF", b""),
        lambda data: data + bytes(5000),
        lambda data: data[: data.rindex(b"xref") - 20],
    ],
)
def test_a_damaged_pdf_is_repaired(damage):
    assert name_in(damage(make_pdf(Person()))) == "Amara Okafor"


def test_a_repair_is_said():
    layer = read_bytes(make_pdf(Person())[10:])
    assert any("repaired" in warning for warning in layer.warnings)


def test_a_pdf_behind_a_password_is_encrypted():
    pikepdf = pytest.importorskip("pikepdf")
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf(Person()))) as document:
        document.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    assert code_of(out.getvalue()) == "encrypted"


@pytest.mark.parametrize(
    ("marks", "warning"),
    [
        (b"<</S/JavaScript/JS(app.alert)>>", "JavaScript"),
        (b"<</S /Launch/F(x)>>", "program"),
        (b"<</EmbeddedFiles 9 0 R>>", "embedded"),
    ],
)
def test_active_content_is_flagged_also_inside_an_object_stream(marks, warning):
    plain = b"99 0 obj" + marks + b"endobj\n"
    packed = zlib.compress(marks)
    hidden = (
        b"98 0 obj<</Type/ObjStm/Length %d/Filter/FlateDecode>>stream\n" % len(packed)
        + packed
        + b"\nendstream endobj\n"
    )
    for extra in (plain, hidden):
        data = make_pdf(Person()).replace(b"%PDF-1.3\n", b"%PDF-1.3\n" + extra, 1)
        assert any(warning in said for said in read_bytes(data).warnings)


def test_a_document_type_declaration_is_refused():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><w:document xmlns:w="x">&a;</w:document>'
    assert code_of(archive({"word/document.xml": bomb})) == "damaged"
    assert code_of(archive({"word/document.xml": bomb.decode().encode("utf-16")})) == "damaged"


def test_too_many_members_and_too_much_text_are_too_large():
    assert code_of(archive({"word/document.xml": b""} | {f"m{i}": b"" for i in range(2_001)})) == "too_large"
    assert code_of(archive({"word/document.xml": b"<a>" + b" " * (60 * 2**20)})) == "too_large"


def test_macros_are_flagged():
    source = zipfile.ZipFile(io.BytesIO(make_docx(Person())))
    members = {name: source.read(name) for name in source.namelist()} | {"word/vbaProject.bin": b"x"}
    assert "The file holds macros." in read_bytes(archive(members)).warnings


def test_an_empty_office_file_has_no_text():
    assert code_of(archive({"content.xml": b"<a/>"})) == "no_text"


def how_it_ends(path: Path) -> str:
    try:
        read_safely(path)
    except Unreadable as unreadable:
        return unreadable.code
    return "read"


@pytest.mark.parametrize("layout", ["pdf", "docx", "odt", "doc", "rtf", "html"])
def test_no_damaged_file_brings_the_reader_down(tmp_path: Path, layout):
    rng, data = random.Random(layout), LAYOUTS[layout](Person())
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(make_odt(Person()))
    for _ in range(12):
        broken = bytearray(data[: rng.randrange(len(data) // 2, len(data))])
        for _ in range(rng.choice([1, 5, 50])):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        bad.write_bytes(broken)
        assert how_it_ends(bad) in ("read", "damaged", "no_text", "encrypted", "too_large", "not_supported")
    assert read_safely(good).fields["basics"]["name"] == "Amara Okafor"


@pytest.mark.parametrize(
    "tail",
    ["x" * 500_000, "a@" * 200_000, "1234567890 " * 40_000, "2019-\n" * 50_000, "Engineer, Initech\t2019\n" * 8_000],
)
def test_endless_text_is_read_within_the_limits(tmp_path: Path, tail):
    path = tmp_path / "long.txt"
    path.write_text("Amara Okafor\namara.okafor@example.org\nExperience\n" + tail)
    assert read_safely(path).fields["basics"]["name"] == "Amara Okafor"


def test_a_page_of_ten_thousand_pieces_is_read_within_the_limits(tmp_path: Path):
    paper = Paper()
    paper.drawn += [(float(y), float(x), "x", "Helvetica", 3.0) for y in range(10, 760, 6) for x in range(10, 580, 7)]
    paper.drawn.append((800.0, 50.0, "Amara Okafor", "Helvetica-Bold", 20.0))
    path = tmp_path / "many.pdf"
    path.write_bytes(paper.save())
    assert "Amara Okafor" in read_safely(path).text
