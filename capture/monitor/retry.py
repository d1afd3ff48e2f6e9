"""When to try again: full jitter, doubling from two seconds to five minutes, never sooner than the server asked."""

from __future__ import annotations

import os

FIRST, CAP, LONGEST_WISH = 2.0, 300.0, 3600.0
TOKEN_PROBE = 300.0
BREAKER = 5


def delay(failures: int, retry_after: float | None = None) -> float:
    """Seconds to wait after that many failures in a row (at least 1)."""
    top = min(CAP, FIRST * 2 ** min(failures - 1, 20))
    share = int.from_bytes(os.urandom(4), "big") / 2**32  # the random module would cost 4 MB of memory
    wished = min(max(float(retry_after or 0), 0.0), LONGEST_WISH)
    return max(wished, 0.5 + share * (top - 0.5))


class Pause:
    """Holds the whole queue while the server is away, asks for time, or does not know the token."""

    def __init__(self) -> None:
        self.failures = 0
        self.until = 0.0
        self.reason = ""

    def hold(self, now: float, reason: str, retry_after: float | None = None, seconds: float | None = None) -> bool:
        """Closes the queue; returns True when that is news."""
        news = reason != self.reason
        self.failures += 1
        self.reason = reason
        self.until = now + (seconds or delay(self.failures, retry_after))
        return news

    def lift(self) -> None:
        """The server answered: the queue is open again."""
        self.failures, self.until, self.reason = 0, 0.0, ""

    def open(self, now: float) -> bool:
        """Whether something may be sent now."""
        return now >= self.until
