from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction


@pytest.fixture
def committing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a commit happens at once: the transaction around a test never commits."""

    def at_once(do: Callable[[], Any], using: str | None = None, robust: bool = False) -> None:
        do()

    monkeypatch.setattr(transaction, "on_commit", at_once)
