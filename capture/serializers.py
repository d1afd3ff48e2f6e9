"""What the capture door takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from django.utils import timezone
from rest_framework import serializers

from capture.models import CVCapture
from uploads.fields import (
    FileName,
    Moment,
    SensibleText,
    Sha256,
    StrictBoolean,
    StrictChoice,
    StrictInteger,
    StrictText,
)
from uploads.filetypes import cv_types, type_of
from uploads.serializers import check_size, unix

MOST_HASHES = 500
MOST_STUCK = 50


class PresignSerializer(serializers.Serializer):
    file_name = FileName()
    file_size = StrictInteger(min_value=1, help_text="bytes")
    file_type = StrictText(help_text="MIME type; must agree with the extension of file_name")
    sha256 = Sha256(help_text="64 hex digits of the file's content")
    source = StrictChoice(CVCapture.Source.choices)  # type: ignore[assignment]  # DRF has a source of its own
    checksum = StrictBoolean(default=False, help_text="true: the store refuses other bytes by itself")

    def validate_file_name(self, name: str) -> str:
        if type_of(name, cv_types()) is None:
            names = ", ".join(file_type.extension for file_type in cv_types())
            raise serializers.ValidationError(f"Files of these types are taken: {names}.")
        return name

    def validate_file_type(self, mime: str) -> str:
        if not any(mime in file_type.mimes for file_type in cv_types()):
            raise serializers.ValidationError("Files of this type are not taken.")
        return mime

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        file_type = type_of(attrs["file_name"], cv_types())
        assert file_type is not None  # validate_file_name saw to it
        if attrs["file_type"] not in file_type.mimes:
            raise serializers.ValidationError({"file_name": ["The extension does not agree with file_type."]})
        check_size(attrs["file_size"], file_type)
        return {**attrs, "proven_type": file_type}


class RenamedHash(Sha256):
    """Older monitors call it `file_hash`: they are told, and nothing is guessed."""

    default_error_messages = {"renamed": "The hash is called sha256 here; file_hash is not read."}

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        is_renamed = key == "required" and "file_hash" in self.root.initial_data
        super().fail("renamed" if is_renamed else key, **kwargs)


class MetadataSerializer(PresignSerializer):
    sha256 = RenamedHash(help_text="64 hex digits of the file's content")
    s3_key = StrictText(max_length=500, trim_whitespace=False)
    uploaded_at = Moment(required=False, allow_null=True)
    detected_at = Moment(required=False, allow_null=True)
    emp_id = SensibleText(max_length=40)
    device = SensibleText(max_length=100)
    checksum = None  # type: ignore[assignment]  # how DRF drops an inherited field

    def receipt(self) -> dict[str, Any]:
        """The columns of the capture that this call brings."""
        names = ("file_name", "source", "emp_id", "device", "uploaded_at", "detected_at")
        return {name: self.validated_data[name] for name in names if self.validated_data.get(name) is not None}


class CheckSerializer(serializers.Serializer):
    sha256 = serializers.ListField(child=Sha256(), max_length=MOST_HASHES)


class StuckSerializer(serializers.Serializer):
    file_name = SensibleText(max_length=255)
    reason = SensibleText(max_length=300)
    since = Moment(required=False, allow_null=True)


class HeartbeatSerializer(serializers.Serializer):
    """How a desktop is. Only its name is needed; what is not sensible is left out, never refused."""

    device = StrictText(max_length=100)
    version = SensibleText(max_length=40)
    queue_depth = StrictInteger(min_value=0, max_value=10**9, default=0)
    oldest_waiting_s = StrictInteger(min_value=0, max_value=10**9, default=0, help_text="seconds")
    stuck = StuckSerializer(many=True, default=list)
    detected = serializers.ListField(child=Sha256(), max_length=MOST_HASHES, default=list)
    sent_at = Moment(required=False, allow_null=True)

    def facts(self) -> dict[str, Any]:
        """The columns of the report."""
        data, stuck = self.validated_data, self.validated_data["stuck"][:MOST_STUCK]
        return {
            **{name: data[name] for name in ("device", "version", "queue_depth", "oldest_waiting_s")},
            "stuck": [{**one, "since": unix(one.get("since"))} for one in stuck],
            "clock_ahead_s": clock_ahead(data.get("sent_at")),
        }


def clock_ahead(sent_at: datetime | None) -> int:
    """Seconds, as far as a column holds them."""
    ahead = (sent_at - timezone.now()).total_seconds() if sent_at else 0
    return round(max(-(2**31), min(ahead, 2**31 - 1)))


class PolicySerializer(serializers.Serializer):
    policy = serializers.DictField(help_text="what the server wants of this user's monitors; {} leaves all to them")
    server_time = serializers.IntegerField(help_text="Unix seconds")


class PresignAnswerSerializer(serializers.Serializer):
    s3_url = serializers.URLField()
    s3_key = serializers.CharField()
    expires_at = serializers.IntegerField(help_text="Unix seconds")
    headers = serializers.DictField(child=serializers.CharField(), help_text="to be sent with the PUT")
    duplicate = serializers.BooleanField(help_text="these bytes are stored already; no PUT is needed")
    status = serializers.CharField()
    doc_id = serializers.UUIDField()
    trace_id = serializers.UUIDField()


class MetadataAnswerSerializer(serializers.Serializer):
    cv_capture_id = serializers.IntegerField()
    doc_id = serializers.UUIDField()
    status = serializers.CharField(help_text="stored")
    duplicate = serializers.BooleanField()
    file_name = serializers.CharField()
    s3_key = serializers.CharField()
    message = serializers.CharField()
    trace_id = serializers.UUIDField()


class CaptureSerializer(serializers.ModelSerializer):
    cv_capture_id = serializers.IntegerField(source="pk")
    doc_id = serializers.UUIDField(source="document_id")
    status = serializers.ChoiceField(["stored", "parsing", "ready", "failed"])
    reason = serializers.CharField(allow_null=True, help_text="words that a recruiter can read")

    class Meta:
        model = CVCapture
        fields = ["cv_capture_id", "doc_id", "file_name", "status", "reason"]


class KnownSerializer(serializers.Serializer):
    known = serializers.ListField(child=serializers.CharField())
