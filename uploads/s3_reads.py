"""Reading objects on S3: one signed request each over a kept connection. boto3 takes several times as long over it.

Redirects are not followed: where the settings name the wrong place, the URLs that clients PUT to lead there, too.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import IO
from urllib.parse import quote

from django.conf import settings
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from uploads.errors import ObjectMissing, StoreUnavailable
from uploads.s3_parts import pool
from uploads.sigv4 import presign
from uploads.storage import StoredObject

AWS = f"https://s3.{settings.S3_REGION}.amazonaws.com"
SECONDS = 60  # that a request is valid; one is sent at once
_NO_SUCH = re.compile(rb"<Code>NoSuch(Key|Version)</Code>")


class S3Reads:
    bucket: str

    def _sign(
        self, method: str, endpoint: str, key: str, expires_in: int, headers: dict[str, str], query: dict[str, str]
    ) -> str:
        return presign(
            method,
            f"{endpoint}/{self.bucket}/{quote(key)}",
            access_key=settings.S3_ACCESS_KEY_ID,
            secret_key=settings.S3_SECRET_ACCESS_KEY,
            region=settings.S3_REGION,
            expires_in=max(1, expires_in),
            headers={name.lower(): value for name, value in headers.items()},
            query=query,
        )

    def head(self, key: str, version: str = "") -> StoredObject | None:
        answer = self._ask("HEAD", key, version, {"x-amz-checksum-mode": "ENABLED"})
        if answer is None:
            return None
        answer.drain_conn()
        return _stored(key, answer.headers)

    def fetch(self, key: str) -> tuple[StoredObject, IO[bytes]] | None:
        answer = self._ask("GET", key, "", {"x-amz-checksum-mode": "ENABLED"})
        return None if answer is None else (_stored(key, answer.headers), _Body(answer))  # type: ignore[return-value]

    def open(self, stored: StoredObject, start: int = 0, length: int | None = None) -> IO[bytes]:
        headers = {"If-Match": stored.etag} if stored.etag else {}
        if start or length is not None:
            last = "" if length is None else start + length - 1
            headers["Range"] = f"bytes={start}-{last}"
        answer = self._ask("GET", stored.key, stored.version, headers)
        if answer is None:
            raise ObjectMissing
        return _Body(answer)  # type: ignore[return-value]

    def _ask(self, method: str, key: str, version: str, headers: dict[str, str]) -> BaseHTTPResponse | None:
        """The answer, its body still to be read; None when there is no such object, or another in its place."""
        query = {"versionId": version} if version else {}
        url = self._sign(method, settings.S3_ENDPOINT_URL or AWS, key, SECONDS, headers, query)
        try:
            answer = pool().request(
                method, url, headers=headers, redirect=False, preload_content=False, decode_content=False
            )
            if answer.status in (200, 206) and "ETag" in answer.headers:
                return answer
            with _Body(answer) as body:
                said = body.read(2**16)  # the store's words or a stranger's, but no more of them
        except (HTTPError, OSError) as error:
            raise StoreUnavailable from error
        if answer.status == 412 or (answer.status == 404 and (method == "HEAD" or _NO_SUCH.search(said))):
            return None
        raise StoreUnavailable


class _Body:
    """The body of an answer, read as it comes; cut short it is the store's error, never a shorter file."""

    def __init__(self, answer: BaseHTTPResponse) -> None:
        self.answer = answer

    def read(self, size: int | None = None) -> bytes:
        try:
            return self.answer.read(size)
        except (HTTPError, OSError) as error:
            raise StoreUnavailable from error

    def close(self) -> None:
        """A connection whose answer was not read to its end is closed with it."""
        self.answer.close()
        self.answer.release_conn()

    def __enter__(self) -> _Body:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stored(key: str, headers: Mapping[str, str]) -> StoredObject:
    version = headers.get("x-amz-version-id", "null")
    return StoredObject(
        key=key,
        size=int(headers["Content-Length"]),
        version="" if version == "null" else version,
        etag=headers["ETag"],
        modified=parsedate_to_datetime(headers["Last-Modified"]),
        sha256=_whole_sha256(headers),
    )


def _whole_sha256(headers: Mapping[str, str]) -> str | None:
    """The recorded SHA-256 of the whole object; a multipart upload's checksum of checksums is not one."""
    recorded = headers.get("x-amz-checksum-sha256", "")
    if not recorded or "-" in recorded or headers.get("x-amz-checksum-type") == "COMPOSITE":
        return None
    return base64.b64decode(recorded).hex()
