"""`lingtan drill tamper`: whether a change of any stored row raises the alarm, tried on a copy (docs/guides/operator.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.failures import FINDINGS
from ledger.cli.invocation import this
from ledger.cli.office import settings_of
from ledger.errors import InputError

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Drills on copies of the data.")
app.add_typer(group, name="drill", rich_help_panel="Operator")

COLUMNS = ("kind", "place", "found", "milliseconds")


@group.command("tamper")
def tamper(
    context: typer.Context,
    copy: Annotated[Path, typer.Option(help="a new directory for the copies; they are written here and nowhere else", file_okay=False)],
    data: Annotated[Path | None, typer.Option(help="the data directory to copy; LINGTAN_DATA or ./lingtan-data without it")] = None,
    backup: Annotated[Path | None, typer.Option(help="copy this backup instead", exists=True, dir_okay=False)] = None,
    keys: Annotated[Path | None, typer.Option(help="the server's keys, where the backup holds none", file_okay=False)] = None,
    seed: Annotated[int, typer.Option(help="which rows are changed follows from it", min=0)] = 1,
    kind: Annotated[list[str] | None, typer.Option(help="only this kind of fault; may be given several times")] = None,
    without: Annotated[list[str] | None, typer.Option("--not", help="leave this kind out; may be given several times")] = None,
) -> None:
    """Plant one fault of each kind in a fresh copy, and measure how long one cycle of the drift monitor takes to name it.

    Exit 1 where a fault was not found.
    """
    from ledger.cli.backup import restore_backup, settings_of_copy, write_backup
    from ledger.demo.tamper import ALL, claim_folder, run_drill

    run = this(context)
    source = (data or Path(run.environment.get("LINGTAN_DATA", "lingtan-data"))).resolve()
    if copy.resolve() == source or source in copy.resolve().parents:
        raise InputError("--copy lies inside the data directory", hint="name a directory elsewhere")
    claim_folder(copy)
    file = backup
    if file is None:
        settings = settings_of(run.environment, data)
        file = copy / "source.lingtan"
        file.unlink(missing_ok=True)
        write_backup(settings, file, with_keys=True)

    def restore(folder: Path) -> None:
        restore_backup(file, folder, keys=keys)

    kinds = [name for name in (kind or ALL) if name not in (without or ())]
    try:
        alarms = run_drill(copy, restore, lambda folder: settings_of_copy(run.environment, folder), seed=seed, kinds=kinds)
    finally:
        if backup is None:
            file.unlink(missing_ok=True)
    items: list[dict[str, Any]] = [vars(alarm) for alarm in alarms]
    missed = [alarm.kind for alarm in alarms if alarm.place is not None and alarm.found is None]
    run.out.table({"seed": seed, "items": items, "missed": missed}, COLUMNS, [[item[name] for name in COLUMNS] for item in items])
    run.out.note("drill_done", tried=sum(alarm.place is not None for alarm in alarms), missed=len(missed), untried=len(alarms))
    if missed:
        raise typer.Exit(FINDINGS)
