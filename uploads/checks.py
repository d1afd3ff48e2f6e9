"""Checks at the start: the store must keep versions, and a disk store is for one machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from uploads.errors import StoreUnavailable
from uploads.storage import get_store

KNOWN_CHUNK_BYTES = 5 * 2**20
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
LEAST_PART_BYTES, MOST_PARTS = 5 * 2**20, 10_000


@register("store", deploy=True)
def the_bucket_keeps_versions(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if not settings.S3_BUCKET:
        return []
    try:
        versioned = get_store().is_versioned()  # type: ignore[attr-defined]
    except StoreUnavailable:
        return [Warning("The bucket could not be reached, so nothing is known of its versioning.", id="uploads.W002")]
    hint = "Without versions a second PUT could replace verified bytes; reads would then be refused."
    return [] if versioned else [Warning("The bucket does not keep versions.", hint=hint, id="uploads.W001")]


@register
def chunks_have_the_size_that_clients_know(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    size = settings.UPLOAD_CHUNK_BYTES
    if size != KNOWN_CHUNK_BYTES:
        hint = f"Clients with a fixed size of {KNOWN_CHUNK_BYTES} bytes will be refused with 422."
        found.append(Warning(f"UPLOAD_CHUNK_BYTES is {size}.", hint=hint, id="uploads.W003"))
    if settings.S3_BUCKET and size < LEAST_PART_BYTES:
        found.append(Warning("S3 takes no part under 5 MiB: raise UPLOAD_CHUNK_BYTES.", id="uploads.W004"))
    if settings.S3_BUCKET and MOST_PARTS * size < settings.UPLOAD_MAX_BYTES:
        hint = "Raise UPLOAD_CHUNK_BYTES or lower UPLOAD_MAX_BYTES."
        found.append(Warning("The largest upload has more chunks than S3 takes parts.", hint=hint, id="uploads.W005"))
    return found
