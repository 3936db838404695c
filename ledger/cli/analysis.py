"""`lingtan analysis`: an institution's periods in a series, against base year and target; and the policy that says how."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.bank import judge
from ledger.cli.invocation import Invocation, my_institution, this
from ledger.cli.offline import read_document
from ledger.cli.output import percent, tonnes
from ledger.errors import InputError

app = typer.Typer()
analyses = typer.Typer(no_args_is_help=True, help="Periods in a series, intensities, base year, uncertainty, targets.")
policies = typer.Typer(no_args_is_help=True, help="How a bank's periods are analysed.")
analyses.add_typer(policies, name="policy")
app.add_typer(analyses, name="analysis", rich_help_panel="Bank")

SERIES_COLUMNS = ("period", "state", "scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g", "scope1_scope2_location_g", "constant")
INTENSITY_COLUMNS = ("period", "unit", "measure", "denominator", "intensity_g", "reason")
LOG_COLUMNS = ("period", "cause", "units", "indicators", "effect", "ratio", "carry", "decision", "estimated", "reference")
UNCERTAINTY_COLUMNS = ("period", "measure", "total", "half_width", "percent")
PATH_COLUMNS = ("target", "measure", "status", "peak", "year", "value", "path", "distance", "percent", "budget_used", "elapsed", "budget")
HEADLINE = "scope1_scope2_location_g"
UNCERTAIN = (HEADLINE, "all_location_g", "all_market_g")
InstitutionOption = Annotated[str | None, typer.Option(help="whose; the token's own without it")]


@analyses.command("show")
def show(
    context: typer.Context,
    institution: InstitutionOption = None,
    period: Annotated[str | None, typer.Option(help="of this period alone")] = None,
    units: Annotated[bool, typer.Option("--units", help="intensities of every unit, not of the whole bank alone")] = False,
) -> None:
    """Show the periods that count: as reported and at constant factors, intensities, base-year log, uncertainty, targets."""
    run = this(context)
    with run.client() as client:
        document = client.get(f"/v1/institutions/{institution or my_institution(client)}/analysis")
    if period is not None:
        document = of_period(document, period)
    if run.out.json:
        run.out.document(document)
        return
    policy = document["policy"]
    fields = [("institution", document["institution"]), ("version", policy and policy["version"])]
    run.out.record(document, [*fields, ("reference_period", document["series"]["reference"]), ("drafts", ", ".join(document["drafts"]))])
    run.out.heading("series")
    run.out.table(document, SERIES_COLUMNS, list(_series_rows(document)))
    run.out.heading("intensities")
    run.out.table(document, INTENSITY_COLUMNS, list(_intensity_rows(run, document, units=units)))
    _show_base_year(run, document)
    run.out.heading("uncertainty")
    run.out.table(document, UNCERTAINTY_COLUMNS, list(_uncertainty_rows(run, document)))
    if document["paths"]:
        run.out.heading("paths")
        run.out.table(document, PATH_COLUMNS, [_path_row(run, path) for path in document["paths"]])
    if document["findings"]:
        run.out.findings(document["findings"])


@policies.command("submit")
def submit_policy(context: typer.Context, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]) -> None:
    """Submit how your bank's periods are analysed (lingtan.analysis_policy/1): the next version, or every finding at once."""
    run = this(context)
    document = read_document(file)
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/analysis-policy", document)
    judge(run, answer, _policy_fields(answer), answer["findings"], accepted=bool(answer["accepted"]))


@policies.command("show")
def show_policy(
    context: typer.Context,
    institution: InstitutionOption = None,
    version: Annotated[int | None, typer.Option(help="the latest without it", min=1)] = None,
) -> None:
    """Show a version of the policy; without one every default holds."""
    run = this(context)
    with run.client() as client:
        query = {} if version is None else {"version": str(version)}
        answer = client.get(f"/v1/institutions/{institution or my_institution(client)}/analysis-policy", **query)
    if run.out.json:
        run.out.document(answer)
        return
    run.out.record(answer, _policy_fields(answer))
    if answer["version"] is None:
        run.out.note("no_policy")
    run.out.document(answer["document"])


def of_period(document: dict[str, Any], period: str) -> dict[str, Any]:
    """Return the analysis with the lists of one period alone; base year and targets stay, as they are about all periods.

    Raises:
        InputError: the analysis has no such period.
    """
    known = [item["id"] for item in document["periods"]]
    if period not in known:
        raise InputError(f"no statement of the period {period} counts", hint=f"name one of {', '.join(known)}")
    series = {
        name: [point for point in document["series"][name] if point["period"] == period] for name in ("as_reported", "constant_factor")
    }
    return {
        **document,
        "periods": [item for item in document["periods"] if item["id"] == period],
        "series": {**document["series"], **series},
        "changes": [item for item in document["changes"] if item["after"] == period],
    }


def _series_rows(document: dict[str, Any]) -> Iterator[list[object]]:
    constant = {point["period"]: point["totals"] for point in document["series"]["constant_factor"]}
    for point in document["series"]["as_reported"]:
        id, totals = point["period"], point["totals"]
        state = "draft" if id in document["drafts"] else "attested"
        yield [id, state, *(tonnes(totals[name]) for name in SERIES_COLUMNS[2:-1]), tonnes(constant[id][HEADLINE])]


def _intensity_rows(run: Invocation, document: dict[str, Any], *, units: bool) -> Iterator[list[object]]:
    for period in document["periods"]:
        # The whole bank is the unit that all grams are below.
        shown = [unit for unit in period["units"] if units or unit["totals"] == period["totals"]]
        for unit in shown:
            for item in unit["intensities"]:
                missing = ": " + ", ".join(item["missing"]) if item["missing"] else ""
                value = None if item["values"] is None else item["values"][HEADLINE]
                reason = item["reason"] and item["reason"] + missing
                yield [period["id"], unit["unit"], run.out.say(f"per_{item['measure']}"), item["denominator"], value, reason]


def _show_base_year(run: Invocation, document: dict[str, Any]) -> None:
    base = document["base_year"]
    if base is None:
        return
    run.out.heading("base_year")
    sides = [(name, tonnes(base[f"base_{name}"][HEADLINE])) for name in ("as_reported", "recalculated")]
    run.out.record(base, [("period", base["period"]), ("threshold", percent(base["threshold_bp"])), *sides, ("complete", base["complete"])])
    rows = [_log_row(entry) for entry in base["log"]]
    if rows:
        run.out.table(document, LOG_COLUMNS, rows)


def _log_row(entry: dict[str, Any]) -> list[object]:
    subject = [", ".join(entry["units"]), ", ".join(entry["indicators"])]
    shares = [percent(entry[name]) for name in ("ratio_bp", "carry_bp")]
    effect = tonnes(entry["effect"]["all_location_g"])
    return [entry["period"], entry["cause"], *subject, effect, *shares, entry["decision"], entry["estimated"], entry["reference"]]


def _uncertainty_rows(run: Invocation, document: dict[str, Any]) -> Iterator[list[object]]:
    for period in document["periods"]:
        for name in UNCERTAIN:
            width = period["uncertainty"][name]
            total = tonnes(period["totals"][name])
            yield [period["id"], run.out.say(name), total, f"± {tonnes(width['g'])}", percent(width["bp"])]


def _path_row(run: Invocation, path: dict[str, Any]) -> list[object]:
    last, peak, budget = path["years"][-1], path["peak"], path["budget"]
    figures = [tonnes(last[name]) for name in ("g", "path_g", "distance_g")]
    spent = [percent(budget["used_bp"]), percent(budget["elapsed_bp"]), budget["status"]]
    head = [path["target"], run.out.say(path["column"]), path["status"], f"{peak['year']} ({peak['status']})", last["year"]]
    return [*head, *figures, percent(last["distance_bp"]), *spent]


def _policy_fields(answer: dict[str, Any]) -> list[tuple[str, object]]:
    return [(name, answer[name]) for name in ("institution", "version", "hash", "submitted_by", "submitted_at")]
