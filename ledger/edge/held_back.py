"""Bodies that the others pass, because they were tried several times in vain (spec: metering §10). Pure but for its own memory.

Whether a body or the server is at fault shows when another body is taken: then everything that was held back has one more turn. What
fails again then is at fault itself and waits for its time, from five minutes to an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

ATTEMPTS = 5
FIRST_SECONDS = 300
LONGEST_SECONDS = 3600
MAX_HELD = 1000


@dataclass
class _Held:
    failures: int = 0
    until: int = 0
    turns: int = 0
    proven: bool = False


class HeldBack:
    """How often each body has failed, and until when it lets the others pass; instants in Unix seconds."""

    def __init__(self) -> None:
        self._bodies: dict[int, _Held] = {}

    def fail(self, seq: int, now: int) -> bool:
        """Note a failure; tell whether it is the first that shows the body itself to be at fault."""
        if seq not in self._bodies and len(self._bodies) >= MAX_HELD:
            return False
        held = self._bodies.setdefault(seq, _Held())
        held.failures += 1
        if held.failures < ATTEMPTS:
            return False
        is_news = held.turns > 0 and not held.proven
        held.proven = held.turns > 0
        held.until = now + min(FIRST_SECONDS * 2 ** min(held.failures - ATTEMPTS, 20), LONGEST_SECONDS)
        return is_news

    def succeed(self, seq: int) -> None:
        """Note that a body was taken: what was held back, perhaps for the server's fault, has another turn."""
        self.forget(seq)
        for held in self._bodies.values():
            if held.until and not held.proven:
                held.turns, held.until, held.failures = 1, 0, ATTEMPTS - 1

    def forget(self, seq: int) -> None:
        """Forget a body that does not wait any more."""
        self._bodies.pop(seq, None)

    def until(self, now: int) -> frozenset[int]:
        """Return the bodies that let the others pass now."""
        return frozenset(seq for seq, held in self._bodies.items() if held.until > now)

    def proven_until(self, now: int) -> frozenset[int]:
        """Return those of them that are at fault themselves."""
        return frozenset(seq for seq, held in self._bodies.items() if held.until > now and held.proven)
