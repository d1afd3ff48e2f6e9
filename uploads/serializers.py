"""What the upload-request door takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from uploads.fields import FileName, Sha256, StrictBoolean, StrictInteger
from uploads.filetypes import FileType, all_types, type_of
from uploads.models import Document


def unix(moment: datetime | None) -> int | None:
    """The capture and upload doors answer times as whole Unix seconds."""
    return int(moment.timestamp()) if moment else None


def check_size(size: int, file_type: FileType, field: str = "file_size") -> None:
    if size > file_type.max_bytes:
        limit = f"{file_type.max_bytes / 2**20:.0f} MiB"
        raise serializers.ValidationError({field: [f"A {file_type.extension} file may have at most {limit}."]})


class UploadRequestSerializer(serializers.Serializer):
    doc_name = FileName()
    doc_hash_256 = Sha256()
    file_size = StrictInteger(min_value=1)
    multipart = StrictBoolean(default=False)

    def validate_doc_name(self, name: str) -> str:
        if type_of(name, all_types()) is None:
            raise serializers.ValidationError(taken_types())
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        file_type = type_of(attrs["doc_name"], all_types())
        assert file_type is not None
        check_size(attrs["file_size"], file_type)
        return {**attrs, "file_type": file_type}


def taken_types() -> str:
    return f"Files of these types are taken: {', '.join(t.extension for t in all_types())}."


class MultipartSerializer(serializers.Serializer):
    part_size = serializers.IntegerField(help_text="bytes; the last part may be shorter")
    urls = serializers.ListField(child=serializers.URLField(), help_text="one PUT each, in order")


class UploadAnswerSerializer(serializers.Serializer):
    """The answer of `request`. `s3_presigned_url` and its expiry are null where nothing is to be sent."""

    doc_id = serializers.UUIDField()
    status = serializers.ChoiceField(Document.UploadStatus.choices)
    s3_presigned_url = serializers.URLField(allow_null=True)
    s3_url_expires_at = serializers.IntegerField(allow_null=True, help_text="Unix seconds")
    trace_id = serializers.UUIDField()
    message = serializers.CharField(required=False)
    multipart = MultipartSerializer(required=False)


class CompleteSerializer(serializers.Serializer):
    doc_id = serializers.UUIDField()


class DocumentSerializer(serializers.ModelSerializer):
    status = serializers.CharField(source="upload_status")
    doc_name = serializers.CharField(source="original_filename")
    file_size = serializers.IntegerField(source="file_size_bytes")
    s3_url_expires_at = serializers.SerializerMethodField()
    created_at = serializers.SerializerMethodField()
    updated_at = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = [
            "doc_id", "status", "doc_name", "doc_hash_256", "file_size", "s3_key",
            "s3_url_expires_at", "created_at", "updated_at",
        ]  # fmt: skip

    def get_s3_url_expires_at(self, document: Document) -> int | None:
        return unix(document.s3_url_expires_at)

    def get_created_at(self, document: Document) -> int | None:
        return unix(document.created_at)

    def get_updated_at(self, document: Document) -> int | None:
        return unix(document.updated_at)
