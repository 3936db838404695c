"""Run the command as a module: `python -m ledger.cli`."""

from __future__ import annotations

from ledger.cli.app import main

if __name__ == "__main__":
    main()
