"""`/api/chunked-upload/…`, with and without the slash at the end."""

from django.urls import re_path

from uploads import chunked

urlpatterns = [
    re_path(r"^init/?$", chunked.Init.as_view()),
    re_path(r"^chunk/?$", chunked.Chunk.as_view()),
    re_path(r"^complete/?$", chunked.Complete.as_view()),
    re_path(r"^cancel/?$", chunked.Cancel.as_view()),
    re_path(r"^sessions/?$", chunked.Sessions.as_view()),
    re_path(r"^(?P<upload_id>[^/]+)/?$", chunked.Session.as_view()),
]
