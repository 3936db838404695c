"""Commands beside the meters: an edge with its queue; and the listener, the server's side of MQTT."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.failures import FINDINGS
from ledger.cli.invocation import Invocation, this, write_result
from ledger.errors import ConfigurationError, InputError, IntegrityError, NotFound
from ledger.identifiers import is_identifier

if TYPE_CHECKING:
    import threading

    from ledger.edge.queue_status import QueueStatus

app = typer.Typer()
edge = typer.Typer(
    no_args_is_help=True, help="A gateway beside the meters: read them, keep every signed body, send it until it is acknowledged."
)
app.add_typer(edge, name="edge", rich_help_panel="Gateway")

ConfigOption = Annotated[Path, typer.Option(help="the settings; docs/guides/gateway.md shows a whole file", dir_okay=False, exists=True)]
ASIDE_COLUMNS = ("seq", "readings", "status", "code", "detail")
# Label → member of the document.
STATUS_FIELDS = (
    ("device", "device"),
    ("boot", "boot"),
    ("last_seq", "last_seq"),
    ("contiguous", "contiguous"),
    ("bodies_waiting", "waiting"),
    ("bytes_waiting", "waiting_bytes"),
    ("oldest_waiting", "oldest"),
    ("bodies_replaced", "replaced"),
    ("acknowledged_at", "acknowledged_at"),
    ("clock_offset_ms", "clock_offset_ms"),
    ("trouble", "trouble"),
)
TEMPLATE = """# docs/guides/gateway.md, section 6, shows every setting and every kind of source.
[device]
institution = "{institution}"
site = "{site}"
id = "{device}"
key = "device.pem"

[server]
url = "{url}"
token_file = "meter.token"

[[folder]]
name = "inbox"
path = "inbox"
meters = [{{meter = "em-1", quantity = "el.import"}}]
"""


@edge.command("init")
def init_edge(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="a new folder, or an empty one", file_okay=False)],
    institution: Annotated[str, typer.Option(help="whose meters these are")],
    site: Annotated[str, typer.Option(help="where the gateway stands")],
    device: Annotated[str, typer.Option(help="the device's id, as the bank registered it")],
) -> None:
    """Write the beginning of the settings; then `device enrol` makes the key."""
    run = this(context)
    for name, value in (("--institution", institution), ("--site", site), ("--device", device)):
        if not is_identifier(value):
            raise InputError(f"{name}: got {value[:40]!r}, expected an identifier", hint="use the ids that the bank told you")
    if '"' in run.url or "\\" in run.url or not run.url.isprintable():
        raise InputError("--url is no URL")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "inbox").mkdir(exist_ok=True)
    config = folder / "edge.toml"
    write_result(config, TEMPLATE.format(institution=institution, site=site, device=device, url=run.url).encode(), private=True)
    key = folder / "device.pem"
    run.out.record({"file": str(config), "device": device, "key": str(key)}, [("file", config), ("device", device)])
    run.out.note("edge_next", file=key, token=folder / "meter.token")


@edge.command("run")
def run_edge(context: typer.Context, config: ConfigOption) -> None:
    """Read the meters and send what is queued, until SIGTERM or Ctrl-C."""
    from ledger.edge.config import read_config
    from ledger.edge.program import run_edge as run_program

    run = this(context)
    settings = read_config(config)
    with _ended_by_signals() as stop:
        run_program(settings, stop, _teller(run), lambda: run.out.note("edge_running", device=settings.device))


@edge.command("status")
def status_edge(context: typer.Context, config: ConfigOption) -> None:
    """Show the queue, also while `edge run` works. Exit 1 where a person has to look: a body set aside, or trouble."""
    from ledger.edge.config import read_config

    run = this(context)
    status = _read_status(read_config(config).queue)
    document = status.to_document()
    if run.out.json:
        run.out.document(document)
    else:
        run.out.record(document, [(label, document[name]) for label, name in STATUS_FIELDS])
        rows = [
            (item.seq, item.readings, item.status, item.problem.get("code"), item.problem.get("detail") or item.problem.get("title"))
            for item in status.aside
        ]
        troubles = [(name, text.partition(" ")[2]) for name, text in status.sources.items() if text.partition(" ")[2]]
        if troubles:
            run.out.table(troubles, ("source", "trouble"), troubles)
        if rows:
            run.out.table(rows, ASIDE_COLUMNS, rows)
    if status.aside or status.trouble:
        raise typer.Exit(FINDINGS)


@edge.command("retry")
def retry_edge(context: typer.Context, config: ConfigOption) -> None:
    """Send again, byte for byte, what was set aside: for instance after the bank has registered a missing meter."""
    from ledger.edge.config import read_config
    from ledger.edge.program import open_queue

    run = this(context)
    settings = read_config(config)
    _require_queue(settings.queue)
    with closing(open_queue(settings)) as queue:
        count = queue.retry()
    run.out.record({"waiting_again": count}, [("waiting_again", count)])


@edge.command("resign")
def resign_edge(context: typer.Context, config: ConfigOption) -> None:
    """Sign with the key of the settings what was set aside for another key (KEY_REVOKED, SIGNATURE_UNKNOWN); `edge run` does it too."""
    from ledger.edge.config import read_config
    from ledger.edge.program import open_queue

    run = this(context)
    settings = read_config(config)
    _require_queue(settings.queue)
    with closing(open_queue(settings)) as queue:
        count = queue.resign()
    run.out.record({"signed_anew": count}, [("signed_anew", count)])


def listen(
    context: typer.Context,
    broker: Annotated[str, typer.Option(help="the broker, as mqtts://broker.example:8883")],
    name: Annotated[str, typer.Option(help="this listener's name; two that share the work have two")] = "first",
    ca: Annotated[Path | None, typer.Option(help="the authority of the broker's certificate", dir_okay=False, exists=True)] = None,
    certificate: Annotated[Path | None, typer.Option(help="the listener's certificate", dir_okay=False, exists=True)] = None,
    key: Annotated[Path | None, typer.Option(help="its key", dir_okay=False, exists=True)] = None,
) -> None:
    """Take bodies off an MQTT 5 broker, hand them to the server (--url, --token-file), and answer, until SIGTERM or Ctrl-C."""
    import random

    from ledger.edge.http_link import HttpLink
    from ledger.edge.listener import Listener
    from ledger.edge.mqtt_link import read_broker
    from ledger.edge.program import now_ms

    run = this(context)
    if not is_identifier(name):
        raise InputError(f"--name: got {name[:40]!r}, expected an identifier")
    place = read_broker(broker, ca=ca, certificate=certificate, key=key)
    with run.client() as client:
        me = client.get("/v1/me")
        if me["institution"] is None or not {"meter", "preparer"} & set(me["roles"]):
            raise ConfigurationError("this token may not send readings", hint="use one of role meter of the bank")
        server = HttpLink(client.url, client.token, now_ms=now_ms)
    listener = Listener(place, server, institution=me["institution"], name=name, uniform=random.uniform, tell=_teller(run))
    with _ended_by_signals() as stop:
        listener.start()
        try:
            while not listener.wait_ready(1) and not stop.is_set():
                continue
            if not stop.is_set():
                run.out.note("listening", broker=broker, institution=me["institution"])
            stop.wait()
        finally:
            listener.close()
            server.close()
    run.out.record({"taken": listener.taken}, [("taken", listener.taken)])


def register(group: typer.Typer) -> None:
    """Add the listener to `lingtan meter`."""
    group.command("listen")(listen)


def _teller(run: Invocation) -> Callable[[str], None]:
    return lambda text: run.out.note("edge_says", text=text)


def _read_status(path: Path) -> QueueStatus:
    from ledger.edge.queue_file import read_status

    _require_queue(path)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            return read_status(db)
    except sqlite3.DatabaseError as error:
        raise IntegrityError(f"{path} is no queue of ours, or damaged: {error}") from error


def _require_queue(path: Path) -> None:
    if not path.is_file():
        raise NotFound(f"there is no queue at {path} yet", hint="`lingtan edge run` makes it")


@contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
    """Yield what SIGTERM and SIGINT set."""
    import _thread
    import signal
    import threading

    stop = threading.Event()

    def end(*_: object) -> None:
        # Not here: the wait that the signal interrupted may hold the lock that set() takes.
        _thread.start_new_thread(stop.set, ())

    previous = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
