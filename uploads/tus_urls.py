"""`/api/tus/…`, with and without the slash at the end."""

from django.urls import re_path

from uploads import tus

urlpatterns = [
    re_path(r"^$", tus.Uploads.as_view()),
    re_path(r"^(?P<upload_id>[^/]+)/?$", tus.Upload.as_view()),
]
