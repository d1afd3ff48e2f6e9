from __future__ import annotations

import json
import os
import uuid
from datetime import timedelta

import boto3
from botocore.config import Config
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.authentication import TokenAuthentication
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from benchmarks.peers.models import Bringing, Doc, Upload, UploadOnDisk

CLIENT = boto3.client(
    "s3",
    endpoint_url=os.environ["S3_ENDPOINT_URL"],
    aws_access_key_id=os.environ["S3_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["S3_SECRET_ACCESS_KEY"],
    region_name="us-east-1",
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
)


def sign(key: str, size: int, content_type: str) -> str:
    params = {"Bucket": settings.STORAGES["default"]["OPTIONS"]["bucket_name"], "Key": key}
    params |= {"ContentLength": size, "ContentType": content_type}
    return CLIENT.generate_presigned_url("put_object", Params=params, ExpiresIn=900)


@csrf_exempt
def plain(request: HttpRequest) -> JsonResponse:
    data = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO peers_doc (doc_id, sha256, name, size, status) VALUES (%s, %s, %s, %s, 'URL') "
            "ON CONFLICT (sha256) DO UPDATE SET status = 'URL' RETURNING doc_id",
            [uuid.uuid4(), data["sha256"], data["file_name"], data["file_size"]],
        )
        (doc_id,) = cursor.fetchone()
    return JsonResponse({"doc_id": doc_id, "s3_url": sign(data["sha256"], data["file_size"], data["file_type"])})


class PresignSerializer(serializers.Serializer):
    file_name = serializers.CharField(max_length=255)
    file_size = serializers.IntegerField(min_value=1)
    file_type = serializers.CharField()
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")
    source = serializers.ChoiceField(["download", "upload"])


class Conventional(APIView):
    authentication_classes = [TokenAuthentication]
    throttle_classes = [UserRateThrottle]

    def post(self, request: Request) -> Response:
        asked = PresignSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        doc, _ = Doc.objects.get_or_create(
            sha256=data["sha256"], defaults={"name": data["file_name"], "size": data["file_size"]}
        )
        doc.status, doc.expires_at = "UPLOAD_URL_GENERATED", timezone.now() + timedelta(minutes=15)
        doc.save()
        Bringing.objects.get_or_create(user_id=request.user.pk, doc=doc)
        url = sign(data["sha256"], data["file_size"], data["file_type"])
        return Response({"doc_id": doc.pk, "s3_url": url, "expires_at": int(doc.expires_at.timestamp())})


class UploadSerializer(serializers.ModelSerializer):
    class Meta:
        model = Upload
        fields = ["id", "file"]


class OnDiskSerializer(serializers.ModelSerializer):
    class Meta:
        model = UploadOnDisk
        fields = ["id", "file"]


class FileField(APIView):
    authentication_classes = [TokenAuthentication]
    parser_classes = [MultiPartParser]
    serializer_class = UploadSerializer

    def post(self, request: Request) -> Response:
        upload = self.serializer_class(data=request.data)
        upload.is_valid(raise_exception=True)
        upload.save()
        return Response({"id": upload.data["id"]}, status=201)


class OnDisk(FileField):
    serializer_class = OnDiskSerializer


urlpatterns = [
    path("plain", plain),
    path("conventional", Conventional.as_view()),
    path("filefield", FileField.as_view()),
    path("on-disk", OnDisk.as_view()),
]
