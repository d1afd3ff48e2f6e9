"""Where the presigned URLs of the disk store lead: the promises of S3, kept by a view of our own."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework import status
from rest_framework.exceptions import APIException, MethodNotAllowed

from uploads.disk import DiskStore, is_signed
from uploads.errors import IncompleteBody, ObjectMissing, PartTaken
from uploads.models import Document
from uploads.storage import BLOCK_BYTES, get_store

SIGNED = ("expires", "length", "type", "sha256", "upload", "part", "start")


class Refused(APIException):
    """What S3 would say to the same request."""

    def __init__(self, status_code: int, code: str, detail: str) -> None:
        self.status_code = status_code
        super().__init__(detail, code)


@method_decorator(csrf_exempt, name="dispatch")  # the signature is the proof; there is no session here
class PutObject(View):
    http_method_names = ["put"]

    def http_method_not_allowed(self, request: HttpRequest, *_: Any, **__: Any) -> NoReturn:
        raise MethodNotAllowed(str(request.method))

    def put(self, request: HttpRequest, key: str) -> HttpResponse:
        store = get_store()
        if not isinstance(store, DiskStore):
            raise Http404
        fields = {name: request.GET[name] for name in SIGNED if name in request.GET}
        _check_signature(request, key, fields)
        body = _body(request, int(fields["length"]))
        if "upload" in fields:
            return _receive_part(store, key, fields, body)
        return _receive(store, key, _expected(request, fields), body)


def _check_signature(request: HttpRequest, key: str, fields: dict[str, str]) -> None:
    if not is_signed({**fields, "key": key}, request.GET.get("signature", "")):
        raise Refused(403, "signature_mismatch", "The signature of this URL does not match.")
    if int(fields["expires"]) < time.time():
        raise Refused(403, "url_expired", "This URL has ended. Ask for a new one.")
    if not request.META.get("CONTENT_LENGTH"):
        raise Refused(411, "length_required", "A Content-Length is needed.")
    if request.META["CONTENT_LENGTH"] != fields["length"]:
        raise Refused(403, "length_mismatch", "The Content-Length is not the one that was signed.")
    if "type" in fields and request.META.get("CONTENT_TYPE") != fields["type"]:
        raise Refused(403, "type_mismatch", "The Content-Type is not the one that was signed.")


def _expected(request: HttpRequest, fields: dict[str, str]) -> str | None:
    """The SHA-256 that the URL or the header binds these bytes to."""
    given = request.headers.get("x-amz-checksum-sha256")
    if given is None:
        if "sha256" in fields:
            raise Refused(403, "checksum_missing", "The header x-amz-checksum-sha256 was signed and is missing.")
        return None
    try:
        sha256 = base64.b64decode(given, validate=True).hex()
    except ValueError:
        raise Refused(400, "bad_digest", "x-amz-checksum-sha256 is not base64.") from None
    if fields.get("sha256", sha256) != sha256:
        raise Refused(403, "checksum_mismatch", "x-amz-checksum-sha256 is not the one that was signed.")
    return sha256


def _body(request: HttpRequest, length: int) -> Iterator[bytes]:
    """The body in blocks; raises when it ends early."""
    left = length
    while left:
        try:
            block = request.read(min(BLOCK_BYTES, left))
        except OSError:
            raise IncompleteBody from None
        if not block:
            raise IncompleteBody
        left -= len(block)
        yield block


def _receive(store: DiskStore, key: str, expected: str | None, body: Iterator[bytes]) -> HttpResponse:
    verified = Document.objects.stored().filter(s3_key=key).values_list("doc_hash_256", flat=True).first()
    if verified:
        # What was verified stays: the same bytes are welcome and not written again, others are refused.
        if _digest(body) != verified:
            raise Refused(status.HTTP_409_CONFLICT, "already_stored", "Other bytes are stored and verified here.")
        return HttpResponse(status=200)
    stored = store.receive(key, body, expected)
    if stored is None:
        raise Refused(400, "bad_digest", "The bytes do not have the SHA-256 that was announced.")
    return HttpResponse(status=200, headers={"ETag": f'"{stored.sha256}"'})


def _digest(body: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in body:
        digest.update(block)
    return digest.hexdigest()


def _receive_part(store: DiskStore, key: str, fields: dict[str, str], body: Iterator[bytes]) -> HttpResponse:
    place = {"start": int(fields["start"]), "size": int(fields["length"])}
    try:
        store.write_part(key, fields["upload"], int(fields["part"]), **place, stream=body)
    except ObjectMissing as error:
        raise Http404 from error
    except PartTaken:
        _digest(body)  # as if it had come first and been replaced at once
    return HttpResponse(status=200)
