"""What can go wrong with a document, as sentences with a status and a code."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException

RETRY_AFTER = 5  # seconds


class StoreUnavailable(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The file store does not answer. Nothing was lost; please try again."
    default_code = "store_unavailable"
    wait = RETRY_AFTER


class StoreFull(APIException):
    status_code = status.HTTP_507_INSUFFICIENT_STORAGE
    default_detail = "The file store is full."
    default_code = "store_full"


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


class SizeConflict(Conflict):
    default_detail = "This hash was promised with another file_size."
    default_code = "size_conflict"


class ObjectMissing(Conflict):
    default_detail = "The file has not arrived in the store."
    default_code = "object_missing"


class PartTaken(Conflict):
    default_detail = "A later call sends the same part."
    default_code = "part_taken"


class SizeMismatch(Conflict):
    default_detail = "The file in the store has another size than was promised. Ask for a new URL and send it again."
    default_code = "size_mismatch"


class HashMismatch(Conflict):
    default_detail = "The file in the store has another SHA-256 than was promised. Ask for a new URL and send it again."
    default_code = "hash_mismatch"


class ContentMismatch(Conflict):
    default_detail = "The content of the file is not what its name says."
    default_code = "content_mismatch"


class UploadFailed(Conflict):
    default_detail = "This upload has failed. Ask for a new URL and send it again."
    default_code = "upload_failed"


class IncompleteBody(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "The body ended before its announced length. Nothing of it was kept; send it again."
    default_code = "incomplete_body"


class TooManySessions(APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_detail = "Too many uploads of yours are open. Finish or cancel some of them first."
    default_code = "too_many_sessions"
    wait = 60


class TooManyBytes(TooManySessions):
    default_detail = "Your open uploads hold too many bytes. Finish or cancel some of them first."
    default_code = "too_many_bytes"
