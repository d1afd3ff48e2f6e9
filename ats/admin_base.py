"""The desk: the admin site, its theme and who may enter. The only file that knows the theme."""

from __future__ import annotations

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

WORKING_RIGHTS = ("candidates.view_candidate", "uploads.run_ops")


class Desk(UnfoldAdminSite):
    """Recruiters, reviewers and ops work here; being staff alone opens nothing."""

    site_title = site_header = "CV intake"
    index_title = "Today"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and any(user.has_perm(right) for right in WORKING_RIGHTS))
