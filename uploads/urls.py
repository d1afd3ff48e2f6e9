"""`/upload/…`, with and without the slash at the end."""

from django.urls import re_path

from uploads import page, views

urlpatterns = [
    re_path(r"^$", page.upload_page, name="upload_page"),
    re_path(r"^videos/(?P<assessment_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$", page.assessment_page),
    re_path(r"^request/?$", views.RequestUpload.as_view()),
    re_path(r"^complete/?$", views.CompleteUpload.as_view()),
    re_path(r"^(?P<doc_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$", views.ReadDocument.as_view()),
]
