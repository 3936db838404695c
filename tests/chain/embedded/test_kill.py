"""kill -9 at any moment: no acknowledged block is lost, and the file is whole. A lost power supply is another thing, and untested."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from ledger.chain.embedded.fsck import check_chain
from ledger.clock import FixedClock
from tests.chain.embedded.crash_child import seal_until_killed
from tests.chain.embedded.probe import START, open_engine
from tests.child import Child

KILLS = int(os.environ.get("LINGTAN_KILLS", "12"))
ROWS = (1, 2, 6, 14, 25, 40, 90)


def run_child(path: Path, row: int, blocks: int, pause: float, turn: int) -> list[tuple[int, str, str]]:
    """Run a child until it dies in a transaction, or `pause` seconds after so many blocks; return the blocks it acknowledged."""
    child = Child(seal_until_killed, path, row, START + 100_000 * (turn + 1))
    assert (said := child.read()) == "ready", said
    lines: list[str] = []
    if not row:
        # Counted in blocks, not in seconds: a busy machine seals few of them.
        lines += [line for _ in range(blocks) if (line := child.read()) is not None]
        time.sleep(pause)
        child.kill()
    lines += child.read_all()
    assert child.wait() == -signal.SIGKILL, lines[-1:]
    return [(int(number), block_hash, tx_hash) for number, block_hash, tx_hash in map(str.split, lines)]


@pytest.mark.slow
def test_no_acknowledged_block_is_lost_by_kill_at_random_moments_or_inside_a_transaction(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    path = tmp_path / "chain.sqlite"
    total, head = 0, 0
    for turn in range(KILLS):
        row = ROWS[turn // 2 % len(ROWS)] + (chance.randrange(20) if turn >= 2 * len(ROWS) else 0) if turn % 2 else 0
        acknowledged = run_child(path, row, chance.randrange(40), chance.uniform(0.0, 0.02), turn)
        total += len(acknowledged)
        engine = open_engine(path, FixedClock(START))
        try:
            last = acknowledged[-1][0] if acknowledged else head
            head = engine.head.block_number
            # Committed, and killed before it could say so: one block further at most.
            assert head in (last, last + 1), f"seed {seed}, turn {turn}: acknowledged {last}, head {head}"
            for number, block_hash, tx_hash in acknowledged:
                assert engine.header(number).hash.hex() == block_hash
                assert engine.find_place(bytes.fromhex(tx_hash)) == (number, 0)
            final = turn == KILLS - 1
            assert check_chain(engine, replay=final) == (), f"seed {seed}, turn {turn}"
        finally:
            engine.close()
    assert total > KILLS
