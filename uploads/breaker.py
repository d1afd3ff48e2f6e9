"""Not asking again at once what did not answer."""

from __future__ import annotations

import time

PAUSE = 2.0  # seconds


class Breaker:
    """One word for this process: a service that is away costs one caller its time-out, not each of them."""

    def __init__(self) -> None:
        self.asks_again_at = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.asks_again_at

    def trip(self) -> None:
        self.asks_again_at = time.monotonic() + PAUSE

    def reset(self) -> None:
        self.asks_again_at = 0.0
