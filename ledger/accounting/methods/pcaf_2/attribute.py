"""Attribute emissions to one exposure, exactly (spec: method-pcaf-2 §1–5)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.methods.attribution import Attributed, Attribution, Emissions, Notice, Outcome
from ledger.accounting.methods.pcaf_2.balance import outstanding_cents
from ledger.accounting.methods.pcaf_2.denominators import Denominator, find_denominator
from ledger.accounting.methods.pcaf_2.emissions import find_emissions
from ledger.accounting.methods.pcaf_2.options import WITHOUT_DENOMINATOR, find_option, find_score
from ledger.loans.exposure import Exposure
from ledger.units import round_half_even

METHOD = "pcaf_2"
LEDGERS = ("removals_t", "avoided_t", "credits_retired_t", "credits_generated_t")


@dataclass(frozen=True)
class Policies:
    """The method leaves the bank no choice that changes a figure."""

    def to_document(self) -> dict[str, object]:
        """Return the statement's object `policies`."""
        return {}


def attribute(row: Exposure, policies: Policies) -> Outcome:
    """Return the bank's part of the emissions behind one exposure. Says everything that is wrong with the row at once."""
    notices: list[Notice] = []
    balance = outstanding_cents(row, [] if row.exclude_reason else notices)
    if row.exclude_reason:
        return Outcome(None, row.exclude_reason, balance, ())
    if balance is None:
        return Outcome(None, None, None, tuple(sorted(set(notices))))
    option, score = find_option(row.asset_class, row.option), find_score(row.asset_class, row.option, row.option_2)
    if option is None or score is None:
        notices.append(Notice("OPTION_NOT_OF_CLASS", "option" if option is None else "option_2"))
        return Outcome(None, None, balance, tuple(sorted(set(notices))))
    # A balance of 0 needs no denominator and no emissions: its part is 0 whatever they are.
    said = notices if balance else []
    source = option[1]
    emissions = find_emissions(row, source, balance, said)
    if source in WITHOUT_DENOMINATOR:
        said += [Notice("FIGURE_UNUSED", column) for column in LEDGERS if getattr(row, column) is not None]
        part: Denominator | None = Denominator(None, None)
    else:
        part = find_denominator(row, said)
    reduction = green_reduction(row, Fraction(balance), notices)
    if any(notice.severity == "error" for notice in notices):
        return Outcome(None, None, balance, tuple(sorted(set(notices))))
    part = part or Denominator(None, None)
    if part.cents is not None and balance > part.cents:
        notices.append(Notice("ATTRIBUTION_CLIPPED", str(part.name)))
    emissions = emissions or Emissions(None, None, None, None)
    factor = Fraction(int(balance > 0)) if part.cents is None else Fraction(min(balance, part.cents), part.cents)
    given = attribute_figures(row, emissions, factor, ledgers=source not in WITHOUT_DENOMINATOR)
    score_s3 = None if emissions.s3_g is None else option[0]
    attribution = Attribution(balance, part.cents, part.name, emissions, given, score, score_s3, balance, reduction)
    return Outcome(attribution, None, balance, tuple(sorted(set(notices))))


def attribute_figures(row: Exposure, emissions: Emissions, factor: Fraction, *, ledgers: bool) -> Attributed:
    """Return every figure times `factor`, each rounded once; removals, avoided and credits only where `ledgers` is set."""
    s1, s2, s12, s3 = (None if grams is None else round_half_even(grams * factor) for grams in _scopes(emissions))
    others = [round_half_even(int(ledgers) * (getattr(row, column) or 0) * factor) for column in LEDGERS]
    return Attributed(s1, s2, s12 or 0, s3, *others)


def green_reduction(row: Exposure, balance: Fraction, notices: list[Notice]) -> int | None:
    """Return the bank's part of a green project's reduction: reduction × balance ÷ total investment, or None where there is none."""
    if row.project_reduction_t is None:
        return None
    if row.total_investment is None or row.total_investment <= 0:
        if balance:
            notices.append(Notice("DENOMINATOR_MISSING", "total_investment"))
        return 0
    if balance > row.total_investment:
        notices.append(Notice("ATTRIBUTION_CLIPPED", "total_investment"))
    return round_half_even(row.project_reduction_t * min(balance / row.total_investment, Fraction(1)))


def _scopes(emissions: Emissions) -> tuple[int | None, ...]:
    return emissions.s1_g, emissions.s2_g, emissions.s12_g, emissions.s3_g
