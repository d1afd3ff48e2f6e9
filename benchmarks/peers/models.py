from __future__ import annotations

import uuid

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import models


class Doc(models.Model):
    doc_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    status = models.CharField(max_length=24, default="UPLOAD_PENDING")
    expires_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "peers"


class Bringing(models.Model):
    user_id = models.BigIntegerField()
    doc = models.ForeignKey(Doc, on_delete=models.CASCADE)

    class Meta:
        app_label = "peers"
        constraints = [models.UniqueConstraint(fields=["user_id", "doc"], name="bringing_once")]


class Upload(models.Model):
    file = models.FileField(upload_to="uploads")

    class Meta:
        app_label = "peers"


class UploadOnDisk(models.Model):
    file = models.FileField(upload_to="uploads", storage=FileSystemStorage(settings.PEERS_FOLDER))

    class Meta:
        app_label = "peers"
