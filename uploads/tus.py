"""tus 1.0 (https://tus.io/protocols/resumable-upload) on the sessions of the chunked door.

Core, creation, creation-with-upload, termination, expiration, checksum. Why there is no concatenation, and which test
holds which MUST of the protocol: docs/tus.md.
"""

from __future__ import annotations

import base64
import uuid
from typing import IO, Any, cast

from django.conf import settings
from django.utils.http import http_date
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from uploads.chunked import cancel, complete, find_session, open_session
from uploads.chunked_serializers import InitSerializer
from uploads.errors import SessionCompleted, WrongOffset
from uploads.filetypes import all_types, type_of
from uploads.models import UploadSession
from uploads.permissions import may
from uploads.tus_writing import Appending

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
CHECKSUMS = ("sha256", "sha1")
BODY_TYPE = "application/offset+octet-stream"
METADATA_MAX = 4096


class WrongVersion(APIException):
    status_code = 412
    default_detail = f"This server speaks tus {VERSION}: send Tus-Resumable: {VERSION}."
    default_code = "tus_version"


class TooLarge(APIException):
    status_code = 413
    default_detail = "The upload is larger than this server takes, or than was announced."
    default_code = "upload_too_large"


class WrongBodyType(APIException):
    status_code = 415
    default_detail = f"The Content-Type must be {BODY_TYPE}."
    default_code = "unsupported_media_type"


class LengthMissing(APIException):
    status_code = 411
    default_detail = "A Content-Length is needed."
    default_code = "length_required"


@extend_schema(exclude=True)
class Tus(APIView):
    """The rules of the protocol that every call keeps; `Uploads` and `Upload` are its two resources."""

    throttle_scope = "chunked"
    permission_classes = [may("uploads.add_document")]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "OPTIONS":
            return  # asked before anything else, so without a token
        super().initial(request, *args, **kwargs)
        if request.headers.get("Tus-Resumable") != VERSION:
            raise WrongVersion

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        if response.status_code == WrongVersion.status_code or request.method == "OPTIONS":
            response["Tus-Version"] = VERSION
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        headers = {
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        }
        return Response(status=204, headers=headers)


class Uploads(Tus):
    """`POST` makes an upload."""

    operation = "tus.create"
    http_method_names = ["post", "options"]

    def post(self, request: Request) -> Response:
        if "Upload-Concat" in request.headers:
            raise ParseError("This server does not join uploads: send the file as one.")
        size = _number(request, "Upload-Length")
        metadata = request.headers.get("Upload-Metadata", "")
        filename = _filename(metadata)
        if size > _most_bytes(filename):
            raise TooLarge
        asked = InitSerializer(data={"filename": filename, "file_size": size, "total_chunks": _chunks(size)})
        asked.is_valid(raise_exception=True)
        name, file_type = asked.validated_data["filename"], asked.validated_data["file_type"]
        session = open_session(request, name, size, file_type.extension)
        session.tus_metadata = metadata
        session.save(update_fields=["tus_metadata"])
        headers = {"Location": f"/api/tus/{session.pk}", "Upload-Expires": http_date(session.expires_at.timestamp())}
        if request.content_type == BODY_TYPE:
            headers["Upload-Offset"] = str(_begin_with(request, session))
        return Response(status=201, headers=headers)


def _most_bytes(filename: str) -> int:
    file_type = type_of(filename, all_types())
    return file_type.max_bytes if file_type else settings.UPLOAD_MAX_BYTES


def _begin_with(request: Request, session: UploadSession) -> int:
    """Takes in what came with the creation. A refusal ends the upload: its place has been told to nobody."""
    try:
        return append(request, session, 0)
    except APIException:
        cancel(session)
        raise


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ParseError(f"{header} must be a whole number.")
    return int(text)


def _chunks(size: int) -> int:
    return -(-size // settings.UPLOAD_CHUNK_BYTES)


def _filename(metadata: str) -> str:
    """Upload-Metadata: `key base64, key base64, …`; the file's name tells its type, so it is needed."""
    if len(metadata) > METADATA_MAX:
        raise ParseError("Upload-Metadata is too long.")
    pairs = [pair.strip().partition(" ") for pair in metadata.split(",") if pair.strip()]
    try:
        found = {key: base64.b64decode(value, validate=True) for key, _, value in pairs}
        if len(found) == len(pairs) and all(key.isascii() for key in found):
            return found.get("filename", found.get("name", b"")).decode()
    except ValueError:
        pass
    raise ParseError("Upload-Metadata cannot be read.")


class Upload(Tus):
    """One upload: `HEAD` says where it stands, `PATCH` brings more, `DELETE` ends it."""

    operation = "tus.append"
    throttle_scope = "chunks"
    http_method_names = ["head", "patch", "delete", "options"]

    def head(self, request: Request, upload_id: uuid.UUID) -> Response:
        session = find_session(request, upload_id)
        headers = _standing(session) | {"Upload-Length": str(session.file_size), "Cache-Control": "no-store"}
        if session.tus_metadata:
            headers["Upload-Metadata"] = session.tus_metadata
        return Response(headers=headers)

    def patch(self, request: Request, upload_id: uuid.UUID) -> Response:
        if request.content_type != BODY_TYPE:
            raise WrongBodyType
        offset = _number(request, "Upload-Offset")
        session = find_session(request, upload_id)
        if not session.is_open:
            raise WrongOffset if offset != session.file_size else SessionCompleted
        append(request, session, offset)
        return Response(status=204, headers=_standing(find_session(request, upload_id)))

    def delete(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Ends an upload, or forgets one that is over; what it became stays. While it is checked: 409, for a moment."""
        session = find_session(request, upload_id)
        if session.is_over:
            UploadSession.objects.filter(pk=session.pk).forget()
        else:
            cancel(session)
        return Response(status=204)


def _standing(session: UploadSession) -> dict[str, str]:
    standing = {"Upload-Offset": str(session.offset)}
    if session.is_open:
        standing["Upload-Expires"] = http_date(session.expires_at.timestamp())
    return standing


def append(request: Request, session: UploadSession, offset: int) -> int:
    """Takes the body in from `offset`; hands a whole upload to the worker. Returns the new offset."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        raise LengthMissing
    if offset + int(length) > session.file_size:
        raise TooLarge
    stream = cast(IO[bytes], request._request)  # DRF's own stream would look for a parser of this media type
    Appending(session, stream, int(length), _checksum(request)).run(offset)
    session.refresh_from_db()
    if session.offset == session.file_size:
        complete(session)
    return session.offset


def _checksum(request: Request) -> tuple[str, str] | None:
    given = request.headers.get("Upload-Checksum")
    if given is None:
        return None
    algorithm, _, digest = given.partition(" ")
    if algorithm not in CHECKSUMS:
        raise ParseError(f"Upload-Checksum must be one of {', '.join(CHECKSUMS)}.")
    try:
        return algorithm, base64.b64decode(digest, validate=True).hex()
    except ValueError:
        raise ParseError("Upload-Checksum is not base64.") from None
