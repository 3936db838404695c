"""Replay an embedded chain in the executable reference specification of Ethereum (Cancun), in an environment of its own.

py-evm is archived: this is what tells us that it still follows the rules. Without --chain, a small product chain is made first: the
contracts, their participants and releases, attestations, a refused one. At last a block with a changed state root is offered, which the
specification must refuse.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import rlp

from ledger.chain.embedded.engine import Engine
from ledger.clock import FixedClock

ROOT = Path(__file__).resolve().parents[1]
SPECIFICATION = "ethereum-execution==2.20.0"


def main() -> int:
    """Make or open a chain, export its blocks, replay them; exit 0 if every block is accepted and the changed one refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chain", type=Path, help="a chain file that no process has open (default: a new product chain)")
    parser.add_argument("--chain-id", type=int, default=7001)
    parser.add_argument("--environment", type=Path, default=ROOT / ".state" / "conformance", help="where the specification is installed")
    options = parser.parse_args()
    python = _install(options.environment.absolute())
    with tempfile.TemporaryDirectory() as name:
        path = options.chain or _product_chain(Path(name) / "chain.sqlite", options.chain_id)
        blocks = _export(path, options.chain_id)
        export = Path(name) / "blocks.json"
        export.write_text(json.dumps({"chain_id": options.chain_id, "blocks": blocks}))
        return subprocess.run([str(python), str(ROOT / "scripts" / "conformance_child.py"), str(export)], check=False).returncode


def _install(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", SPECIFICATION], check=True)
        (folder / ".installed").touch()
    return python


def _product_chain(path: Path, chain_id: int) -> Path:
    from tests.chain.product import START, Product, open_embedded

    engine = open_embedded(path, FixedClock(START), chain_id=chain_id)
    with engine.client:
        product = Product.set_up(engine, path.with_name("deployment.json"))
        for dataset in ("OPERATIONAL", "METERS"):
            product.attest(dataset)
        # One more under the same key: mined, and reverted with a custom error.
        engine.mine(product.call(product.attestation(statement="another"), product.approver))
        # Several in one block.
        hashes = [engine.send(product.call(product.attestation(dataset=f"SET-{number}"), product.approver)) for number in range(5)]
        for tx_hash in hashes:
            engine.wait(tx_hash)
    return path


def _export(path: Path, chain_id: int) -> list[str]:
    engine = Engine(path, chain_id, clock=FixedClock(0))
    try:
        return [rlp.encode(engine.block(engine.header(number))).hex() for number in range(engine.head.block_number + 1)]
    finally:
        engine.close()


if __name__ == "__main__":
    sys.exit(main())
