"""The command `lingtan`: for banks, the centre, librarians and operators. Read app.py, then one file per user."""

from ledger.cli.app import main

__all__ = ["main"]
