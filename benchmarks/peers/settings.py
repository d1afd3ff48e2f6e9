"""The same work in the forms it usually takes, as one small Django project: what `benchmarks/capture.py` compares with.

/plain         a plain view: upsert and boto3 signature, nothing else
/conventional  DRF with its own tokens, its own throttle, a serializer, `get_or_create`, boto3 signature
/filefield     DRF with a FileField that django-storages sends on to S3
/on-disk       DRF with a FileField that Django keeps on the disk
"""

from __future__ import annotations

import os

import environ

BUCKET = os.environ["S3_BUCKET"]
PEERS_FOLDER = os.environ["PEERS_FOLDER"]
SECRET_KEY = "a benchmark has no secrets"
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {**environ.Env.db_url_config(os.environ["PEERS_DATABASE_URL"]), "CONN_MAX_AGE": 600}}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
        "KEY_PREFIX": "peers",
    }
}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "benchmarks.peers",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "benchmarks.peers.views"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**24
STORAGES = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": BUCKET,
            "endpoint_url": os.environ["S3_ENDPOINT_URL"],
            "access_key": os.environ["S3_ACCESS_KEY_ID"],
            "secret_key": os.environ["S3_SECRET_ACCESS_KEY"],
            "region_name": "us-east-1",
            "addressing_style": "path",
            "location": "peers",
        },
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"user": "10000000/min"}}
