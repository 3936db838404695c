"""Read a statement with its inputs into the form analysis needs (spec: analysis §1)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ledger.accounting.analysis.inventory import AnalysedLine, CoveredPart, MarketParts, PeriodInventory, Rating
from ledger.errors import InputError, IntegrityError
from ledger.indicators.factor import BASE_UNITS, Factor
from ledger.indicators.release import Release
from ledger.records.activity import Activity
from ledger.records.line import Line
from ledger.records.organisation import Organisation
from ledger.records.statement import Statement
from ledger.units import parse_decimal

GRAMS_PER_KG = 1000
_DIMENSIONS = {base_unit: dimension for dimension, base_unit in BASE_UNITS.items()}


def of_statement(
    statement: Statement,
    organisation: Organisation,
    activity: Activity,
    release: Release,
    *,
    historic: Iterable[AnalysedLine] = (),
) -> PeriodInventory:
    """Return a statement's period with the exact rates behind its grams.

    `historic` are lines of units before they came into the boundary, as `of_statement` reads them from a computed statement of
    such units.

    Raises:
        InputError: these are not the organisation, activity and library release that the statement names.
        IntegrityError: a line's grams do not follow from its quantity and factor.
    """
    _check_inputs(statement, organisation, activity, release)
    reader = _Reader(statement, activity, release)
    return PeriodInventory(
        period=statement.period.id,
        first=statement.period.first_day,
        last=statement.period.last_day,
        organisation=organisation,
        lines=tuple(reader.line(line) for line in statement.lines),
        denominators=activity.denominators,
        historic=tuple(historic),
        statement=statement.digest(),
    )


def _check_inputs(statement: Statement, organisation: Organisation, activity: Activity, release: Release) -> None:
    for name, got, expected in (
        ("organisation", organisation.digest(), statement.organisation),
        ("activity", activity.digest(), statement.activity),
        ("library release", release.hash, statement.library_hash),
    ):
        if got != expected:
            hint = f"give the {name} that the statement was computed from"
            raise InputError(f"the {name} is not the statement's: got {got}, expected {expected}", hint=hint)


class _Reader:
    """Ratings of one statement, each computed once."""

    def __init__(self, statement: Statement, activity: Activity, release: Release) -> None:
        self._statement = statement
        self._release = release
        self._gwp = release.gwp_set(statement.gwp)
        self._instruments = {item.id: GRAMS_PER_KG * item.exact_factor for item in activity.instruments}
        self._ratings: dict[tuple[str, str], Rating] = {}

    def line(self, line: Line) -> AnalysedLine:
        """Return the line with its exact rates."""
        analysed = AnalysedLine(
            unit=line.unit,
            indicator=line.indicator,
            scope=line.scope,
            quantity=line.quantity.exact,
            base_unit=line.quantity.unit,
            rating=self._rating(line.factor, line.quantity.unit),
            market=self._market(line),
            activity_bp=line.uncertainty.activity_bp,
        )
        if analysed.measures != line.measures:
            got, expected = line.measures.to_document(), analysed.measures.to_document()
            raise IntegrityError(
                f"the line {line.unit}/{line.indicator} states {got}, its quantity and factor give {expected}",
                hint="compute the statement again",
                unit=line.unit,
                indicator=line.indicator,
            )
        return analysed

    def _market(self, line: Line) -> MarketParts | None:
        if line.market is None:
            return None
        covered = tuple(CoveredPart(item.instrument, item.exact, self._instruments[item.instrument]) for item in line.market.covered)
        return MarketParts(covered, parse_decimal(line.market.rest), self._rating(line.market.factor, line.quantity.unit))

    def _rating(self, id: str, base_unit: str) -> Rating:
        if (id, base_unit) not in self._ratings:
            factor = self._release.factor(id)
            gases = factor.gases(_DIMENSIONS[base_unit])
            others = any(kg for gas, kg in gases.amounts.items() if gas != "CO2")
            self._ratings[id, base_unit] = Rating(
                factor=id,
                kind=factor.kind,
                region=factor.region,
                guide=factor.guide,
                basis=factor.basis,
                gwp=self._statement.gwp if others else None,
                method=self._statement.method,
                rate=Fraction(GRAMS_PER_KG) * gases.co2e(self._gwp),
                uncertainty_bp=self._uncertainty(factor),
            )
        return self._ratings[id, base_unit]

    def _uncertainty(self, factor: Factor) -> int:
        default = self._release.policies.factor_uncertainty_bp[factor.confidence]
        return default if factor.uncertainty_bp is None else factor.uncertainty_bp
