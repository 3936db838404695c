"""The engines every product test of the chain runs on, and a product deployed on each.

`engine` is parametrised: eth-tester, the embedded engine, and a node by URL (LINGTAN_TEST_NODE_URL, LINGTAN_TEST_NODE_CHAIN_ID; marker
`node`). Other rooms take the same fixtures with `from tests.chain.conftest import engine, product` in their own conftest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.client import ETH_TESTER_CHAIN_ID, connect
from ledger.clock import FixedClock, SystemClock
from tests.chain.product import START, EngineUnderTest, Product, open_embedded

ENGINES = ("eth-tester", "embedded", pytest.param("node", marks=pytest.mark.node))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineUnderTest]:
    """One chain, empty or (a node) with a history that is not ours."""
    opened = open_engine(str(request.param), tmp_path)
    with opened.client:
        yield opened


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EngineUnderTest]:
    """The embedded engine alone, for what does not depend on the engine."""
    opened = open_embedded(tmp_path / "chain.sqlite", FixedClock(START))
    with opened.client:
        yield opened


@pytest.fixture
def product(engine: EngineUnderTest, tmp_path: Path) -> Product:
    """The four contracts on that chain, a bank, a centre and a verifier with their keys, and a published library, schemas and scheme."""
    return Product.set_up(engine, tmp_path / "deployment.json")


def open_engine(name: str, folder: Path) -> EngineUnderTest:
    """Return the named engine; skip where a node is asked for and none is named."""
    if name == "eth-tester":
        return EngineUnderTest(name, connect("test://", ETH_TESTER_CHAIN_ID, clock=SystemClock()), lambda: None)
    if name == "embedded":
        return open_embedded(folder / "chain.sqlite", FixedClock(START), Ed25519PrivateKey.from_private_bytes(b"\7" * 32), folder / "notes")
    url = os.environ.get("LINGTAN_TEST_NODE_URL")
    if not url:
        pytest.skip("LINGTAN_TEST_NODE_URL names no node; run `python -m scripts.with_node -- pytest -m node`")
    chain_id = int(os.environ.get("LINGTAN_TEST_NODE_CHAIN_ID", "3306"))
    return EngineUnderTest(name, connect(url, chain_id, clock=SystemClock()), lambda: None)
