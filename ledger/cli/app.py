"""The root of the command: global options, sub-commands, and where every error ends as words and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from ledger.cli import (
    analysis,
    answers,
    bank,
    bundle,
    centre,
    comparison,
    device,
    drill,
    edge,
    inventory,
    keys,
    librarian,
    library_work,
    loans,
    loans_server,
    local_factors,
    meter,
    operator,
    outbox,
    reductions,
    reporting,
    sample,
    verdicts,
    witness,
    workbook,
)
from ledger.cli.failures import INTERRUPTED, OK, describe
from ledger.cli.invocation import LOCAL_URL, Invocation, this
from ledger.cli.messages import Language
from ledger.cli.output import Output

# Global options may stand before or after the command: name → whether a value follows.
GLOBAL_OPTIONS: tuple[tuple[str, bool], ...] = (
    ("--lang", True),
    ("--json", False),
    ("--url", True),
    ("--token", True),
    ("--token-file", True),
    ("--passphrase-file", True),
    ("--yes", False),
)


def hoist(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the global options first; nothing behind `--` is moved."""
    known = dict(GLOBAL_OPTIONS)
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return [*front, *rest, word, *waiting]
        name, given, _ = word.partition("=")
        if name not in known or (given and not known[name]):
            rest.append(word)
            continue
        front.append(word)
        if known[name] and not given and waiting:
            front.append(waiting.pop(0))
    return [*front, *rest]


def output_of(arguments: Sequence[str]) -> Output:
    """Return where an error is told, from arguments that may not have been understood otherwise."""
    language = os.environ.get("LINGTAN_LANG", "")
    for word, following in pairwise([*arguments, ""]):
        language = following if word == "--lang" else word.removeprefix("--lang=") if word.startswith("--lang=") else language
    wanted: Language = "zh" if language == "zh" else "en"
    return Output(wanted, json="--json" in arguments)


class Commands(TyperGroup):
    """The group of all commands; whatever goes wrong below ends here."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and leave with its exit code."""
        arguments = hoist(sys.argv[1:] if args is None else args)
        try:
            answer = super().main(arguments, prog_name, complete_var, False, windows_expand_args, **extra)
            code = answer if isinstance(answer, int) else OK
            if code == INTERRUPTED:
                # The library turns Ctrl-C into a bare exit code where nothing was being asked.
                output_of(arguments).failure(describe(KeyboardInterrupt(), output_of(arguments).language))
        except SystemExit:
            code = INTERRUPTED  # the reader of our output went away: `| head`
        except (Exception, KeyboardInterrupt) as error:
            failure = describe(error, output_of(arguments).language)
            output_of(arguments).failure(failure)
            code = failure.exit
        if standalone_mode:
            sys.exit(code)
        return code


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Lingtan 零碳: an auditable carbon ledger. Global options may stand before or after the command; exit codes: docs/cli.md.",
)


@app.callback()
def root(
    context: typer.Context,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="the language of all output", envvar="LINGTAN_LANG")] = "en",
    json: Annotated[bool, typer.Option("--json", help="write one JSON document to stdout, errors as JSON to stderr")] = False,
    url: Annotated[str, typer.Option(help="the server", envvar="LINGTAN_URL")] = LOCAL_URL,
    token: Annotated[
        str,
        typer.Option(help="the access token; other users of this machine see arguments, so prefer the variable", envvar="LINGTAN_TOKEN"),
    ] = "",
    token_file: Annotated[Path | None, typer.Option(help="a file with the access token")] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="a file with the passphrase of the key; else LINGTAN_KEY_PASSPHRASE, else a prompt")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask for the id of what is signed or ended")] = False,
) -> None:
    """Take the global options."""
    context.obj = Invocation(Output(lang, json), url, token, token_file, passphrase_file, yes)


@app.command()
def demo(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="the directory that holds all state")] = Path(".demo"),
    port: Annotated[int, typer.Option(help="where to serve, on 127.0.0.1", min=0, max=65535)] = 8057,
    serve: Annotated[bool, typer.Option(help="serve the API at the end")] = True,
) -> None:
    """Tell the whole story on three seeded banks, then serve."""
    from rich.console import Console

    from ledger.demo.run import run_demo

    out = this(context).out
    # With --json the story goes to stderr, so that stdout holds the one document.
    run_demo(data, port=port, serve=serve, chinese=out.language == "zh", console=Console(stderr=out.json))
    if out.json:
        out.document({"data": str(data), "done": True})


librarian.library.add_typer(library_work.app)
loans.loans.add_typer(loans_server.app)
bank.meters.add_typer(meter.app)
bank.statements.add_typer(answers.app)
bank.statements.add_typer(comparison.app)
MAIN = (
    operator,
    outbox,
    drill,
    bank,
    device,
    edge,
    inventory,
    workbook,
    reporting,
    analysis,
    loans,
    reductions,
    librarian,
    local_factors,
    centre,
    verdicts,
    sample,
    bundle,
    keys,
    witness,
)
for room in MAIN:
    app.add_typer(room.app)


def main() -> None:
    """Run the command."""
    app()
