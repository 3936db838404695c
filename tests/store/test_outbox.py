from __future__ import annotations

import threading
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from ledger.clock import FixedClock
from ledger.errors import NotFound
from ledger.records.outbox import FINAL, MINED, QUARANTINED, QUEUED, REVERTED, SENT, SIGNED, OutboxRow
from ledger.store import outbox
from ledger.store.database import Database, open_database
from ledger.store.errors import AlreadyStored
from ledger.store.outbox import LeaseLost, SqlOutbox, WrongState
from tests.child import run_together
from tests.store import builders

SIGNER = builders.RELAYER


def tx_hash(number: int) -> str:
    return "0x" + builders.hash_of(f"tx {number}")


def fill(database: Database, count: int = 1) -> list[OutboxRow]:
    rows = []
    for number in range(count):
        with database.unit_of_work() as session:
            rows.append(outbox.queue(session, f"key/{number}", builders.payload(f"call {number}"), now=100))
    return rows


def read(database: Database, id: int) -> OutboxRow:
    with database.reading() as session:
        return outbox.get_outbox_row(session, id)


@pytest.fixture
def port(database: Database) -> SqlOutbox:
    return SqlOutbox(database, FixedClock(1_000))


def test_queueing_twice_gives_the_same_row_and_another_payload_is_refused(database: Database) -> None:
    with database.unit_of_work() as session:
        first = outbox.queue(session, "k", builders.payload(), now=100)
        assert outbox.queue(session, "k", builders.payload(), now=200) == first
        assert (first.state, first.next_at, first.attempts, first.nonce) == (QUEUED, 100, 0, None)
    with pytest.raises(AlreadyStored), database.unit_of_work() as session:
        outbox.queue(session, "k", replace(builders.payload(), gas=9), now=200)


def test_the_intent_is_undone_with_the_business_row(database: Database, port: SqlOutbox) -> None:
    def fail() -> None:
        with database.unit_of_work() as session:
            builders.add_bank(session)
            outbox.queue(session, "k", builders.payload(), now=100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert port.due(10**9, 10) == []


def test_a_row_goes_from_queued_to_final_and_every_step_stays(database: Database, port: SqlOutbox) -> None:
    row = fill(database)[0]
    assert [item.id for item in port.due(100, 10)] == [row.id]
    assert port.due(99, 10) == []
    port.record_signed(row.id, 7, b"raw", tx_hash(1))
    assert port.highest_nonce(7001, SIGNER) == 7
    assert port.highest_nonce(7001, SIGNER.upper().replace("0X", "0x")) == 7
    assert port.highest_nonce(7002, SIGNER) is None
    port.record_failure(row.id, 150, "connection refused")
    port.record_sent(row.id, 200)
    assert (read(database, row.id).attempts, read(database, row.id).next_at) == (2, 200)
    port.record_mined(row.id, 4, "0xb4", b"receipt")
    assert port.due(10**9, 10) == []
    assert [item.state for item in port.in_flight()] == [MINED]
    port.record_back_to_sent(row.id, 300, "block 4 is gone")
    assert (read(database, row.id).state, read(database, row.id).block_hash) == (SENT, None)
    port.record_mined(row.id, 5, "0xb5", b"receipt 2")
    port.record_final(row.id)
    done = read(database, row.id)
    assert (done.state, done.nonce, done.raw_tx, done.tx_hash, done.block_number) == (FINAL, 7, b"raw", tx_hash(1), 5)
    assert port.in_flight() == []
    with database.reading() as session:
        events = [(event.state, event.detail, event.block_hash) for event in outbox.list_outbox_events(session, row.id)]
        assert outbox.find_receipt(session, row.id) == b"receipt 2"
    assert events == [
        (QUEUED, "queued", None),
        (SIGNED, "signed", None),
        (SIGNED, "connection refused", None),
        (SENT, "sent", None),
        (MINED, "mined", "0xb4"),
        (SENT, "block 4 is gone", None),
        (MINED, "mined", "0xb5"),
        (FINAL, "final", "0xb5"),
    ]


def test_a_nonce_is_given_once_for_ever(database: Database, port: SqlOutbox) -> None:
    first, second = fill(database, 2)
    port.record_signed(first.id, 7, b"raw", tx_hash(1))
    with pytest.raises(AlreadyStored):
        port.record_signed(second.id, 7, b"raw 2", tx_hash(2))
    with pytest.raises(WrongState):
        port.record_signed(first.id, 8, b"raw 3", tx_hash(3))
    port.record_reverted(first.id, "PeriodLedger: WrongRevision", 9, "0xb9")
    with pytest.raises(AlreadyStored):
        port.record_signed(second.id, 7, b"raw 2", tx_hash(2))
    port.record_signed(second.id, 8, b"raw 2", tx_hash(2))
    assert port.highest_nonce(7001, SIGNER) == 8


@pytest.mark.parametrize("settled", [FINAL, REVERTED, QUARANTINED])
def test_a_settled_row_never_moves_again(database: Database, port: SqlOutbox, settled: str) -> None:
    row = fill(database)[0]
    port.record_signed(row.id, 7, b"raw", tx_hash(1))
    port.record_mined(row.id, 4, "0xb4", b"r")
    {
        FINAL: lambda: port.record_final(row.id),
        REVERTED: lambda: port.record_reverted(row.id, "no", 4, "0xb4"),
        QUARANTINED: lambda: port.record_quarantined(row.id, "foreign nonce"),
    }[settled]()
    steps = (
        lambda: port.record_sent(row.id, 1),
        lambda: port.record_mined(row.id, 5, "0xb5", b"r"),
        lambda: port.record_final(row.id),
        lambda: port.record_reverted(row.id, "no", 5, "0xb5"),
        lambda: port.record_quarantined(row.id, "x"),
        lambda: port.record_back_to_sent(row.id, 1, "x"),
        lambda: port.record_failure(row.id, 1, "x"),
    )
    for step in steps:
        with pytest.raises(WrongState):
            step()
    assert read(database, row.id).state == settled


def test_a_row_refused_before_signing_has_no_nonce(database: Database, port: SqlOutbox) -> None:
    row = fill(database)[0]
    port.record_reverted(row.id, "LibraryNotInForce", None, None)
    assert (read(database, row.id).state, read(database, row.id).nonce) == (REVERTED, None)
    assert port.highest_nonce(7001, SIGNER) is None


def test_signed_rows_come_before_queued_ones_by_nonce(database: Database, port: SqlOutbox) -> None:
    rows = fill(database, 4)
    port.record_signed(rows[3].id, 1, b"a", tx_hash(1))
    port.record_signed(rows[2].id, 2, b"b", tx_hash(2))
    assert [row.id for row in port.due(100, 3)] == [rows[3].id, rows[2].id, rows[0].id]


def test_a_row_that_is_not_there_is_not_found(port: SqlOutbox) -> None:
    with pytest.raises(NotFound):
        port.record_sent(99, 1)


def test_only_the_holder_of_the_lease_writes_and_a_former_holder_is_fenced_off(database: Database) -> None:
    clock = FixedClock(1_000)
    ours, theirs = SqlOutbox(database, clock), SqlOutbox(database, clock)
    first, second = fill(database, 2)
    assert ours.acquire_lease(SIGNER, "a", 1_000, 30) == 1
    assert theirs.acquire_lease(SIGNER, "b", 1_000, 30) is None
    with pytest.raises(LeaseLost):
        theirs.record_signed(first.id, 1, b"raw", tx_hash(1))
    ours.record_signed(first.id, 1, b"raw", tx_hash(1))
    assert ours.acquire_lease(SIGNER, "a", 1_010, 30) == 1
    assert ours.acquire_lease(SIGNER, "a", 1_015, 30) == 1
    assert theirs.acquire_lease(SIGNER, "b", 1_044, 30) is None
    clock.advance(60)
    assert theirs.acquire_lease(SIGNER, "b", 1_045, 30) == 2
    # The former holder comes back from a long pause and still believes that it may write.
    with pytest.raises(LeaseLost):
        ours.record_sent(first.id, 1_100)
    with pytest.raises(LeaseLost):
        ours.record_signed(second.id, 2, b"raw 2", tx_hash(2))
    theirs.record_sent(first.id, 1_100)
    theirs.release_lease(SIGNER, "b")
    assert ours.acquire_lease(SIGNER, "a", 1_046, 30) == 3


def test_of_many_processes_one_gets_the_lease(database: Database) -> None:
    tokens: list[int | None] = []
    barrier = threading.Barrier(8, timeout=60)

    def run(number: int) -> None:
        relay = SqlOutbox(database, FixedClock(1))
        barrier.wait()
        tokens.append(relay.acquire_lease(SIGNER, f"process {number}", 1, 30))

    run_together([threading.Thread(target=run, args=(number,)) for number in range(8)])
    assert sorted(tokens, key=str) == [1, *[None] * 7]


def test_the_outbox_is_listed_by_state_and_by_subject(database: Database, port: SqlOutbox) -> None:
    rows = fill(database, 3)
    port.record_quarantined(rows[1].id, "look")
    with database.reading() as session:
        assert [row.id for row in outbox.list_outbox(session, state=QUARANTINED).items] == [rows[1].id]
        page = outbox.list_outbox(session, limit=2)
        assert ([row.id for row in page.items], page.next_after) == ([rows[0].id, rows[1].id], rows[1].id)
        assert [row.id for row in outbox.find_outbox_by_subject(session, "call 2")] == [rows[2].id]


class OutboxAgainstModel(RuleBasedStateMachine):
    """The stored row and a plain dict take the same random steps; both must agree on what is allowed and on the outcome."""

    ALLOWED: ClassVar[dict[str, tuple[str, ...]]] = {
        "sent": (SIGNED, SENT),
        "mined": (SIGNED, SENT, MINED),
        "final": (MINED,),
        "reverted": (QUEUED, SIGNED, SENT, MINED),
        "back": (MINED,),
        "signed": (QUEUED,),
    }
    REACHED: ClassVar[dict[str, str]] = {"sent": SENT, "mined": MINED, "final": FINAL, "reverted": REVERTED, "back": SENT, "signed": SIGNED}
    url = ""

    @initialize()
    def start(self) -> None:
        self.database = open_database(self.url)
        with self.database.unit_of_work() as session:
            count = len(outbox.list_outbox(session, limit=500).items)
            self.row = outbox.queue(session, f"model/{count}", builders.payload(f"model {count}"), now=1)
        self.number = count
        self.port = SqlOutbox(self.database, FixedClock(1))
        self.state = QUEUED
        self.nonce: int | None = None

    def step(self, name: str) -> None:
        id = self.row.id
        call = {
            "sent": lambda: self.port.record_sent(id, 5),
            "mined": lambda: self.port.record_mined(id, 3, "0xb", b"r"),
            "final": lambda: self.port.record_final(id),
            "reverted": lambda: self.port.record_reverted(id, "no", None, None),
            "back": lambda: self.port.record_back_to_sent(id, 5, "gone"),
            "signed": lambda: self.port.record_signed(id, self.number, b"raw", tx_hash(self.number)),
        }[name]
        if self.state in self.ALLOWED[name]:
            call()
            self.state = self.REACHED[name]
            self.nonce = self.number if name == "signed" else self.nonce
        else:
            with pytest.raises(WrongState):
                call()

    @rule()
    def sign(self) -> None:
        self.step("signed")

    @rule()
    def send(self) -> None:
        self.step("sent")

    @rule()
    def mine(self) -> None:
        self.step("mined")

    @rule()
    def reorganise(self) -> None:
        self.step("back")

    @precondition(lambda self: self.state == MINED)
    @rule()
    def finish(self) -> None:
        self.step("final")

    @rule()
    def refuse_final_unless_mined(self) -> None:
        if self.state != MINED:
            self.step("final")

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "row"):
            stored = read(self.database, self.row.id)
            assert (stored.state, stored.nonce) == (self.state, self.nonce)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()


def test_random_steps_agree_with_a_plain_model(database: Database, database_url: str) -> None:
    machine = type("Bound", (OutboxAgainstModel,), {"url": database_url})
    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=12, deadline=None))
