"""A fixed window of requests per token, or per address where there is none (RateLimit fields of draft-ietf-httpapi-ratelimit-headers).

Counted in this process: a second server has a window of its own. It keeps one client from starving the others; it is no defence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_SUBJECTS = 10_000


@dataclass(frozen=True)
class Allowance:
    """What is left of a window after this request; `remaining` is -1 where it was used up before."""

    quota: int
    window: int
    remaining: int
    reset: int

    def headers(self, policy: str = "token") -> dict[str, str]:
        """Return the RateLimit fields of a policy: by `token`, or by `address` where there is none."""
        return {
            "RateLimit-Policy": f'"{policy}";q={self.quota};w={self.window}',
            "RateLimit": f'"{policy}";r={max(0, self.remaining)};t={self.reset}',
        }


class FixedWindow:
    """Count requests by subject in windows of `window` seconds; safe to call from several threads."""

    def __init__(self, quota: int = 1200, window: int = 60, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.quota = quota
        self.window = window
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._number = 0
        self._counts: dict[str, int] = {}

    def take(self, subject: str) -> Allowance:
        """Count one request of `subject` and return what is left."""
        now = self._monotonic()
        number = int(now // self.window)
        with self._lock:
            if number != self._number or len(self._counts) > MAX_SUBJECTS:
                self._number = number
                self._counts = {}
            count = self._counts.get(subject, 0) + 1
            self._counts[subject] = count
        return Allowance(self.quota, self.window, self.quota - count, max(1, int((number + 1) * self.window - now)))
