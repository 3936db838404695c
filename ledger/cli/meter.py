"""`lingtan meter`: what is done with meters beside the bank's own list of them. Each part registers its commands here."""

from __future__ import annotations

import typer

from ledger.cli import meter_savings

app = typer.Typer()
meter_savings.register(app)
