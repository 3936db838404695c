"""Is the file whole? Every block, receipt, lookup, log row and tree node is held against the others; on demand all is executed again.

Findings are data: all of them are returned, with the block they concern. It shows that the file agrees with itself and with Ethereum's
rules; whether it is the right history is the checkpoint's matter.
"""

from __future__ import annotations

from collections.abc import Iterator

import rlp
from eth.abc import BlockHeaderAPI
from eth.constants import EMPTY_SHA3
from eth.db.chain import ChainDB
from eth.db.trie import make_trie_root_and_nodes
from eth.rlp.accounts import Account
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie
from trie.iter import NodeIterator

from ledger.chain.embedded.blocks import build_block
from ledger.chain.embedded.engine import Engine, log_rows
from ledger.chain.embedded.store import BlockBuffer
from ledger.errors import LedgerError
from ledger.merkle.plain import Frontier, leaf_hash
from ledger.records.findings import Finding

MAX_LOG_ROWS = 1_000_000


def check_chain(engine: Engine, *, replay: bool = False) -> tuple[Finding, ...]:
    """Return what is wrong with the chain's file; empty when nothing is.

    Args:
        replay: also execute every transaction again from genesis (about 100 a second) and compare the block hashes.
    """
    with engine.mutex:
        verdict = engine.check_integrity()
        findings = [] if verdict == "ok" else [_finding("chain.file", "file", verdict[:500], "ok")]
        findings += [*_check_blocks(engine), *_check_state(engine)]
        if replay and not findings:
            findings += _check_replay(engine)
    return tuple(findings)


def _check_blocks(engine: Engine) -> Iterator[Finding]:
    frontier = Frontier()
    parent: BlockHeaderAPI | None = None
    for number in range(engine.head.block_number + 1):
        place = f"block {number}"
        try:
            header = engine.header(number)
            yield from _check_header(header, number, parent, place)
            yield from _check_contents(engine, header, place)
            frontier.append(leaf_hash(rlp.encode(header)))
            for node in engine.block_log.nodes_of_leaf(number, rlp.encode(header)):
                stored = engine.block_log.node(node.level, node.position)
                if stored != node.hash:
                    yield _finding("chain.block_log", f"{place} level {node.level}", stored.hex(), node.hash.hex())
        except LedgerError as error:
            yield _finding("chain.unreadable", place, str(error), "a whole block")
            return
        except Exception as error:  # a damaged file makes any of the decoders below fail
            yield _finding("chain.unreadable", place, f"{type(error).__name__}: {error}"[:200], "a whole block")
            return
        parent = header
    if engine.select_logs("block > ?", [engine.head.block_number], 1):
        yield _finding("chain.log_index", "after the head", "rows of blocks that do not exist", "none")
    if engine.block_log.root() != frontier.root():
        yield _finding("chain.block_log", "root", engine.block_log.root().hex(), frontier.root().hex())


def _check_header(header: BlockHeaderAPI, number: int, parent: BlockHeaderAPI | None, place: str) -> Iterator[Finding]:
    if header.block_number != number:
        yield _finding("chain.number", place, str(header.block_number), str(number))
    if parent is not None and header.parent_hash != parent.hash:
        yield _finding("chain.parent", place, header.parent_hash.hex(), parent.hash.hex())
    if parent is not None and header.timestamp <= parent.timestamp:
        yield _finding("chain.time", place, str(header.timestamp), f"above {parent.timestamp}")


def _check_contents(engine: Engine, header: BlockHeaderAPI, place: str) -> Iterator[Finding]:
    block, receipts = engine.block(header), engine.receipts(header)
    transactions_root, _ = make_trie_root_and_nodes(block.transactions)
    if transactions_root != header.transaction_root:
        yield _finding("chain.transactions", place, transactions_root.hex(), header.transaction_root.hex())
    receipts_root, _ = make_trie_root_and_nodes(receipts)
    if receipts_root != header.receipt_root or len(receipts) != len(block.transactions):
        yield _finding("chain.receipts", place, receipts_root.hex(), header.receipt_root.hex())
        return
    for index, transaction in enumerate(block.transactions):
        found = engine.find_place(transaction.hash)
        if found != (header.block_number, index):
            yield _finding("chain.lookup", f"{place} transaction {index}", str(found), str((header.block_number, index)))
    rows = engine.select_logs("block = ?", [header.block_number], MAX_LOG_ROWS)
    expected = log_rows(block, receipts)
    if rows != expected:
        yield _finding("chain.log_index", place, f"{len(rows)} rows", f"{len(expected)} rows as in the receipts")


def _check_replay(engine: Engine) -> Iterator[Finding]:
    memory = BlockBuffer(None)
    parent = copy_genesis(engine, memory)
    for number in range(1, engine.head.block_number + 1):
        header = engine.header(number)
        built, dropped = build_block(memory, engine.chain_id, parent, header.timestamp, engine.block(header).transactions)
        got = built.block.hash.hex() if built is not None else "no block"
        if got != header.hash.hex() or dropped:
            yield _finding("chain.replay", f"block {number}", got, header.hash.hex())
            return
        parent = header


def _check_state(engine: Engine) -> Iterator[Finding]:
    try:
        for _, encoded in NodeIterator(HexaryTrie(engine.database, engine.head.state_root)).items():
            account = rlp.decode(encoded, Account)
            for _ in NodeIterator(HexaryTrie(engine.database, account.storage_root)).nodes():
                pass
            if account.code_hash != EMPTY_SHA3 and keccak(engine.database[account.code_hash]) != account.code_hash:
                yield _finding("chain.state", "head", "other code under its hash", account.code_hash.hex())
    except Exception as error:  # a missing node surfaces as whatever the trie library raises
        yield _finding("chain.state", "head", f"{type(error).__name__}: {error}"[:200], "every node of the state and of each storage")


def copy_genesis(engine: Engine, target: BlockBuffer) -> BlockHeaderAPI:
    """Copy block 0 and its accounts (which hold balances at most) into another database, and return its header: where a replay starts."""
    header = engine.header(0)
    copied = HexaryTrie(target)
    for key, account in NodeIterator(HexaryTrie(engine.database, header.state_root)).items():
        copied[key] = account
    ChainDB(target).persist_header(header)
    return header


def _finding(code: str, place: str, got: str, expected: str) -> Finding:
    action = "stop writing; keep the file as evidence; restore the newest backup that extends the last published checkpoint"
    return Finding(code, "error", place, action, got, expected)
