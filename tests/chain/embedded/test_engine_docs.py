"""docs/embedded-chain.md says what the code does: its methods, limits and tests are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.chain.embedded import blocks, execution, pool, rpc
from ledger.clock import FixedClock
from tests.chain.embedded.probe import START, open_engine


def test_the_methods_named_are_the_methods_offered(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "embedded-chain.md").read_text(encoding="utf-8")
    engine = open_engine(tmp_path / "chain.sqlite", FixedClock(START))
    offered = set(rpc._methods(engine))
    engine.close()
    section = text.split("## JSON-RPC")[1].split("Everything else")[0]
    assert set(re.findall(r"\b(?:web3|net|eth|debug|lingtan)_[A-Za-z]+", section)) == offered


def test_the_limits_named_are_the_limits_held(root: Path) -> None:
    text = (root / "docs" / "embedded-chain.md").read_text(encoding="utf-8")
    assert f"{blocks.GAS_LIMIT // 10**6} million, held" in text
    assert f"{execution.CALL_GAS // 10**6} million" in text
    assert f"{pool.MAX_TRANSACTIONS:,} transactions, {pool.MAX_PER_SENDER:,} of one sender, {pool.MAX_NONCE_GAP} nonces ahead" in text
    assert f"{rpc.MAX_LOGS:,} logs" in text


def test_every_test_named_exists(root: Path) -> None:
    text = (root / "docs" / "embedded-chain.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_[a-z_]+\.py)`", text))
    assert named
    assert all((root / "tests" / "chain" / "embedded" / name).exists() for name in named)
