"""A cursor comes back from a stranger: what nobody made here is told apart before the database hears of it."""

from __future__ import annotations

import base64
import json

import pytest

from ats.tests.builders import assert_envelope
from ats.tests.desk import LIST, at_desk, person

pytestmark = pytest.mark.django_db
LATE, EARLY = "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"
FORGED = [
    *(["a\0b", 1, False], ["\ud800", 1, False], [None, 1, False], [["x"], 1, False], [{"a": 1}, 1, False]),
    *([EARLY, 1, False], [LATE, 1, False], ["2026-01-01", 1, False], ["2026-01-01T00:00:00", 1, False]),
    *(["x", 10**30, False], ["x", 1.5, False], [float("nan"), 1, False], {"a": 1}, "text", 5, None),
]


def forge(values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


CURSORS = [forge(values) for values in FORGED] + [
    forge([])[:1],
    base64.urlsafe_b64encode(b"[" * 2900).decode(),
    "é",
    "%",
]


@pytest.mark.parametrize("cursor", CURSORS)
@pytest.mark.parametrize("ordering", ["created_at", "-updated_at"])
def test_a_forged_cursor_is_named(api, cursor, ordering):
    assert_envelope(api.get("/candidates/", {"ordering": ordering, "cursor": cursor}), 422, field="cursor")


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_forged_cursor_never_reaches_the_database(api, cursor):
    assert api.get("/candidates/", {"ordering": "full_name", "cursor": cursor}).status_code in (200, 422)


@pytest.mark.parametrize("values", [*FORGED, ["new", EARLY, "1"], ["a\0", LATE, "1"], ["new", "x", "1"], [None] * 3])
def test_a_forged_place_in_a_list_of_the_desk_shows_its_beginning(values):
    person()
    for name in ("after", "before"):
        page = at_desk().get(LIST, {name: forge(values)})
        assert page.status_code == 200
        assert "Asha Verma" in page.content.decode()
