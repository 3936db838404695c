"""What a rule is: a name, the codes it may find, and a pure function over histories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ledger.metering.vee.history import MeterHistory
from ledger.records.findings import Finding

P = TypeVar("P")


@dataclass(frozen=True)
class Rule(Generic[P]):
    """A rule over one meter's history under policies of type P."""

    name: str
    codes: tuple[str, ...]
    check: Callable[[MeterHistory, P], tuple[Finding, ...]]


@dataclass(frozen=True)
class GroupRule(Generic[P]):
    """A rule over the histories of several meters, all of the same local days."""

    name: str
    codes: tuple[str, ...]
    check: Callable[[Sequence[MeterHistory], P], tuple[Finding, ...]]


@dataclass(frozen=True)
class RuleSet(Generic[P]):
    """A rule set by name, with its policies and rules in the order in which findings come."""

    name: str
    policies: P
    rules: tuple[Rule[P], ...]
    group_rules: tuple[GroupRule[P], ...]

    def validate(self, histories: Sequence[MeterHistory]) -> tuple[Finding, ...]:
        """Return what every rule finds: meter by meter, then over all of them."""
        found = [finding for history in histories for rule in self.rules for finding in rule.check(history, self.policies)]
        found += [finding for rule in self.group_rules for finding in rule.check(histories, self.policies)]
        return tuple(found)
