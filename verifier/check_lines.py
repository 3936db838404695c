"""Recompute the statement: lines from their sources, roll-up from the lines."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.check_inputs import Parts, metered
from verifier.checks import Checks
from verifier.divergence import find_divergences
from verifier.errors import Refused
from verifier.library_reader import read_library
from verifier.local_time import days_of_period
from verifier.operational_1 import Inputs, Line, compute_lines
from verifier.organisation import read_organisation
from verifier.roll_up import MEASURES, Totals, compute_rollup
from verifier.sub_meters import describe_left_out, errors_of_sub_meters


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Hold the totals that recomputation gives, and how far the statement is from them (recomputed − stated), in grams."""

    lines: int
    totals: Totals
    differences: Totals


def check_lines(checks: Checks, parts: Parts) -> Recomputed | None:
    """Answer lines.recompute; the first diverging line is named with its cause, further ones are counted."""
    needed = ("statement", "organisation", "activity", "library")
    if not parts.has(*needed):
        checks.unchecked("lines.recompute", "lines", "PART_ABSENT", parts=parts.lacking(*needed))
        return None
    statement, organisation, activity, library = (parts.documents[name] for name in needed)
    with checks.guard("lines.recompute", "lines"):
        # 1. The inputs as rationals, of meters that count: each sub-meter is in the total of one that does.
        stray = errors_of_sub_meters(statement["meters"])
        if stray:
            raise Refused(stray[0].code, f"{stray[0].place} is in nobody's total", expected=stray[0].expected, found=stray[0].got)
        contributions, claimed = metered(parts)
        inputs = Inputs(
            institution=statement["institution"],
            organisation=read_organisation(organisation),
            activity=activity,
            library=read_library(library),
            meters=contributions,
            gwp_id=statement["gwp"],
            period=days_of_period(statement["period"]),
        )
        # 2. Every line from its sources.
        computed = compute_lines(inputs)
        # 3. Line against line.
        divergences = find_divergences(statement["lines"], computed, inputs.library, inputs.gwp_id)
        if divergences:
            first = divergences[0]
            checks.failed(
                "lines.recompute",
                f"line {first.unit} {first.indicator}",
                f"LINE_{first.cause.upper()}",
                first.expected,
                first.found,
                cause=first.cause,
                field=first.field,
                factor=first.factor,
                others=str(len(divergences) - 1),
            )
        unproven = _resting_on(computed, claimed)
        for unit, indicator in unproven:
            checks.unchecked("lines.recompute", f"line {unit} {indicator}", "LINE_METER_ABSENT")
        if not divergences and not unproven:
            checks.passed("lines.recompute", f"{len(computed)} lines{describe_left_out(statement['meters'])}")
        return _recomputed(parts, inputs, computed)
    return None


def _resting_on(computed: dict[tuple[str, str], Line | Refused], meters: set[str]) -> list[tuple[str, str]]:
    """Return the lines that have one of these meters among their sources."""
    wanted = {("meter", id) for id in meters}
    return [key for key, line in computed.items() if isinstance(line, Line) and not wanted.isdisjoint(line.sources)]


def _recomputed(parts: Parts, inputs: Inputs, computed: dict[tuple[str, str], Line | Refused]) -> Recomputed | None:
    statement = parts.documents["statement"]
    own = [(key[0], line.grams) for key, line in computed.items() if isinstance(line, Line)]
    if len(own) != len(computed):
        return None
    try:
        tree = inputs.organisation.tree(inputs.period[1])
        totals = compute_rollup(tree, own)[tree.root][1]
    except Refused:
        return None  # rollup.recompute says what is wrong with the tree
    return Recomputed(len(own), totals, {name: totals[name] - int(statement["totals"][name]) for name in MEASURES})


def check_rollup(checks: Checks, parts: Parts) -> None:
    """Answer rollup.recompute in the tree of the period, from the lines as stated, so that a wrong line is not reported twice."""
    if not parts.has("statement", "organisation"):
        checks.unchecked("rollup.recompute", "roll-up", "PART_ABSENT", parts=parts.lacking("statement", "organisation"))
        return
    statement = parts.documents["statement"]
    before = len(checks.items)
    with checks.guard("rollup.recompute", "organisation.json"):
        lines = [(line["unit"], {name: int(line[name]) for name in MEASURES}) for line in statement["lines"]]
        tree = read_organisation(parts.documents["organisation"]).tree(days_of_period(statement["period"])[1])
        computed = compute_rollup(tree, lines)
        stated = {item["unit"]: item for item in statement["rollup"]}
        for unit in sorted(set(stated) ^ set(computed)):
            checks.failed(
                "rollup.recompute",
                f"unit {unit}",
                "ROLLUP_UNIT",
                "each unit once",
                "missing" if unit in computed else "not in the organisation",
            )
        for unit, pair in computed.items():
            for which, values in zip(("own", "total"), pair, strict=True):
                for name in MEASURES:
                    if unit in stated and int(stated[unit][which][name]) != values[name]:
                        checks.failed("rollup.recompute", f"unit {unit} {which} {name}", "ROLLUP", values[name], stated[unit][which][name])
        for name in MEASURES:
            if int(statement["totals"][name]) != computed[tree.root][1][name]:
                checks.failed("rollup.recompute", f"totals {name}", "ROLLUP", computed[tree.root][1][name], statement["totals"][name])
        if len(checks.items) == before:
            checks.passed("rollup.recompute", f"{len(computed)} units")
