"""Commands of the operator: set up, serve, relay, look after, back up, give tokens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.failures import FINDINGS
from ledger.cli.invocation import Invocation, this, write_result
from ledger.cli.office import open_books, operator_actor, require_set_up, settings_of
from ledger.clock import format_instant
from ledger.errors import ConfigurationError, InputError
from ledger.records.findings import has_errors

if TYPE_CHECKING:
    from ledger.services.context import House

app = typer.Typer()
tokens = typer.Typer(no_args_is_help=True, help="Access tokens: who may talk to the server.")
app.add_typer(tokens, name="token")

DataOption = Annotated[Path | None, typer.Option(help="the data directory; LINGTAN_DATA or ./lingtan-data without it")]
PANEL = "Operator"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PAGE = 500
STOP_SECONDS = 30.0
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@app.command(rich_help_panel=PANEL)
def init(
    context: typer.Context,
    admin: Annotated[str, typer.Option(help="the 0x address of the centre's admin; the key itself stays with the admin")],
    data: DataOption = None,
) -> None:
    """Set up: the server's two keys, the database, the contracts. Again, it changes nothing."""
    from ledger.services.house import init_house

    run = this(context)
    settings = settings_of(run.environment, data)
    if not _ADDRESS.fullmatch(admin):
        raise InputError(
            f"--admin is no address: got {admin[:60]!r}", hint="expected 0x and 40 hex digits, as `lingtan keys show` tells it"
        )
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    deployment = init_house(settings, admin)
    document = {
        "data": str(settings.data),
        "chain": deployment.chain_id,
        "admin": deployment.admin,
        "contracts": {contract.name: contract.address for contract in deployment.contracts},
    }
    fields = [("data", settings.data), ("chain", deployment.chain_id), ("admin", deployment.admin)]
    run.out.record(document, [*fields, ("contract", deployment.address("PeriodLedger"))])


@app.command(rich_help_panel=PANEL)
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="where to listen; loopback, behind a proxy with TLS")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8057,
    data: DataOption = None,
) -> None:
    """Serve the API, and relay to the chain beside it, until SIGTERM or Ctrl-C."""
    from api.serve import serve as serve_house
    from ledger.services.house import open_house

    run = this(context)
    house = open_house(settings_of(run.environment, data))
    try:
        if host not in LOOPBACK:
            run.out.note("not_loopback", host=host)
        serve_house(house, host=host, port=port, ready=lambda: run.out.note("serving", url=f"http://{host}:{port}"))
    except SystemExit as stop:
        raise ConfigurationError(f"the server did not start on {host}, port {port}", hint="is the port taken? choose another") from stop
    finally:
        house.close()


@app.command(rich_help_panel=PANEL)
def worker(context: typer.Context, data: DataOption = None) -> None:
    """Relay to the chain and derive meter-days without serving: for a chain behind a URL only."""
    import _thread
    import signal
    import threading

    run = this(context)
    settings = settings_of(run.environment, data)
    if settings.embedded:
        raise ConfigurationError(
            "the embedded chain lives in the server: its file is open in one process, and that one relays already",
            hint="run `lingtan serve` alone, or set LINGTAN_CHAIN_URL to a node",
        )
    from ledger.services.drift import DriftMonitor
    from ledger.services.house import open_house
    from ledger.services.projection import run_projection
    from ledger.services.relay import run_relay

    house, stop = open_house(settings), threading.Event()

    def end(*_: object) -> None:
        # Not here: the wait that the signal interrupted may hold the lock that set() takes.
        _thread.start_new_thread(stop.set, ())

    previous = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        run.out.note("relaying")
        projection = threading.Thread(target=run_projection, args=(house, stop), name="lingtan-projection", daemon=True)
        projection.start()
        if settings.drift_seconds:
            threading.Thread(target=DriftMonitor(house).run, args=(stop,), name="lingtan-drift", daemon=True).start()
        run_relay(house, stop)
        projection.join(STOP_SECONDS)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        house.close()


@app.command(rich_help_panel=PANEL)
def migrate(context: typer.Context, data: DataOption = None) -> None:
    """Bring the database to the schema of this release; at it already, change nothing."""
    from ledger.store.database import open_database

    run = this(context)
    settings = settings_of(run.environment, data)
    require_set_up(settings)
    database = open_database(settings.database_url)
    try:
        before = database.revision()
        database.migrate()
        after = database.revision()
    finally:
        database.close()
    run.out.record({"before": before, "after": after}, [("version", f"{before or '-'} → {after}")])


@app.command(rich_help_panel=PANEL)
def doctor(context: typer.Context, data: DataOption = None) -> None:
    """Look at everything the server needs and say what to do about what is wrong. Exit 1 where something failed."""
    from ledger.cli.doctor import examine

    run = this(context)
    checks = examine(run.environment, data)
    document = {"checks": [check.to_document() for check in checks], "healthy": all(check.outcome != "failed" for check in checks)}
    rows = [(check.name, check.outcome, check.detail, check.fix) for check in checks]
    run.out.table(document, ("check", "outcome", "detail", "fix"), rows)
    if not document["healthy"]:
        raise typer.Exit(FINDINGS)


@app.command(rich_help_panel=PANEL)
def fsck(
    context: typer.Context,
    data: DataOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="go on in cycles; end with exit 1 at the first cycle with findings")] = False,
    seconds: Annotated[int, typer.Option(help="with --watch: rest between two cycles", min=1)] = 300,
    cycles: Annotated[int, typer.Option(help="with --watch: end after so many clean cycles; 0: never", min=0)] = 0,
) -> None:
    """Recompute everything stored and compare it with hashes, signatures and chain; change nothing. Exit 1 with findings."""
    from ledger.services.fsck import check_house
    from ledger.services.house import open_house

    run = this(context)
    house = open_house(settings_of(run.environment, data))
    if watch:
        _watch(run, house, seconds, cycles)
        return
    try:
        with house.view(operator_actor()) as work:
            findings = check_house(work)
    finally:
        house.close()
    documents = [finding.to_document() for finding in findings]
    if run.out.json:
        run.out.document({"findings": documents})
    run.out.findings(documents)
    if has_errors(findings):
        raise typer.Exit(FINDINGS)


def _watch(run: Invocation, house: House, seconds: int, cycles: int) -> None:
    """Check in cycles and say each time what came of it; the house is closed at the end."""
    import time

    from ledger.services.drift import DriftMonitor

    monitor, done = DriftMonitor(house, resting=False), 0
    try:
        while cycles == 0 or done < cycles:
            if done:
                time.sleep(seconds)
            report = monitor.run_cycle()
            if report is None:
                return
            done += 1
            run.out.note("drift_cycle", summary=report.summary())
            if not report.clean:
                documents = [finding.to_document() for finding in report.findings]
                if run.out.json:
                    run.out.document({"clean": False, "block": report.block, "rows": report.rows, "findings": documents})
                run.out.findings(documents)
                raise typer.Exit(FINDINGS)
        if run.out.json:
            run.out.document({"clean": True, "cycles": done})
    except KeyboardInterrupt:
        return
    finally:
        house.close()


@app.command(rich_help_panel=PANEL)
def backup(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="the backup file to write")],
    with_keys: Annotated[bool, typer.Option("--with-keys", help="put the server's encrypted keys in too")] = False,
    data: DataOption = None,
) -> None:
    """Write database, chain file, deployment record and checkpoints into one file; the server may run meanwhile."""
    from ledger.cli.backup import write_backup

    run = this(context)
    settings = settings_of(run.environment, data)
    manifest = write_backup(settings, out, with_keys=with_keys)
    rows = [(item["path"], item["bytes"], item["sha256"]) for item in manifest["files"]]
    run.out.table({"file": str(out), "manifest": manifest}, ("file", "bytes", "hash"), rows)
    if not with_keys:
        run.out.note("keys_apart", folder=settings.keys)


@app.command(rich_help_panel=PANEL)
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="a backup file", exists=True, dir_okay=False)],
    data: Annotated[Path, typer.Option(help="an empty directory for the restored state")],
    keys: Annotated[
        Path | None, typer.Option(help="the directory of the server's keys, where the backup holds none", file_okay=False)
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="open the restored house afterwards and run fsck")] = False,
) -> None:
    """Restore a backup into an empty directory; every file is held against the manifest first."""
    from ledger.cli.backup import check_restored, restore_backup

    run = this(context)
    manifest = restore_backup(file, data, keys=keys, opened=check)
    findings = check_restored(run.environment, data) if check else ()
    documents = [finding.to_document() for finding in findings]
    fields = [("data", data), ("file", len(manifest["files"])), ("findings", len(findings) if check else None)]
    run.out.record({"data": str(data), "manifest": manifest, "checked": check, "findings": documents}, fields)
    if check:
        run.out.findings(documents)
    if not (data / "keys" / "relayer.json").exists():
        run.out.note("keys_needed", folder=data / "keys")
    if has_errors(findings):
        raise typer.Exit(FINDINGS)


@tokens.command("create")
def create_token(
    context: typer.Context,
    subject: Annotated[str, typer.Option(help="whose token it is, such as bank-a.preparer")],
    roles: Annotated[str, typer.Option(help="roles, separated by commas")],
    institution: Annotated[str | None, typer.Option(help="the institution; none for the operator and auditors")] = None,
    days: Annotated[int, typer.Option(help="how long it is good for")] = 90,
    out: Annotated[Path | None, typer.Option(help="write the token into this file, for its owner alone, and do not show it")] = None,
    data: DataOption = None,
) -> None:
    """Give somebody a token. It is shown once; only its hash is kept."""
    from ledger.services.tokens import issue_token

    run = this(context)
    with open_books(settings_of(run.environment, data)) as house, house.work(operator_actor()) as work:
        names = [role.strip() for role in roles.split(",") if role.strip()]
        secret = issue_token(work, subject=subject, institution=institution, roles=names, days=days)
        if out is not None:
            # Inside the transaction: a token that cannot be handed over is not issued.
            write_result(out, f"{secret}\n".encode(), private=True)
    shown = {"file": str(out)} if out is not None else {"token": secret}
    run.out.record({"subject": subject, "institution": institution, "roles": names, **shown}, [("subject", subject), *shown.items()])
    if out is None:
        run.out.note("secret_once")


@tokens.command("list")
def list_tokens(context: typer.Context, data: DataOption = None) -> None:
    """List every token that was ever given, without its secret."""
    from ledger.services.tokens import TokenView
    from ledger.services.tokens import list_tokens as list_page

    run = this(context)
    views: list[TokenView] = []
    after: str | None = None
    with open_books(settings_of(run.environment, data)) as house, house.view(operator_actor()) as work:
        while True:
            page = list_page(work, PAGE, after)
            views += page.items
            after = page.next_key
            if after is None:
                break
    items: list[dict[str, Any]] = [
        {
            "id": view.id,
            "subject": view.subject,
            "institution": view.institution,
            "roles": list(view.roles),
            "expires": None if view.expires_at is None else format_instant(view.expires_at),
            "revoked": view.revoked,
        }
        for view in views
    ]
    columns = ("id", "subject", "institution", "roles", "expires", "revoked")
    rows = [(*(item[name] for name in columns[:3]), ", ".join(item["roles"]), item["expires"], item["revoked"]) for item in items]
    run.out.table({"items": items}, columns, rows)


@tokens.command("revoke")
def revoke_token(
    context: typer.Context,
    id: Annotated[int, typer.Argument(help="the number of the token, from the list")],
    reason: Annotated[str, typer.Option(help="why; it stays in the audit log")],
    data: DataOption = None,
) -> None:
    """End a token at once."""
    from ledger.services.tokens import revoke_token as revoke

    run = this(context)
    run.confirm(str(id))
    with open_books(settings_of(run.environment, data)) as house, house.work(operator_actor()) as work:
        revoke(work, id, reason)
    run.out.record({"id": id, "revoked": True}, [("id", id), ("revoked", True)])
