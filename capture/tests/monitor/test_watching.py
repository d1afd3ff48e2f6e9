"""Which files are seen, and when one is whole."""

import json
import os
import types

import config
import folders
import pytest
import scan
import settle

from .conftest import make_cv

SETTINGS = config.Settings({key: default for key, (default, _) in config.RULES.items()})


@pytest.mark.parametrize("name", ["Naukri_A.pdf", "naukri_a.PDF", "NAUKRI_Résumé (1).docx", "Naukri_नौकरी.pdf"])
def test_these_names_are_cvs(name):
    assert scan.matcher(SETTINGS)(name)
    assert not scan.skipped_because(name, types.SimpleNamespace(), SETTINGS)


@pytest.mark.parametrize(
    "name",
    [
        "Naukri_A.pdf.crdownload",
        "Unconfirmed 1234.crdownload",
        "Naukri_A.pdf.part",
        "Naukri_A.pdf.partial",
        ".com.google.Chrome.x",
        "Naukri_A.pdf.tmp",
        "~$ukri_A.docx",
        "Naukri_A.pdf.download",
        "invoice.pdf",
        "Naukri",
    ],
)
def test_these_names_are_not(name):
    assert not scan.matcher(SETTINGS)(name)


def test_an_online_only_file_is_left_in_the_cloud():
    in_the_cloud = types.SimpleNamespace(st_file_attributes=0x400020)
    assert "online-only" in scan.skipped_because("Naukri_A.pdf", in_the_cloud, SETTINGS)


@pytest.mark.parametrize(("took", "next_at"), [(0.001, 600), (0.03, 900), (2.0, 3600)])
def test_all_is_read_each_ten_minutes_and_more_seldom_where_that_takes_long(tmp_path, monkeypatch, took, next_at):
    clock = [0.0]
    monkeypatch.setattr(scan.time, "process_time", lambda: clock[0])
    (tmp_path / "Naukri_A.pdf").write_bytes(make_cv())
    scanner = scan.Scanner([str(tmp_path)], SETTINGS)
    for _ in scanner.look(0, 10**18):
        clock[0] += took
    assert seen(scanner, next_at - 1) == []
    assert len(seen(scanner, next_at + 0.01)) == 1


def seen(scanner, now, wall_ns=10**18):
    return list(scanner.look(now, wall_ns))


def test_folders_and_links_are_no_files(tmp_path):
    (tmp_path / "Naukri_folder.pdf").mkdir()
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    (tmp_path / "Naukri_link.pdf").symlink_to(tmp_path / "secret.pdf")
    scanner = scan.Scanner([str(tmp_path)], SETTINGS)
    assert seen(scanner, 0.0) == []
    assert list(scanner.others.values()) == [1]


def test_an_unchanged_folder_is_not_read_again(tmp_path):
    (tmp_path / "Naukri_A.pdf").write_bytes(b"x")
    os.utime(tmp_path, (1, 1))
    scanner = scan.Scanner([str(tmp_path)], SETTINGS)
    assert len(seen(scanner, 0.0)) == 1
    assert seen(scanner, 1.0) == []
    os.utime(tmp_path, (2, 2))
    assert len(seen(scanner, 2.0)) == 1
    assert len(seen(scanner, scan.FULL_SCAN_SEC)) == 1


def test_a_folder_changed_a_moment_ago_is_read_again(tmp_path):
    (tmp_path / "Naukri_A.pdf").write_bytes(b"x")
    scanner = scan.Scanner([str(tmp_path)], SETTINGS)
    just_now = os.stat(tmp_path).st_mtime_ns + 10**9
    assert len(seen(scanner, 0.0, just_now)) == 1
    assert len(seen(scanner, 1.0, just_now)) == 1


def test_a_folder_whose_time_does_not_move_is_read_each_time_once_that_is_known(tmp_path):
    scanner = scan.Scanner([str(tmp_path)], SETTINGS)
    for now, expected in ((0.0, 0), (1.0, 0), (scan.FULL_SCAN_SEC, 1), (scan.FULL_SCAN_SEC + 1, 2)):
        os.utime(tmp_path, (1, 1))
        assert len(seen(scanner, now)) == expected
        (tmp_path / f"Naukri_{now}.pdf").write_bytes(b"x")
        if now == 0.0:
            (tmp_path / "Naukri_0.0.pdf").unlink()


def test_a_folder_that_comes_later_is_watched(tmp_path):
    scanner = scan.Scanner([str(tmp_path / "later")], SETTINGS)
    assert seen(scanner, 0.0) == []
    assert list(scanner.faults.values()) == ["FileNotFoundError"]
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "Naukri_A.pdf").write_bytes(b"x")
    assert len(seen(scanner, 1.0)) == 1
    assert scanner.faults == {}


def test_five_folders_by_default_and_what_browsers_are_set_to(tmp_path):
    assert len(folders.default_folders(str(tmp_path))) == 5
    chrome = tmp_path / ".config/google-chrome/Default"
    firefox = tmp_path / ".mozilla/firefox/x.default"
    for folder in (chrome, firefox):
        folder.mkdir(parents=True)
    (chrome / "Preferences").write_text(json.dumps({"download": {"default_directory": "/data/chrome"}}))
    (firefox / "prefs.js").write_text('user_pref("browser.download.dir", "/data/fire fox");\n')
    assert folders.default_folders(str(tmp_path))[5:] == ["/data/chrome", "/data/fire fox"]


def test_the_systems_own_names_for_folders_are_used(tmp_path):
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/user-dirs.dirs").write_text('# comment\nXDG_DOWNLOAD_DIR="$HOME/Téléchargements"\n')
    assert folders.default_folders(str(tmp_path))[0] == str(tmp_path / "Téléchargements")


def observed(settling, now, stable_sec=2.0):
    return [(os.path.basename(path), verdict) for path, verdict, _, _, _ in settling.observe(now, stable_sec)]


def test_a_file_is_ready_when_it_was_the_same_for_a_while(tmp_path):
    path, settling = tmp_path / "a.pdf", settle.Settling()
    path.write_bytes(make_cv())
    settling.add(str(path), 0.0, 0.0)
    assert observed(settling, 0.0) == []
    assert observed(settling, 1.9) == []
    assert observed(settling, 2.0) == [("a.pdf", "ready")]
    assert settling.files == {}


@pytest.mark.parametrize("change", ["grow", "touch", "replace", "shrink"])
def test_any_change_begins_the_wait_again(tmp_path, change):
    path, settling = tmp_path / "a.pdf", settle.Settling()
    path.write_bytes(make_cv(4000))
    settling.add(str(path), 0.0, 0.0)
    assert observed(settling, 0.0) == []
    state = path.stat()
    if change == "grow":
        with path.open("ab") as file:
            file.write(b"\n%%EOF\n")
    elif change == "touch":
        os.utime(path, (1, 1))
    elif change == "shrink":
        path.write_bytes(make_cv(3000))
    else:
        (tmp_path / "b").write_bytes(path.read_bytes())
        os.utime(tmp_path / "b", ns=(state.st_mtime_ns, state.st_mtime_ns))
        (tmp_path / "b").replace(path)
    assert observed(settling, 2.5) == []
    assert observed(settling, 4.4) == []
    assert observed(settling, 4.5) == [("a.pdf", "ready")]


def test_firefoxs_empty_place_holder_is_never_ready(tmp_path):
    path, settling = tmp_path / "a.pdf", settle.Settling()
    path.touch()
    settling.add(str(path), 0.0, 0.0)
    assert [observed(settling, now) for now in (0.0, 2.0, 599.0)] == [[], [], []]
    path.write_bytes(make_cv())
    assert [observed(settling, now) for now in (600.0, 602.0)] == [[], [("a.pdf", "ready")]]


def test_a_file_that_stays_cut_off_is_given_up_with_a_reason(tmp_path):
    path, settling = tmp_path / "a.pdf", settle.Settling()
    path.write_bytes(make_cv()[:200])
    settling.add(str(path), 0.0, 0.0)
    assert observed(settling, 0.0) == []
    assert [row[3] for row in settling.observe(600.0, 2.0)] == ["it is not a whole PDF"]


def test_a_file_that_another_program_holds_is_never_given_up(tmp_path, monkeypatch):
    path, settling = tmp_path / "a.pdf", settle.Settling()
    path.write_bytes(make_cv())

    def held(*_):
        raise PermissionError

    monkeypatch.setattr(settle, "end_fault", held)
    settling.add(str(path), 0.0, 0.0)
    assert [observed(settling, now) for now in (0.0, 2.0, 599.0)] == [[], [], []]
    assert observed(settling, 600.0) == [("a.pdf", "locked")]


def test_a_file_that_disappears_is_gone(tmp_path):
    settling = settle.Settling()
    settling.add(str(tmp_path / "a.pdf"), 0.0, 0.0)
    assert observed(settling, 0.0) == [("a.pdf", "gone")]


@pytest.mark.parametrize(
    ("name", "whole", "cut"),
    [
        ("a.pdf", b"%PDF-1.4 x %%EOF\n", b"%PDF-1.4 x"),
        ("a.PDF", b"junk %PDF-1.7 %%EOF" + b"\0" * 900, b"<html>%%EOF"),
        ("a.docx", b"PK\x03\x04 x PK\x05\x06" + b"\0" * 18, b"PK\x03\x04 x"),
        ("a.odt", b"PK\x03\x04PK\x05\x06", b"PK\x03"),
        ("a.rtf", b"{\\rtf1 x}\r\n\0", b"{\\rtf1 x"),
        ("a.doc", b"\xd0\xcf\x11\xe0", b""),
    ],
)
def test_each_kind_has_its_own_end(tmp_path, name, whole, cut):
    path = tmp_path / name
    path.write_bytes(whole)
    assert settle.end_fault(str(path), len(whole)) == ""
    path.write_bytes(cut)
    assert settle.end_fault(str(path), len(cut))
