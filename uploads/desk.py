"""What every page of the desk shares: long lists that count nothing, evidence that nobody edits.

Beside `ats/admin_base.py` the only file that knows the theme.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import connection, models
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import TextFilter as UnfoldTextFilter
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from uploads.keyset import behind, decode_cursor, encode_cursor, field_of, first_rows, revived, stretches, turned

NumberInput, Select, TextInput = UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget
TextFilter = UnfoldTextFilter
AFTER, BEFORE, BY = "after", "before", "by"


class LongList(ChangeList):
    """Pages by the first and last row shown (keyset), so that any page costs what the first one costs.

    The order is the admin's own, its last field unique. Nothing is counted: an unfiltered list shows an estimate.
    """

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> models.QuerySet:
        for name in (AFTER, BEFORE, BY):  # no filters; the first two name a row, and end where a filter changes
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return super().get_queryset(request, exclude_parameters)

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet) -> list[str]:
        return list(self.model_admin.get_ordering(request))

    def get_results(self, request: HttpRequest) -> None:
        order = self.get_ordering(request, self.queryset)
        after, before = (self._row(request.GET.get(name), order) for name in (AFTER, BEFORE))
        rows = self._cut(request, order, after, before)
        more, rows = len(rows) > self.list_per_page, rows[: self.list_per_page]
        if before:
            rows.reverse()
        self.result_list = rows
        self.result_count = self.full_result_count = len(rows)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True
        self.paginator = self.model_admin.get_paginator(request, rows, self.list_per_page)
        has_older, has_newer = (bool(before) or more), (bool(after) or (bool(before) and more))
        self.older_url = self._url(AFTER, rows[-1], order) if rows and has_older else None
        self.newer_url = self._url(BEFORE, rows[0], order) if rows and has_newer else None
        self.estimate = None if self._is_narrowed() or not (more or after or before) else estimated_rows(self.model)

    def _cut(
        self, request: HttpRequest, order: list[str], after: list[Any] | None, before: list[Any] | None
    ) -> list[models.Model]:
        order, row, count = turned(order) if before else order, before or after, self.list_per_page + 1
        found: list[models.Model] = []
        for rows, by, start in stretches(self.queryset, order, row):
            if len(found) < count:
                found += self._first(request, rows, by, start, count - len(found))
        return found

    def _first(
        self, request: HttpRequest, rows: models.QuerySet, order: Sequence[str], after: Any, count: int
    ) -> list[models.Model]:
        if self._is_narrowed():
            return self.model_admin.first_rows(request, rows, order, after, count)
        return list(behind(rows, order, after).order_by(*order)[:count])

    def _is_narrowed(self) -> bool:
        return bool(self.query or self.has_active_filters)

    def _url(self, name: str, row: models.Model, order: list[str]) -> str:
        values = [field_of(self.model, field.removeprefix("-")).value_to_string(row) for field in order]
        return self.get_query_string({name: encode_cursor(values)})

    def _row(self, cursor: str | None, order: list[str]) -> list[Any] | None:
        """The ordering values of the row that a page begins at; None for a cursor that nobody made here."""
        try:
            values = decode_cursor(cursor or "")
            return [
                revived(field_of(self.model, field.removeprefix("-")), value)
                for field, value in zip(order, values, strict=True)
            ]
        except (ValueError, ValidationError):
            return None


def estimated_rows(model: type[models.Model]) -> int:
    """What the database believes it holds, without counting."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        else:
            cursor.execute(f"SELECT MAX(rowid) FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our own table)
        return max(0, cursor.fetchone()[0] or 0)


class DeskAdmin(ModelAdmin):
    """A window on rows: newest first, never counted, compact."""

    change_list_template = "admin/long_list.html"
    nothing = "Nothing is here yet."  # said of an empty list that is not narrowed
    list_per_page = 50
    show_full_result_count = False
    show_facets = ModelAdmin.show_facets.NEVER
    sortable_by: tuple[str, ...] = ()
    list_fullwidth = True
    list_disable_select_all = True
    list_filter_sheet = True
    ordering: tuple[str, ...] = ("-pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongList

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """What a filter of the list offers. Any other column could be guessed letter by letter, or read whole."""
        offered = {one if isinstance(one, str) else one.parameter_name for one in self.list_filter}
        return lookup.partition("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def response_action(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponseBase | None:
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.to_python(chosen)
            except ValidationError:
                raise SuspiciousOperation("not an id") from None
        return super().response_action(request, queryset)

    def first_rows(
        self, request: HttpRequest, rows: models.QuerySet, order: Sequence[str], after: Any, count: int
    ) -> list[Any]:
        """Of a list that is narrowed."""
        return first_rows(rows, order, after, count)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Rows are removed one by one, after a look at what goes with them."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        log_action(request, [obj], json.dumps(message) if isinstance(message, list) else message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[models.Model]) -> None:
        log_action(request, queryset, "", DELETION)


class EvidenceAdmin(DeskAdmin):
    """Rows that are the truth: seen by who may view them, changed by nobody."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def log_action(
    request: HttpRequest, rows: Iterable[models.Model], words: str, flag: int = CHANGE, key: str = "pk"
) -> None:
    """A history row for each of these: who did what. It names no person: it outlives those who are erased."""
    LogEntry.objects.bulk_create(
        LogEntry(
            user=signed_in(request),
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(getattr(row, key)),
            object_repr=f"{row._meta.verbose_name} {getattr(row, key)}"[:200],
            action_flag=flag,
            change_message=words,
        )
        for row in rows
    )


def was_logged(request: HttpRequest, row: models.Model, words: str, within: timedelta) -> bool:
    """Whether this user's history has the same words on this row already, not longer ago than that."""
    kind, since = ContentType.objects.get_for_model(row), timezone.now() - within
    said = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk), change_message=words)
    return said.filter(user=signed_in(request), action_time__gt=since).exists()
