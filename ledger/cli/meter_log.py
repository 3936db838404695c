"""`lingtan meter anchor|proof`: the envelope log signed from day to day, and the proof of one of its entries."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from ledger.cli.invocation import Invocation, my_institution, this, write_result
from ledger.clock import SystemClock
from ledger.errors import InputError, IntegrityError, LedgerError, MalformedDocument

if TYPE_CHECKING:
    from ledger.chain.keystore import Signer
    from ledger.client.log_keeping import LogState

RETRY_SECONDS = 300
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def register(group: typer.Typer) -> None:
    """Add the commands to `lingtan meter`."""
    group.command("anchor")(anchor)
    group.command("proof")(proof)


def anchor(
    context: typer.Context,
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="the key file of a logkeeper or approver")],
    state: Annotated[
        Path | None, typer.Option(help="what was signed last (JSON); the log must extend it. Without it, what the server says was signed")
    ] = None,
    daily: Annotated[
        str | None, typer.Option(help="go on, and sign every day at this local time, as 23:30, until SIGTERM or Ctrl-C")
    ] = None,
    zone: Annotated[str, typer.Option(help="the time zone of --daily")] = "Asia/Shanghai",
) -> None:
    """Sign the envelope log as it stands, after a proof that it only grew since the last time."""
    run = this(context)
    at = None if daily is None else _read_time(daily, zone)
    signer = run.signer(key)
    _anchor_once(run, signer, state)
    if at is not None:
        _anchor_daily(run, signer, state, *at)


def proof(
    context: typer.Context,
    id: Annotated[int, typer.Argument(help="the entry of the envelope log: the id of what was sent", min=0)],
    out: Annotated[Path, typer.Option(help="the file to write the proof to (lingtan.log-proof/1)")],
    body: Annotated[Path | None, typer.Option(help="write the entry itself too, byte for byte")] = None,
    size: Annotated[int | None, typer.Option(help="in the log of this size; without it the last anchored one", min=1)] = None,
    old: Annotated[int | None, typer.Option(help="an earlier size that the log extends", min=1)] = None,
) -> None:
    """Download the proof that an entry is in the envelope log, and where that log is anchored, for `lingtan-verify envelope`."""
    run = this(context)
    query = {name: str(value) for name, value in (("index", id), ("size", size), ("old", old)) if value is not None}
    with run.client() as client:
        path = f"/v1/institutions/{my_institution(client)}"
        data = client.get_bytes(f"{path}/log/proof", **query)
        if body is not None:
            write_result(body, client.get_bytes(f"{path}/telemetry/{id}/body"))
    write_result(out, data)
    document = json.loads(data)
    anchored = document["anchor"] is not None
    fields = [("file", out), ("size", document["size"]), ("log_root", document["root"]), ("anchored", anchored)]
    run.out.record({"file": str(out), "size": document["size"], "root": document["root"], "anchored": anchored}, fields)


def _anchor_once(run: Invocation, signer: Signer, file: Path | None) -> None:
    from ledger.client.acts import Party
    from ledger.client.log_keeping import find_signed, sign_log

    with run.client() as client:
        institution = my_institution(client)
        before = _read_state(file, institution) if file is not None and file.exists() else find_signed(client, institution)
        signed = sign_log(Party(client, signer), institution, before)
    if signed is None:
        if file is not None and before is not None and not file.exists():
            _write_state(file, institution, before)
        run.out.note("log_unchanged")
        answer: dict[str, object] = {"institution": institution, "state": "unchanged"}
        run.out.record(answer, list(answer.items()))
        return
    answer, after = signed
    if file is not None:
        _write_state(file, institution, after)
    fields = [("institution", institution), ("size", answer["size"]), ("log_root", answer["root"]), ("state", answer["state"])]
    run.out.record(answer, fields)


def _anchor_daily(run: Invocation, signer: Signer, state: Path | None, time: str, zone: ZoneInfo) -> None:
    """Sign again at every `time` of the zone; what fails for want of a server is tried again until it works. A log that shrank ends it."""
    import _thread
    import signal
    import threading

    stop = threading.Event()

    def end(*_: object) -> None:
        # Not here: the wait that the signal interrupted may hold the lock that set() takes.
        _thread.start_new_thread(stop.set, ())

    previous = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        run.out.note("anchoring_daily", time=time)
        wait = seconds_until(time, zone, SystemClock().now())
        while not stop.wait(wait):
            try:
                _anchor_once(run, signer, state)
            except IntegrityError:
                raise
            except LedgerError as error:
                run.out.note("anchoring_again", reason=str(error), seconds=RETRY_SECONDS)
                wait = RETRY_SECONDS
            else:
                wait = seconds_until(time, zone, SystemClock().now())
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def seconds_until(time: str, zone: ZoneInfo, now: int) -> int:
    """Return the seconds from `now` (Unix) to the next HH:MM of the zone, 1 to 25 hours."""
    local = datetime.fromtimestamp(now, zone)
    hour, minute = (int(part) for part in time.split(":"))
    wanted = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    if int(wanted.timestamp()) <= now:
        wanted = (wanted + timedelta(days=1)).replace(fold=0)
    return int(wanted.timestamp()) - now


def _read_time(text: str, zone: str) -> tuple[str, ZoneInfo]:
    if not _TIME.fullmatch(text):
        raise InputError(f"not a time of day: {text[:20]}", hint="write it as 23:30")
    try:
        return text, ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"not a time zone: {zone[:40]}", hint="write it as Asia/Shanghai") from error


def _read_state(file: Path, institution: str) -> LogState:
    from ledger.client.log_keeping import LogState

    try:
        value = json.loads(file.read_bytes()[:4096])
        if value["institution"] == institution:
            return LogState(int(value["size"]), bytes.fromhex(value["root"]).hex())
    except (ValueError, KeyError, TypeError):
        pass
    raise MalformedDocument(f"{file} does not say what was signed of the log of {institution}", hint="restore it, or name another file")


def _write_state(file: Path, institution: str, state: LogState) -> None:
    data = json.dumps({"institution": institution, "root": state.root, "size": str(state.size)}, sort_keys=True).encode()
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_bytes(data + b"\n")
    temporary.replace(file)
