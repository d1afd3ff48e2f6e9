"""Calls made from the OpenAPI description, in and out of its bounds: none ends in a 500, nor in an answer that is not
described. Who calls is a reviewer, who may do the most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck
from hypothesis import settings as effort
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ats.tests.builders import Caller
from ats.wsgi import application

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
described = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
described.app = application


@pytest.fixture(autouse=True)
def _one_connection(settings: Any) -> Iterator[None]:
    """The connection is the test's, as for Django's own client; nobody is told to wait."""
    settings.RATES = dict.fromkeys(settings.RATES, 10**6)
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


@described.parametrize()
@effort(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_described(case: schemathesis.Case, reviewer: Caller) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {reviewer.token}"}, checks=CHECKS)
