"""Door one: presign → PUT to the store → metadata."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capture import serializers
from capture.fleet import DetectedFile, DeviceReport, MonitorPolicy
from capture.models import CVCapture, DeviceToken
from capture.receipts import log_capture
from uploads import ledger
from uploads.errors import ContentMismatch, SizeMismatch, UploadFailed
from uploads.keys import capture_key
from uploads.models import Document, Promised
from uploads.permissions import RUN_OPS, asker, may
from uploads.proof import prove
from uploads.serializers import unix
from uploads.storage import get_store
from uploads.views import seconds_left

BRINGS_CVS = may("capture.add_cvcapture")


class Presign(APIView):
    """Asks for a URL to PUT a CV to."""

    operation = "cv_capture.presign"
    throttle_scope = "capture"
    permission_classes = [BRINGS_CVS]

    @extend_schema(request=serializers.PresignSerializer, responses=serializers.PresignAnswerSerializer)
    def post(self, request: Request) -> Response:
        asked = serializers.PresignSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        document, promised = _promise(request, asked.validated_data)
        ledger.note(document.doc_id, action=promised.value)
        return Response(_presigned(document, promised is Promised.STORED, asked.validated_data))


def _promise(request: Request, data: dict[str, Any]) -> tuple[Document, Promised]:
    name, sha256, file_type = data["file_name"], data["sha256"], data["proven_type"]
    return CVCapture.objects.promise(
        asker(request),
        source=data["source"],
        ip_address=request.META.get("REMOTE_ADDR", ""),
        sha256=sha256,
        name=name,
        size=data["file_size"],
        file_type=file_type,
        key=capture_key(asker(request).pk, sha256, name, file_type.extension, timezone.now()),
    )


def _presigned(document: Document, duplicate: bool, data: dict[str, Any]) -> dict[str, Any]:
    """`s3_url` works for a duplicate too, for clients that do not look."""
    expires_in = settings.PRESIGN_TTL if duplicate else seconds_left(document)
    url, headers = get_store().presign_put(
        document.s3_key,
        size=data["file_size"],
        expires_in=expires_in,
        content_type=data["file_type"],
        sha256=data["sha256"] if data["checksum"] else None,
    )
    return {
        "s3_url": url,
        "s3_key": document.s3_key,
        "expires_at": int(time.time()) + expires_in if duplicate else unix(document.s3_url_expires_at),
        "headers": headers,
        "duplicate": duplicate,
        "status": document.upload_status,
        "doc_id": document.doc_id,
        "trace_id": ledger.current().id,
    }


class Metadata(APIView):
    """Says that the PUT is done: the bytes are proven, and the capture is made."""

    operation = "cv_capture.metadata"
    throttle_scope = "capture"
    permission_classes = [BRINGS_CVS]

    @extend_schema(
        request=serializers.MetadataSerializer,
        responses={200: serializers.MetadataAnswerSerializer, 201: serializers.MetadataAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = serializers.MetadataSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        document = _find(asked.validated_data)
        ledger.note(document.doc_id)
        was_stored = document.is_stored
        _prove(document, asked.validated_data)
        capture, made = CVCapture.objects.receipt(asker(request).pk, document, **asked.receipt())
        if made:
            log_capture(capture, request.META.get("REMOTE_ADDR", ""))
        return Response(_received(capture, document, was_stored or not made), status=201 if made else 200)


def _find(data: dict[str, Any]) -> Document:
    document = Document.objects.by_hash(data["sha256"])
    if document is None or document.s3_key != data["s3_key"]:
        raise ValidationError({"s3_key": ["This key was not given out for this hash. Ask presign for one."]})
    return document


def _prove(document: Document, data: dict[str, Any]) -> None:
    if document.upload_status == Document.UploadStatus.FAILED:
        raise UploadFailed(code=document.failure_code)
    if document.file_size_bytes != data["file_size"]:
        raise SizeMismatch
    if not document.is_stored:
        prove(document, data["proven_type"])
    elif document.content_type != data["proven_type"].mime:
        raise ContentMismatch


def _received(capture: CVCapture, document: Document, duplicate: bool) -> dict[str, Any]:
    return {
        "cv_capture_id": capture.pk,
        "doc_id": capture.document_id,
        "status": "stored",
        "duplicate": duplicate,
        "file_name": capture.file_name,
        "s3_key": document.s3_key,
        "message": "CV uploaded",
        "trace_id": ledger.current().id,
    }


class Check(APIView):
    """Which of these hashes this caller has captured, so that a monitor need not send them again."""

    throttle_scope = "capture"
    permission_classes = [BRINGS_CVS]

    @extend_schema(request=serializers.CheckSerializer, responses=serializers.KnownSerializer)
    def post(self, request: Request) -> Response:
        asked = serializers.CheckSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        mine = CVCapture.objects.received().filter(user=asker(request))
        known = mine.filter(document__doc_hash_256__in=set(asked.validated_data["sha256"]))
        return Response({"known": sorted(known.values_list("document__doc_hash_256", flat=True))})


class Heartbeat(APIView):
    """A monitor says how it is, and hears what the server wants of it."""

    throttle_scope = "capture"
    permission_classes = [BRINGS_CVS]

    @extend_schema(request=serializers.HeartbeatSerializer, responses=serializers.PolicySerializer)
    def post(self, request: Request) -> Response:
        heard = serializers.HeartbeatSerializer(data=request.data)
        heard.is_valid(raise_exception=True)
        user = asker(request)
        token = request.auth if isinstance(request.auth, DeviceToken) else None
        report = DeviceReport.hear(user, token, **heard.facts())
        DetectedFile.objects.see(user, report.device, heard.validated_data["detected"])
        return Response({"policy": MonitorPolicy.served_to(user), "server_time": int(time.time())})


class ReadCapture(APIView):
    """How far a captured CV has come. For its owner and for ops."""

    throttle_scope = "capture"
    permission_classes = [may("capture.add_cvcapture", RUN_OPS)]

    @extend_schema(responses=serializers.CaptureSerializer)
    def get(self, request: Request, capture_id: int) -> Response:
        captures = CVCapture.objects.received().select_related("document").defer("document__text", "document__parsed")
        if not request.user.has_perm(RUN_OPS):
            captures = captures.filter(user=asker(request))
        return Response(serializers.CaptureSerializer(get_object_or_404(captures, pk=capture_id)).data)
