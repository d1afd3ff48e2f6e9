"""Clients of the running system, and what they do with a CV."""

from __future__ import annotations

import requests

from ats.tests.builders import METADATA, PRESIGN
from ats.tests.house import wait_for


class Device(requests.Session):
    """A client of the running system that bears one of its tokens."""

    def __init__(self, system, whose):
        super().__init__()
        self.base = system.url
        self.headers["Authorization"] = f"Bearer {system.tokens[whose]}"

    def request(self, method, url, **options):
        options.setdefault("timeout", 30)
        return super().request(method, url if "://" in url else self.base + url, **options)


def put(url, content, headers=None):
    response = requests.put(url, data=content, headers=headers or {}, timeout=30)
    assert response.status_code == 200, response.text


def capture(device, cv):
    presigned = device.post(PRESIGN, json=cv.presign()).json()
    put(presigned["s3_url"], cv.content, presigned["headers"])
    return device.post(METADATA, json=cv.presign(s3_key=presigned["s3_key"]))


def ends(device, capture_id):
    """How a capture ends: its last status."""
    seen = {}

    def is_over():
        seen.update(device.get(f"/api/cv-capture/{capture_id}").json())
        return seen["status"] in ("ready", "failed")

    wait_for(is_over)
    return seen
