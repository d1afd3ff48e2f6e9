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


class UploadTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than this door takes."
    default_code = "body_too_large"


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


class SessionNotFound(APIException):
    status_code = status.HTTP_404_NOT_FOUND
    default_detail = "Upload session not found"
    default_code = "session_not_found"


class SessionCompleted(Conflict):
    default_detail = "This upload is complete; it takes no more chunks and cannot be cancelled."
    default_code = "upload_completed"


class InvalidChunkIndex(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid_chunk_index"

    def __init__(self, total_chunks: int) -> None:
        super().__init__(f"Invalid chunk index: this upload has the chunks 0 to {total_chunks - 1}")


class MissingChunks(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "missing_chunks"

    def __init__(self, first: list[int], count: int, total_chunks: int) -> None:
        listed = ", ".join(map(str, first)) + (", …" if count > len(first) else "")
        super().__init__(f"Missing chunks: {listed} ({count} of {total_chunks})")


class WrongOffset(Conflict):
    default_detail = "The Upload-Offset is not where this upload stands."
    default_code = "offset_mismatch"


class WrongChecksum(APIException):
    status_code = 460  # tus 1.0, checksum extension
    default_detail = "The bytes have another checksum. Nothing of them was kept."
    default_code = "checksum_mismatch"
