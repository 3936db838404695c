"""The half of conformance_replay that runs beside the reference specification and imports nothing of ours.

Usage: conformance_child.py BLOCKS.json, where blocks are the RLP of whole blocks in hex, from genesis on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

# Neither module exists in our own environment.
from ethereum.crypto.hash import keccak256
from ethereum.exceptions import EthereumException
from ethereum.forks.cancun.blocks import Block
from ethereum.forks.cancun.fork import BlockChain, state_transition
from ethereum.forks.cancun.state import State, state_root
from ethereum_rlp import rlp
from ethereum_types.numeric import U64


def main() -> int:
    """Replay; exit 0 if every block is accepted and the changed one refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path)
    options = parser.parse_args()
    export = json.loads(options.export.read_text())
    raw = [bytes.fromhex(text) for text in export["blocks"]]
    started = time.perf_counter()
    chain, transactions = replay(raw, export["chain_id"])
    seconds = time.perf_counter() - started
    head = keccak256(rlp.encode(chain.blocks[-1].header)).hex()
    print(f"conformance: {len(raw) - 1} blocks with {transactions} transactions accepted in {seconds:.1f} s; head 0x{head}")
    return check_refusal(raw, export["chain_id"])


def replay(raw: list[bytes], chain_id: int) -> tuple[Any, int]:
    """Return the specification's chain after these blocks, and how many transactions it has executed.

    A rejected block ends the program with status 1.
    """
    genesis, *rest = (rlp.decode_to(Block, block) for block in raw)
    state = State()
    if state_root(state) != genesis.header.state_root:
        raise SystemExit("conformance: genesis holds accounts; only a chain without balances can be replayed")
    chain = BlockChain(blocks=[genesis], state=state, chain_id=U64(chain_id))
    for block in rest:
        try:
            state_transition(chain, block)
        except EthereumException as error:
            raise SystemExit(f"conformance: block {block.header.number} is refused: {type(error).__name__} {error}") from error
    return chain, sum(len(block.transactions) for block in rest)


def check_refusal(raw: list[bytes], chain_id: int) -> int:
    """Return 0 if a last block with a changed state root is refused."""
    root = bytes(rlp.decode_to(Block, raw[-1]).header.state_root)
    changed = raw[-1].replace(root, bytes([root[0] ^ 1]) + root[1:])
    try:
        replay([*raw[:-1], changed], chain_id)
    except SystemExit:
        print("conformance: a changed state root is refused")
        return 0
    print("conformance: a changed state root was accepted: this replay proves nothing")
    return 1


if __name__ == "__main__":
    sys.exit(main())
