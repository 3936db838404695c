"""`lingtan meter`: what is done with meters beside the bank's own list of them. Each part registers its commands here."""

from __future__ import annotations

import typer

from ledger.cli import edge, meter_archive, meter_edit, meter_import, meter_log, meter_outlook, meter_register, meter_savings

app = typer.Typer()
meter_register.register(app)
meter_edit.register(app)
meter_log.register(app)
meter_savings.register(app)
meter_outlook.register(app)
meter_import.register(app)
meter_archive.register(app)
edge.register(app)
