"""Our presigned URLs are those that botocore makes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pytest
from botocore.config import Config

from uploads.sigv4 import presign

ENDPOINT, REGION, ACCESS, SECRET = "http://store.example.com:8333", "eu-central-1", "access", "a secret"
BUCKET, KEY = "cvs", "resumes/local/ats/3/2026/11/abc_cv~1 (2).pdf"
CLIENT = boto3.client(
    "s3", endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id=ACCESS, aws_secret_access_key=SECRET,
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("method", "params", "headers", "query"),
    [
        ("put_object", {"ContentLength": 7}, {"content-length": "7"}, {}),
        (
            "put_object",
            {"ContentLength": 7, "ContentType": "application/pdf", "ChecksumSHA256": "YWJj"},
            {"content-length": "7", "content-type": "application/pdf", "x-amz-checksum-sha256": "YWJj"},
            {},
        ),
        (
            "upload_part",
            {"ContentLength": 7, "UploadId": "a/b+c=", "PartNumber": 12},
            {"content-length": "7"},
            {"uploadId": "a/b+c=", "partNumber": "12"},
        ),
    ],
)
def test_a_url_is_signed_as_botocore_signs_it(
    method: str, params: dict[str, Any], headers: dict[str, str], query: dict[str, str]
) -> None:
    theirs = urlsplit(CLIENT.generate_presigned_url(method, {"Bucket": BUCKET, "Key": KEY, **params}, 900))
    said = parse_qs(theirs.query)
    moment = datetime.strptime(said["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    url = f"{ENDPOINT}/{BUCKET}/{quote(KEY, safe='/~')}"
    ours = urlsplit(presign("PUT", url, access_key=ACCESS, secret_key=SECRET, region=REGION, expires_in=900,
                            headers=headers, query=query, now=moment))  # fmt: skip
    assert ours.path == theirs.path
    assert parse_qs(ours.query) == said
