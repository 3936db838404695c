"""A node that stops in mid-anchor, a disk that is full in mid-block or in mid-statement: it is said, it waits, and it is anchored once."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from ledger.chain.embedded.engine import Engine
from ledger.chain.embedded.fsck import check_chain
from ledger.chain.errors import StorageFailed
from ledger.clock import FixedClock
from ledger.errors import LedgerError
from ledger.services import attestations, statements
from ledger.services.fsck import check_house
from ledger.services.relay import build_relay
from ledger.store.errors import StoreUnavailable
from ledger.store.outbox import list_outbox
from tests.product import AUDITOR, CHAIN_ID, OPERATOR, Town, preparer, take_telemetry
from tests.whole.books import books
from tests.whole.closed_house import BANK, ClosedHouse, check_whole, day_csv, drain, queue_work
from tests.whole.node_process import MOMENTS, Node

STATEMENT = "1"


@pytest.fixture
def house(one_statement: ClosedHouse, tmp_path: Path) -> ClosedHouse:
    return one_statement.copy(tmp_path / "house")


def unsettled(town: Town) -> list[tuple[str, str | None]]:
    """Return state and error of the rows that are not final."""
    with town.house.view(OPERATOR) as work:
        return [(row.state, row.error) for row in list_outbox(work.session, limit=500).items if row.state != "FINAL"]


def state_of(town: Town) -> str:
    with town.house.view(AUDITOR) as work:
        return attestations.get_attestation(work, STATEMENT).state


@pytest.fixture
def node(house: ClosedHouse) -> Iterator[Node]:
    made = Node(house.folder / "chain.sqlite")
    yield made
    made.stop()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_node_that_stops_between_sending_and_receipt_leaves_exactly_one_anchor(house: ClosedHouse, node: Node, moment: str) -> None:
    node.start(house.at + 5, moment)
    with house.open(chain_url=node.url) as town:
        queue_work(town, statements=1, keys=0)
        relay = build_relay(town.house)
        # The lease of the embedded run before has to end first.
        for _ in range(10):
            if relay.step(town.clock.now()).leased:
                break
            town.clock.advance(20)
        waiting = unsettled(town)
        if moment != "silent":
            assert node.wait() == signal.SIGKILL
            assert state_of(town) == "queued"
            assert any(error for _, error in waiting), waiting
            assert {state for state, _ in waiting} <= {"QUEUED", "SIGNED", "SENT"}
            # While nobody answers, passes change nothing but the time of the next attempt.
            for _ in range(3):
                town.clock.advance(30)
                summary = relay.step(town.clock.now())
                assert not summary.node_available or not summary.counts
            assert state_of(town) == "queued"
            node.start(house.at + 500)
        assert any("chain." in (error or "") for _, error in waiting), waiting
        town.clock.advance(600)
        rows = drain(town)
        check_whole(town, rows, anchors=2)
        assert state_of(town) == "anchored"
        before = books(town)
        drain(town)
        assert books(town) == before
    node.stop()
    engine = Engine(house.folder / "chain.sqlite", CHAIN_ID, clock=FixedClock(house.at + 10_000))
    try:
        assert check_chain(engine, replay=True) == ()
    finally:
        engine.close()


def test_a_node_that_serves_another_chain_is_refused_before_anything_is_sent(house: ClosedHouse, node: Node, tmp_path: Path) -> None:
    stranger = Node(tmp_path / "another.sqlite")
    stranger.start(house.at)
    try:
        with pytest.raises(LedgerError, match="not the one of the deployment record") as refused, house.open(chain_url=stranger.url):
            pass
        assert refused.value.hint
    finally:
        stranger.stop()


def fill_chain_disk(town: Town) -> Any:
    """Let the chain file grow no further, also when it is opened again; return what gives the space back."""
    opened = town.house.chain._node
    assert opened is not None
    store: Any = opened.engine._store
    open_file = store._open
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]

    def open_full() -> sqlite3.Connection:
        connection: sqlite3.Connection = open_file()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    store._open = open_full
    store._recover()

    def free() -> None:
        store._open = open_file
        store._recover()

    return free


def test_a_disk_full_in_mid_block_keeps_the_attestation_queued_and_anchors_it_once_there_is_room(house: ClosedHouse) -> None:
    with house.open() as town:
        queue_work(town, statements=1, keys=0)
        opened = town.house.chain._node
        assert opened is not None
        head = opened.engine.head
        free = fill_chain_disk(town)
        relay = build_relay(town.house)
        for _ in range(3):
            relay.step(town.clock.now())
            waiting = unsettled(town)
            assert len(waiting) == 2, waiting
            assert {state for state, _ in waiting} <= {"QUEUED", "SIGNED", "SENT"}
            assert any("chain.storage" in (error or "") and "full" in (error or "") for _, error in waiting), waiting
            assert state_of(town) == "queued"
            # A block that cannot be written is no block; and whoever asks the chain meanwhile is told why it does not answer.
            assert opened.engine.head == head
            with pytest.raises(StorageFailed, match="full") as refused:
                town.house.chain.head()
            assert refused.value.code == "chain.storage"
            town.clock.advance(60)
        assert check_chain(opened.engine) == ()
        with town.house.view(AUDITOR) as work:
            assert check_house(work) == ()
        free()
        check_whole(town, drain(town), anchors=2)
        assert state_of(town) == "anchored"


def fill_database_disk(town: Town) -> Any:
    """Let the ledger's file grow no further, by whatever connection; return what gives the space back."""
    with town.house.database.connection() as connection:
        pages = [connection.exec_driver_sql("PRAGMA page_count").scalar_one()]
        assert connection.exec_driver_sql("PRAGMA freelist_count").scalar_one() == 0

    @event.listens_for(town.house.database._engine, "checkout")
    def _limit(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")

    def free() -> None:
        pages[0] = 2**30

    return free


def test_a_full_disk_under_the_ledger_refuses_whole_uses_and_takes_them_when_there_is_room(house: ClosedHouse) -> None:
    with house.open() as town:
        before = books(town)
        free = fill_database_disk(town)
        for attempt in (
            lambda: town.attest(BANK, STATEMENT),
            lambda: upload(town),
            lambda: town.prepare(BANK, "p0"),
        ):
            # A page may still have room for a row or two; what does not fit is refused as a whole.
            refused: StoreUnavailable | None = None
            for _ in range(40):
                try:
                    attempt()
                except StoreUnavailable as error:
                    refused = error
                    break
                before = books(town)
            assert refused is None or ("full" in str(refused) and refused.hint)
            assert books(town) == before
        free()
        upload(town)
        town.attest(BANK, STATEMENT)
        check_whole(town, drain(town), anchors=2)


def upload(town: Town) -> None:
    count = books(town)["telemetry_body"]
    assert isinstance(count, int)
    with town.work(preparer(BANK)) as work:
        assert take_telemetry(work, BANK, [day_csv(date(2025, 5, 1 + count), "3.25")]).accepted


def test_a_full_disk_under_the_ledger_in_mid_anchor_leaves_one_anchor(house: ClosedHouse) -> None:
    with house.open() as town:
        queue_work(town, statements=1, keys=2)
        free = fill_database_disk(town)
        relay = build_relay(town.house)
        failures = []
        for _ in range(4):
            try:
                relay.step(town.clock.now())
            except LedgerError as error:
                failures.append(str(error))
            town.clock.advance(60)
        assert failures, "the disk was not full enough to try anything"
        assert all("full" in failure for failure in failures), failures
        free()
        check_whole(town, drain(town), anchors=2, keys=2)
        with town.house.view(AUDITOR) as work:
            assert statements.get_statement(work, STATEMENT).state == "anchored"
