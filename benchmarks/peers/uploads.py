"""The Django packages for uploads in chunks, each as its documentation shows it: `PEER` names the one that is served.

Runs in an environment of its own, where this project is not installed. gunicorn serves `uploads:application`; as a
program it makes the tables.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

APPS = {
    "drf-chunked-upload": ["rest_framework", "drf_chunked_upload"],
    "django-chunked-upload": ["chunked_upload"],
    "django-drf-filepond": ["rest_framework", "django_drf_filepond"],
}
PEER, FOLDER, DATABASE = os.environ["PEER"], Path(os.environ["PEER_FOLDER"]), urlsplit(os.environ["PEER_DATABASE_URL"])

settings.configure(
    SECRET_KEY="a benchmark has no secrets",
    ALLOWED_HOSTS=["*"],
    BASE_DIR=FOLDER,
    MEDIA_ROOT=FOLDER / "media",
    DJANGO_DRF_FILEPOND_UPLOAD_TMP=str(FOLDER / "media"),
    DRF_CHUNKED_UPLOAD_ABSTRACT_MODEL=False,
    DJANGO_DRF_FILEPOND_FILE_STORE_PATH=str(FOLDER / "store"),
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATA_UPLOAD_MAX_MEMORY_SIZE=2**24,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *APPS[PEER]],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE.path[1:],
            "USER": DATABASE.username,
            "PASSWORD": DATABASE.password,
            "HOST": DATABASE.hostname,
            "PORT": DATABASE.port,
            "CONN_MAX_AGE": 600,
        }
    },
)
django.setup()


def drf_chunked_upload() -> list:
    from django.contrib.auth.models import User
    from drf_chunked_upload.views import ChunkedUploadView
    from rest_framework.authentication import BaseAuthentication

    class Somebody(BaseAuthentication):
        def authenticate(self, request: object) -> tuple:
            return User(pk=1), None

    view = ChunkedUploadView.as_view(authentication_classes=[Somebody], do_checksum_check=False)
    return [path("", view), path("<uuid:pk>/", view, name="chunkedupload-detail")]


def chunked_upload() -> list:
    from chunked_upload.models import ChunkedUpload
    from chunked_upload.views import ChunkedUploadCompleteView, ChunkedUploadView

    complete = ChunkedUploadCompleteView.as_view(model=ChunkedUpload, do_md5_check=False)
    return [path("", ChunkedUploadView.as_view(model=ChunkedUpload)), path("complete/", complete)]


urlpatterns = {
    "drf-chunked-upload": drf_chunked_upload,
    "django-chunked-upload": chunked_upload,
    "django-drf-filepond": lambda: [path("", include("django_drf_filepond.urls"))],
}[PEER]()

if __name__ == "__main__":
    from django.contrib.auth.models import User

    for folder in ("media", "store"):
        (FOLDER / folder).mkdir(exist_ok=True)
    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.get_or_create(pk=1, username="bench")
    sys.exit()

application = get_wsgi_application()
