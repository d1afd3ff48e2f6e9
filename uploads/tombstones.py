"""Recognising who was erased without knowing them: keyed hashes of files, e-mails, telephone numbers, profile links."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.crypto import salted_hmac


class Tombstone(models.Model):
    """HMAC-SHA256, keyed by SECRET_KEY, of one thing that an erased person was known by. On the ground, so that every
    room can ask whether a file is one that was erased."""

    digest = models.CharField(max_length=64, unique=True)
    receipt = models.BigIntegerField(db_column="erasure_id", help_text="of the erasure that buried it")

    class Meta:
        db_table = "erased_keys"

    def __str__(self) -> str:
        return f"tombstone of erasure {self.receipt}"

    @classmethod
    def put(cls, receipt: int, things: Iterable[tuple[str, str]]) -> None:
        digests = sorted({digest_of(kind, value) for kind, value in things})
        rows = [Tombstone(digest=digest, receipt=receipt) for digest in digests]
        Tombstone.objects.bulk_create(rows, ignore_conflicts=True)

    @classmethod
    def of(cls, things: Iterable[tuple[str, str]]) -> models.QuerySet[Tombstone]:
        return Tombstone.objects.filter(digest__in={digest_of(kind, value) for kind, value in things})

    @classmethod
    def files_among(cls, hashes: Iterable[str]) -> set[str]:
        """Those of these SHA-256 whose files were erased."""
        by_digest = {digest_of("sha256", sha256): sha256 for sha256 in hashes}
        known = Tombstone.objects.filter(digest__in=by_digest).values_list("digest", flat=True)
        return {by_digest[digest] for digest in known}


def digest_of(kind: str, value: str) -> str:
    return salted_hmac("candidates.tombstones", f"{kind}:{value}", algorithm="sha256").hexdigest()
