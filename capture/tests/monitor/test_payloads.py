"""What the monitor sends is held against the server's own rules: fields cannot go missing or change their names."""

import pytest

import payloads  # isort: skip

pytest.importorskip("rest_framework", reason="the server's packages are not installed for this Python")

from capture.serializers import CheckSerializer, HeartbeatSerializer, MetadataSerializer, PresignSerializer

SHA256 = "ab" * 32
NAMES = [
    "Naukri_Resume.pdf",
    "Naukri_Résumé (1).PDF",
    "Naukri_नौकरी.docx",
    "Naukri_履歴書.odt",
    "Naukri_old.doc",
    "Naukri_a.rtf",
    "Naukri_" + "x" * 400 + ".pdf",
    "Naukri_e\u0301.pdf",
    "Naukri_\u202efdp.pdf",
    "Naukri_a\nb\x00.pdf",
    "Naukri_\udc80.pdf",
    "Naukri_a\\b.pdf",
    "Naukri_😀.pdf",
    "Naukri_a%2fb..pdf",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_presign_call_has_everything_the_server_requires(name):
    asked = PresignSerializer(data=payloads.presign(name, 245000, SHA256))
    assert asked.is_valid(), asked.errors
    assert asked.validated_data["checksum"] is True
    assert asked.validated_data["source"] == "download"


@pytest.mark.parametrize("name", NAMES)
def test_a_metadata_call_has_everything_the_server_requires(name):
    told = payloads.metadata(name, 245000, SHA256, "resumes/x.pdf", 1762776000.5, "PC-1", 999)
    asked = MetadataSerializer(data=told)
    assert asked.is_valid(), asked.errors
    assert (asked.receipt()["device"], asked.receipt()["emp_id"]) == ("PC-1", "999")
    assert asked.receipt()["detected_at"].timestamp() == 1762776000


def test_the_dry_run_of_the_doctor_is_refused_for_its_size_alone():
    asked = PresignSerializer(data=payloads.presign("Naukri_dry_run.pdf", 0, SHA256))
    assert not asked.is_valid()
    assert set(asked.errors) == {"file_size"}


def test_a_check_asks_for_no_more_than_the_server_answers():
    asked = CheckSerializer(data=payloads.check([SHA256] * 600))
    assert asked.is_valid(), asked.errors


def test_a_heartbeat_is_understood_whole():
    stuck = [("Naukri_\u202ea.pdf", "HTTP 422 file_name: is odd", 1762776000)]
    beat = payloads.heartbeat("PC-1", "0.1.19", 3, 61.5, stuck * 60, [SHA256] * 600)
    heard = HeartbeatSerializer(data=beat)
    assert heard.is_valid(), heard.errors
    assert heard.validated_data["queue_depth"] == 3
    assert heard.validated_data["oldest_waiting_s"] == 61
    assert heard.validated_data["stuck"][0]["reason"] == "HTTP 422 file_name: is odd"
    assert len(heard.validated_data["detected"]) == 500


def test_no_path_of_the_persons_disk_is_ever_sent():
    sent = payloads.metadata("Naukri_Resume.pdf", 1, SHA256, "k", 0, "PC-1", 999)
    the_file = {"file_name", "file_size", "file_type", "sha256", "source"}
    assert set(sent) == the_file | {"s3_key", "detected_at", "device", "emp_id"}


@pytest.mark.parametrize("emp_id", [None, "", {"a": 1}, "x" * 50])
def test_an_employee_that_is_none_is_left_out(emp_id):
    told = payloads.metadata("Naukri_Resume.pdf", 1, SHA256, "k", 0, "PC-1", emp_id)
    asked = MetadataSerializer(data=told)
    assert asked.is_valid(), asked.errors
    assert not asked.receipt().get("emp_id")
