"""The rules of the embedded engine, each of which was once a trap."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
import rlp
from eth_account import Account
from eth_keys.datatypes import PrivateKey

from ledger.chain.embedded import blocks as block_rules
from ledger.chain.embedded.blocks import check_backend
from ledger.chain.embedded.engine import Engine
from ledger.chain.embedded.fsck import check_chain
from ledger.chain.embedded.pool import MAX_NONCE_GAP, Pool
from ledger.chain.errors import BlockUnknown, ChainCorrupt, ChainLocked, TransactionRejected, WrongChain
from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, sign_transaction
from ledger.clock import FixedClock
from ledger.errors import ConfigurationError
from tests.chain.embedded.probe import ALICE, BOB, CAROL, CHAIN_ID, LOOP, PROBE, START, create_probe, fill, open_engine, signed, store, word
from tests.child import run_together


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def engine(tmp_path: Path, clock: FixedClock):  # type: ignore[no-untyped-def]
    opened = open_engine(tmp_path / "chain.sqlite", clock)
    yield opened
    opened.close()


def reason_of(engine: Engine, raw: bytes) -> str:
    with pytest.raises(TransactionRejected) as caught:
        engine.submit(raw)
    return caught.value.reason


def test_a_first_transaction_is_mined_at_once(engine: Engine) -> None:
    tx_hash = engine.submit(create_probe())
    assert engine.find_place(tx_hash) == (1, 0)
    assert engine.head.timestamp == START


def test_several_transactions_of_one_sender_share_a_block_in_order_of_nonce(engine: Engine, clock: FixedClock) -> None:
    engine.submit(create_probe())
    later = [engine.submit(signed(nonce, store(1, nonce))) for nonce in (3, 2, 1)]
    assert engine.head.block_number == 1
    clock.advance(1)
    engine.settle()
    assert [engine.find_place(tx_hash) for tx_hash in later] == [(2, 2), (2, 1), (2, 0)]
    assert engine.state_at(engine.head).get_storage(bytes.fromhex(PROBE[2:]), 1) == 3


def test_a_transaction_signed_for_another_chain_is_refused(engine: Engine) -> None:
    assert reason_of(engine, signed(0, chain_id=1)) == "chain_id"
    assert engine.waiting() == 0


def test_a_legacy_transaction_for_another_chain_or_without_a_chain_is_refused(engine: Engine) -> None:
    fields = {"nonce": 0, "gasPrice": 0, "gas": 21_000, "to": PROBE, "value": 0, "data": b""}
    key = b"\1" * 32
    assert reason_of(engine, bytes(Account.sign_transaction({**fields, "chainId": 1}, key).raw_transaction)) == "chain_id"
    # eth_account signs no unprotected transaction any more, so this one is put together by hand: v is 27 or 28.
    items = [b"", b"", (21_000).to_bytes(2, "big"), bytes.fromhex(PROBE[2:]), b"", b""]
    signature = PrivateKey(key).sign_msg(rlp.encode(items))
    unprotected = rlp.encode([*items, bytes([27 + signature.v]), signature.r.to_bytes(32, "big"), signature.s.to_bytes(32, "big")])
    assert reason_of(engine, unprotected) == "chain_id"


def test_all_three_types_of_transaction_are_mined(engine: Engine) -> None:
    key = b"\1" * 32
    common = {"gas": 21_000, "to": PROBE, "value": 0, "chainId": CHAIN_ID}
    sent = [
        {**common, "nonce": 0, "gasPrice": 0},
        {**common, "nonce": 1, "gasPrice": 0, "type": 1, "accessList": []},
        {**common, "nonce": 2, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "type": 2},
    ]
    hashes = []
    for transaction in sent:
        raw = bytes(Account.sign_transaction(transaction, key).raw_transaction)
        hashes.append(engine.submit(raw))
    engine._clock.advance(1)  # type: ignore[attr-defined]
    engine.settle()
    assert all(engine.find_place(tx_hash) for tx_hash in hashes)
    assert check_chain(engine, replay=True) == ()


def test_a_blob_transaction_is_refused_by_its_type(engine: Engine) -> None:
    fields = [CHAIN_ID, 0, 0, 0, 21_000, bytes(20), 0, b"", [], 1, [b"\1" * 32], 0, 1, 1]
    assert reason_of(engine, b"\x03" + rlp.encode(fields)) == "type"


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\xc0", b"\x02\xc0", b"\x7f" + b"\xc0", b"\xff" * 40, b"\x02" + b"\xf8" * 8, b"\x80" * 10])
def test_bytes_that_are_no_transaction_are_refused_as_malformed(engine: Engine, raw: bytes) -> None:
    assert reason_of(engine, raw) == "malformed"


def test_bytes_after_the_transaction_are_refused(engine: Engine) -> None:
    assert reason_of(engine, create_probe() + b"\x00") == "malformed"


def test_every_cut_and_every_flipped_byte_is_refused_or_is_another_senders_transaction(engine: Engine) -> None:
    raw = signed(0, store(1, 1))
    for at in range(len(raw)):
        with pytest.raises(TransactionRejected):
            engine.submit(raw[:at])
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        try:
            tx_hash = engine.submit(changed)
        except TransactionRejected:
            continue
        waiting = engine.find_waiting(tx_hash)
        sender = waiting.sender if waiting else engine.block(engine.head).transactions[0].sender
        assert sender.hex() != ALICE.address[2:].lower()


def test_a_signature_with_high_s_is_refused(engine: Engine) -> None:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    items = rlp.decode(signed(0)[1:])
    flipped = b"\x01" if items[9] == b"" else b""
    high = (order - int.from_bytes(items[11], "big")).to_bytes(32, "big")
    assert reason_of(engine, b"\x02" + rlp.encode([*items[:9], flipped, items[10], high])) == "signature"


def test_more_gas_than_half_the_limit_is_refused_at_submission(engine: Engine) -> None:
    usable = engine.head.gas_limit // 2
    assert reason_of(engine, signed(0, gas=usable + 1)) == "gas_limit"
    assert reason_of(engine, signed(0, gas=20_999)) == "intrinsic_gas"
    engine.submit(signed(0, gas=usable))


def test_a_block_uses_half_its_gas_at_most_so_that_the_base_fee_stays_zero(tmp_path: Path, clock: FixedClock) -> None:
    with open_engine_with(tmp_path, clock, gas_limit=1_000_000) as engine:
        engine.submit(create_probe())
        for nonce in range(1, 5):
            engine.submit(signed(nonce, bytes([LOOP]), gas=200_000))
        places = []
        for _ in range(3):
            clock.advance(1)
            engine.settle()
            places.append((len(engine.block(engine.head).transactions), engine.head.gas_used, engine.head.base_fee_per_gas))
        assert places[:2] == [(2, 400_000, 0), (2, 400_000, 0)]
        assert engine.waiting() == 0
        # A block of exactly half the limit is the most that keeps the base fee at 0.
        engine.submit(signed(5, bytes([LOOP]), gas=500_000))
        clock.advance(1)
        engine.settle()
        assert engine.head.gas_used == 500_000
        engine.submit(signed(6))
        clock.advance(1)
        engine.settle()
        assert engine.head.base_fee_per_gas == 0


def test_one_unit_of_gas_above_half_would_end_the_zero_base_fee_for_ever(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Why the rule exists: without it, py-evm itself lifts the base fee to 1 wei, and a sender without ether is locked out.
    monkeypatch.setattr(block_rules, "usable_gas", lambda header: header.gas_limit)
    monkeypatch.setattr("ledger.chain.embedded.engine.usable_gas", lambda header: header.gas_limit)
    with open_engine_with(tmp_path, clock, gas_limit=1_000_000) as engine:
        engine.submit(create_probe())
        clock.advance(1)
        engine.submit(signed(1, bytes([LOOP]), gas=500_001))
        clock.advance(1)
        tx_hash = engine.submit(signed(2))
        assert engine.find_place(tx_hash) is None
        assert "base fee" in (engine.find_drop_reason(tx_hash) or "")


def test_the_gas_limit_does_not_drift(engine: Engine, clock: FixedClock) -> None:
    fill(engine, clock, 8)
    assert {engine.header(number).gas_limit for number in range(engine.head.block_number + 1)} == {block_rules.GAS_LIMIT}


def test_blocks_are_a_second_apart_and_never_ahead_of_the_clock(engine: Engine, clock: FixedClock) -> None:
    engine.submit(create_probe())
    for nonce in range(1, 30):
        engine.submit(signed(nonce, store(nonce, 1)))
        assert engine.head.timestamp <= clock.now()
        if nonce % 10 == 0:
            clock.advance(3)
    times = [engine.header(number).timestamp for number in range(engine.head.block_number + 1)]
    assert times == sorted(set(times))
    # 29 transactions, but the clock's time was seen only three times more: as many blocks.
    assert engine.head.block_number == 3


def test_a_clock_that_was_set_back_seals_nothing_until_it_has_caught_up(engine: Engine, clock: FixedClock) -> None:
    engine.submit(create_probe())
    clock.at -= 100
    tx_hash = engine.submit(signed(1, store(1, 1)))
    assert engine.find_place(tx_hash) is None
    clock.at += 101
    engine.settle()
    assert engine.find_place(tx_hash) == (2, 0)


def test_idle_time_does_not_make_blocks_old(engine: Engine, clock: FixedClock) -> None:
    engine.submit(create_probe())
    clock.advance(86_400)
    engine.submit(signed(1, store(1, 1)))
    assert engine.head.timestamp == START + 86_400


def test_a_nonce_below_the_accounts_is_refused(engine: Engine) -> None:
    engine.submit(create_probe())
    assert reason_of(engine, signed(0, store(1, 1))) == "nonce_too_low"


def test_the_same_bytes_again_are_known_whether_they_wait_or_are_mined(engine: Engine) -> None:
    engine.submit(create_probe())
    assert reason_of(engine, create_probe()) == "already_known"
    waiting = signed(1, store(1, 1))
    engine.submit(waiting)
    assert reason_of(engine, waiting) == "already_known"


def test_another_payload_under_a_waiting_nonce_is_refused(engine: Engine) -> None:
    engine.submit(create_probe())
    engine.submit(signed(1, store(1, 1)))
    assert reason_of(engine, signed(1, store(1, 2))) == "replacement"


def test_a_nonce_far_ahead_is_refused_and_a_near_one_waits(engine: Engine, clock: FixedClock) -> None:
    engine.submit(create_probe())
    assert reason_of(engine, signed(1 + MAX_NONCE_GAP + 1)) == "nonce_too_high"
    early = engine.submit(signed(2, store(1, 1)))
    clock.advance(1)
    engine.settle()
    assert engine.find_place(early) is None
    engine.submit(signed(1, store(2, 1)))
    assert engine.find_place(early) == (2, 1)


def test_the_pool_has_a_size(tmp_path: Path, clock: FixedClock) -> None:
    engine = Engine(tmp_path / "c.sqlite", CHAIN_ID, clock=clock, pool=Pool(max_transactions=3, max_per_sender=2))
    engine.submit(create_probe())
    engine.submit(signed(1))
    engine.submit(signed(2))
    assert reason_of(engine, signed(3)) == "pool_full"
    engine.submit(signed(0, signer=BOB))
    assert reason_of(engine, signed(0, signer=CAROL)) == "pool_full"
    clock.advance(1)
    engine.settle()
    engine.submit(signed(3))
    engine.close()


def test_a_transaction_that_fails_at_sealing_is_dropped_with_its_reason_and_blocks_nobody(tmp_path: Path, clock: FixedClock) -> None:
    rich = Signer(b"\x09" * 32)
    balances = {bytes.fromhex(rich.address[2:]): 10}
    with open_engine_with(tmp_path, clock, balances=balances) as engine:
        engine.submit(create_probe())
        first, second = (value_transfer(rich, nonce, 8) for nonce in (0, 1))
        kept, dropped = engine.submit(first), engine.submit(second)
        other = engine.submit(signed(1, store(1, 1)))
        clock.advance(1)
        engine.settle()
        assert engine.find_place(kept) == (2, 0)
        assert engine.find_place(other) == (2, 1)
        assert engine.find_place(dropped) is None
        assert engine.waiting() == 0
        assert "enough balance" in (engine.find_drop_reason(dropped) or "")


def test_a_bug_in_the_evm_costs_one_transaction_and_not_the_chain(
    engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.submit(create_probe())
    bad, good = engine.submit(signed(1, store(1, 66))), engine.submit(signed(0, store(1, 2), signer=BOB))
    original = block_rules.CancunVM.apply_transaction

    def break_on_66(vm, header, transaction):  # type: ignore[no-untyped-def]
        if transaction.data.endswith(word(66)):
            original(vm, header, transaction)  # half of the work is done when it breaks
            raise RecursionError("too deep")
        return original(vm, header, transaction)

    monkeypatch.setattr(block_rules.CancunVM, "apply_transaction", break_on_66)
    clock.advance(1)
    engine.settle()
    assert engine.find_place(good) == (2, 0)
    assert "RecursionError" in (engine.find_drop_reason(bad) or "")
    monkeypatch.undo()
    assert check_chain(engine, replay=True) == ()


def test_a_bug_at_the_end_of_a_block_costs_the_transaction_that_causes_it(
    engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.submit(create_probe())
    bad = engine.submit(signed(0, store(1, 66), signer=BOB))
    good = [engine.submit(signed(nonce, store(1, nonce))) for nonce in (1, 2)]
    original = block_rules.CancunVM.mine_block

    def break_on_66(vm, block):  # type: ignore[no-untyped-def]
        if any(transaction.data.endswith(word(66)) for transaction in block.transactions):
            raise ValueError("no such block")
        return original(vm, block)

    monkeypatch.setattr(block_rules.CancunVM, "mine_block", break_on_66)
    for _ in range(3):
        clock.advance(1)
        engine.settle()
    assert [engine.find_place(tx_hash) for tx_hash in good] == [(2, 0), (3, 0)]
    assert "ValueError" in (engine.find_drop_reason(bad) or "")
    assert engine.waiting() == 0
    monkeypatch.undo()
    assert check_chain(engine, replay=True) == ()


def test_ether_that_nobody_has_is_refused(engine: Engine) -> None:
    assert reason_of(engine, value_transfer(ALICE, 0, 1)) == "funds"
    assert reason_of(engine, sign_transaction(ALICE, Call(PROBE, b"", 21_000), chain_id=CHAIN_ID, nonce=0, max_fee=1).raw) == "funds"


def test_a_second_opener_is_refused_and_may_open_after_the_first_has_closed(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "chain.sqlite"
    first = open_engine(path, clock)
    with pytest.raises(ChainLocked) as caught:
        open_engine(path, clock)
    assert "pid" in str(caught.value)
    first.close()
    first.close()
    open_engine(path, clock).close()


def test_another_chain_id_is_refused_and_the_file_stays_usable(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "chain.sqlite"
    open_engine(path, clock).close()
    with pytest.raises(WrongChain) as caught:
        Engine(path, 7002, clock=clock)
    assert (caught.value.got, caught.value.expected) == (CHAIN_ID, 7002)
    open_engine(path, clock).close()


def test_a_file_that_is_no_chain_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "chain.sqlite"
    path.write_bytes(b"this is not a database, not at all" * 100)
    with pytest.raises(ChainCorrupt):
        open_engine(path, clock)


def test_a_reopened_chain_goes_on_where_it_was(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "chain.sqlite"
    engine = open_engine(path, clock)
    nonce = fill(engine, clock, 3, per_block=2)
    head = engine.head.hash
    engine.close()
    engine = open_engine(path, clock)
    assert engine.head.hash == head
    fill(engine, clock, 1, first_nonce=nonce)
    assert engine.head.parent_hash == head
    assert check_chain(engine, replay=True) == ()
    engine.close()


def test_threads_may_share_the_engine(engine: Engine, clock: FixedClock) -> None:
    engine.submit(create_probe())
    signers = [Signer(bytes([number]) * 32) for number in range(10, 18)]
    failures: list[BaseException] = []

    def work(signer: Signer) -> None:
        try:
            for nonce in range(10):
                engine.submit(signed(nonce, store(nonce, 1), signer=signer))
                clock.advance(1)
                engine.settle()
                engine.receipts(engine.head)
        except BaseException as error:
            failures.append(error)

    run_together([threading.Thread(target=work, args=(signer,)) for signer in signers])
    assert failures == []
    assert engine.pending_nonce(bytes.fromhex(signers[0].address[2:])) == 10  # type: ignore[arg-type]
    assert check_chain(engine, replay=True) == ()


def test_a_forked_child_may_not_touch_the_chain(engine: Engine) -> None:
    engine.submit(create_probe())
    child = os.fork()
    if child == 0:
        code = 1
        try:
            engine.submit(signed(1))
        except ChainLocked:
            try:
                engine.settle()
            except ChainLocked:
                code = 0
        finally:
            os._exit(code)
    assert exit_code_of(child, seconds=60) == 0
    engine._clock.advance(1)  # type: ignore[attr-defined]
    engine.submit(signed(1))
    assert engine.head.block_number == 2


def test_a_block_beyond_the_head_is_unknown(engine: Engine) -> None:
    with pytest.raises(BlockUnknown):
        engine.header(1)
    with pytest.raises(BlockUnknown):
        engine.header(-1)


def test_a_hash_of_something_else_is_no_header(engine: Engine) -> None:
    engine.submit(create_probe())
    assert engine.find_header(engine.head.state_root) is None
    assert engine.find_header(b"\7" * 32) is None
    assert engine.find_header(engine.head.hash) == engine.head


def test_the_slow_curve_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECC_BACKEND_CLASS", "eth_keys.backends.NativeECCBackend")
    with pytest.raises(ConfigurationError, match="CoinCurve"):
        check_backend()


def exit_code_of(child: int, *, seconds: float) -> int:
    """Return how a forked process ended; kill it when it has not by then: of the locks it was forked with, one may never be free."""
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"the forked child did not end within {seconds:.0f} seconds")
        time.sleep(0.005)


def value_transfer(signer: Signer, nonce: int, value: int) -> bytes:
    key = signer._key.to_bytes()
    fields = {"nonce": nonce, "gas": 21_000, "to": PROBE, "value": value, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "chainId": CHAIN_ID}
    return bytes(Account.sign_transaction({**fields, "to": "0x" + "42" * 20}, key).raw_transaction)


class open_engine_with:
    """An engine with a genesis of its own, closed at the end."""

    def __init__(self, folder: Path, clock: FixedClock, **genesis: int | dict[bytes, int]) -> None:
        self._engine = open_engine(folder / "own.sqlite", clock, **genesis)

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, *exception: object) -> None:
        self._engine.close()
