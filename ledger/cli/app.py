"""The root of the command: global options, sub-commands, and the one place where errors become words and exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Lingtan 零碳: an auditable carbon ledger."
)


@app.callback()
def root(lang: Annotated[str, typer.Option(help="zh or en")] = "en") -> None:
    """Take the global options."""


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="the directory that holds all state")] = Path(".demo"),
    port: Annotated[int, typer.Option(help="where to serve, on 127.0.0.1")] = 8057,
    serve: Annotated[bool, typer.Option(help="serve the API at the end")] = True,
) -> None:
    """Tell the whole story on three seeded banks, then serve."""
    from ledger.demo.run import run_demo

    run_demo(data, port=port, serve=serve, chinese=False)


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    sys.exit(main())
