"""The relay dies between every pair of steps; what comes back after it makes exactly one transaction of each row."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from ledger.chain.transaction import Call
from ledger.clock import FixedClock
from ledger.records.outbox import FINAL, OutboxRow
from ledger.store.database import open_database
from ledger.store.outbox import Payload, list_outbox, queue
from tests.chain.crash import Fuse, Killed, raise_killed
from tests.chain.memory_outbox import MemoryOutbox
from tests.chain.product import START, EngineUnderTest, Product
from tests.chain.relay_child import make_relay, open_copy, relay_until_final
from tests.child import Child

ROUNDS = 12


def check_chain(engine: EngineUnderTest, product: Product, nonces_before: int, rows: list[OutboxRow]) -> None:
    """One anchor and one nonce for each row, and every row final."""
    assert [row.state for row in rows] == [FINAL] * len(rows)
    assert sorted(row.nonce or 0 for row in rows) == list(range(nonces_before, nonces_before + len(rows)))
    assert engine.client.nonce(product.engine.relayer.address) == nonces_before + len(rows)
    topic = "0x" + product.contracts.periods.abi.event_topic("PeriodAttested").hex()
    logs = engine.client.logs({"fromBlock": "0x0", "toBlock": "latest", "address": product.contracts.periods.address, "topics": [topic]})
    assert len(logs) == len(rows)
    assert {log["transactionHash"] for log in logs} == {row.tx_hash for row in rows}


@pytest.mark.slow
def test_killed_before_and_after_every_step_in_one_process(template: tuple[Path, Product], calls: dict[str, Call], tmp_path: Path) -> None:
    path, product = template
    step = 0
    while True:
        step += 1
        file = tmp_path / f"chain{step}.sqlite"
        shutil.copy(path, file)
        clock, outbox, finals = FixedClock(START + 100), MemoryOutbox(), list[int]()
        for call in calls.values():
            outbox.queue(call, product.engine.relayer.address, product.engine.client.chain_id, clock.now())
        fuse = Fuse(step, raise_killed)
        died = False
        engine = open_copy(file, clock, product.engine.relayer)
        with engine.client:
            try:
                relay_all(fuse, engine, outbox, finals, clock)
            except Killed:
                died = True
        engine = open_copy(file, clock, product.engine.relayer)  # a new process: a new engine over the file, its pool empty
        with engine.client:
            relay_all(fuse, engine, outbox, finals, clock)
            check_chain(engine, product, engine.client.nonce(engine.relayer.address) - 2, list(outbox.rows.values()))
        # The hook ran at least once for each row, and twice only where it died between the hook and the record of it.
        assert set(finals) == {1, 2}
        assert len(finals) <= 2 + died
        if not died:
            assert step > 20
            return


def relay_all(fuse: Fuse, engine: EngineUnderTest, outbox: MemoryOutbox, finals: list[int], clock: FixedClock) -> None:
    """Step until every row is final."""
    for _ in range(ROUNDS):
        if all(row.state == FINAL for row in outbox.rows.values()):
            return
        make_relay(fuse, outbox, engine, lambda row, _: finals.append(row.id), "one").step(clock.now())
        clock.advance(20)
    raise AssertionError([(row.state, row.error) for row in outbox.rows.values()])


@pytest.mark.slow
def test_sigkilled_at_every_durable_step_with_the_real_outbox(
    template: tuple[Path, Product], calls: dict[str, Call], tmp_path: Path
) -> None:
    """Child processes over the real outbox and the real chain file die by SIGKILL; the next one goes on."""
    path, product = template
    database_file = tmp_path / "ledger.sqlite"
    database = open_database(f"sqlite:///{database_file}")
    database.migrate()
    call = calls["METERS"]
    with database.unit_of_work() as session:
        payload = Payload(
            product.engine.relayer.address, product.engine.client.chain_id, call.to or "", call.data, call.gas, "attestation", "METERS"
        )
        queue(session, "key", payload, now=START)
    database.close()
    step, killed = 0, True
    while killed:
        step, killed = step + 1, False
        folder = tmp_path / str(step)
        folder.mkdir()
        shutil.copy(path, folder / "chain.sqlite")
        shutil.copy(database_file, folder / "ledger.sqlite")
        for attempt in range(ROUNDS):
            if run_child(folder, product, step if attempt == 0 else 0, START + 200 + 100 * attempt) == 0:
                break
            killed = True
        check_folder(folder, product)
    assert step > 10


def run_child(folder: Path, product: Product, step: int, start: int) -> int:
    """Relay until nothing is left, in a process of its own that dies at `step`; return its exit code."""
    child = Child(relay_until_final, folder, product.engine.relayer._key.to_bytes(), step, start)
    said = list(child.read_all())
    code = child.wait()
    assert code in (0, -signal.SIGKILL), said
    return code


def check_folder(folder: Path, product: Product) -> None:
    engine = open_copy(folder / "chain.sqlite", FixedClock(START + 10_000), product.engine.relayer)
    database = open_database(f"sqlite:///{folder}/ledger.sqlite")
    with engine.client, database.reading() as session:
        check_chain(engine, product, engine.client.nonce(engine.relayer.address) - 1, list(list_outbox(session).items))
    database.close()


@pytest.fixture
def calls(local_product: Product) -> dict[str, Call]:
    """Signed attestations that fit every copy of the template: the template itself is closed, their roots are computed on a copy."""
    return {
        dataset: local_product.call(local_product.attestation(dataset), local_product.approver) for dataset in ("METERS", "OPERATIONAL")
    }
