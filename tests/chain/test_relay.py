"""The relay: from a queued row to exactly one transaction, and every way in which that can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from ledger.chain.artifacts import error_entries
from ledger.chain.client import ChainClient, Receipt
from ledger.chain.errors import ChainUnavailable, OutcomeUnknown, TransactionRejected
from ledger.chain.outbox_port import OutboxPort
from ledger.chain.relay import LEASE_LOST, Alarm, Relay, RelaySettings, StepSummary
from ledger.chain.transaction import Call, sign_transaction, transaction_hash
from ledger.chain.typed_data import ProposeRelease, PublishRelease, ReleaseKind, ReleaseStatus
from ledger.errors import Conflict, IntegrityError
from ledger.records.canonical import load_canonical
from ledger.records.outbox import FINAL, MINED, QUARANTINED, QUEUED, REVERTED, SENT, SIGNED, OutboxRow
from tests.chain.memory_outbox import MemoryOutbox
from tests.chain.product import FOREVER, EngineUnderTest, Product, word

NOW = 2_000_000_000


class Bench:
    """A product, its outbox, and a relay over them; `now` is the relay's clock."""

    def __init__(self, product: Product, **settings: Any) -> None:
        self.product, self.engine, self.outbox = product, product.engine, MemoryOutbox()
        self.alarms: list[Alarm] = []
        self.finals: list[tuple[OutboxRow, Receipt]] = []
        self.now = NOW
        self.client: Any = self.engine.client
        self.settings = RelaySettings(holder="first", **settings)
        self.on_final: Callable[[OutboxRow, Receipt], None] = lambda row, receipt: self.finals.append((row, receipt))

    def relay(self, holder: str = "first") -> Relay:
        return Relay(
            cast(OutboxPort, self.outbox),
            self.client,
            self.engine.relayer,
            replace(self.settings, holder=holder),
            on_final=lambda row, receipt: self.on_final(row, receipt),
            alarm=self.alarms.append,
            errors=error_entries(),
        )

    def queue(self, call: Call) -> int:
        return self.outbox.queue(call, self.engine.relayer.address, self.engine.client.chain_id, self.now)

    def queue_attestation(self, dataset: str = "OPERATIONAL", statement: str = "statement") -> int:
        message = self.product.attestation(dataset, statement=statement)
        return self.queue(self.product.call(message, self.product.approver))

    def step(self, seconds: int = 0) -> StepSummary:
        self.now += seconds
        return self.relay().step(self.now)

    def settle(self, steps: int = 40) -> None:
        """Step, as a timer would, until nothing is left to do."""
        for _ in range(steps):
            self.step(5)
            self.engine.tick()
            if all(row.state in (FINAL, REVERTED, QUARANTINED) for row in self.outbox.rows.values()):
                return
        raise AssertionError([(row.id, row.state, row.error) for row in self.outbox.rows.values()])

    def state(self, id: int) -> str:
        return self.outbox.rows[id].state

    def used_nonces(self) -> int:
        return self.engine.client.nonce(self.engine.relayer.address)


@pytest.fixture
def bench(product: Product) -> Bench:
    """On every engine."""
    return Bench(product)


@pytest.fixture
def local(local_product: Product) -> Bench:
    """On the embedded engine, for what does not depend on the engine."""
    return Bench(local_product)


def test_a_queued_row_becomes_one_final_transaction(bench: Bench) -> None:
    before = bench.used_nonces()
    id = bench.queue_attestation()
    bench.settle()
    row, receipt = bench.finals[0]
    assert bench.state(id) == FINAL
    assert (receipt.status, receipt.tx_hash, receipt.block_hash) == (1, row.tx_hash, row.block_hash)
    assert bench.used_nonces() == before + 1
    assert len(bench.finals) == 1
    assert len(bench.product.contracts.periods.events(receipt.logs)) == 1
    assert cast(Any, load_canonical(bench.outbox.receipts[id]))["transactionHash"] == row.tx_hash
    assert bench.outbox.steps == [(id, SIGNED), (id, SENT), (id, MINED), (id, FINAL)]
    assert bench.alarms == []


def test_a_row_that_would_revert_costs_no_nonce_and_names_the_error(bench: Bench) -> None:
    first = bench.queue_attestation()
    bench.settle()
    before = bench.used_nonces()
    second = bench.queue_attestation(statement="another")
    bench.settle()
    assert (bench.state(first), bench.state(second)) == (FINAL, REVERTED)
    row = bench.outbox.rows[second]
    assert "AlreadyRecorded" in (row.error or "")
    assert (row.nonce, row.block_number) == (None, None)
    assert bench.used_nonces() == before


def test_a_row_that_depends_on_an_earlier_one_waits_for_it(bench: Bench) -> None:
    product, release = bench.product, word("library 2")
    propose = ProposeRelease(release, product.centre, ReleaseKind.INDICATOR_LIBRARY, product.engine.now() - 5, bytes(32), FOREVER)
    ids = [
        bench.queue(product.call(propose, product.librarian)),
        bench.queue(product.call(PublishRelease(release, product.centre, FOREVER), product.publisher)),
    ]
    bench.settle()
    assert [bench.state(id) for id in ids] == [FINAL, FINAL]
    assert product.contracts.libraries.status_at(release, product.engine.now()) is ReleaseStatus.IN_FORCE


def test_a_row_that_lost_a_race_is_reverted_in_its_block_with_its_reason(local: Bench) -> None:
    first, second = local.queue_attestation(), local.queue_attestation(statement="another")
    # Nothing is sealed between the two: the clock stands still, so the second passes the preflight too.
    local.engine.send(Call(local.engine.relayer.address, b"", 21_000))
    local.settle()
    assert (local.state(first), local.state(second)) == (FINAL, REVERTED)
    row = local.outbox.rows[second]
    assert row.block_number is not None
    assert "AlreadyRecorded" in (row.error or "")
    assert [id for id, _ in local.outbox.steps].count(second) == 4


def test_somebody_else_with_the_key_quarantines_the_row_and_nothing_gets_a_new_nonce(local: Bench) -> None:
    id = local.queue_attestation()
    nonce = local.used_nonces()
    local.client = Faulty(local.engine.client, {"send_raw": ChainUnavailable("gone")})
    assert not local.step().node_available
    assert local.state(id) == SIGNED
    foreign = sign_transaction(
        local.engine.relayer, Call(local.engine.relayer.address, b"", 21_000), chain_id=local.engine.client.chain_id, nonce=nonce
    )
    local.engine.wait(local.engine.client.send_raw(foreign.raw))
    local.client = local.engine.client
    local.settle()
    assert local.state(id) == QUARANTINED
    assert [alarm.code for alarm in local.alarms] == ["relay.foreign_nonce"]
    assert local.outbox.rows[id].nonce == nonce
    assert local.product.contracts.periods.latest_revision(local.product.bank, word("x"), 0, 1) == 0
    # The next row takes the next nonce, since the chain has seen the foreign one.
    other = local.queue_attestation("METERS")
    local.settle()
    assert (local.state(other), local.outbox.rows[other].nonce) == (FINAL, nonce + 1)


def test_a_node_that_is_away_delays_and_loses_nothing(bench: Bench) -> None:
    id = bench.queue_attestation()
    for method in ("call", "transaction_count", "base_fee", "send_raw", "find_receipt", "block_number"):
        bench.client = Faulty(bench.engine.client, {method: ChainUnavailable("gone")})
        bench.step(1000)
        assert bench.state(id) in (QUEUED, SIGNED, SENT, MINED)
    bench.client = bench.engine.client
    bench.now += 1000
    bench.settle()
    assert bench.state(id) == FINAL
    assert len(bench.product.contracts.periods.events(bench.finals[0][1].logs)) == 1


def test_a_lost_answer_is_followed_by_the_same_bytes(bench: Bench) -> None:
    id = bench.queue_attestation()

    def send_and_lose(raw: bytes) -> str:
        bench.engine.client.send_raw(raw)
        raise OutcomeUnknown("the answer was lost")

    bench.client = Faulty(bench.engine.client, {"send_raw": send_and_lose})
    bench.step()
    raw = bench.outbox.rows[id].raw_tx
    assert bench.state(id) == SIGNED
    assert (bench.outbox.rows[id].error or "").startswith("chain.outcome_unknown")
    before = bench.used_nonces()
    bench.client = bench.engine.client
    bench.settle()
    assert (bench.state(id), bench.outbox.rows[id].raw_tx) == (FINAL, raw)
    assert bench.used_nonces() <= before + 1


def test_the_wait_doubles_up_to_a_cap_and_is_kept(local: Bench) -> None:
    id = local.queue_attestation()
    local.client = Faulty(local.engine.client, {"call": ChainUnavailable("gone")})
    waits = []
    for _ in range(12):
        local.now = max(local.now, local.outbox.rows[id].next_at)
        local.step()
        waits.append(local.outbox.rows[id].next_at - local.now)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    assert local.outbox.rows[id].attempts == 12
    local.client = local.engine.client
    local.step()
    assert local.state(id) == QUEUED


def test_no_more_than_the_cap_is_in_flight(local: Bench) -> None:
    local.settings = replace(local.settings, max_in_flight=3)
    local.engine.send(Call(local.engine.relayer.address, b"", 21_000))
    ids = [local.queue_attestation(f"SET{number}") for number in range(8)]
    summary = local.step()
    assert (summary["signed"], summary["held"]) == (3, 5)
    assert sum(local.state(id) in (SIGNED, SENT) for id in ids) == 3
    local.settle()
    assert {local.state(id) for id in ids} == {FINAL}
    assert sorted(local.outbox.rows[id].nonce or 0 for id in ids) == list(range(local.used_nonces() - 8, local.used_nonces()))


def test_a_second_relay_of_the_same_key_does_nothing(local: Bench) -> None:
    id = local.queue_attestation()
    assert local.relay("first").step(local.now).leased
    other = local.queue_attestation("METERS")
    assert not local.relay("second").step(local.now + 59).leased
    assert local.state(other) == QUEUED
    assert local.relay("second").step(local.now + 61).leased
    assert local.state(id) in (SENT, MINED, FINAL)


def test_a_hook_that_fails_keeps_the_row_mined_until_it_succeeds(local: Bench) -> None:
    id = local.queue_attestation()

    def fail(row: OutboxRow, receipt: Receipt) -> None:
        raise IntegrityError("the proof does not fit")

    local.on_final = fail
    for _ in range(4):
        local.step(1)
        local.engine.tick()
    assert local.state(id) == MINED
    assert "the proof does not fit" in (local.outbox.rows[id].error or "")
    local.on_final = lambda row, receipt: local.finals.append((row, receipt))
    local.now += 400
    local.settle()
    assert (local.state(id), len(local.finals)) == (FINAL, 1)


def test_changed_bytes_are_never_sent(local: Bench) -> None:
    id = local.queue_attestation()
    local.client = Faulty(local.engine.client, {"send_raw": ChainUnavailable("gone")})
    local.step()
    local.outbox.rows[id] = replace(local.outbox.rows[id], raw_tx=b"\2" + b"other bytes")
    local.client = local.engine.client
    before = local.used_nonces()
    local.step(100)
    assert local.state(id) == QUARANTINED
    assert [alarm.code for alarm in local.alarms] == ["relay.bytes_changed"]
    local.engine.tick()
    assert local.used_nonces() == before


def test_a_gap_stops_new_signatures_until_an_operator_closes_it(local: Bench) -> None:
    id = local.queue_attestation()
    local.client = Faulty(local.engine.client, {"send_raw": ChainUnavailable("gone")})
    local.step()
    local.outbox.rows[id] = replace(local.outbox.rows[id], raw_tx=b"spoilt")
    local.client = local.engine.client
    local.step(100)
    other = local.queue_attestation("METERS")
    assert local.step(5)["held"] == 1
    assert "relay.nonce_gap" in [alarm.code for alarm in local.alarms]
    assert local.outbox.rows[other].nonce is None
    closed = local.relay().close_gap()
    assert closed is not None
    assert local.engine.wait(closed).status == 1
    assert local.relay().close_gap() is None
    local.settle()
    assert (local.state(id), local.state(other)) == (QUARANTINED, FINAL)


@pytest.mark.parametrize("reason", ["pool_full", "fee", "funds", "nonce_too_high", "replacement"])
def test_a_refusal_that_can_pass_is_waited_out_with_the_same_bytes(local: Bench, reason: str) -> None:
    id = local.queue_attestation()
    local.client = Faulty(local.engine.client, {"send_raw": TransactionRejected("not now", reason=reason)})
    local.step()
    row = local.outbox.rows[id]
    assert (row.state, row.next_at) == (SIGNED, local.now + 2)
    assert (row.error or "").startswith(reason)
    assert [alarm.code for alarm in local.alarms] == (["relay.foreign_pending"] if reason == "replacement" else [])
    local.client = local.engine.client
    local.settle()
    assert (local.state(id), local.outbox.rows[id].raw_tx) == (FINAL, row.raw_tx)


@pytest.mark.parametrize("reason", ["chain_id", "gas_limit", "intrinsic_gas", "type", "signature", "malformed"])
def test_a_refusal_for_ever_is_quarantined_with_an_alarm(local: Bench, reason: str) -> None:
    id = local.queue_attestation()
    local.client = Faulty(local.engine.client, {"send_raw": TransactionRejected("never", reason=reason)})
    local.step()
    assert local.state(id) == QUARANTINED
    assert [alarm.code for alarm in local.alarms] == ["relay.refused"]


def test_nonce_too_low_for_our_own_transaction_is_a_success(local: Bench) -> None:
    local.engine.send(Call(local.engine.relayer.address, b"", 21_000))  # seals at once: the next ones wait
    id = local.queue_attestation()

    def send_and_deny(raw: bytes) -> str:
        local.engine.client.send_raw(raw)
        raise TransactionRejected("nonce too low", reason="nonce_too_low")

    local.client = Faulty(local.engine.client, {"send_raw": send_and_deny})
    local.step()
    assert local.state(id) == SENT  # it waits in the pool
    local.engine.tick()
    local.step(100)
    assert local.state(id) == FINAL
    assert local.alarms == []


def test_a_key_used_elsewhere_raises_an_alarm_and_the_next_row_goes_on_after_it(local: Bench) -> None:
    local.queue_attestation()
    local.settle()
    local.engine.mine(Call(local.engine.relayer.address, b"", 21_000))
    other = local.queue_attestation("METERS")
    local.settle()
    assert local.state(other) == FINAL
    assert {alarm.code for alarm in local.alarms} == {"relay.foreign_use"}


def test_a_lease_that_is_lost_in_the_middle_ends_the_pass(local: Bench) -> None:
    class LeaseLost(Conflict):
        code = LEASE_LOST

    id = local.queue_attestation()
    local.outbox.record_signed = Faulty(local.engine.client, {"lost": LeaseLost("another process")}).lost  # type: ignore[method-assign]
    before = local.used_nonces()
    assert not local.step().leased
    local.engine.tick()
    assert (local.state(id), local.used_nonces()) == (QUEUED, before)


def test_another_conflict_of_the_outbox_is_not_swallowed(local: Bench) -> None:
    local.queue_attestation()
    local.outbox.record_signed = Faulty(local.engine.client, {"taken": Conflict("the nonce is taken")}).taken  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="the nonce is taken"):
        local.step()


def test_rows_of_another_key_or_chain_are_left_alone(local: Bench) -> None:
    call = local.product.call(local.product.attestation(), local.product.approver)
    other_key = local.outbox.queue(call, local.product.admin.address, local.engine.client.chain_id, local.now)
    other_chain = local.outbox.queue(call, local.engine.relayer.address, 1, local.now)
    local.step()
    assert {local.state(other_key), local.state(other_chain)} == {QUEUED}


def test_a_reorganised_transaction_goes_back_and_is_mined_again() -> None:
    """On eth-tester, which can take its own blocks back."""
    from tests.chain.conftest import open_engine

    engine = open_engine("eth-tester", None)  # type: ignore[arg-type]
    bench = Bench.__new__(Bench)
    target = Call(engine.relayer.address, b"", 21_000)
    product = cast(Product, _BareProduct(engine))
    bench.__init__(product, confirmations=2)  # type: ignore[misc]
    tester = cast(Any, engine.client.w3.provider).ethereum_tester
    snapshot = tester.take_snapshot()
    id = bench.queue(target)
    bench.step()
    assert bench.state(id) == MINED
    first = bench.outbox.rows[id]
    tester.revert_to_snapshot(snapshot)
    tester.mine_blocks(3)
    assert bench.step(1)["reorganised"] == 1
    assert bench.state(id) == SENT
    assert (bench.outbox.rows[id].raw_tx, bench.outbox.rows[id].nonce) == (first.raw_tx, first.nonce)
    bench.step(400)
    assert bench.state(id) == MINED
    assert bench.outbox.rows[id].block_hash != first.block_hash
    assert bench.step(1)["unconfirmed"] == 1
    tester.mine_blocks(2)
    bench.step(1)
    assert bench.state(id) == FINAL
    assert bench.used_nonces() == 1


class _BareProduct:
    """A chain without contracts."""

    def __init__(self, engine: EngineUnderTest) -> None:
        self.engine = engine


class Faulty:
    """A real client of which some methods fail: an error to raise, or a function to call instead."""

    def __init__(self, client: ChainClient, faults: dict[str, Any]) -> None:
        self._client, self._faults = client, faults

    def __getattr__(self, name: str) -> Any:
        if name not in self._faults:
            return getattr(self._client, name)
        fault = self._faults[name]

        def fail(*arguments: Any, **named: Any) -> Any:
            if isinstance(fault, BaseException):
                raise fault
            return fault(*arguments, **named)

        return fail


def test_the_hash_of_the_row_is_the_hash_nodes_use(local: Bench) -> None:
    id = local.queue_attestation()
    local.settle()
    row = local.outbox.rows[id]
    assert row.tx_hash == transaction_hash(row.raw_tx or b"")
    assert local.engine.client.find_transaction(row.tx_hash or "") is not None
