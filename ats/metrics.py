"""`/metrics` in Prometheus' text format, computed from the rows when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from ats.figures import Period, figures, state
from uploads.permissions import RUN_OPS, may

HELP = {
    "presigned": "CVs promised in the last hour",
    "stored": "of these, stored",
    "success": "stored / promised in the last hour, 0 to 1",
    "upload_p50": "median seconds from presign to metadata in the last hour",
    "upload_p95": "95th percentile of the same",
    "latency_p50": "median seconds from detection to stored in the last hour",
    "latency_p95": "95th percentile of the same",
    "calls": "write calls in the last hour",
    "errors": "of these, ended 5xx",
    "error_rate": "5xx / all write calls in the last hour, 0 to 1",
    "slowest_call": "seconds of the slowest write call in the last hour",
    "waiting_to_be_read": "stored CVs that wait for a reader",
    "oldest_unread": "seconds that the oldest of them has waited",
    "waiting_to_be_proven": "uploads that wait for their proof",
    "missing_cvs": "CVs seen on a desktop and never stored",
    "failing_devices": "devices with more than five failures in a row",
    "desktops": "desktops heard of in the last day",
    "disk_free_bytes": "bytes free where the data lies",
}


class House(Collector):
    """One gauge for each figure; a figure that nothing was measured for is left out."""

    def collect(self) -> Iterator[Metric]:
        for found in (figures(Period.last(1)), state()):
            for one in fields(found):
                value = getattr(found, one.name)
                if value is not None:
                    yield GaugeMetricFamily(f"ats_{one.name}", HELP[one.name], value=value)


REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(House())


class Metrics(APIView):
    """For ops, and for the addresses that METRICS_ADDRESSES names."""

    schema = None

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [] if self._is_known_address() else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        return [] if self._is_known_address() else [may(RUN_OPS)()]

    def _is_known_address(self) -> bool:
        return self.request.META.get("REMOTE_ADDR") in settings.METRICS_ADDRESSES

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(generate_latest(REGISTRY), content_type="text/plain; version=0.0.4; charset=utf-8")
