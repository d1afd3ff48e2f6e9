"""The map of all doors."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from ats import views
from ats.metrics import Metrics
from uploads.disk_views import PutObject
from uploads.page import upload_page
from uploads.tus import Uploads

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("api/cv-capture/", include("capture.urls")),
    path("api/chunked-upload/", include("uploads.chunked_urls")),
    path("api/assessments/", include("uploads.assessment_urls")),
    path("api/tus", Uploads.as_view()),
    path("api/tus/", include("uploads.tus_urls")),
    re_path(r"^candidates", include("candidates.urls")),
    path("upload", upload_page),
    path("upload/", include("uploads.urls")),
    path("store/<path:key>", PutObject.as_view()),
    re_path(r"^api/schema/?$", SpectacularJSONAPIView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", SpectacularSwaggerSplitView.as_view(url_name="schema")),
    re_path(r"^healthz/?$", views.healthz),
    re_path(r"^readyz/?$", views.readyz),
    re_path(r"^metrics/?$", Metrics.as_view()),
]
handler400 = "ats.errors.bad_request"
handler403 = "ats.errors.permission_denied"
handler404 = "ats.errors.page_not_found"
handler500 = "ats.errors.server_error"
