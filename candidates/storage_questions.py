"""Answers what the ground asks about the second names in the store."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from candidates import named_files
from uploads.audit import Finding
from uploads.models import Document
from uploads.signals import storage_audited, storage_cleaned


@receiver(storage_audited, sender=Document)
def audit(**_: Any) -> list[Finding]:
    return list(named_files.audit_names())


@receiver(storage_cleaned, sender=Document)
def clean(dry_run: bool, **_: Any) -> dict[str, int]:
    return {"candidates' files without a candidate removed": named_files.remove_strangers(dry_run)}
