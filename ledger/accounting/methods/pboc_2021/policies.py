"""What the guide leaves to the bank, or what its descriptions differ on (spec: method-pboc-2021 §1, §6; unverified)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.accounting.methods.pboc_2021.balance import AVERAGES, Balance
from ledger.errors import InputError
from ledger.loans.exposure import Exposure

SHORT_LIFE_DAYS = 30
SMALL_BALANCE_CENTS = 500_000_000  # 5 million CNY
SHORT_LIFE, SMALL_BALANCE = "policy: life below 30 days", "policy: mean balance below 5,000,000 CNY"
NATURAL_PERSON, SMALL_MICRO = "policy: natural person", "policy: small or micro enterprise"
_SWITCHES = ("exclude_short_life", "exclude_small_balance", "exclude_natural_person", "exclude_small_micro")


@dataclass(frozen=True)
class Policies:
    """The mean that is taken and the exclusions that are in force; every row left out keeps its reason and counts against coverage."""

    average: str = "month_end"
    exclude_short_life: bool = False
    exclude_small_balance: bool = False
    exclude_natural_person: bool = False
    exclude_small_micro: bool = False

    def __post_init__(self) -> None:
        if self.average not in AVERAGES:
            raise InputError(f"unknown average {self.average[:40]!r}", hint=f"expected {' or '.join(AVERAGES)}")

    def to_document(self) -> dict[str, object]:
        """Return the statement's object `policies`."""
        return {"average": self.average, **{name: getattr(self, name) for name in _SWITCHES}}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Policies:
        """Return the policies of an object; what it does not name has its default.

        Raises:
            InputError: an unknown name, or a value of another kind.
        """
        unknown = sorted(set(document) - {"average", *_SWITCHES})
        if unknown:
            raise InputError(f"unknown policy {unknown[0][:40]!r}", hint=f"expected average, {', '.join(_SWITCHES)}")
        average = document.get("average", "month_end")
        switches = {name: document.get(name, False) for name in _SWITCHES}
        wrong = [name for name, value in switches.items() if not isinstance(value, bool)]
        if wrong or not isinstance(average, str):
            name = (wrong or ["average"])[0]
            raise InputError(f"policy {name} has a value of the wrong kind", hint="expected true or false; for average a text")
        return cls(average, **{name: value is True for name, value in switches.items()})

    def find_exclusion(self, row: Exposure, balance: Balance) -> str | None:
        """Return why a row is left out, or None. What is unknown excludes nothing."""
        if self.exclude_short_life and row.life_days is not None and row.life_days < SHORT_LIFE_DAYS:
            return SHORT_LIFE
        if self.exclude_small_balance and balance.mean < SMALL_BALANCE_CENTS:
            return SMALL_BALANCE
        if self.exclude_natural_person and row.natural_person and row.use == "general":
            return NATURAL_PERSON
        if self.exclude_small_micro and row.small_micro and row.use == "general":
            return SMALL_MICRO
        return None
