"""Door five: the upload request. Parse, find, call one verb, answer."""

from __future__ import annotations

import math
import uuid
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from uploads import ledger, serializers
from uploads.errors import StoreUnavailable, UploadFailed
from uploads.keys import request_key
from uploads.models import Document, Promised
from uploads.permissions import may
from uploads.proof import gather_parts, prove
from uploads.serializers import unix
from uploads.storage import get_store
from uploads.tasks import ask_for_verification

MESSAGES = {
    Promised.RENEWED: "New upload URL generated",
    Promised.VALID: "Using existing valid URL",
    Promised.STORED: "Document already processed",
}
PART_BYTES, MOST_PARTS = 8 * 2**20, 1000


class RequestUpload(APIView):
    """Asks by hash for a URL to send a document to; known bytes are not sent again."""

    operation = "upload_request"
    throttle_scope = "upload"
    permission_classes = [may("uploads.add_document")]

    @extend_schema(request=serializers.UploadRequestSerializer, responses=serializers.UploadAnswerSerializer)
    def post(self, request: Request) -> Response:
        asked = serializers.UploadRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        name, sha256, file_type = data["doc_name"], data["doc_hash_256"], data["file_type"]
        document, promised = Document.objects.promise(
            sha256=sha256,
            name=name,
            size=data["file_size"],
            file_type=file_type,
            key=request_key(sha256, name, file_type.extension),
        )
        ledger.note(document.doc_id, action=promised.value)
        in_parts = data["multipart"] or document.file_size_bytes > settings.MULTIPART_FROM
        return Response(_answer(document, promised, in_parts))


def _answer(document: Document, promised: Promised, in_parts: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "doc_id": document.doc_id,
        "status": document.upload_status,
        "s3_presigned_url": None,
        "s3_url_expires_at": None,
        "trace_id": ledger.current().id,
    }
    if promised in MESSAGES:
        answer["message"] = MESSAGES[promised]
    if promised is Promised.STORED:
        return answer
    try:
        return answer | _urls(document, in_parts)
    except StoreUnavailable as error:
        document.mark_failed("store_unavailable")
        raise StoreUnavailable("Failed to generate upload URL") from error


def _urls(document: Document, in_parts: bool) -> dict[str, Any]:
    assert document.s3_url_expires_at is not None  # by constraint
    store, size = get_store(), document.file_size_bytes
    expires_in = seconds_left(document)
    url, _ = store.presign_put(document.s3_key, size=size, expires_in=expires_in)
    urls = {"s3_presigned_url": url, "s3_url_expires_at": unix(document.s3_url_expires_at)}
    if not in_parts:
        return urls
    upload_id = _multipart_upload(document)
    part_size = max(PART_BYTES, math.ceil(size / MOST_PARTS / 2**20) * 2**20)
    parts = [
        store.presign_part(
            document.s3_key,
            upload_id,
            number + 1,
            start=start,
            size=min(part_size, size - start),
            expires_in=expires_in,
        )
        for number, start in enumerate(range(0, size, part_size))
    ]
    return urls | {"multipart": {"part_size": part_size, "urls": parts}}


def seconds_left(document: Document) -> int:
    """How long a URL must live to end when the row says."""
    assert document.s3_url_expires_at is not None  # by constraint
    return max(1, round((document.s3_url_expires_at - timezone.now()).total_seconds()))


def _multipart_upload(document: Document) -> str:
    """The multipart upload of this promise, made once whoever asks."""
    if document.multipart_upload_id:
        return document.multipart_upload_id
    store = get_store()
    upload_id = store.create_multipart(document.s3_key)
    if document.hold_for_multipart(upload_id):
        return upload_id
    store.abort_multipart(document.s3_key, upload_id)
    document.refresh_from_db(fields=["multipart_upload_id"])
    return document.multipart_upload_id


class CompleteUpload(APIView):
    """Says that the bytes are in the store: proves them, here when they are few, else in a worker."""

    operation = "upload_complete"
    throttle_scope = "upload"
    permission_classes = [may("uploads.add_document")]

    @extend_schema(
        request=serializers.CompleteSerializer,
        responses={200: serializers.DocumentSerializer, 202: serializers.DocumentSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = serializers.CompleteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        document = get_object_or_404(Document, pk=asked.validated_data["doc_id"])
        ledger.note(document.doc_id)
        if not document.is_stored:
            complete(document)
            document.refresh_from_db()
        body = serializers.DocumentSerializer(document).data | {"trace_id": ledger.current().id}
        return Response(body, status=200 if document.is_stored else 202)


def complete(document: Document) -> None:
    """Proves a promised document now, or asks a worker to. Raises the Conflict that the caller must hear of."""
    if document.upload_status == Document.UploadStatus.FAILED:
        raise UploadFailed(code=document.failure_code)
    if document.is_being_verified:
        return
    if document.multipart_upload_id:
        gather_parts(document)
    if document.file_size_bytes > settings.VERIFY_INLINE_MAX:
        ask_for_verification(document)
    else:
        prove(document, document.file_type)


class ReadDocument(APIView):
    """One document row, for any recruiter who knows its id."""

    throttle_scope = "upload"
    permission_classes = [may("uploads.view_document")]

    @extend_schema(responses=serializers.DocumentSerializer)
    def get(self, request: Request, doc_id: uuid.UUID) -> Response:
        return Response(serializers.DocumentSerializer(get_object_or_404(Document, pk=doc_id)).data)
