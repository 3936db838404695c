"""`lingtan meter validate|gaps|estimate|edit|edits|bill|bills|withdraw-bill`: what is wrong or missing in meters' days, and mending it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.invocation import Invocation, my_institution, this
from ledger.cli.local_time import Bank, my_bank, utc
from ledger.errors import InputError

MeterArgument = Annotated[str, typer.Argument(help="the meter's id")]
AnyMeterArgument = Annotated[str | None, typer.Argument(help="the meter's id; every meter without it")]
PeriodOption = Annotated[str | None, typer.Option(help="of this period; the last 13 months without period and days")]
FirstDayOption = Annotated[str | None, typer.Option(help="from this local day on, as 2025-03-01")]
LastDayOption = Annotated[str | None, typer.Option(help="up to this local day, inclusive")]
SuspectOption = Annotated[bool, typer.Option("--suspect", help="readings marked as doubtful too")]
RuleOption = Annotated[
    Literal["interpolate", "proxy_day", "bill"] | None, typer.Option(help="this rule alone; the first that may without it")
]
ReferenceOption = Annotated[str | None, typer.Option(help="the paper that shows it: log book and page, work order, invoice")]
EvidenceOption = Annotated[Path | None, typer.Option(help="the file of the paper; its SHA-256 is kept", exists=True, dir_okay=False)]
GAP_COLUMNS = ("meter", "start", "end", "slots", "rule", "total", "why")
EDIT_COLUMNS = ("log_index", "from", "to", "rule", "slots", "by", "at", "reason")
BILL_COLUMNS = ("bill", "first_day", "last_day", "value", "unit", "reference", "revision", "by")
BILL_TITLES = ("bill", "first_day", "last_day", "value", "unit", "paper", "revision", "by")
SLOT_SECONDS = 900
_SHOWN = (("el.", (6, "kWh")), ("pv.", (6, "kWh")), ("gas.", (3, "m3")), ("water.", (3, "m3")), ("heat.", (6, "GJ")))


def register(group: typer.Typer) -> None:
    """Add the commands to `lingtan meter`."""
    group.command("validate")(validate)
    group.command("gaps")(gaps)
    group.command("estimate")(estimate)
    group.command("edit")(edit)
    group.command("edits")(edits)
    group.command("bill")(bill)
    group.command("bills")(bills)
    group.command("withdraw-bill")(withdraw_bill)


def validate(
    context: typer.Context,
    meter: AnyMeterArgument = None,
    period: PeriodOption = None,
    first_day: FirstDayOption = None,
    last_day: LastDayOption = None,
) -> None:
    """Run the rule set over the stored days: zeros, odd days, copies, shifted hours, swapped meters, wrong ratios, bills that differ."""
    from ledger.cli.bank import end_by_findings

    run = this(context)
    with run.client() as client:
        path = f"/v1/institutions/{my_institution(client)}/meter-findings"
        answer = client.get(path, **_window(period, first_day, last_day, meter))
    findings = answer["findings"]
    fields = [(name, answer[name]) for name in ("rule_set", "first_day", "last_day")]
    run.out.record(answer, [*fields, ("findings", len(findings))])
    run.out.findings(findings)
    end_by_findings(run, findings, accepted=not any(item["severity"] == "error" for item in findings))


def gaps(
    context: typer.Context,
    meter: AnyMeterArgument = None,
    period: PeriodOption = None,
    first_day: FirstDayOption = None,
    last_day: LastDayOption = None,
    suspect: SuspectOption = False,
    rule: RuleOption = None,
) -> None:
    """List the gaps, the rule that may fill each, and what it would write in all."""
    run = this(context)
    answer, bank, quantities = _get_gaps(run, meter, period, first_day, last_day, suspect, rule)
    _show_gaps(run, answer, bank, quantities)
    fillable = [gap for item in answer["items"] for gap in item["gaps"] if gap["rule"]]
    open_gaps = sum(len(item["gaps"]) for item in answer["items"]) - len(fillable)
    run.out.note("gaps_next", fillable=len(fillable), open=open_gaps)


def estimate(
    context: typer.Context,
    meter: MeterArgument,
    period: PeriodOption = None,
    first_day: FirstDayOption = None,
    last_day: LastDayOption = None,
    suspect: SuspectOption = False,
    rule: RuleOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="write the estimates; without it they are only shown")] = False,
    reason: Annotated[str | None, typer.Option(help="why the readings are missing; it is kept")] = None,
) -> None:
    """Show what would be written into the gaps of a meter, and write it with --apply: each run of slots an entry of the envelope log."""
    run = this(context)
    if apply and not reason:
        raise InputError("estimates need a reason", hint='add --reason "what happened to the readings"')
    answer, bank, quantities = _get_gaps(run, meter, period, first_day, last_day, suspect, rule)
    if not apply:
        _show_gaps(run, answer, bank, quantities)
        run.out.note("estimate_next")
        return
    item = answer["items"][0]
    asked: dict[str, Any] = {"first_day": answer["first_day"], "last_day": answer["last_day"], "suspect": suspect, "rule": rule}
    with run.client() as client:
        path = f"/v1/institutions/{my_institution(client)}/meters/{meter}/estimates"
        done = client.post(path, {**asked, "basis": item["basis"], "reason": reason})
    _show_edits(run, done)


def edit(
    context: typer.Context,
    meter: MeterArgument,
    rule: Annotated[Literal["manual", "replace", "flag"], typer.Option(help="fill missing slots, replace readings, mark as doubtful")],
    reason: Annotated[str, typer.Option(help="why; it is kept")],
    start: Annotated[str | None, typer.Option("--from", help="the first quarter-hour, as 2025-03-01T08:00+08:00")] = None,
    end: Annotated[str | None, typer.Option("--to", help="the end of the last one")] = None,
    total: Annotated[str | None, typer.Option(help="what was used in all, spread evenly over the quarter-hours")] = None,
    unit: Annotated[str, typer.Option(help="of --total")] = "kWh",
    values: Annotated[Path | None, typer.Option(help="the values, as CSV (meter,timestamp,kWh)", exists=True, dir_okay=False)] = None,
    reference: ReferenceOption = None,
    evidence: EvidenceOption = None,
) -> None:
    """Change quarter-hours by hand. manual and replace need a reference to the evidence, and values: a file, or a total."""
    run = this(context)
    with run.client() as client:
        institution = my_institution(client)
        if rule == "flag":
            bounds, written = _bounds(start, end), None
        elif values is not None:
            bounds, written = _read_values(values, meter)
        else:
            bounds = _bounds(start, end)
            quantity = next(
                (item["quantity"] for item in client.get_all(f"/v1/institutions/{institution}/meters") if item["id"] == meter), ""
            )
            written = _spread(total, unit, quantity, bounds)
        body = {"rule": rule, "from": bounds[0], "to": bounds[1], "values": written, "reason": reason}
        answer = client.post(f"/v1/institutions/{institution}/meters/{meter}/edits", {**body, "evidence": _evidence(reference, evidence)})
    _show_edits(run, answer)


def edits(context: typer.Context, meter: MeterArgument) -> None:
    """List who changed what of a meter, when and why; with --json, what stood there before and after."""
    run = this(context)
    with run.client() as client:
        bank = my_bank(client)
        items = list(client.get_all(f"{bank.path}/meters/{meter}/edits"))
    rows = [[bank.local(cell) for cell in (item["log_index"], *_edit_cells(item["document"]))] for item in items]
    run.out.table({"items": items}, EDIT_COLUMNS, rows)


def bill(
    context: typer.Context,
    meter: MeterArgument,
    id: Annotated[str, typer.Argument(help="the bill's number or month, as 2025-03")],
    first_day: Annotated[str, typer.Option(help="the first local day that it bills")],
    last_day: Annotated[str, typer.Option(help="the last one, inclusive")],
    value: Annotated[str, typer.Option(help="what it bills")],
    unit: Annotated[str, typer.Option(help="kWh, MWh, m3, GJ")] = "kWh",
    reference: Annotated[str, typer.Option(help="where the paper is")] = "",
    evidence: EvidenceOption = None,
    reason: Annotated[str | None, typer.Option(help="why a bill that is there already is corrected")] = None,
) -> None:
    """Keep a bill to hold the meter's days against; it enters no statement."""
    run = this(context)
    paper = _evidence(reference or id, evidence)
    body = {"bill": id, "first_day": first_day, "last_day": last_day, "value": value, "unit": unit, "reason": reason, **(paper or {})}
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/meters/{meter}/bills", body)
    run.out.record(answer, [("meter", meter), *((title, answer[name]) for title, name in zip(BILL_TITLES, BILL_COLUMNS, strict=True))])


def bills(context: typer.Context, meter: MeterArgument) -> None:
    """List the bills of a meter; one without a value was withdrawn."""
    run = this(context)
    with run.client() as client:
        answer = client.get(f"/v1/institutions/{my_institution(client)}/meters/{meter}/bills")
    run.out.table(answer, BILL_TITLES, [[item[name] for name in BILL_COLUMNS] for item in answer["items"]])


def withdraw_bill(
    context: typer.Context,
    meter: MeterArgument,
    id: Annotated[str, typer.Argument(help="the bill")],
    reason: Annotated[str, typer.Option(help="why; it is kept")],
) -> None:
    """Take a bill back; it stays in the books."""
    run = this(context)
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/meters/{meter}/bills/{id}/withdrawal", {"reason": reason})
    run.out.record(answer, [("meter", meter), ("bill", id), ("reason", answer["reason"])])


def _window(period: str | None, first_day: str | None, last_day: str | None, meter: str | None) -> dict[str, str]:
    given = {"period": period, "first_day": first_day, "last_day": last_day, "meter": meter}
    return {name: value for name, value in given.items() if value is not None}


def _get_gaps(
    run: Invocation, meter: str | None, period: str | None, first_day: str | None, last_day: str | None, suspect: bool, rule: str | None
) -> tuple[dict[str, Any], Bank, dict[str, str]]:
    """Return the gaps, the bank, and what each of its meters measures."""
    asked = _window(period, first_day, last_day, meter) | ({"rule": rule} if rule else {}) | ({"suspect": "true"} if suspect else {})
    with run.client() as client:
        bank = my_bank(client)
        answer: dict[str, Any] = client.get(f"{bank.path}/meter-gaps", **asked)
        quantities = {item["id"]: item["quantity"] for item in client.get_all(f"{bank.path}/meters")}
    return answer, bank, quantities


def _show_gaps(run: Invocation, answer: dict[str, Any], bank: Bank, quantities: dict[str, str]) -> None:
    rows = [
        [
            item["meter"],
            bank.local(gap["start"]),
            bank.local(gap["end"]),
            gap["slots"],
            gap["rule"],
            amount(gap["total"], quantities.get(item["meter"], "")),
            gap["why"] if run.out.language == "en" else run.out.say(f"gap_{gap['rule'] or 'open'}", bill=gap["bill"]),
        ]
        for item in answer["items"]
        for gap in item["gaps"]
    ]
    run.out.table(answer, GAP_COLUMNS, rows)


def amount(total: str | int | None, quantity: str) -> str:
    """Return a stored whole number (mWh, L, kJ) in the unit that the bank reads off its meters: 58905000 mWh → 58.905 kWh."""
    if total is None:
        return ""
    digits, unit = next((found for start, found in _SHOWN if quantity.startswith(start)), (0, ""))
    sign, text = "-" if int(total) < 0 else "", str(abs(int(total))).rjust(digits + 1, "0")
    whole, rest = (text[:-digits], text[-digits:].rstrip("0")) if digits else (text, "")
    return f"{sign}{int(whole):,}{'.' + rest if rest else ''} {unit}".rstrip()


def _show_edits(run: Invocation, answer: dict[str, Any]) -> None:
    shares = answer["shares"]
    fields = [("edits", len(answer["edits"])), ("log_index", ", ".join(str(item["log_index"]) for item in answer["edits"]))]
    run.out.record(answer, [*fields, *((name, shares[name]) for name in ("measured", "estimated", "manual", "missing"))])
    run.out.findings(answer["findings"])


def _edit_cells(document: dict[str, Any]) -> list[Any]:
    changed = sum(item[:2] != item[2:] for item in document["slots"])
    return [document["from"], document["to"], document["rule"], changed, document["by"], document["at"], document["reason"]]


def _bounds(start: str | None, end: str | None) -> tuple[str, str]:
    if start is None or end is None:
        raise InputError("which quarter-hours is not said", hint="add --from and --to, or --values FILE")
    return utc(start), utc(end)


def _evidence(reference: str | None, file: Path | None) -> dict[str, str | None] | None:
    if reference is None and file is None:
        return None
    name = reference or (file.name if file is not None else "")
    return {"reference": name, "sha256": None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()}


def _read_values(path: Path, meter: str) -> tuple[tuple[str, str], list[str]]:
    from ledger.clock import SystemClock, format_instant
    from ledger.metering.csv_source import MeterFacts, read_meter_csv

    reading = read_meter_csv([path.read_bytes()], meters={meter: MeterFacts(meter)}, now=SystemClock().now())
    wrong = [finding for finding in reading.findings if finding.severity == "error"]
    if wrong or meter not in reading.readings:
        first = f"{wrong[0].code} at {wrong[0].place}" if wrong else f"no reading of {meter}"
        raise InputError(f"{path.name} cannot be used: {first}", hint="look at it with `lingtan check`")
    slots, values = (column.tolist() for column in (reading.readings[meter].slots, reading.readings[meter].values))
    if slots[-1] - slots[0] + 1 != len(slots):
        raise InputError(f"{path.name} leaves quarter-hours out", hint="make one edit of each run of quarter-hours")
    bounds = format_instant(slots[0] * SLOT_SECONDS), format_instant((slots[-1] + 1) * SLOT_SECONDS)
    return bounds, [str(value) for value in values]


def _spread(total: str | None, unit: str, quantity: str, bounds: tuple[str, str]) -> list[str]:
    from ledger.clock import parse_instant
    from ledger.metering.reading_values import units_of
    from ledger.metering.vee.vee_1.proration import spread
    from ledger.records.meter_record import Quantity
    from ledger.units import parse_decimal

    if total is None:
        raise InputError("the values are not given", hint="add --total with --from and --to, or --values FILE")
    if quantity not in [item.value for item in Quantity]:
        raise InputError("the bank has no such meter", hint="list them with `lingtan meter list`")
    units = units_of(Quantity(quantity), interval=False)
    if unit not in units:
        raise InputError(f"{unit} is no unit of {quantity}", hint=f"one of {', '.join(units)}")
    amount, slots = parse_decimal(total) * units[unit], (parse_instant(bounds[1]) - parse_instant(bounds[0])) // SLOT_SECONDS
    if amount < 0 or amount.denominator != 1 or slots < 1:
        raise InputError("the total is below 0, finer than what is stored, or of no time", hint="write it as 12.5, with --to after --from")
    return [str(value) for value in spread(int(amount), [1] * slots).tolist()]
