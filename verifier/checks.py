"""Collect what each check answered, and derive the one verdict (verification.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from verifier.errors import Malformed, Refused


class Outcome(StrEnum):
    """Say what a check answered. Wrong is not unchecked, and unknown to the policy is neither."""

    PASS = "PASS"  # noqa: S105 - an outcome, no secret
    FAIL = "FAIL"
    MALFORMED = "MALFORMED"
    UNTRUSTED = "UNTRUSTED"
    NOT_IN_FORCE = "NOT IN FORCE"
    NOT_CHECKED = "NOT CHECKED"


_WORST_FIRST = (
    (Outcome.FAIL, "INVALID", 1),
    (Outcome.MALFORMED, "MALFORMED", 3),
    (Outcome.UNTRUSTED, "UNTRUSTED", 6),
    (Outcome.NOT_IN_FORCE, "NOT-IN-FORCE", 5),
    (Outcome.NOT_CHECKED, "INCOMPLETE", 4),
)


@dataclass(frozen=True, slots=True)
class Check:
    """Hold one answer; `code` chooses the words of `means` and `next` (messages.py), `facts` fill them. A PASS seldom has one."""

    id: str
    subject: str
    outcome: Outcome
    code: str = ""
    expected: str | None = None
    found: str | None = None
    facts: dict[str, str] = field(default_factory=dict)


class Checks:
    """Gather answers in the order in which they were given."""

    def __init__(self) -> None:
        self.items: list[Check] = []

    def passed(self, id: str, subject: str, remark: str = "", **facts: str) -> None:
        """Record that a check ran and held; `remark` is the code of what a reader might take it to show, and it does not."""
        self.items.append(Check(id, subject, Outcome.PASS, remark, facts=facts))

    def failed(self, id: str, subject: str, code: str, expected: object = None, found: object = None, **facts: str) -> None:
        """Record that a check ran and proved a mismatch."""
        self._record(Outcome.FAIL, id, subject, code, expected, found, facts)

    def unchecked(self, id: str, subject: str, code: str, **facts: str) -> None:
        """Record that a check could not run, and what was missing."""
        self._record(Outcome.NOT_CHECKED, id, subject, code, None, None, facts)

    def untrusted(self, id: str, subject: str, code: str, expected: object = None, found: object = None, **facts: str) -> None:
        """Record that something is genuine as far as it goes, but not known to the policy."""
        self._record(Outcome.UNTRUSTED, id, subject, code, expected, found, facts)

    def not_in_force(self, id: str, subject: str, code: str, expected: object = None, found: object = None, **facts: str) -> None:
        """Record that something is genuine but does not hold at this time."""
        self._record(Outcome.NOT_IN_FORCE, id, subject, code, expected, found, facts)

    def malformed(self, id: str, subject: str, error: Malformed) -> None:
        """Record that an input cannot be read."""
        facts = {**error.facts, "place": error.place, "detail": error.detail}
        self._record(Outcome.MALFORMED, id, subject, error.code, None, error.facts.get("found"), facts)

    def refused(self, id: str, subject: str, error: Refused) -> None:
        """Record a proof or signature that was refused, with the element that its error names."""
        facts = {"detail": str(error), **{name: fact for name, fact in error.facts.items() if name not in ("expected", "found")}}
        self._record(Outcome.FAIL, id, subject, error.code, error.facts.get("expected"), error.facts.get("found"), facts)

    @contextmanager
    def guard(self, id: str, subject: str) -> Iterator[None]:
        """Turn what is raised inside into the answer of this check."""
        try:
            yield
        except Refused as error:
            self.refused(id, subject, error)
        except Malformed as error:
            self.malformed(id, subject, error)

    def outcomes(self, id: str) -> set[Outcome]:
        """Return the outcomes given under one id."""
        return {check.outcome for check in self.items if check.id == id}

    def holds(self, *ids: str) -> bool:
        """Say whether each of these checks ran and only ever held."""
        return all(self.outcomes(id) == {Outcome.PASS} for id in ids)

    def _record(self, outcome: Outcome, id: str, subject: str, code: str, expected: object, found: object, facts: dict[str, str]) -> None:
        words = [None if value is None else str(value) for value in (expected, found)]
        self.items.append(Check(id, subject, outcome, code, words[0], words[1], facts))


def verdict_of(checks: list[Check]) -> tuple[str, int]:
    """Return (verdict, exit code): the worst answer in the order 1 > 3 > 6 > 5 > 4 > 0."""
    given = {check.outcome for check in checks}
    for outcome, name, code in _WORST_FIRST:
        if outcome in given:
            return name, code
    return ("VALID", 0) if checks else ("INCOMPLETE", 4)
