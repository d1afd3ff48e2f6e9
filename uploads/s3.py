"""The store on S3 or anything that speaks it. django-storages holds the configuration and the client."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from uploads.errors import ObjectMissing, StoreUnavailable
from uploads.s3_parts import put_stream
from uploads.s3_reads import AWS, S3Reads
from uploads.storage import Block, OpenMultipart, Part, StoredObject

PART_SECONDS = 900
_ABSENT = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "InvalidPart", "NotFound"}
_REPLACED = {"412", "PreconditionFailed"}
# Short enough that a door answers 503 within ten seconds, whatever the store does.
_CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    connect_timeout=2,
    read_timeout=6,
    retries={"total_max_attempts": 1},
    max_pool_connections=32,
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class Absent(Exception):
    """The object, version or upload is not there."""


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _ABSENT | _REPLACED:
            raise Absent from error
        raise StoreUnavailable from error
    except BotoCoreError as error:
        raise StoreUnavailable from error


def _storage() -> S3Storage:
    return S3Storage(
        bucket_name=settings.S3_BUCKET,
        access_key=settings.S3_ACCESS_KEY_ID,
        secret_key=settings.S3_SECRET_ACCESS_KEY,
        region_name=settings.S3_REGION,
        endpoint_url=settings.S3_ENDPOINT_URL,
        client_config=_CONFIG,
        file_overwrite=True,  # the bucket keeps versions
        default_acl=None,
        querystring_auth=True,
    )


class S3Store(S3Reads):
    """`uploads.storage.Store` on S3. The endpoint that clients reach may differ from the one the server reaches."""

    def __init__(self) -> None:
        self.bucket = settings.S3_BUCKET

    @cached_property
    def client(self) -> Any:
        return _storage().connection.meta.client

    def presign_put(
        self, key: str, *, size: int, expires_in: int, content_type: str | None = None, sha256: str | None = None
    ) -> tuple[str, dict[str, str]]:
        headers = {}
        if content_type:
            headers["Content-Type"] = content_type
        if sha256:
            headers["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        return self._sign_put(key, expires_in, {"Content-Length": str(size), **headers}), headers

    def create_multipart(self, key: str) -> str:
        with _asking():
            return self.client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]

    def presign_part(self, key: str, upload_id: str, number: int, *, start: int, size: int, expires_in: int) -> str:
        query = {"partNumber": str(number), "uploadId": upload_id}
        return self._sign_put(key, expires_in, {"Content-Length": str(size)}, query)

    def _sign_put(self, key: str, expires_in: int, headers: dict[str, str], query: dict[str, str] | None = None) -> str:
        return self._sign("PUT", settings.S3_PUBLIC_ENDPOINT_URL or AWS, key, expires_in, headers, query or {})

    def write_part(
        self, key: str, upload_id: str, number: int, *, start: int, size: int, stream: Iterator[Block]
    ) -> str:
        query, endpoint = {"partNumber": str(number), "uploadId": upload_id}, settings.S3_ENDPOINT_URL or AWS
        url = self._sign("PUT", endpoint, key, PART_SECONDS, {"Content-Length": str(size)}, query)
        return put_stream(url, stream, size)

    def list_parts(self, key: str, upload_id: str) -> list[Part] | None:
        pages = self.client.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=upload_id)
        newest: dict[int, dict] = {}
        try:
            with _asking():
                # SeaweedFS lists a part that was sent again twice: the later one counts.
                for row in sorted((r for page in pages for r in page.get("Parts", [])), key=_last_modified):
                    newest[row["PartNumber"]] = row
        except Absent:
            return None
        return [Part(number, newest[number]["Size"], newest[number]["ETag"]) for number in sorted(newest)]

    def complete_multipart(self, key: str, upload_id: str, parts: list[Part]) -> None:
        named = {"Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]}
        try:
            with _asking():
                self.client.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=upload_id, MultipartUpload=named
                )
        except Absent as error:
            raise ObjectMissing from error

    def abort_multipart(self, key: str, upload_id: str) -> None:
        if not upload_id:
            return
        try:
            with _asking():
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except Absent:
            return

    def multiparts(self) -> Iterator[OpenMultipart]:
        with _asking():
            for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket):
                for row in page.get("Uploads", []):
                    yield OpenMultipart(row["Key"], row["UploadId"], row["Initiated"])

    def local_path(self, stored: StoredObject) -> Path | None:
        return None

    def put(self, key: str, file: IO[bytes], *, sha256: str, content_type: str) -> StoredObject:
        file.seek(0)
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        with _asking():
            self.client.put_object(
                Bucket=self.bucket, Key=key, Body=file, ContentType=content_type, ChecksumSHA256=digest
            )
        stored = self.head(key)
        if stored is None:
            raise StoreUnavailable
        return stored

    def delete(self, key: str, version: str = "") -> None:
        named = [version] if version else [stored.version for stored in self.versions(key) if stored.key == key]
        for one in named:
            try:
                with _asking():
                    self.client.delete_object(Bucket=self.bucket, Key=key, **_version(one))
            except Absent:
                continue

    def versions(self, prefix: str = "") -> Iterator[StoredObject]:
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix)
        with _asking():
            for page in pages:
                for row in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    yield StoredObject(
                        key=row["Key"],
                        size=row.get("Size", 0),
                        version=_named(row.get("VersionId")),
                        etag=row.get("ETag", ""),
                        modified=row["LastModified"],
                        is_latest=row["IsLatest"],
                    )

    def link(self, stored: StoredObject, name: str) -> str:
        source = {"Bucket": self.bucket, "Key": stored.key, **_version(stored.version)}
        try:
            with _asking():
                self.client.copy_object(
                    Bucket=self.bucket,
                    Key=name,
                    CopySource=source,
                    ContentType="application/pdf",
                    Metadata={"sha256": stored.sha256 or ""},
                    MetadataDirective="REPLACE",
                )
        except Absent as error:
            raise ObjectMissing from error
        for older in [copy for copy in self.versions(name) if copy.key == name and not copy.is_latest]:
            self.delete(name, older.version)
        return name

    def is_linked(self, stored: StoredObject, name: str) -> bool:
        try:
            with _asking():
                answer = self.client.head_object(Bucket=self.bucket, Key=name)
        except Absent:
            return False
        return answer["ContentLength"] == stored.size and answer["Metadata"].get("sha256") == stored.sha256

    def linked(self, name: str) -> StoredObject | None:
        return self.head(name)

    def unlink(self, name: str) -> bool:
        was_there = self.head(name) is not None
        self.delete(name)
        return was_there

    def links(self, folder: str) -> Iterator[str]:
        with _asking():
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{folder}/", Delimiter="/"):
                yield from (row["Key"] for row in page.get("Contents", []))

    def check(self) -> None:
        try:
            with _asking():
                self.client.head_bucket(Bucket=self.bucket)
        except Absent as error:
            raise StoreUnavailable from error

    def is_versioned(self) -> bool:
        with _asking():
            return self.client.get_bucket_versioning(Bucket=self.bucket).get("Status") == "Enabled"

    def sweep_temporary(self, older_than_seconds: int) -> int:
        return 0  # S3 has no temporary files; its unfinished multipart uploads are listed by `multiparts`


def _version(version: str) -> dict[str, str]:
    return {"VersionId": version} if version else {}


def _named(version: str | None) -> str:
    return "" if version in (None, "null") else str(version)


def _last_modified(row: dict) -> datetime:
    return row.get("LastModified") or datetime.min.replace(tzinfo=UTC)
