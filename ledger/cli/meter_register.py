"""`lingtan meter add|list|assign|behind|fit|fittings`: which meters there are, who speaks for them, what hangs in their places."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ledger.cli.invocation import my_institution, this
from ledger.cli.local_time import my_bank, utc
from ledger.errors import InputError

COLUMNS = ("id", "unit", "quantity", "sub_meter_of", "device", "serial", "transformer", "day_read", "measured")
FITTING_COLUMNS = ("since", "reason", "serial", "seal", "ct", "pt", "digits", "decimals", "first", "final_before", "log_index")
MeterArgument = Annotated[str, typer.Argument(help="the meter's id")]


def register(group: typer.Typer) -> None:
    """Add the commands to `lingtan meter`."""
    group.command("add")(add_meter)
    group.command("list")(list_meters)
    group.command("assign")(assign)
    group.command("behind")(behind)
    group.command("fit")(fit)
    group.command("fittings")(fittings)


def add_meter(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="the id that stands in the CSV")],
    unit: Annotated[str, typer.Option(help="the unit of the tree that it serves")],
    quantity: Annotated[str, typer.Option(help="what it measures")] = "el.import",
    interval: Annotated[int, typer.Option(help="minutes")] = 15,
    device: Annotated[str | None, typer.Option(help="the device that may send for it; without one only uploads do")] = None,
    sub_meter_of: Annotated[str | None, typer.Option(help="the meter it hangs behind, which counts its energy already")] = None,
) -> None:
    """Register a meter; the same again changes nothing."""
    run = this(context)
    document: dict[str, object] = {"id": id, "unit": unit, "quantity": quantity, "interval_minutes": interval}
    document |= {name: value for name, value in (("device", device), ("sub_meter_of", sub_meter_of)) if value}
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/meters", document)
    run.out.record(answer, [(name, answer[name]) for name in ("id", "unit", "quantity", "device", "sub_meter_of")])


def list_meters(context: typer.Context) -> None:
    """List the meters: device, what hangs there, the last day with readings, how much was measured. With --json for `check --meters`."""
    from ledger.cli.output import percent

    run = this(context)
    with run.client() as client:
        items = list(client.get_all(f"/v1/institutions/{my_institution(client)}/meters"))
    shown = [
        {**item, "transformer": item["ratio"], "day_read": item["last_day"], "measured": percent(item["measured_bp"])} for item in items
    ]
    rows = [[item[name] for name in COLUMNS] for item in shown]
    run.out.table({"items": items}, COLUMNS, rows)


def assign(
    context: typer.Context,
    id: MeterArgument,
    device: Annotated[str | None, typer.Option(help="the device; without it none speaks for the meter any more")] = None,
) -> None:
    """Say which device speaks for a meter from now on."""
    run = this(context)
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/meters/{id}/device", {"device": device})
    run.out.record(answer, [("id", answer["id"]), ("device", answer["device"])])


def behind(
    context: typer.Context,
    id: MeterArgument,
    main: Annotated[str | None, typer.Argument(help="the meter before it; without it the meter counts by itself")] = None,
) -> None:
    """Say which meter this one hangs behind: its energy is in that one's total and enters the inventory once."""
    run = this(context)
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/meters/{id}/main", {"sub_meter_of": main})
    run.out.record(answer, [("id", answer["id"]), ("sub_meter_of", answer["sub_meter_of"])])


def fit(
    context: typer.Context,
    id: MeterArgument,
    since: Annotated[str, typer.Option(help="since when it hangs there, or nothing does (`removed`), as 2026-01-31T16:00+08:00")],
    serial: Annotated[str, typer.Option(help="the serial number of what hangs there; with `removed`, of what was taken down")],
    reference: Annotated[str, typer.Option(help="the paper that says so: work order, protocol")],
    first: Annotated[str | None, typer.Option(help="its display then, before the ratio; not with `removed`")] = None,
    reason: Annotated[Literal["installed", "replaced", "ratio_changed", "reset", "removed"], typer.Option(help="why")] = "installed",
    final: Annotated[str | None, typer.Option(help="the last display of what hung there before; not with `installed`")] = None,
    seal: Annotated[str | None, typer.Option(help="the number of its seal")] = None,
    ct: Annotated[str, typer.Option(help="current transformer ratio, as 80 for 400/5 A; 1 without one")] = "1",
    pt: Annotated[str, typer.Option(help="voltage transformer ratio; 1 without one")] = "1",
    digits: Annotated[int, typer.Option(help="digits of the display before the point")] = 6,
    decimals: Annotated[int, typer.Option(help="digits after the point")] = 2,
) -> None:
    """Record what hangs in a meter's place: ratio, register, seal. It becomes an entry of the envelope log and is never changed.

    With `--reason removed` nothing hangs there from then on and no reading is asked for; what is hung there later is `installed` again.
    """
    run = this(context)
    if reason != "removed" and first is None:
        raise InputError("its first display is not said", hint="add --first, the display when it was hung there, before the ratio")
    document = {
        "since": utc(since),
        "serial": serial,
        "seal": seal,
        "ratio": {"ct": ct, "pt": pt},
        "register": {"digits": digits, "decimals": decimals},
        "first": first,
        "final_before": final,
        "reason": reason,
        "reference": reference,
    }
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/meters/{id}/fittings", document)
    run.out.record(answer, [("meter", id), ("since", since), ("log_index", answer["log_index"]), ("sha256", answer["sha256"])])


def fittings(context: typer.Context, id: MeterArgument) -> None:
    """List what hung in a meter's place, in order of time."""
    run = this(context)
    with run.client() as client:
        bank = my_bank(client)
        answer = client.get(f"{bank.path}/meters/{id}/fittings")
    flat = [{**item["document"], **item["document"]["ratio"], **item["document"]["register"], **item} for item in answer["items"]]
    run.out.table(answer, FITTING_COLUMNS, [[bank.local(item[name]) for name in FITTING_COLUMNS] for item in flat])
