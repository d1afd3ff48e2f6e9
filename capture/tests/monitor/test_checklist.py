"""The deployment checklist, line by line; each test is named after its line."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from .conftest import MONITOR, ROOT, Desk, end, make_cv, sha256, wait_for

NAME = "Naukri_Test_CV.pdf"
TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)
LAST_LINE = """
from pathlib import Path
from django.conf import settings
lines = max(Path(settings.LOG_DIR).glob("cv-capture-*.log")).read_text().splitlines()
print([line for line in lines if "Naukri_Day_1" in line][-1])
"""
ROW = """
import json
from capture.models import CVCapture
found = CVCapture.objects.received().get(document__doc_hash_256={sha256!r})
print(json.dumps({{"id": found.pk, "file_name": found.file_name, "source": found.source, "device": found.device,
    "emp_id": found.emp_id, "detected": int(found.detected_at.timestamp()), "size": found.document.file_size_bytes,
    "key": found.document.s3_key}}))
"""
REPORT = """
from django.core.management import call_command
call_command("usage_report", "--json")
"""


def test_set_enabled_false_initially():
    example = json.loads((MONITOR / "config.example.json").read_text())
    assert example["download_monitor"]["enabled"] is False
    assert example["download_monitor"]["api_url"].endswith("/api")


def test_with_enabled_false_nothing_is_watched(desk):
    desk.configure(enabled=False)
    desk.start()
    desk.download(NAME)
    desk.wait_for_log("[DownloadMonitor] Not monitoring: disabled in config")
    assert "Monitor thread started" not in desk.log()


def test_verify_all_designations_are_correctly_spelled():
    import config

    assert config.DESIGNATIONS[:2] == ["Manager - Talent Acquisition", "Senior Executive - Talent Acquisition"]


def test_version_is_the_one_of_the_roll_out(desk):
    assert desk.run("--version").stdout.strip() == "0.1.19"


def test_no_hardcoded_secrets_in_code():
    secret = re.compile(r"""(token|secret|password)\w*\s*=\s*["'][^"' ]{8,}["']""", re.IGNORECASE)
    for path in [*MONITOR.glob("*.py"), *MONITOR.glob("*.json")]:
        assert not secret.search(path.read_text(encoding="utf-8"))


def test_launch_app_and_verify_startup_logs(desk):
    desk.start()
    lines = [line.split("] ", 1)[1] for line in desk.log().splitlines()]
    assert lines[:2] == ["[DownloadMonitor] Monitoring 5 download paths", "[DownloadMonitor] Monitor thread started"]


def test_a_downloaded_file_is_detected_presigned_uploaded_and_stored(desk):
    notices = desk.catch_notices()
    desk.start()
    body = desk.download(NAME, make_cv(245000))
    desk.wait_for_log("Successfully uploaded")
    lines = [line.split("] ", 1)[1] for line in desk.log().splitlines()]
    assert all(re.match(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}] ", line) for line in desk.log().splitlines())
    assert lines[2:] == [
        "[DownloadMonitor] New file detected: Naukri_Test_CV.pdf",
        "Requesting presign for Naukri_Test_CV.pdf...",
        "Uploading to S3...",
        "S3 upload successful",
        "Storing metadata...",
        "Successfully uploaded: Naukri_Test_CV.pdf (245.0KB)",
    ]
    assert desk.known([body]) == 1
    wait_for(lambda: notices.exists() and notices.read_text() == "CV Uploaded - Naukri_Test_CV.pdf\n")


def test_duplicate_file_is_detected_and_not_uploaded_again(desk):
    desk.start()
    body = desk.download(NAME)
    desk.wait_for_log("Successfully uploaded")
    desk.download("Naukri_Test_CV (1).pdf", body)
    desk.wait_for_log("Already sent, not uploaded again: Naukri_Test_CV (1).pdf")
    assert desk.log().count("Uploading to S3...") == 1


def test_what_the_server_knows_already_is_not_uploaded_again(desk):
    body = desk.download(NAME)
    assert desk.run("once").returncode == 0
    (desk.data / "journal.jsonl").unlink()
    assert desk.run("once").returncode == 0
    assert desk.log().count("Uploading to S3...") == 1
    assert desk.states() == {NAME: "duplicate"}
    assert desk.known([body]) == 1


def test_a_file_still_being_written_waits(desk):
    desk.start()
    body = make_cv()
    with open(desk.downloads / NAME, "wb") as file:
        for start in range(0, len(body), 150):
            file.write(body[start : start + 150])
            file.flush()
            wait_for(lambda size=start: (desk.downloads / NAME).stat().st_size > size)
    desk.wait_for_log("Successfully uploaded")
    wait_for(lambda: desk.states() == {NAME: "sent"})
    assert desk.journal()[-1]["sha256"] == sha256(body)
    assert desk.known([body]) == 1


def test_a_writer_that_pauses_longer_than_we_wait_is_not_taken_for_done(desk):
    desk.start()
    body = make_cv()
    (desk.downloads / NAME).write_bytes(body[:300])
    desk.wait_for_log("New file detected")
    with pytest.raises(pytest.fail.Exception):
        desk.wait_for_log("Requesting presign", seconds=2)
    (desk.downloads / NAME).write_bytes(body)
    desk.wait_for_log("Successfully uploaded")
    assert desk.known([body]) == 1


def test_an_oversized_file_is_skipped_and_the_user_is_told(desk):
    notices = desk.catch_notices()
    desk.configure(max_size_bytes=2000)
    desk.start()
    desk.download(NAME, make_cv(4000))
    desk.wait_for_log("is set aside: 0.0MB is over the limit of 0.0MB")
    wait_for(lambda: notices.exists() and "needs attention - " + NAME in notices.read_text())
    assert "Requesting presign" not in desk.log()
    assert "1" in re.search(r"Set aside: (\d+)", desk.run("status").stdout).group(1)


def test_a_wrong_extension_is_skipped_and_said_once(desk):
    desk.start()
    desk.download("Naukri_List.xlsx")
    desk.wait_for_log("Skipped Naukri_List.xlsx: its type is not one of .pdf .doc .docx .rtf .odt")
    desk.download("Naukri_Other.xlsx")
    desk.wait_for_log("Skipped Naukri_Other.xlsx")
    assert desk.log().count("Naukri_List.xlsx") == 1
    assert "presign" not in desk.log()


def test_a_wrong_filename_pattern_is_skipped_without_naming_the_file(desk):
    desk.start()
    desk.download("Salary slip.pdf")
    desk.wait_for_log("Skipped 1 other files: their names do not match Naukri_*")
    assert "Salary" not in desk.log() + json.dumps(desk.journal())


def test_no_auth_token_logs_a_warning_and_the_file_waits(desk):
    token = desk.environment.pop("CV_CAPTURE_AUTH_TOKEN")
    process = desk.start()
    body = desk.download(NAME)
    desk.wait_for_log("[DownloadMonitor] WARNING: no auth token: nothing is sent until CV_CAPTURE_AUTH_TOKEN is set")
    wait_for(lambda: desk.states() == {NAME: "waiting"})
    end(process)
    desk.environment["CV_CAPTURE_AUTH_TOKEN"] = token
    desk.start()
    desk.wait_for_log("Successfully uploaded")
    assert desk.known([body]) == 1


@pytest.mark.parametrize("token", ["Bearer 0123abcd", "0123\nabcd", "“0123abcd”"])
def test_auth_token_format(lab, token):
    lab.environment["CV_CAPTURE_AUTH_TOKEN"] = token
    lab.start()
    lab.download(NAME)
    lab.wait_for_log(
        "[DownloadMonitor] WARNING: the auth token is not one: it has spaces, line breaks or foreign letters"
    )
    assert "FAIL  token: the auth token is not one" in lab.run("doctor").stdout
    assert lab.server.calls == []


def test_an_unreachable_api_logs_an_error_and_the_queue_waits(desk):
    desk.configure(api_url="http://127.0.0.1:9/api")
    desk.start()
    body = desk.download(NAME)
    desk.wait_for_log("[DownloadMonitor] ERROR: the server is away: cannot be reached: ConnectionRefusedError")
    wait_for(lambda: desk.states() == {NAME: "waiting"})
    desk.configure()
    desk.wait_for_log("Successfully uploaded")
    assert desk.known([body]) == 1


def test_the_environment_overrides_the_api_url(desk):
    desk.configure(api_url="http://127.0.0.1:9/api")
    desk.environment["CV_CAPTURE_API_URL"] = desk.server.url + "/api"
    body = desk.download(NAME)
    assert desk.run("once").returncode == 0
    assert desk.known([body]) == 1


def test_changes_of_the_configuration_take_effect_within_an_interval(desk):
    desk.start()
    desk.download("CV_before.pdf")
    desk.configure(patterns=["CV_*"])
    desk.wait_for_log("Successfully uploaded: CV_before.pdf")
    desk.configure(patterns=["CV_*"], max_size_bytes=100)
    desk.download("CV_after.pdf")
    desk.wait_for_log("CV_after.pdf is set aside")


def test_a_bad_configuration_warns_and_the_last_good_one_stays(desk):
    desk.start()
    (desk.data / "config.json").write_text('{"download_monitor": {"enabled": tru')
    desk.wait_for_log("[DownloadMonitor] WARNING: the settings are not used, the last good ones stay: config.json")
    desk.download(NAME)
    desk.wait_for_log("Successfully uploaded: " + NAME)
    desk.configure(check_interval_sec=-1)
    desk.wait_for_log("the last good ones stay: bad value for check_interval_sec")
    desk.configure(designation="Cook")
    desk.wait_for_log("Monitor thread stopped: designation is not on the list")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_clean_end_leaves_no_thread_lock_or_half_file(lab, ending):
    lab.server.slow = 30
    process = lab.start()
    body = lab.download(NAME)
    lab.wait_for_log("Uploading to S3...")
    process.send_signal(ending)
    assert process.wait(15) == 0
    assert subprocess.run(["pgrep", "-g", str(process.pid)], check=False).returncode == 1
    assert sorted(os.listdir(lab.data)) == ["alerts.log", "config.json", "journal.jsonl", "monitor.lock"]
    lab.server.slow = 0
    assert lab.run("once").returncode == 0
    assert list(lab.server.captures) == [sha256(body)]


def test_another_designation_is_not_watched(desk):
    desk.configure(designation="Accountant")
    desk.start()
    assert "Not monitoring: designation is not on the list" in desk.log()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_below_20_mb_after_uploads(desk):
    process = desk.start()
    bodies = [desk.download(f"Naukri_{number}.pdf") for number in range(20)]
    desk.wait_until_stored(bodies)
    wait_for(lambda: not (desk.data / "sending.jsonl").exists())
    rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    assert int(re.search(r"Rss:\s+(\d+) kB", rollup).group(1)) < 20 * 1024
    assert len(os.listdir(f"/proc/{process.pid}/task")) == 1


@pytest.mark.parametrize("count", [100, 1000])
def test_with_many_files_in_the_download_folder_only_the_new_one_is_sent(desk, count):
    for number in range(count):
        (desk.downloads / f"Naukri_old_{number}.pdf").write_bytes(b"%PDF-1.4 old %%EOF")
    desk.start()
    body = desk.download(NAME)
    desk.wait_for_log("Successfully uploaded")
    assert f"Left {count} files that were here before the first start" in desk.log()
    assert desk.log().count("Requesting presign") == 1
    assert desk.known([body]) == 1


def test_rollback_by_config_stops_within_an_interval_and_leaves_nothing_open(desk):
    process = desk.start()
    desk.download(NAME)
    desk.wait_for_log("Successfully uploaded")
    desk.configure(enabled=False)
    desk.wait_for_log("[DownloadMonitor] Monitor thread stopped: disabled in config")
    desk.download("Naukri_Later.pdf")
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    assert not children.exists() or not children.read_text()
    assert not (desk.data / "sending.jsonl").exists()
    desk.configure(enabled=True)
    desk.wait_for_log("Successfully uploaded: Naukri_Later.pdf")


def test_verify_no_orphaned_threads_and_no_stuck_file_locks(desk):
    process = desk.start()
    assert desk.run("once").returncode == 1, "one monitor at a time"
    assert end(process) == 0
    assert desk.log().endswith("[DownloadMonitor] Monitor ended\n")
    assert sorted(os.listdir(desk.data)) == ["alerts.log", "config.json", "journal.jsonl", "monitor.lock"]
    assert desk.run("once").returncode == 0


def test_clear_the_processed_file_cache(desk):
    desk.start()
    body = desk.download(NAME)
    desk.wait_for_log("Successfully uploaded")
    assert desk.run("forget", sha256(body)[:12]).returncode == 0
    desk.wait_for_log("Already sent, not uploaded again: " + NAME)
    assert desk.run("forget", "--all").returncode == 0
    wait_for(lambda: desk.log().count("Already sent, not uploaded again") == 2)


def test_phase_2_only_a_share_of_the_devices_takes_part(lab):
    lab.server.policy = {"rollout_percent": 0}
    lab.start()
    lab.wait_for_log("Monitor thread stopped: this device is not part of the roll-out yet")
    lab.download(NAME)
    assert "presign" not in lab.log()


def test_disable_for_all_from_the_server_and_enable_again(lab):
    lab.configure(heartbeat_sec=1)
    lab.server.policy = {"enabled": False}
    lab.start()
    lab.wait_for_log("Monitor thread stopped: switched off by the server")
    lab.server.policy = {"enabled": True}
    lab.download(NAME)
    lab.wait_for_log("Successfully uploaded")


def test_verify_package_includes_everything_and_runs_on_target_python(tmp_path, system, every_python):
    import build

    program = build.build(str(tmp_path / "monitor.pyz"))
    desk = Desk(tmp_path, system, every_python)
    desk.command = lambda *words: [every_python, program, "--data", str(desk.data), *words]
    body = desk.download(NAME)
    ended = desk.run("once", cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert desk.known([body]) == 1
    assert "config.example.json" not in os.listdir(desk.data)


def test_day_1_no_critical_errors_in_logs_the_api_responds_and_files_are_uploaded(desk, system):
    process = desk.start()
    body = desk.download("Naukri_Day_1.pdf")
    desk.wait_for_log("Successfully uploaded")
    wait_for(lambda: "Sent: 1 today, 1 in all" in desk.run("status").stdout)
    examined = desk.run("doctor")
    assert (examined.returncode, "FAIL" in examined.stdout) == (0, False)
    assert not re.search("ERROR|WARNING", desk.log())
    assert process.poll() is None
    line = json.loads(system.shell(LAST_LINE).partition("CV uploaded ")[2])
    assert (line["file_name"], line["source"]) == ("Naukri_Day_1.pdf", "download")
    assert desk.known([body]) == 1


def test_week_1_check_data_quality_in_database(desk, system):
    """What the desk knew of a file is what the server's row says, to the second."""
    desk.configure(device="PC-7")
    body = desk.download("Naukri_Week_1.pdf", make_cv(50_000))
    assert desk.run("once").returncode == 0
    seen = next(row for row in desk.journal() if row["state"] == "sent")
    row = json.loads(system.shell(ROW.format(sha256=sha256(body))))
    assert row == {
        "id": seen["cv_capture_id"],
        "file_name": "Naukri_Week_1.pdf",
        "source": "download",
        "device": "PC-7",
        "emp_id": "999",
        "detected": seen["detected_at"],
        "size": 50_000,
        "key": seen["s3_key"],
    }


def test_month_1_generate_usage_report(desk, system):
    before = json.loads(system.shell(REPORT))
    for number in range(3):
        desk.download(f"Naukri_Month_{number}.pdf")
    assert desk.run("once").returncode == 0
    after = json.loads(system.shell(REPORT))
    assert after["stored"] == before["stored"] + 3
    assert after["captures_by_source"]["download"] >= 3
    assert None not in (after["success"], after["upload_p95"], after["latency_p95"], after["error_rate"])


def test_every_line_of_the_checklist_names_tests_and_files_that_exist():
    told = (ROOT / "docs" / "monitor.md").read_text(encoding="utf-8").partition("## The deployment checklist")[2]
    found = {name for path in ROOT.glob("*/tests/**/test_*.py") for name in TEST.findall(path.read_text("utf-8"))}
    named = set(re.findall(r"`(test_\w+)`", told))
    assert len(named) > 30
    assert named <= found
