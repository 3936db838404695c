"""P2: the Merkle-sum tree of a million salted loan leaves. Goals: at most 1.8 times our own plain tree, 10 times faster than pymerkle's.

All trees are over the same leaves, 32 bytes of salt and a record of 64. Two sum trees are measured. `book`: as a loan book is committed
to (commitments §5): groups of 50 salted leaves in plain trees, and a sum tree over the groups. `leaves`: every exposure a leaf of the
sum tree itself: a record, a leaf with key and four measures, and nodes with counts and sums of both children, about nine SHA-256 blocks
a leaf where a plain tree has four. Our plain tree is ledger.merkle.plain, what every log of ours runs on; `packed` is one from packed
columns, written as the sum tree is: it has no goal, and says what the sums alone cost.
Run: `python -m bench.p2_loan_tree [--leaves 1000000] [--repeats 5]`. pymerkle 7 is installed into bench/.peers, by its hashes;
without a package index that part is left out, and the result says so.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.measure import Ratio, write_result
from ledger.accounting.financed.groups import group_sizes
from ledger.identifiers import sid
from ledger.merkle import plain
from ledger.merkle.bulk import SealedTree, hash_plain_leaves, hash_records, plain_roots, seal_columns
from ledger.merkle.dataset_schema import schema_hash
from ledger.merkle.sums import Context, Leaf, SumTree

GOAL_PLAIN = 1.8
GOAL_PYMERKLE = 10
HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers"
CONTEXT = Context(1, 4, 1337, bytes(20), sid("org", "bench"), sid("dataset", "FINANCED_PCAF"), 0, 1, 1, schema_hash("FINANCED_PCAF"))
RECORD_BYTES = 64


@dataclass(frozen=True)
class Leaves:
    """Packed columns of n leaves: ascending keys, salts, u128 values, and a record each."""

    keys: bytes
    salts: bytes
    values: bytes
    records: list[bytes]

    @property
    def n(self) -> int:
        return len(self.records)


def make_leaves(n: int) -> Leaves:
    """Return made-up leaves; loans of up to some 11 million yuan, so measures need more than 32 bits."""
    generator = np.random.default_rng(2025)
    records = generator.bytes(RECORD_BYTES * n)
    values = np.zeros((n, 4, 2), ">u8")
    values[:, :, 1] = generator.integers(0, 2**30, (n, 4), dtype=np.uint64)
    keys = np.sort(np.frombuffer(generator.bytes(32 * n), "S32")).tobytes()
    listed = [records[at : at + RECORD_BYTES] for at in range(0, RECORD_BYTES * n, RECORD_BYTES)]
    return Leaves(keys, generator.bytes(32 * n), values.tobytes(), listed)


def build_sum(leaves: Leaves) -> SealedTree:
    return seal_columns(CONTEXT, leaves.keys, leaves.values, hash_records(leaves.salts, leaves.records))


def build_plain(leaves: Leaves) -> bytes:
    salts, hash_of = leaves.salts, plain.leaf_hash
    return plain.root([hash_of(salts[32 * at : 32 * at + 32] + record) for at, record in enumerate(leaves.records)])


def build_packed_plain(leaves: Leaves) -> bytes:
    return plain_roots(hash_plain_leaves(leaves.salts, leaves.records), [leaves.n])[0]


def build_groups(leaves: Leaves) -> SealedTree:
    sizes = group_sizes(leaves.n)
    roots, count = plain_roots(hash_plain_leaves(leaves.salts, leaves.records), sizes), len(sizes)
    # The measures are below 2^30: sums of a group fit into the low words.
    sums = np.zeros((count, 4, 2), ">u8")
    words = np.frombuffer(leaves.values, ">u8").reshape(-1, 4, 2)[:, :, 1].astype(np.uint64)
    sums[:, :, 1] = np.add.reduceat(words, np.cumsum([0, *sizes[:-1]]))
    return seal_columns(CONTEXT, leaves.keys[: 32 * count], sums.tobytes(), hash_records(leaves.salts[: 32 * count], roots))


def find_pymerkle() -> Callable[[Leaves], bytes] | None:
    """Return pymerkle's plain tree over the same leaves, or None where it cannot be had."""
    if not (PEERS / "pymerkle").is_dir():
        wanted = ("install", "--quiet", "--no-deps", "--require-hashes", "--target", str(PEERS), "-r", str(HERE / "pymerkle.txt"))
        if subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *wanted], check=False).returncode:
            return None
    sys.path.append(str(PEERS))
    from pymerkle import InmemoryTree

    def build(leaves: Leaves) -> bytes:
        tree, salts = InmemoryTree(algorithm="sha256"), leaves.salts
        for at, record in enumerate(leaves.records):
            tree.append_entry(salts[32 * at : 32 * at + 32] + record)
        root: bytes = tree.get_root()
        return root

    return build


def check_results(leaves: Leaves, pymerkle: Callable[[Leaves], bytes] | None) -> None:
    """Compare all of them on the first leaves with the trees of objects."""
    n = min(leaves.n, 5000)
    few = Leaves(leaves.keys[: 32 * n], leaves.salts[: 32 * n], leaves.values[: 64 * n], leaves.records[:n])
    hashes, numbers = hash_records(few.salts, few.records), np.frombuffer(few.values, ">u8").reshape(n, 4, 2)[:, :, 1].tolist()
    rows = [Leaf(few.keys[32 * at : 32 * at + 32], tuple(numbers[at]), hashes[32 * at : 32 * at + 32]) for at in range(n)]
    tree, sealed = SumTree.build(CONTEXT, rows), build_sum(few)
    assert (sealed.root, sealed.totals, sealed.tree_root) == (tree.root, tree.totals, tree.tree_root)
    assert build_groups(few).totals == tree.totals
    assert build_packed_plain(few) == build_plain(few)
    assert pymerkle is None or pymerkle(few) == build_plain(few)


def measure(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Return (CPU seconds, wall seconds) of every repeat of each work, taken in turns; the first one moves on with every turn."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    names = list(works)
    for turn in range(repeats):
        for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            works[name]()
            seconds[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    leaves, pymerkle = make_leaves(options.leaves), find_pymerkle()
    check_results(leaves, pymerkle)
    works: dict[str, Callable[[], object]] = {
        "book": lambda: build_groups(leaves),
        "leaves": lambda: build_sum(leaves),
        "plain": lambda: build_plain(leaves),
        "packed": lambda: build_packed_plain(leaves),
    }
    if pymerkle is not None:
        build = pymerkle
        works["pymerkle"] = lambda: build(leaves)
    seconds = {name: tuple(taken) for name, taken in measure(works, options.repeats).items()}

    def ratio(work: str, base: str) -> dict[str, object]:
        if work not in seconds:
            return {"ratio": None, "why": "pymerkle could not be installed"}
        return Ratio(seconds[work], seconds[base]).to_document()

    outcome: dict[str, object] = {
        "what": "Merkle-sum trees of salted loan leaves, our own plain tree and pymerkle's, over the same leaves",
        "goals": {"÷ our plain tree": f"at most {GOAL_PLAIN}", "pymerkle ÷ it": f"at least {GOAL_PYMERKLE}"},
        "book ÷ our plain tree": ratio("book", "plain"),
        "pymerkle ÷ book": ratio("pymerkle", "book"),
        "leaves ÷ our plain tree": ratio("leaves", "plain"),
        "pymerkle ÷ leaves": ratio("pymerkle", "leaves"),
        "leaves ÷ packed plain tree (no goal)": ratio("leaves", "packed"),
        "leaves": leaves.n,
        "record_bytes": RECORD_BYTES,
        "group_sizes": "50 to 99",
        "root of leaves": build_sum(leaves).root.hex(),
    }
    write_result("p2", outcome)
    for name in ("book", "leaves"):
        of_plain, faster = ratio(name, "plain")["ratio"], ratio("pymerkle", name)["ratio"]
        print(f"P2 {name}: {of_plain} times our plain tree (goal: at most {GOAL_PLAIN})")
        print(f"P2 {name}: {faster} times faster than pymerkle's (goal: at least {GOAL_PYMERKLE})")


if __name__ == "__main__":
    main()
