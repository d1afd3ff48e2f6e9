"""Sending a part on to S3 while it comes in: boto3 wants a body it can rewind, and a stream from a client is none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import cast

import urllib3
from urllib3.exceptions import HTTPError

from uploads.errors import ObjectMissing, StoreUnavailable
from uploads.storage import Block


@cache
def pool() -> urllib3.PoolManager:
    # Short enough that a door answers 503 within ten seconds, whatever the store does.
    return urllib3.PoolManager(maxsize=32, timeout=urllib3.Timeout(connect=2, read=6), retries=False)


def put_stream(url: str, stream: Iterator[Block], size: int) -> str:
    """PUTs exactly `size` bytes to a presigned URL; returns the store's ETag of them.

    A stream that raises cuts the connection, so the store keeps nothing. Raises ObjectMissing when the upload is gone.
    """
    try:
        # urllib3 sends any buffer, and says less of itself
        body = cast(Iterator[bytes], stream)
        answer = pool().request("PUT", url, body=body, headers={"Content-Length": str(size)})
    except (HTTPError, OSError) as error:
        raise StoreUnavailable from error
    if answer.status == 404:
        raise ObjectMissing
    if answer.status != 200 or "ETag" not in answer.headers:
        raise StoreUnavailable
    return answer.headers["ETag"]
