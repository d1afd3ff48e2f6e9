"""The OpenAPI document: valid, whole, and with the one envelope for every error."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield f"{method} {path}", operation


def doors(patterns=None, before=""):
    """Every path that leads to a door, as `/api/cv-capture/presign`."""
    for pattern in patterns or get_resolver().url_patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from doors(pattern.url_patterns, route)
        elif hasattr(getattr(pattern.callback, "cls", None), "throttle_scope"):
            yield plain(route)


def plain(route):
    without_groups = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)|<(?:\w+:)?(\w+)>", "{}", route)
    return "/" + re.sub(r"[\^$]|/\?", "", without_groups).strip("/")


def test_the_document_is_valid(schema):
    validate_schema(schema)


def test_it_is_made_without_a_warning(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yml"))


def test_every_door_is_in_it(schema):
    told = {re.sub(r"\{\w+\}", "{}", path).rstrip("/") for path in schema["paths"]}
    assert len(set(doors())) >= 8
    tus = {door for door in doors() if door.startswith("/api/tus")}  # specified at tus.io
    assert set(doors()) - tus <= told


@pytest.mark.parametrize("path", ["/api/cv-capture/presign", "/api/cv-capture/metadata", "/upload/request"])
def test_the_doors_of_the_contract_are_named_by_their_paths(schema, path):
    assert "post" in schema["paths"].get(path, schema["paths"].get(f"{path}/", {}))


def test_every_operation_tells_its_refusals(schema):
    for name, operation in operations(schema):
        if "schema" in name:
            continue
        for status in ("401", "403", "422", "429", "503"):
            content = operation["responses"][status]["content"]["application/json"]["schema"]
            assert content["$ref"].endswith("/Error"), name


def test_every_operation_says_who_may_call(schema):
    for name, operation in operations(schema):
        assert {"bearer": []} in operation["security"], name


def test_it_is_served_from_local_assets_to_whom_is_signed_in(api):
    answer = api.get("/api/schema/", headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3")
    page = api.get("/api/docs/").content.decode()
    assert not re.search(r"https?://(?!testserver|127\.0\.0\.1)[\w.]*(cdn|unpkg|jsdelivr)", page)
