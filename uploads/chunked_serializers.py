"""What the chunked door takes and answers."""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from uploads.assessments import Assessment
from uploads.chunked_body import ChunkBody
from uploads.fields import FileName, Sha256, StrictInteger, StrictText
from uploads.filetypes import all_types, type_of
from uploads.serializers import check_size, taken_types
from uploads.sessions import UploadSession


class UnixTime(serializers.IntegerField):
    """Whole seconds, as the other doors for files answer times."""

    def to_representation(self, value: Any) -> int:
        return int(value.timestamp())


class InitSerializer(serializers.Serializer):
    filename = FileName()
    file_size = StrictInteger(min_value=1)
    total_chunks = StrictInteger(min_value=1)

    def validate_filename(self, name: str) -> str:
        if type_of(name, all_types()) is None:
            raise serializers.ValidationError(taken_types())
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        file_type = type_of(attrs["filename"], all_types())
        assert file_type is not None
        check_size(attrs["file_size"], file_type)
        wanted = math.ceil(attrs["file_size"] / settings.UPLOAD_CHUNK_BYTES)
        if attrs["total_chunks"] != wanted:
            chunks = f"chunks of {settings.UPLOAD_CHUNK_BYTES} bytes"
            raise serializers.ValidationError(
                {"total_chunks": [f"{attrs['file_size']} bytes in {chunks} are {wanted} chunks."]}
            )
        return {**attrs, "file_type": file_type}


class InitAnswerSerializer(serializers.Serializer):
    upload_id = serializers.UUIDField()
    chunk_size = serializers.IntegerField(help_text="bytes; the last chunk may be shorter")
    total_chunks = serializers.IntegerField()
    expires_at = UnixTime(help_text="Unix seconds; slides with each chunk")
    message = serializers.CharField()


class UploadIdSerializer(serializers.Serializer):
    upload_id = StrictText(max_length=100)


@extend_schema_field({"type": "string", "format": "binary"})
class ChunkField(serializers.Field):
    default_error_messages = {"invalid": "The bytes of the chunk are needed, as the last field of the form."}

    def to_internal_value(self, data: Any) -> ChunkBody:
        if not isinstance(data, ChunkBody):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class ChunkSerializer(UploadIdSerializer):
    """The fields in this order: the chunk is the last one."""

    chunk_index = StrictInteger(help_text="from 0")
    sha256 = Sha256(required=False, default="")
    chunk = ChunkField()


class ChunkAnswerSerializer(serializers.Serializer):
    upload_id = serializers.UUIDField()
    chunk_index = serializers.IntegerField()
    received_chunks = serializers.IntegerField()
    total_chunks = serializers.IntegerField()
    progress = serializers.FloatField(help_text="percent")


class EndSerializer(serializers.Serializer):
    upload_id = serializers.UUIDField()
    message = serializers.CharField()


class CompleteAnswerSerializer(serializers.Serializer):
    assessment_id = serializers.UUIDField(allow_null=True, help_text="null when it is no video")
    filename = serializers.CharField()
    message = serializers.CharField()
    status = serializers.ChoiceField(["verifying", "done", "failed"])
    doc_id = serializers.UUIDField(allow_null=True, help_text="null until the hash is known")


class SessionSerializer(serializers.ModelSerializer):
    status = serializers.ChoiceField(["open", "verifying", "done", "failed"])
    received = serializers.ListField(child=serializers.IntegerField(), help_text="indexes that have arrived")
    expires_at = UnixTime(help_text="Unix seconds")
    doc_id = serializers.UUIDField(source="document_id", allow_null=True)
    assessment_id = serializers.SerializerMethodField()
    message = serializers.CharField()
    parse_status = serializers.CharField(
        source="document.parse_status", default=None, help_text="how far the reading of a stored CV has come"
    )

    class Meta:
        model = UploadSession
        fields = [
            "upload_id", "filename", "status", "received", "total_chunks",
            "expires_at", "doc_id", "assessment_id", "message", "parse_status",
        ]  # fmt: skip

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_assessment_id(self, session: UploadSession) -> Any:
        return session.assessment_id


class OpenSessionSerializer(serializers.ModelSerializer):
    """One line of the list for ops; no file name, which may be a person's."""

    user_id = serializers.IntegerField()
    received_chunks = serializers.IntegerField()
    created_at, updated_at, expires_at = UnixTime(), UnixTime(), UnixTime()

    class Meta:
        model = UploadSession
        fields = [
            "upload_id", "user_id", "status", "file_size", "received_chunks",
            "total_chunks", "created_at", "updated_at", "expires_at",
        ]  # fmt: skip


class SessionsSerializer(serializers.Serializer):
    active_sessions = serializers.IntegerField()
    session_ids = serializers.ListField(child=serializers.UUIDField())
    sessions = OpenSessionSerializer(many=True)


class AssessmentSerializer(serializers.ModelSerializer):
    codecs = serializers.ListField(child=serializers.CharField())
    poster_url = serializers.CharField(allow_null=True)

    class Meta:
        model = Assessment
        fields = [
            "assessment_id", "status", "message", "duration_s", "width", "height",
            "frame_rate", "codecs", "playable", "poster_url",
        ]  # fmt: skip
