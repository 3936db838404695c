"""What hangs on the wall in a meter's place, from an instant on: ratio, register and the readings at the change (spec: metering §2)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.errors import InputError
from ledger.units import parse_decimal

REASONS = ("installed", "replaced", "ratio_changed", "reset", "removed")
MAX_DIGITS = 12
MAX_DECIMALS = 6


@dataclass(frozen=True)
class Ratio:
    """The ratios of current and voltage transformers, decimal strings above 0; 1 where there is none."""

    ct: str = "1"
    pt: str = "1"

    @property
    def exact(self) -> Fraction:
        """Return ct × pt."""
        return parse_decimal(self.ct) * parse_decimal(self.pt)


@dataclass(frozen=True)
class RegisterForm:
    """The digits of a display before and after the point; it rolls over at 10^digits of the display unit."""

    digits: int = 6
    decimals: int = 2


@dataclass(frozen=True)
class Fitting:
    """What hangs in a meter's place from `since` (Unix seconds) until the next fitting.

    `first` is its reading at `since`: None exactly where the reason is `removed`, after which nothing hangs there; `serial` is then of
    what was taken down. `final_before` is the last reading of what hung there before: None exactly where the reason is `installed`.
    Readings are decimal strings in the display unit, before the ratio.

    Raises on construction:
        InputError: final_before missing or beside `installed`, first missing or beside `removed`, an unknown reason.
    """

    institution: str
    meter: str
    since: int
    serial: str
    first: str | None
    reason: str
    reference: str
    by: str
    at: int
    seal: str | None = None
    ratio: Ratio = Ratio()
    register: RegisterForm = RegisterForm()
    final_before: str | None = None

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise InputError(f"not a reason of a fitting; expected one of {', '.join(REASONS)}")
        if (self.final_before is None) != (self.reason == "installed"):
            raise InputError("final_before is the last reading of what hung there before: given exactly where the reason is not installed")
        if (self.first is None) != (self.reason == "removed"):
            raise InputError("first is the reading of what hangs there from then on: given exactly where the reason is not removed")
