"""What the desk's list can be narrowed by: the filters of the API under the same names."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from candidates.facets import STEPS
from candidates.filters import UNKNOWN, narrowed_by
from candidates.models import Candidate
from uploads.desk import TextFilter
from uploads.models import Document

ACTIVE = ("JavaScript", "start a program", "embedded files")  # what the reader says of a file that can act


class FlagFilter(SimpleListFilter):
    title, parameter_name = "flag", "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("duplicate", "Possible duplicate"), ("guess", "Name is a guess"), ("active", "Active content")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        active = reduce(or_, (Q(noticed__contains=words) for words in ACTIVE))
        flags = {"duplicate": Q(has_duplicate=True), "guess": Q(name_is_guess=True), "active": active}
        return queryset.filter(flags.get(self.value() or "", Q()))


class SkillFilter(TextFilter):
    """A word of the index, which is asked together with the search: see `CandidateAdmin.get_search_results`."""

    title, parameter_name = "skill (or unknown)", "skill"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset


class PlaceFilter(SkillFilter):
    title, parameter_name = "place (or unknown)", "place"


def _narrowed(asked: SimpleListFilter, queryset: Any) -> QuerySet:
    """As at the API; what cannot be meant leads back to the list, as the admin does with it."""
    try:
        return narrowed_by(queryset, asked.parameter_name or "", {asked.parameter_name or "": asked.value() or ""})
    except ValidationError as fault:
        raise IncorrectLookupParameters from fault


class CapturedByFilter(TextFilter):
    title, parameter_name = "who captured it (or unknown)", "captured_by"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(self, queryset)


class YearsFilter(SimpleListFilter):
    title, parameter_name = "years of work", "years"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((step, step.replace("-", " to ")) for _, step in STEPS), ("10-", "10 or more"), (UNKNOWN, "Unknown")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(self, queryset)


class SourceFilter(SimpleListFilter):
    """The sources that there can be; asking the table for those that there are would read all of it."""

    title, parameter_name = "source", "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        captures: Any = Document._meta.get_field("captures").related_model  # of a room that this one does not know
        own = [(source, source) for source in (Candidate.SOURCE_CV, Candidate.SOURCE_FORM)]
        return [*own, *captures._meta.get_field("source").flatchoices, (UNKNOWN, "Unknown")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(self, queryset)


FILTERS = (FlagFilter, SkillFilter, PlaceFilter, YearsFilter, SourceFilter, CapturedByFilter)
