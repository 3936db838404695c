"""Commands of a witness: a process of its own, run by somebody who is not the operator. They need no house, no chain and no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.failures import FINDINGS
from ledger.cli.invocation import this
from ledger.clock import SystemClock, format_instant
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.witness.state import WitnessState

app = typer.Typer()
witness = typer.Typer(no_args_is_help=True, help="Watch logs for others: cosign their checkpoints, never a rollback or a fork.")
app.add_typer(witness, name="witness", rich_help_panel="Witness")

StateOption = Annotated[Path, typer.Option(help="the witness's own directory", file_okay=False)]
KeyOption = Annotated[Path, typer.Option(help="the witness's own key file", dir_okay=False)]


@witness.command("init")
def init_witness(
    context: typer.Context,
    key: KeyOption,
    name: Annotated[str, typer.Option(help="the witness's name, such as regulator.example/witness; no space, no plus")],
) -> None:
    """Make the witness's key and show the vkey line that the operator and every policy file need."""
    from ledger.witness.keyfile import make_key

    run = this(context)
    vkey = make_key(key, name)
    run.out.record({"name": name, "vkey": vkey, "file": str(key)}, [("name", name), ("vkey", vkey), ("file", key)])
    run.out.note("witness_key_kept", file=key)


@witness.command("run")
def run_witness(
    context: typer.Context,
    state: StateOption,
    key: KeyOption,
    log: Annotated[list[str], typer.Option(help="the vkey of a log to follow, from its operator; may be given several times")],
    listen: Annotated[str, typer.Option(help="where to listen, HOST:PORT; loopback, behind a proxy with TLS")] = "127.0.0.1:8058",
) -> None:
    """Answer the logs until SIGTERM or Ctrl-C."""
    import _thread
    import logging
    import signal

    from ledger.cli.operator import LOOPBACK
    from ledger.records.signed_note import read_vkey
    from ledger.witness.keyfile import read_key
    from ledger.witness.server import WitnessServer
    from ledger.witness.service import Witness
    from ledger.witness.state import WitnessState

    run = this(context)
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise InputError(f"--listen: got {listen!r}", hint="expected HOST:PORT, such as 127.0.0.1:8058")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    name, private = read_key(key)
    follower = Witness(name, private, [read_vkey(line.strip()) for line in log], WitnessState(state), SystemClock())
    try:
        server = WitnessServer((host, int(port)), follower)
    except OSError as error:
        raise InputError(f"--listen {listen}: {error.strerror}", hint="is the port taken, or the address another machine's?") from error

    def end(*_: object) -> None:
        # Not here: shutdown() waits for the loop that this very thread runs.
        _thread.start_new_thread(server.shutdown, ())

    previous = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        if host not in LOOPBACK:
            run.out.note("not_loopback", host=host)
        run.out.note("witnessing", url=f"http://{host}:{server.server_address[1]}", vkey=follower.verifier_key)
        server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
        for number, handler in previous.items():
            signal.signal(number, handler)


@witness.command("status")
def show_status(context: typer.Context, state: StateOption) -> None:
    """Show how far each log is cosigned, and what speaks against it; the witness may run meanwhile."""
    run = this(context)
    found = _open(state)
    evidence = found.list_evidence()
    items = [
        {
            "origin": known.origin,
            "size": str(known.size),
            "root": known.root.hex(),
            "cosigned": format_instant(known.time),
            "evidence": sum(item.origin == known.origin for item in evidence),
        }
        for known in found.list_known()
    ]
    columns = ("origin", "size", "root", "cosigned", "evidence")
    run.out.table({"items": items}, columns, [[item[name] for name in columns] for item in items])
    if not items:
        run.out.note("witness_knows_none")


@witness.command("evidence")
def show_evidence(context: typer.Context, state: StateOption) -> None:
    """Print what was refused: pairs of notes that do not go together. Exit 1 where a log signed two roots for one size."""
    run = this(context)
    found = _open(state).list_evidence()
    items = [
        {"kind": item.kind, "origin": item.origin, "time": format_instant(item.time), "known": item.known, "offered": item.offered}
        for item in found
    ]
    if run.out.json:
        run.out.document({"items": items})
    else:
        if not items:
            run.out.note("witness_refused_none")
        for item in items:
            # The notes as they are: they are the evidence, and a signed note holds no control characters but its newlines.
            typer.echo(f"{item['kind']} {item['origin']} {item['time']}\n\n{item['known']}\n{item['offered']}")
    if any(item.kind == "two_roots" for item in found):
        raise typer.Exit(FINDINGS)


def _open(folder: Path) -> WitnessState:
    from ledger.witness.state import FILE, WitnessState

    if not (folder / FILE).is_file():
        raise InputError(f"{folder} holds no state of a witness", hint="name the directory that `lingtan witness run` was given")
    return WitnessState(folder)
