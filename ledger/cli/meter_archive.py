"""`lingtan meter archive`: meter records packed for keeping, and back bit for bit (spec: meter-archive)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.invocation import this, write_result
from ledger.errors import InputError, MalformedDocument
from ledger.identifiers import is_identifier

if TYPE_CHECKING:
    from ledger.records.meter_record import MeterRecord

MAX_ARCHIVE = 4 << 30
COLUMNS = ("meter", "readings", "sha256")


def register(group: typer.Typer) -> None:
    """Add the command to `lingtan meter`."""
    group.command("archive")(archive)


def archive(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="meter records (.ltm) to pack; or one archive", exists=True, dir_okay=False)],
    out: Annotated[Path | None, typer.Option(help="pack: the archive to write")] = None,
    restore: Annotated[Path | None, typer.Option(help="unpack: the folder to write the records to")] = None,
    check: Annotated[bool, typer.Option("--check", help="unpack, compare every SHA-256 and write nothing more")] = False,
) -> None:
    """Pack meter records without loss, or unpack an archive; every record is compared with its SHA-256."""
    run = this(context)
    from ledger.metering.archive import iterate, pack

    if (out is None) == (restore is None and not check):
        raise InputError("say what to do", hint="--out FILE packs records; --restore FOLDER, --check or both unpack an archive")
    if out is not None:
        records = [_read(file) for file in files]
        data = pack(records, [file.name.removesuffix(".ltm") for file in files])
        write_result(out, data)
        readings = sum(record.n for record in records)
        fields = {"file": str(out), "records": len(records), "readings": readings, "bytes": len(data)}
        run.out.record({**fields, "items": _items(zip(files, records, strict=True))}, list(fields.items()))
        return
    if len(files) != 1:
        raise InputError("one archive is unpacked at a time", hint="name one file")
    if files[0].stat().st_size > MAX_ARCHIVE:
        raise MalformedDocument(f"{files[0]} is larger than {MAX_ARCHIVE >> 30} GiB")
    items = list(iterate(files[0].read_bytes()))
    if restore is not None:
        restore.mkdir(parents=True, exist_ok=True)
        for at, item in enumerate(items, start=1):
            name = item.name if is_identifier(item.name) else f"record-{at}"
            write_result(restore / f"{name}.ltm", item.record.to_bytes())
    rows = [(item.name, item.record.n, item.sha256) for item in items]
    document = {"records": len(items), "items": [dict(zip(COLUMNS, row, strict=True)) for row in rows]}
    run.out.table(document, COLUMNS, rows)


def _read(file: Path) -> MeterRecord:
    from ledger.records.meter_record import MeterRecord

    try:
        return MeterRecord.from_bytes(file.read_bytes())
    except MalformedDocument as error:
        raise MalformedDocument(f"{file}: {error}", hint=error.hint or "name records (.ltm) of a package") from error


def _items(pairs: zip[tuple[Path, MeterRecord]]) -> list[dict[str, object]]:
    return [{"meter": file.name.removesuffix(".ltm"), "readings": record.n, "sha256": record.digest()} for file, record in pairs]
