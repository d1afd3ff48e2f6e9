"""`/api/cv-capture/…`, with and without the slash at the end."""

from django.urls import re_path

from capture import views

urlpatterns = [
    re_path(r"^presign/?$", views.Presign.as_view()),
    re_path(r"^metadata/?$", views.Metadata.as_view()),
    re_path(r"^check/?$", views.Check.as_view()),
    re_path(r"^heartbeat/?$", views.Heartbeat.as_view()),
    re_path(r"^(?P<capture_id>[0-9]{1,18})/?$", views.ReadCapture.as_view()),
]
