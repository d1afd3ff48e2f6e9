"""Door four: uploads in chunks. Parse, find, call one verb, answer."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from typing import Any

from django.db.models import Count, Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from uploads import chunked_serializers as serializers
from uploads import ledger
from uploads.bell import nudge
from uploads.chunked_body import ChunkParser
from uploads.chunks import take_in
from uploads.errors import InvalidChunkIndex, MissingChunks, SessionCompleted, SessionNotFound, StoreUnavailable
from uploads.models import UploadSession
from uploads.permissions import RUN_OPS, asker, may
from uploads.storage import get_store
from uploads.tasks import verify_session

logger = logging.getLogger("door.chunked_upload")
UPLOADS = may("uploads.add_document")
MOST_LISTED = 1000


def find_session(request: Request, upload_id: uuid.UUID | str) -> UploadSession:
    """A session of the caller, or for ops anybody's. Unknown, foreign, expired and cancelled ones answer alike."""
    sessions = UploadSession.objects.known()
    if not request.user.has_perm(RUN_OPS):
        sessions = sessions.filter(user=asker(request))
    try:
        session = sessions.get(pk=uuid.UUID(str(upload_id)))
    except (ValueError, UploadSession.DoesNotExist):
        raise SessionNotFound from None
    ledger.note(session.document_id, upload_id=str(session.pk))
    return session


class Init(APIView):
    """Opens a session for one file."""

    operation = "chunked_upload.init"
    throttle_scope = "chunked"
    permission_classes = [UPLOADS]

    @extend_schema(request=serializers.InitSerializer, responses=serializers.InitAnswerSerializer)
    def post(self, request: Request) -> Response:
        asked = serializers.InitSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        session = open_session(request, data["filename"], data["file_size"], data["file_type"].extension)
        answer = {
            "upload_id": session.pk,
            "chunk_size": session.chunk_size,
            "total_chunks": session.total_chunks,
            "expires_at": session.expires_at,
            "message": "Upload session initialized",
        }
        return Response(serializers.InitAnswerSerializer(answer).data)


def open_session(request: Request, filename: str, file_size: int, extension: str) -> UploadSession:
    user = asker(request)
    session = UploadSession.objects.start(user, filename=filename, file_size=file_size, extension=extension)
    try:
        session.multipart_upload_id = get_store().create_multipart(session.key)
    except StoreUnavailable:
        session.delete()
        raise
    session.save(update_fields=["multipart_upload_id"])
    ledger.note(upload_id=str(session.pk))
    logger.info("Initialized upload session %s for %s", session.pk, filename)
    logger.info("Active sessions: %d", UploadSession.objects.alive().count())
    return session


class Chunk(APIView):
    """Takes one chunk; in any order, in parallel, again."""

    operation = "chunked_upload.chunk"
    throttle_scope = "chunks"
    permission_classes = [UPLOADS]
    parser_classes = [ChunkParser]

    @extend_schema(
        request={"multipart/form-data": serializers.ChunkSerializer}, responses=serializers.ChunkAnswerSerializer
    )
    def post(self, request: Request) -> Response:
        asked = serializers.ChunkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        session, index = _find_open(request, data["upload_id"]), data["chunk_index"]
        logger.info("Chunk upload request for session %s, chunk %d", session.pk, index)
        if not 0 <= index < session.total_chunks:
            raise InvalidChunkIndex(session.total_chunks)
        if not take_in(session, index, data["chunk"], data["sha256"]):
            session = find_session(request, session.pk)  # replaced by a later call, or cancelled meanwhile
        return Response(_progress(session, index))


def _find_open(request: Request, upload_id: str) -> UploadSession:
    """The session of a chunk: in nearly every call an open one of the caller's own."""
    with suppress(ValueError):
        session = UploadSession.objects.taking(uuid.UUID(upload_id), asker(request))
        if session is not None:
            ledger.note(upload_id=str(session.pk))
            return session
    session = find_session(request, upload_id)
    if not session.is_open:
        raise SessionCompleted
    return session


def _progress(session: UploadSession, index: int) -> dict[str, Any]:
    received = session.count_chunks()
    return {
        "upload_id": session.pk,
        "chunk_index": index,
        "received_chunks": received,
        "total_chunks": session.total_chunks,
        "progress": round(100 * received / session.total_chunks, 1),
    }


class Complete(APIView):
    """Says that all chunks are there. Costs the same for any size: the work is a worker's."""

    operation = "chunked_upload.complete"
    throttle_scope = "chunked"
    permission_classes = [UPLOADS]
    answer = serializers.CompleteAnswerSerializer

    @extend_schema(request=serializers.UploadIdSerializer, responses={200: answer, 202: answer})
    def post(self, request: Request) -> Response:
        asked = serializers.UploadIdSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        session = find_session(request, asked.validated_data["upload_id"])
        complete(session)
        session = find_session(request, session.pk)
        answer = {
            "assessment_id": session.assessment_id,
            "filename": session.filename,
            "message": session.message,
            "status": session.status,
            "doc_id": session.document_id,
        }
        return Response(answer, status=202 if session.status == UploadSession.Status.VERIFYING else 200)


def complete(session: UploadSession) -> None:
    """Hands the session to a worker, once, however often it is asked. Raises MissingChunks."""
    if not session.is_open:
        return
    if session.complete():
        nudge(verify_session, str(session.pk))
        return
    session.refresh_from_db()
    if session.is_open:
        raise MissingChunks(*session.missing(), session.total_chunks)


class Cancel(APIView):
    operation = "chunked_upload.cancel"
    throttle_scope = "chunked"
    permission_classes = [may("uploads.add_document", RUN_OPS)]

    @extend_schema(request=serializers.UploadIdSerializer, responses=serializers.EndSerializer)
    def post(self, request: Request) -> Response:
        asked = serializers.UploadIdSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _cancelled(find_session(request, asked.validated_data["upload_id"]))


def _cancelled(session: UploadSession) -> Response:
    cancel(session)
    return Response({"upload_id": session.pk, "message": "Upload cancelled"})


def cancel(session: UploadSession) -> None:
    """Ends the session and frees its bytes. Raises SessionCompleted."""
    if not session.cancel():
        raise SessionCompleted
    session.chunks.all().delete()
    try:
        get_store().abort_multipart(session.key, session.multipart_upload_id)
        if session.tail_size:
            get_store().delete(session.tail_key)
    except StoreUnavailable:
        logger.warning("The store is away; the cleanup will remove what upload %s left.", session.pk)


class Session(APIView):
    """How far an upload has come, so that a client can go on after a reload."""

    operation = "chunked_upload.cancel"
    throttle_scope = "chunked"
    permission_classes = [may("uploads.add_document", RUN_OPS)]

    @extend_schema(responses=serializers.SessionSerializer)
    def get(self, request: Request, upload_id: str) -> Response:
        session = find_session(request, upload_id)
        return Response(serializers.SessionSerializer(session).data)

    @extend_schema(responses=serializers.EndSerializer)
    def delete(self, request: Request, upload_id: str) -> Response:
        return _cancelled(find_session(request, upload_id))


class Sessions(APIView):
    """The open sessions of everybody, for ops."""

    throttle_scope = "chunked"
    permission_classes = [may(RUN_OPS)]

    @extend_schema(responses=serializers.SessionsSerializer)
    def get(self, request: Request) -> Response:
        alive = UploadSession.objects.alive()
        arrived = Count("chunks", filter=Q(chunks__received_at__isnull=False))
        newest = list(alive.annotate(received_chunks=arrived).order_by("-created_at")[:MOST_LISTED])
        answer = {
            "active_sessions": alive.count(),
            "session_ids": [session.pk for session in newest],
            "sessions": newest,
        }
        return Response(serializers.SessionsSerializer(answer).data)
