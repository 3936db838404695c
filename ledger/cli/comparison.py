"""`lingtan statement diff`, and the short form of it that is read before signing."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

import typer

from ledger.cli.invocation import Invocation, this
from ledger.cli.output import percent, tonnes
from ledger.client.http import Client, RequestRefused

app = typer.Typer()

TOTAL_COLUMNS = ("measure", "before", "after", "change", "percent", "by_activity", "by_factor", "by_boundary")
ROW_COLUMNS = ("unit", "indicator", "status", "before", "after", "change", "percent", "factor_change")
OWN_COLUMN = {1: "scope1_g", 2: "scope2_location_g", 3: "scope3_g"}
SHORT = ("scope1_scope2_location_g", "all_location_g")


@app.command("diff")
def diff(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(help="the statement's id")],
    whole: Annotated[bool, typer.Option("--all", help="list the lines that did not change too")] = False,
) -> None:
    """Compare a statement with the period before: what changed, and whether by activity, factor or boundary; and what is unanswered."""
    run = this(context)
    with run.client() as client:
        document = client.get(f"/v1/statements/{statement}/comparison")
    if run.out.json:
        run.out.document(document)
        return
    show_periods(run, document)
    if document["before"] is not None:
        run.out.table(document, TOTAL_COLUMNS, [total_row(run, document, name) for name in document["column_names"]])
        rows = [row for row in document["rows"] if whole or row["status"] != "same"]
        run.out.table(document, ROW_COLUMNS, [line_row(row) for row in rows])
    run.out.findings(document["findings"])


def show_before_signing(run: Invocation, client: Client, statement: str) -> None:
    """Show the totals against the period before and how many findings nobody answered; that it could not be read is said too."""
    try:
        document = client.get(f"/v1/statements/{statement}/comparison")
    except RequestRefused as error:
        run.out.note("not_compared", reason=str(error))
        return
    show_periods(run, document)
    if document["before"] is not None:
        run.out.table(document, TOTAL_COLUMNS, [total_row(run, document, name) for name in SHORT])
    counts = document["unanswered"]
    run.out.note("unanswered", warnings=counts["warning"], errors=counts["error"], id=statement)


def show_periods(run: Invocation, document: dict[str, Any]) -> None:
    """Say which period is compared with which."""
    before, after = document["before"], document["statement"]
    if before is None:
        run.out.note("nothing_before", period=after["period"])
        return
    names = [("after", after), ("before", before)]
    fields = [(key, f"{item['period']} ({item['first']}/{item['last']}), {item['id']}, {item['state']}") for key, item in names]
    run.out.record(document, fields)


def total_row(run: Invocation, document: dict[str, Any], name: str) -> list[object]:
    """Return a total before and after, and the parts of its change."""
    part = document["total"][name]
    share = None if int(part["before"]) == 0 else round(Fraction(int(part["change"]) * 10_000, int(part["before"])))
    grams = [tonnes(part[key]) for key in ("before", "after", "change")]
    return [run.out.say(name), *grams, percent(share), *(tonnes(part[key]) for key in ("activity", "factor", "boundary"))]


def line_row(row: dict[str, Any]) -> list[object]:
    """Return a line in its own column (Scope 2: location-based), with what its factor did."""
    column = OWN_COLUMN[row["scope"]]
    sides = [None if row[side] is None else tonnes(row[side]["measures"][column]) for side in ("before", "after")]
    change = [tonnes(row["change"][column]), percent(row["grams_bp"])]
    return [row["unit"], row["indicator"], row["status"], *sides, *change, _factor_change(row, column)]


def _factor_change(row: dict[str, Any], column: str) -> str:
    effect = row["parts"][column]["factor"]
    words = [] if effect == "0" else [tonnes(effect)]
    if row["before"] and row["after"] and row["before"]["factor"] != row["after"]["factor"]:
        words.append(f"{row['before']['factor']} → {row['after']['factor']}")
    return ", ".join(words)
