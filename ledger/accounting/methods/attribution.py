"""What every method of financed emissions gives for one exposure, and what it may have to say about it.

A method's folder decides the rules; these shapes and the table of codes are shared, so that the fast path over a whole book and the
reference per row speak of the same things.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.records.findings import Finding, Severity

LIMIT = 2**63  # no figure of a row reaches it; sums are wider


@dataclass(frozen=True)
class Guard:
    """A rule that a row met or broke: stable code, severity, what was expected and what to do."""

    code: str
    severity: Severity
    expected: str
    action: str


GUARDS = {
    guard.code: guard
    for guard in (
        Guard("BALANCE_MISSING", "error", "the balance that the method takes", "fill the column, or exclude the row"),
        Guard("SHARES_ABOVE_TOTAL", "error", "at most total_shares, which is above 0", "correct shares or total_shares"),
        Guard("DENOMINATOR_MISSING", "error", "a value above 0", "fill the column, or exclude the row"),
        Guard("EMISSIONS_MISSING", "error", "the figure that the option needs", "fill the column, or choose another option"),
        Guard("EMISSIONS_AMBIGUOUS", "error", "one figure of S1+2 only", "keep the declared or the computed one; s12_t is s1_t + s2_t"),
        Guard("EMISSIONS_NEGATIVE", "error", "0 or more", "declare emissions without land use, and what is removed in removals_t"),
        Guard("OPTION_NOT_OF_CLASS", "error", "an option of the asset class", "use an option that the method's table lists for the class"),
        Guard("OPTION_NOT_OF_METHOD", "error", "an option of the method", "use 1a to 3a, or exclude the row"),
        Guard("FIGURE_TOO_LARGE", "error", "below 2^63 cents or grams", "check the units of the row"),
        Guard("ATTRIBUTION_CLIPPED", "warning", "a balance of at most the denominator", "check both figures; the factor is taken as 1"),
        Guard("FIGURE_UNUSED", "warning", "empty with this option", "remove the figure or choose the option that it belongs to"),
        Guard("DENOMINATOR_FALLBACK", "info", "total_equity and total_debt", "nothing; total_assets is used"),
        Guard("VEHICLE_VALUE_UNKNOWN", "info", "the value of the vehicle", "nothing; attribution is 100 %"),
        Guard("EQUITY_NEGATIVE", "info", "0 or more", "nothing; the equity counts as 0"),
        Guard("GUARANTEE_NOT_CALLED", "info", "a guarantee that is called", "nothing; its balance counts as 0"),
        Guard("SCOPE2_UNKNOWN", "info", "s2_t of the country", "nothing; S1 is the figure of S1+2"),
    )
}


@dataclass(frozen=True, order=True)
class Notice:
    """A guard that spoke, and the column it is about."""

    code: str
    column: str

    @property
    def severity(self) -> Severity:
        """Return the severity of the guard."""
        return GUARDS[self.code].severity

    def finding(self, place: str, got: str | None) -> Finding:
        """Return the finding at `place`, as `row 17 column revenue` or a JSON pointer."""
        guard = GUARDS[self.code]
        return Finding(guard.code, guard.severity, place, guard.action, got, guard.expected, {"column": self.column})


@dataclass(frozen=True)
class Emissions:
    """Emissions of borrower, project, building, vehicle or country in whole grams; None is unknown.

    Where an option has no denominator (3b, 3c of companies) they are those of the financed part itself.
    """

    s1_g: int | None
    s2_g: int | None
    s12_g: int | None
    s3_g: int | None


@dataclass(frozen=True)
class Attributed:
    """The bank's part in whole grams, each rounded once. s1_g, s2_g and s3_g are None where they are unknown."""

    s1_g: int | None
    s2_g: int | None
    s12_g: int
    s3_g: int | None
    removals_g: int
    avoided_g: int
    credits_retired_g: int
    credits_generated_g: int


@dataclass(frozen=True)
class Attribution:
    """One exposure calculated. attributed = round(min(numerator, denominator) × emissions ÷ denominator), or emissions without one.

    `denominator` names the columns it came from. PBOC: the numerator is the sum of the balances, the denominator so many times its column.
    """

    numerator_cents: int
    denominator_cents: int | None
    denominator: str | None
    emissions: Emissions
    attributed: Attributed
    score_s12: int
    score_s3: int | None
    exposure_cents: int
    reduction_g: int | None


@dataclass(frozen=True)
class Outcome:
    """What a method makes of a row: an attribution, or the reason why it is excluded, or neither where a notice is an error.

    `exposure_cents` is None where the balance is unknown.
    """

    attribution: Attribution | None
    excluded: str | None
    exposure_cents: int | None
    notices: tuple[Notice, ...]
