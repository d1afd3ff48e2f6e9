"""Recognising who was erased without knowing them: keyed hashes of files, e-mails, telephone numbers, profile links."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.crypto import salted_hmac


class Tombstone(models.Model):
    """HMAC-SHA256, keyed by SECRET_KEY, of one thing that an erased person was known by."""

    digest = models.CharField(max_length=64, unique=True)
    erasure = models.ForeignKey("candidates.Erasure", on_delete=models.CASCADE, related_name="tombstones")

    class Meta:
        db_table = "erased_keys"

    def __str__(self) -> str:
        return f"tombstone of erasure {self.erasure_id}"

    @classmethod
    def put(cls, erasure: models.Model, things: Iterable[tuple[str, str]]) -> None:
        digests = sorted({digest_of(kind, value) for kind, value in things})
        rows = [Tombstone(digest=digest, erasure_id=erasure.pk) for digest in digests]
        Tombstone.objects.bulk_create(rows, ignore_conflicts=True)

    @classmethod
    def of(cls, things: Iterable[tuple[str, str]]) -> models.QuerySet[Tombstone]:
        return Tombstone.objects.filter(digest__in={digest_of(kind, value) for kind, value in things})


def digest_of(kind: str, value: str) -> str:
    return salted_hmac("candidates.tombstones", f"{kind}:{value}", algorithm="sha256").hexdigest()
