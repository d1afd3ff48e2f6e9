"""The recruiter's desk: people, new ones first, decided by one click or one key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KT
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from candidates.desk_adding import add_page, put_newer_resume
from candidates.desk_filters import ACTIVE, FILTERS
from candidates.desk_merging import MERGE, merging_urls, open_merges
from candidates.desk_pages import page_of
from candidates.desk_reading import reading_of, reading_page
from candidates.desk_videos import video_urls
from candidates.erasing import erase
from candidates.excerpts import excerpts_of
from candidates.filters import FACET_WORDS, searched
from candidates.list_export import export_urls
from candidates.models import Candidate, PossibleDuplicate, ResumeAccess
from candidates.profile import current_documents, free_videos, next_new, profile
from candidates.query import Term
from candidates.ranking import RELEVANCE, best
from candidates.search import understood
from uploads.badges import ago, badge
from uploads.desk import BY, DeskAdmin, log_action, signed_in
from uploads.serving import show

SKILLS_SHOWN = 4
HEAVY = ("parsed_resume", "links", "offered")


@admin.register(Candidate)
class CandidateAdmin(DeskAdmin):
    ordering = ("review_status", "-created_at", "-pk")  # "new" is also the first of them by the alphabet
    list_display = ("person", "location", "top_skills", "status", "source", "arrived")
    list_filter = ("review_status", *FILTERS, "created_at")
    search_fields = ("full_name",)  # only that there is a search; `get_search_results` asks the index
    search_help_text = 'All that a CV says: words, "phrases", -not, prefix*'
    actions = ("shortlist", "reject", "reopen", "read_again")
    show_add_link = False  # the page has a button with words
    list_before_template = "admin/candidates/candidate/tabs.html"
    change_form_template = "admin/candidates/candidate/page.html"
    fields = ("full_name", "email", "phone", "location", "headline")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        pairs = PossibleDuplicate.open().filter(candidate=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .defer(*HEAVY)
            .annotate(has_duplicate=Exists(pairs), noticed=KT("parsed_resume__meta__warnings"))
        )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """The same search as at the API. One entry for each person: no row comes twice."""
        return searched(queryset, request.GET, search_term, _terms(request)), False  # type: ignore[arg-type]

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """A search goes by arrival, newest first; one review state needs no order of the states."""
        if any(request.GET.get(name) for name in (SEARCH_VAR, *FACET_WORDS)):
            return ("-pk",)
        return self.ordering[1:] if "review_status__exact" in request.GET else self.ordering

    def first_rows(
        self, request: HttpRequest, rows: Any, order: Sequence[str], after: Any, count: int
    ) -> list[Candidate]:
        terms = _terms(request)
        if terms and request.GET.get(BY) == RELEVANCE:
            people = best(rows, terms, None, self.list_per_page)  # one page: nothing is older
        else:
            people = rows.first_rows(order, after, count)
        found = excerpts_of(people, terms) if terms else {}
        for person in people:
            person.pieces = found.get(person.pk)  # type: ignore[attr-defined]  # for the list
        return people

    # --- The list -----------------------------------------------------------------------------------------------------

    @admin.display(description="Candidate")
    def person(self, candidate: Candidate) -> SafeString:
        name = format_html('<span class="desk-name">{}</span>', candidate.full_name)
        if pieces := getattr(candidate, "pieces", None):
            return format_html('{}<span class="desk-found">{}</span>', name, _marked(pieces[0]))
        return format_html('{}<span class="desk-sub">{}</span>', name, candidate.headline or candidate.email)

    @admin.display(description="Skills")
    def top_skills(self, candidate: Candidate) -> SafeString:
        shown = format_html_join(
            "", '<span class="desk-chip">{}</span>', ((s,) for s in candidate.skills[:SKILLS_SHOWN])
        )
        more = len(candidate.skills) - SKILLS_SHOWN
        return format_html('<span class="desk-chips">{}{}</span>', shown, f"+{more}" if more > 0 else "")

    @admin.display(description="Review")
    def status(self, candidate: Any) -> SafeString:
        flags = ["name is a guess"] * candidate.name_is_guess + ["possible duplicate"] * candidate.has_duplicate
        flags += ["active content"] * any(words in (candidate.noticed or "") for words in ACTIVE)
        words = [badge(candidate.review_status), *(badge(flag, "warn") for flag in flags)]
        return format_html(
            '<span class="desk-chips">{}</span>', format_html_join("", "{}", ((word,) for word in words))
        )

    @admin.display(description="Arrived")
    def arrived(self, candidate: Candidate) -> SafeString:
        return ago(candidate.created_at)

    # --- Verbs --------------------------------------------------------------------------------------------------------

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("candidates.review_candidate")

    @admin.action(description="Shortlist", permissions=["review"])
    def shortlist(self, request: HttpRequest, people: QuerySet) -> None:
        self._decide(request, people, "shortlist", "shortlisted")

    @admin.action(description="Reject", permissions=["review"])
    def reject(self, request: HttpRequest, people: QuerySet) -> None:
        self._decide(request, people, "reject", "rejected")

    @admin.action(description="Open again", permissions=["review"])
    def reopen(self, request: HttpRequest, people: QuerySet) -> None:
        self._decide(request, people, "reopen", "open again")

    @admin.action(description="Read the CV again", permissions=["review"])
    def read_again(self, request: HttpRequest, people: QuerySet) -> None:
        """The current CV of each; where a reading is under way, it goes on."""
        rows = list(people)
        started = sum(document.read_again() for document in current_documents(rows))
        log_action(request, rows, "Asked for the CV to be read again.")
        messages.success(request, f"{started} will be read again in a moment.")

    def _decide(self, request: HttpRequest, people: QuerySet, verb: str, word: str) -> None:
        rows = list(people)
        getattr(Candidate.objects.filter(pk__in=[person.pk for person in rows]), verb)()
        log_action(request, rows, f"{word.capitalize()}.")
        whom = rows[0].full_name if len(rows) == 1 else f"{len(rows)} candidates"
        messages.success(request, f"{whom}: {word}.")

    # --- The page of one person ---------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        pages = {
            "do": require_POST(self.do),
            "take": require_POST(self.take),
            "cv": require_safe(self.cv),
            "reading": require_safe(partial(reading_page, desk=self)),
            "resume": require_POST(partial(put_newer_resume, desk=self)),
        }
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"candidate_{name}")
            for name, view in pages.items()
        ]
        return own + export_urls(self) + merging_urls(self.admin_site) + video_urls(self) + super().get_urls()

    def do(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """One click or key: the same verbs as in the list, then on to the next person who waits."""
        verb = self.get_actions(request).get(request.POST.get("verb", ""))
        person = get_object_or_404(Candidate.objects.defer(*HEAVY), pk=pk)
        if verb is None:
            raise Http404
        verb[0](self, request, Candidate.objects.filter(pk=pk))
        if "back" in request.POST:
            return HttpResponseRedirect(f"{reverse('admin:candidates_candidate_changelist')}?{request.POST['back']}")
        onward = next_new(person) if request.POST["verb"] in ("shortlist", "reject") else person
        return self._page_of(onward)

    def take(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """What the CV says otherwise becomes what stands, by a person's will."""
        person = get_object_or_404(Candidate, pk=pk)
        field = request.POST.get("field", "")
        if not self.has_change_permission(request, person) or field not in person.offered:
            raise Http404
        person.change({field: person.offered[field]})
        log_action(request, [person], f"Took {field} from the CV.")
        return self._page_of(person)

    def _page_of(self, person: Candidate | None) -> HttpResponseRedirect:
        return page_of(person.pk) if person else HttpResponseRedirect(reverse("admin:index"))

    def cv(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The current CV, in the frame of this person's page. Who looks is written down."""
        if not request.user.has_perm("uploads.download_document"):
            raise Http404
        person = get_object_or_404(Candidate.objects.defer(*HEAVY), pk=pk)
        document = get_object_or_404(current_documents([person]))
        response = show(request, document)
        kind = ResumeAccess.Kind.DOWNLOAD if "download" in request.GET else ResumeAccess.Kind.LOOK
        ResumeAccess.note(response, candidate=person, document=document, user=signed_in(request), kind=kind)
        return response

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        return add_page(request, self)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        person = self.get_object(request, object_id)
        if person is None or not self.has_view_permission(request, person):
            raise Http404
        may_change = self.has_change_permission(request, person)
        page = {
            **profile(person),
            "may_review": self.has_review_permission(request),
            "may_merge": request.user.has_perm(MERGE),
            "merges": open_merges(person),
            "may_change": may_change,
            "may_download": request.user.has_perm("uploads.download_document"),
            "reading": reading_of(person) if "reading" in request.GET or person.parsing_status == "pending" else None,
            "most_bytes": settings.CV_MAX_BYTES,
            "free_videos": free_videos() if may_change else [],
            "title": person.full_name,
            "subtitle": None,
        }
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Candidate, form: Any, change: bool) -> None:
        """What a person typed stays, and the keys follow it."""
        obj.change({name: form.cleaned_data[name] for name in form.changed_data})

    def delete_model(self, request: HttpRequest, obj: Candidate) -> None:
        """The same erasing as at the API: the person, the CVs that are theirs alone, their files."""
        erase(obj.pk, signed_in(request))

    def has_delete_permission(self, request: HttpRequest, obj: Candidate | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.legal_hold)


def _terms(request: HttpRequest) -> list[Term]:
    """Understood once for each request."""
    if not hasattr(request, "terms"):
        request.terms = understood(request.GET.get(SEARCH_VAR, ""))  # type: ignore[attr-defined]
    return request.terms  # type: ignore[attr-defined]


def _marked(piece: dict[str, Any]) -> SafeString:
    """An excerpt with what was found in it in `<mark>`."""
    text, at, parts = piece["text"], 0, []
    for start, end in piece["marks"]:
        parts.append((text[at:start], text[start:end]))
        at = end
    return format_html("{}{}", format_html_join("", "{}<mark>{}</mark>", parts), text[at:])
