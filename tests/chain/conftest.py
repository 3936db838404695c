"""The engines every product test of the chain runs on, and a product deployed on each.

`engine` is parametrised: eth-tester, the embedded engine, and a node by URL (LINGTAN_TEST_NODE_URL, LINGTAN_TEST_NODE_CHAIN_ID; marker
`node`). Other rooms take the same fixtures with `from tests.chain.conftest import engine, product` in their own conftest.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.connect import ETH_TESTER_CHAIN_ID, connect
from ledger.chain.deploy import open_contracts
from ledger.clock import FixedClock, SystemClock
from tests.chain.product import START, EngineUnderTest, Product, open_embedded

ENGINES = ("eth-tester", "embedded", pytest.param("node", marks=pytest.mark.node))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineUnderTest]:
    """One chain, empty or (a node) with a history that is not ours."""
    opened = open_engine(str(request.param), tmp_path)
    with opened.client:
        yield opened


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Product]:
    """An embedded chain with a product on it, closed: tests work on copies of the file."""
    path = tmp_path_factory.mktemp("template") / "chain.sqlite"
    engine = open_embedded(path, FixedClock(START))
    with engine.client:
        return path, Product.set_up(engine, path.with_name("deployment.json"))


@pytest.fixture(scope="session")
def tester_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Product, Any, Any]:
    """A product on eth-tester, with eth-tester itself and the snapshot to which each test goes back."""
    folder = tmp_path_factory.mktemp("tester")
    product = Product.set_up(open_engine("eth-tester", folder), folder / "deployment.json")
    tester = cast(Any, product.engine.client.w3.provider).ethereum_tester
    return product, tester, tester.take_snapshot()


@pytest.fixture
def local_product(template: tuple[Path, Product], tmp_path: Path) -> Iterator[Product]:
    """A product on the embedded engine."""
    opened = copy_template(template, tmp_path)
    with opened.engine.client:
        yield opened


@pytest.fixture(params=ENGINES)
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    """On each engine: the four contracts, a bank, a centre and a verifier with their keys, a published library, schema and scheme."""
    if request.param == "eth-tester":
        opened, tester, snapshot = request.getfixturevalue("tester_template")
        yield opened
        tester.revert_to_snapshot(snapshot)
        return
    if request.param == "embedded":
        opened = copy_template(request.getfixturevalue("template"), tmp_path)
    else:
        opened = Product.set_up(open_engine(str(request.param), tmp_path), tmp_path / "deployment.json")
    with opened.engine.client:
        yield opened


def copy_template(template: tuple[Path, Product], folder: Path) -> Product:
    """Return the product of the template over a copy of its file, with checkpoints."""
    path, product = template
    copy = folder / "chain.sqlite"
    shutil.copy(path, copy)
    clock = FixedClock(START + 100)
    engine = open_embedded(copy, clock, Ed25519PrivateKey.from_private_bytes(b"\7" * 32), folder / "notes")
    engine.relayer = product.engine.relayer
    return replace(product, engine=engine, contracts=open_contracts(engine.client, product.deployment))


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
