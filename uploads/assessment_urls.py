"""`/api/assessments/…`, with and without the slash at the end."""

from django.urls import re_path

from uploads import assessment_views as views

ID = r"(?P<assessment_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
urlpatterns = [
    re_path(rf"^{ID}/?$", views.ReadAssessment.as_view()),
    re_path(rf"^{ID}/poster/?$", views.ReadPoster.as_view()),
]
