"""`/upload/…`, with and without the slash at the end."""

from django.urls import re_path

from uploads import page, views
from uploads.assessment_urls import ID

urlpatterns = [
    re_path(r"^$", page.upload_page, name="upload_page"),
    re_path(rf"^videos/{ID}/?$", page.assessment_page),
    re_path(r"^request/?$", views.RequestUpload.as_view()),
    re_path(r"^complete/?$", views.CompleteUpload.as_view()),
    re_path(r"^(?P<doc_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$", views.ReadDocument.as_view()),
]
