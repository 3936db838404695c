"""`lingtan meter import` and `meter map`: files of readings of any house, by a map, to exact quarter-hours (spec: meter-import)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.bank import judge, send_readings
from ledger.cli.invocation import Invocation, my_institution, this, write_result
from ledger.clock import SystemClock
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.metering.imports.meter_map import MeterMap
    from ledger.metering.imports.result import ImportResult

LISTED = 50
COLUMNS = ("meter", "first", "last", "readings", "missing_readings", "coverage", "total")
REGISTER_COLUMNS = ("meter", "first", "last", "points", "first_display", "last_display", "total")

FilesArgument = Annotated[
    list[Path], typer.Argument(help="CSV (also gzip) or Parquet; several are read as one", exists=True, dir_okay=False)
]
ZoneOption = Annotated[str | None, typer.Option(help="time zone of local stamps, as Asia/Shanghai or +08:00; goes before the map's")]


def register(group: typer.Typer) -> None:
    """Add the commands to `lingtan meter`."""
    group.command("import")(import_readings)
    group.command("map")(draft_map)


def import_readings(
    context: typer.Context,
    files: FilesArgument,
    map: Annotated[
        str | None, typer.Option("--map", help="MAP.json, MAP.toml, time=…,value=…, or auto; without it one file in our own CSV is sent")
    ] = None,
    zone: ZoneOption = None,
    out: Annotated[Path | None, typer.Option(help="a folder for one file per meter in our own CSV, and import.json")] = None,
    send: Annotated[bool, typer.Option("--send", help="send what was read to the server; sent again it changes nothing")] = False,
    findings: Annotated[Path | None, typer.Option(help="write every finding to this file (lingtan.findings/1)")] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="write and send also where cells were refused; they are missing then")
    ] = False,
) -> None:
    """Read files of readings exactly, by a map; every gap, repeat and refused cell is named. Exit 1 where a finding is an error."""
    run = this(context)
    if map is None:
        if len(files) != 1 or out is not None or zone is not None:
            raise InputError("without a map one file in our own CSV is sent as it stands", hint="give --map, as --map auto")
        send_readings(run, files[0])
        return
    from ledger.metering.imports.faults import shorten
    from ledger.metering.imports.reading import import_files

    chosen, guessed = _choose(run, files, map, zone)
    total = sum(file.stat().st_size for file in files)
    with run.out.progress(total, "reading", file=files[0].name) as advance:
        result = import_files(files, chosen, now=SystemClock().now(), progress=advance)
    if findings is not None:
        _write_findings(findings, result)
    usable = result.accepted or leave_out
    written = _write(out, result) if out is not None and usable else []
    sent = _send(run, result) if send and usable else []
    document: dict[str, Any] = {**result.to_document(), "guessed": guessed, "written": written, "sent": sent}
    _show(run, document)
    shown = [finding.to_document() for finding in shorten(result.findings, LISTED)]
    refused = any(item["accepted"] is False for item in sent)
    fields = [("accepted", result.accepted), *(("sha256", f"{file.sha256} {file.name}") for file in result.files)]
    fields += [("file", name) for name in written] + [("sent", f"{item['meter']} {item['id']}") for item in sent]
    if run.out.json:
        judge(run, document, [], document["findings"], accepted=result.accepted and not refused)
        return
    shown += [finding for item in sent for finding in item["findings"] if finding["severity"] != "info"]
    judge(run, document, fields, shown, accepted=result.accepted and not refused)


def draft_map(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV (also gzip) or Parquet", exists=True, dir_okay=False)],
    zone: ZoneOption = None,
    out: Annotated[Path | None, typer.Option(help="the file to write, .json; on stdout without it")] = None,
) -> None:
    """Draft the map of a file from its first rows: look at it, correct it, then import with it."""
    run = this(context)
    from ledger.metering.imports.guess import guess_map

    guess = guess_map(file, zone=zone)
    document = guess.to_document()
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if out is not None:
        write_result(out, text.encode())
        run.out.record(document, [("file", out), ("look_at", ", ".join(guess.unsure))])
        return
    run.out.document(document)
    if guess.unsure:
        run.out.note("map_unsure", fields=", ".join(guess.unsure))


def _choose(run: Invocation, files: list[Path], text: str, zone: str | None) -> tuple[MeterMap, bool]:
    """Return the map that was named, or a guess, which is shown; a guess that is unsure where it matters is refused."""
    from ledger.metering.imports.guess import guess_map
    from ledger.metering.imports.meter_map import load_map

    if text != "auto":
        named = load_map(text)
        return (named if zone is None else replace(named, zone=zone)), False
    guess = guess_map(files[0], zone=zone)
    shown = json.dumps(guess.to_document(), ensure_ascii=False)
    run.out.note("map_guessed", map=shown)
    if unsure := [name for name in guess.unsure if name != "stamp"]:
        raise InputError(
            f"the file does not show {', '.join(unsure)}; guessed: {shown}", hint="write the map with `lingtan meter map`, correct it"
        )
    if guess.unsure:
        run.out.note("map_unsure", fields=", ".join(guess.unsure))
    return guess.map, True


def _write_findings(path: Path, result: ImportResult) -> None:
    from ledger.records import canonical
    from ledger.records.findings import findings_document

    write_result(path, canonical.dump(findings_document(result.findings)) + b"\n")


def _write(folder: Path, result: ImportResult) -> list[str]:
    """Write one file per meter and the result; the same again changes nothing."""
    from ledger.metering.imports.canonical import write_readings, write_register

    folder.mkdir(parents=True, exist_ok=True)
    parts = {f"{meter.readings.meter}.csv": write_readings(meter.readings, result.map.smallest_unit) for meter in result.meters}
    parts |= {f"{register.meter}.register.csv": write_register(register, result.map.unit) for register in result.registers}
    parts["import.json"] = (json.dumps(result.to_document(), ensure_ascii=False, indent=2) + "\n").encode()
    for name, data in parts.items():
        write_result(folder / name, data)
    return [str(folder / name) for name in parts]


def _send(run: Invocation, result: ImportResult) -> list[dict[str, Any]]:
    """Send every meter in bodies cut at fixed days; a body that the server has already changes nothing."""
    from ledger.metering.imports.canonical import bodies

    if result.registers or result.map.smallest_unit != "mWh":
        raise InputError("the server takes intervals of electricity as CSV", hint="registers, gas, water and heat come through a gateway")
    sent = []
    with run.client() as client:
        path = f"/v1/institutions/{my_institution(client)}/telemetry"
        with run.out.progress(len(result.meters), "uploading", file=path) as advance:
            for meter in result.meters:
                for body in bodies(meter.readings, result.map.smallest_unit):
                    answer = client.post_bytes(path, body, "text/csv")
                    names = ("id", "accepted", "rows", "sha256", "findings")
                    sent.append({"meter": meter.readings.meter, **{name: answer[name] for name in names}})
                advance(1)
    return sent


def _show(run: Invocation, document: dict[str, Any]) -> None:
    if run.out.json:
        return
    unit = document["unit"]
    for columns, items in ((COLUMNS, document["meters"]), (REGISTER_COLUMNS, document["registers"])):
        if items:
            rows = [
                [f"{item['total_kwh']} kWh" if name == "total" and item["total_kwh"] else item[name] for name in columns] for item in items
            ]
            run.out.table(document, columns, rows)
    for item in document["meters"]:
        by_month = [
            (item["meter"], month["month"], quality, totals["slots"], totals["total"])
            for month in item["months"]
            for quality, totals in month.items()
            if quality != "month"
        ]
        run.out.table(document, ("meter", "month", "quality", "slots", f"total_{unit}"), by_month)
