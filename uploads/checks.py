"""Checks at the start: the store must keep versions, and a disk store is for one machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from uploads.errors import StoreUnavailable
from uploads.storage import get_store


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
