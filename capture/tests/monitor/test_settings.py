"""config.json, the environment, the policy, and who is watched."""

import json
import os

import config
import credentials
import gate
import pytest


def write(folder, settings, **top):
    (folder / "config.json").write_text(json.dumps({"designation": "Recruiter", **top, "download_monitor": settings}))


def test_an_empty_folder_means_disabled_and_thirty_seconds(tmp_path):
    settings = config.read(str(tmp_path), {})
    assert (settings.enabled, settings.check_interval_sec, settings.patterns) == (False, 30, ["Naukri_*"])


def test_the_environment_wins_over_the_file(tmp_path):
    write(tmp_path, {"api_url": "http://file.test/api"})
    assert config.read(str(tmp_path), {"CV_CAPTURE_API_URL": "http://env.test/api/"}).api_url == "http://env.test/api"


def test_unknown_keys_are_left_alone(tmp_path):
    write(tmp_path, {"enabled": True, "colour": "red"}, tracker={"port": 5050})
    before = (tmp_path / "config.json").read_text()
    config.save_policy(str(tmp_path), {"enabled": True})
    assert config.read(str(tmp_path), {}).enabled is True
    assert (tmp_path / "config.json").read_text() == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("enabled", "yes"),
        ("check_interval_sec", 0),
        ("check_interval_sec", True),
        ("api_url", "ftp://x/api"),
        ("patterns", []),
        ("patterns", "Naukri_*"),
        ("extensions", [1]),
        ("max_size_bytes", -1),
        ("at_once", 99),
    ],
)
def test_a_bad_value_is_named(tmp_path, key, value):
    write(tmp_path, {key: value})
    with pytest.raises(config.ConfigError, match=key):
        config.read(str(tmp_path), {})


@pytest.mark.parametrize("text", ["{", "[]", '{"download_monitor": 3}', "\udc80"])
def test_a_bad_file_keeps_the_last_good_settings(tmp_path, text):
    write(tmp_path, {"enabled": True})
    held = config.Config(str(tmp_path))
    assert held.refresh() is True
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert held.refresh() is True
    assert held.fault
    assert held.settings.enabled is True
    assert held.refresh() is False


def test_a_file_saved_by_notepad_is_read(tmp_path):
    (tmp_path / "config.json").write_bytes(b'\xef\xbb\xbf{"emp_id": 7}')
    assert config.read(str(tmp_path), {}).emp_id == 7


def test_a_policy_goes_over_the_file_but_cannot_switch_on(tmp_path):
    write(tmp_path, {"enabled": False, "max_size_bytes": 5})
    config.save_policy(str(tmp_path), {"enabled": True, "max_size_bytes": 7, "patterns": None, "colour": "red"})
    settings = config.read(str(tmp_path), {})
    assert (settings.enabled, settings.max_size_bytes, settings.patterns) == (False, 7, ["Naukri_*"])


def test_a_bad_policy_is_not_kept(tmp_path):
    with pytest.raises(config.ConfigError, match="patterns"):
        config.save_policy(str(tmp_path), {"patterns": "everything"})
    assert os.listdir(tmp_path) == []


def test_the_share_of_a_roll_out_grows_and_never_drops_a_device(tmp_path):
    taking_part = []
    for percent in (0, 5, 30, 100):
        config.save_policy(str(tmp_path), {"rollout_percent": percent})
        names = {f"PC-{number}" for number in range(200)}
        taking_part.append({name for name in names if not held_back(tmp_path, name)})
    assert taking_part[0] == set()
    assert len(taking_part[3]) == 200
    assert taking_part[0] <= taking_part[1] <= taking_part[2] <= taking_part[3]
    assert 30 < len(taking_part[2]) < 90


def held_back(folder, device):
    write(folder, {"device": device})
    return config.read(str(folder), {}).held_back


@pytest.mark.parametrize(
    "spelling",
    [
        "Manager - Talent Acquisition",
        "manager-talent acquisition",
        "MANAGER  –  TALENT   ACQUISITION",
        " Manager — Talent_Acquisition ",
        "Senior Executive-Talent Acquisition",
    ],
)
def test_the_spelling_of_a_designation_is_forgiven(tmp_path, spelling):
    write(tmp_path, {"enabled": True, "api_url": "http://a.test/api"}, designation=spelling)
    assert gate.closed_because(config.read(str(tmp_path), {})) == ""


@pytest.mark.parametrize("designation", [None, "", " - ", 5, "Manager", "Talent Acquisition", "Manager - Talent"])
def test_another_designation_closes_the_gate(tmp_path, designation):
    write(tmp_path, {"enabled": True, "api_url": "http://a.test/api"}, designation=designation)
    assert "designation" in gate.closed_because(config.read(str(tmp_path), {}))


def test_a_token_file_that_others_can_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("CV_CAPTURE_AUTH_TOKEN", raising=False)
    settings = config.read(str(tmp_path), {})
    (tmp_path / "token").write_text("secret\n")
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(credentials.Unusable):
        credentials.token(str(tmp_path), settings)
    (tmp_path / "token").chmod(0o600)
    assert credentials.token(str(tmp_path), settings) == "secret"
    monkeypatch.setenv("CV_CAPTURE_AUTH_TOKEN", "from-environment")
    assert credentials.token(str(tmp_path), settings) == "from-environment"


def test_a_token_in_the_keyring_is_found(tmp_path, monkeypatch):
    monkeypatch.delenv("CV_CAPTURE_AUTH_TOKEN", raising=False)
    tool = tmp_path / "secret-tool"
    tool.write_text('#!/bin/sh\n[ "$*" = "lookup service cv-capture" ] && echo from-keyring\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert credentials.token(str(tmp_path), config.read(str(tmp_path), {})) == "from-keyring"
