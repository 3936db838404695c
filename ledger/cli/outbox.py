"""Commands on the outbox: what is on its way to the chain, and the operator's hand on what the relay put aside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.invocation import Invocation, this
from ledger.cli.office import open_books, operator_actor, settings_of
from ledger.cli.operator import PAGE, PANEL, DataOption
from ledger.cli.reporting import WaitOption
from ledger.clock import format_instant
from ledger.errors import Conflict
from ledger.records.outbox import QUARANTINED

if TYPE_CHECKING:
    from ledger.services.context import House
    from ledger.services.outbox import OutboxView

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="What is on its way to the chain, and what the relay put aside.")
app.add_typer(group, name="outbox", rich_help_panel=PANEL)

IdArgument = Annotated[int, typer.Argument(help="the number of the transaction, from the list")]
ReasonOption = Annotated[str, typer.Option(help="what was found, in a sentence; it stays in the audit log")]
COLUMNS = ("id", "kind", "subject", "state", "nonce", "tx_hash", "attempts", "problem")


@group.command("list")
def list_outbox(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="only those in this state, such as QUARANTINED")] = None,
    data: DataOption = None,
) -> None:
    """List the transactions in the order they were queued; the server may run meanwhile."""
    from ledger.services.outbox import list_transactions

    run = this(context)
    views: list[OutboxView] = []
    after: str | None = None
    with open_books(settings_of(run.environment, data)) as house, house.view(operator_actor()) as work:
        while True:
            page = list_transactions(work, None if state is None else state.upper(), PAGE, after)
            views += page.items
            after = page.next_key
            if after is None:
                break
    rows = [[getattr(view, "error" if name == "problem" else name) for name in COLUMNS] for view in views]
    run.out.table({"items": [_document(view) for view in views]}, COLUMNS, rows)
    if any(view.state == QUARANTINED for view in views):
        run.out.note("quarantined_explained")


@group.command("close-gap")
def close_gap(context: typer.Context, reason: ReasonOption, wait: WaitOption = 60, data: DataOption = None) -> None:
    """Spend the nonce that nothing in flight holds, so that what waits behind it goes on. With an embedded chain, stop the server first."""
    from ledger.services.outbox import close_gap as close

    run = this(context)
    with _open(run, data) as house:
        with house.work(operator_actor()) as work:
            tx_hash = close(work, reason)
        # What waits in the embedded chain's pool is lost when the house is closed.
        block = None if tx_hash is None else _find_block(house, tx_hash, wait)
    run.out.record({"tx_hash": tx_hash, "block": block}, [("tx_hash", tx_hash), ("block", block)])
    if tx_hash is None:
        run.out.note("no_gap")
    elif block is None:
        raise Conflict(f"transaction {tx_hash} is in no block yet", hint="run the same again: it sends the same transaction")
    else:
        run.out.note("gap_closed")


@group.command("retire")
def retire(context: typer.Context, id: IdArgument, reason: ReasonOption, data: DataOption = None) -> None:
    """End a quarantined transaction whose nonce is spent; its owner signs again. With an embedded chain, stop the server first."""
    from ledger.services.outbox import retire_transaction

    run = this(context)
    run.confirm(str(id))
    with _open(run, data) as house, house.work(operator_actor()) as work:
        view = retire_transaction(work, id, reason)
    _show(run, view)


@group.command("resume")
def resume(context: typer.Context, id: IdArgument, reason: ReasonOption, data: DataOption = None) -> None:
    """Give a quarantined transaction that the chain has after all back to the relay. With an embedded chain, stop the server first."""
    from ledger.services.outbox import resume_transaction

    run = this(context)
    with _open(run, data) as house, house.work(operator_actor()) as work:
        view = resume_transaction(work, id, reason)
    _show(run, view)


@contextmanager
def _open(run: Invocation, data: Path | None) -> Iterator[House]:
    """Yield the house with its chain; an embedded chain's file must be free."""
    from ledger.services.house import open_house

    house = open_house(settings_of(run.environment, data))
    try:
        yield house
    finally:
        house.close()


def _find_block(house: House, tx_hash: str, seconds: float) -> int | None:
    """Return the block of a transaction as soon as there is one; None when time has run out."""
    end = time.monotonic() + seconds
    while (receipt := house.chain.find_receipt(tx_hash)) is None:
        if time.monotonic() > end:
            return None
        time.sleep(0.2)
    return receipt.block_number


def _show(run: Invocation, view: OutboxView) -> None:
    names = ("id", "kind", "subject", "state", "nonce", "tx_hash")
    run.out.record(_document(view), [*((name, getattr(view, name)) for name in names), ("problem", view.error)])


def _document(view: OutboxView) -> dict[str, Any]:
    return asdict(view) | {"next_at": format_instant(view.next_at)}
