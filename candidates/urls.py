"""`/candidates…`, with and without the slash at the end."""

from django.urls import re_path

from candidates import assessment_views, export_views, merge_views, record_views, resume_views, views
from uploads.assessment_urls import ID

ONE = r"^/(?P<pk>[0-9]{1,18})"
urlpatterns = [
    re_path(r"^/?$", views.Candidates.as_view()),
    re_path(r"^/facets/?$", views.Facets.as_view()),
    re_path(rf"{ONE}/?$", views.OneCandidate.as_view()),
    re_path(rf"{ONE}/resume/?$", resume_views.Resume.as_view()),
    re_path(rf"{ONE}/resumes/?$", resume_views.Resumes.as_view()),
    re_path(rf"{ONE}/parsing-status/?$", resume_views.ParsingStatus.as_view()),
    re_path(rf"{ONE}/assessments/?$", assessment_views.Assessments.as_view()),
    re_path(rf"{ONE}/assessments/{ID}/?$", assessment_views.OneAssessment.as_view()),
    re_path(rf"{ONE}/export/?$", export_views.Export.as_view()),
    re_path(rf"{ONE}/notes/?$", record_views.Notes.as_view()),
    re_path(rf"{ONE}/notes/(?P<note_id>[0-9]{{1,18}})/?$", record_views.OneNote.as_view()),
    re_path(rf"{ONE}/tags/?$", record_views.Tags.as_view()),
    re_path(rf"{ONE}/tags/(?P<name>.{{1,40}}?)/?$", record_views.OneTag.as_view()),
    re_path(rf"{ONE}/merge/?$", merge_views.MergeCandidates.as_view()),
    re_path(rf"{ONE}/unmerge/?$", merge_views.UnmergeCandidates.as_view()),
    re_path(rf"{ONE}/merges/?$", merge_views.Merges.as_view()),
    re_path(rf"{ONE}/duplicates/(?P<other>[0-9]{{1,18}})/?$", merge_views.PossibleDuplicates.as_view()),
]
