"""Ask the Python verifier, the browser's verifier under Node, and the product's trees the same, and name every difference.

`python -m tests.verifier.differential [--count 10000] [--seed 1]` prints the counts; exit 1 where any two disagree.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ledger.errors import LedgerError
from ledger.merkle import sum_nodes, sums
from tests.child import started
from tests.verifier import bundle_corpus
from tests.verifier.bundle_corpus import Case
from verifier import ed25519, qbft, secp256k1
from verifier.commitment import DATASETS
from verifier.errors import Malformed
from verifier.log_proofs import read_log_proofs
from verifier.policy import Policy, read_policy
from verifier.verify_bundle import verify_bundle

STREAM = Path(__file__).resolve().parents[2] / "verifier/browser/stream.js"
Answer = dict[str, Any]


@contextmanager
def remembering() -> Iterator[None]:
    """Answer the same signature once: the curves of the verifier are plain Python, and mutations leave most of them alone."""
    before = ed25519.is_valid, secp256k1.recover, qbft.recover_seal, ed25519.is_key
    ed25519.is_valid, ed25519.is_key = cache(before[0]), cache(before[3])
    secp256k1.recover, qbft.recover_seal = cache(before[1]), cache(before[2])
    try:
        yield
    finally:
        ed25519.is_valid, secp256k1.recover, qbft.recover_seal, ed25519.is_key = before


@lru_cache(maxsize=64)
def _policy(data: bytes) -> Policy:
    return read_policy(data)


def python_answer(case: Case) -> Answer:
    """What the Python verifier says: {word, exit, level, checks: {id: worst outcome}}."""
    try:
        policy = None if case.policy is None else _policy(case.policy)
        proofs = {} if case.consistency is None else read_log_proofs(case.consistency)
        found = verify_bundle(case.bundle, policy, case.policy_key, case.now, proofs, recomputing=False)
    except Malformed:
        return {"word": "MALFORMED", "exit": 3, "level": "-", "checks": {}}
    by_id: dict[str, list[Any]] = {}
    for item in found.checks.items:
        by_id.setdefault(item.id, []).append(item)
    worst = {id: str(max(items, key=lambda item: -_rank(item.outcome)).outcome) for id, items in by_id.items()}
    verdict, code = found.verdict()
    return {"word": verdict, "exit": code, "level": found.level(), "checks": worst}


def _rank(outcome: Any) -> int:
    return ("FAIL", "MALFORMED", "UNTRUSTED", "NOT IN FORCE", "NOT CHECKED", "PASS").index(str(outcome))


class Browser:
    """The browser's modules in one Node process, a line in and a line out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, case: Case) -> Answer:
        """Return what the browser's verifier says."""
        self.send(case)
        return self.receive(case)

    def send(self, case: Case) -> None:
        """Ask, and do not wait: Node thinks on another core while Python does."""

        def text(data: bytes | None) -> str | None:
            return None if data is None else base64.b64encode(data).decode()

        question = {"bundle": text(case.bundle), "policy": text(case.policy), "consistency": text(case.consistency)}
        question |= {"policy_key": case.policy_key, "now": case.now}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def receive(self, case: Case) -> Answer:
        """Return the answer to the question that was sent."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"{case.name}: the browser's verifier stopped")
        return dict(json.loads(line))


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Node with the browser's modules."""
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("node is not installed")
    with started([node, str(STREAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Browser(process)


def product_says(bundle: Any) -> dict[str, bool]:
    """What the product's own trees say of each dataset's leaves and root: does the commitment hold?"""
    return {item["dataset"]: _holds(item) for item in bundle["datasets"]}


def _holds(item: Any) -> bool:
    context = item["context"]
    try:
        own = sums.Context(
            chain_id=int(context["chain_id"]),
            contract=bytes.fromhex(context["contract"][2:]),
            org=bytes.fromhex(context["org"]),
            dataset=bytes.fromhex(context["dataset"]),
            period_start=int(context["period_start"]),
            period_end=int(context["period_end"]),
            revision=context["revision"],
            schema_hash=bytes.fromhex(context["schema_hash"]),
            alg=context["alg"],
            measures=context["measures"],
        )
        return _root_holds(own, item) and all(_leaf_holds(own, item, leaf) for leaf in item["items"])
    except (LedgerError, ValueError, OverflowError):
        return False


def _root_holds(context: sums.Context, item: Any) -> bool:
    n, totals = int(item["n"]), [int(total) for total in item["totals"]]
    if context.alg != 1 or context.measures != sums.MEASURES or item["dataset"] not in DATASETS or not 0 < n < 2**32:
        return False
    return sum_nodes.seal(context.alg, context.digest(), n, totals, bytes.fromhex(item["tree_root"])).hex() == str(item["root"])


def _leaf_holds(context: sums.Context, item: Any, leaf: Any) -> bool:
    record = base64.b64decode(leaf["record"], validate=True)
    if base64.b64encode(record).decode() != leaf["record"]:
        return False
    rec = sums.record_hash(bytes.fromhex(leaf["salt"]), record, context.alg)
    own = sums.Leaf(bytes.fromhex(leaf["key"]), tuple(int(value) for value in leaf["values"]), rec)
    path = tuple((tuple(int(value) for value in node["sums"]), bytes.fromhex(node["hash"])) for node in leaf["path"])
    proof = sums.SumProof(leaf["index"], path)
    sums.verify_sum_proof(context, own, proof, int(item["n"]), [int(total) for total in item["totals"]], bytes.fromhex(item["root"]))
    return True


@dataclass
class Outcome:
    """What a run came to."""

    cases: int = 0
    words: Counter[str] = field(default_factory=Counter)
    mutations: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    leaves: int = 0
    differences: list[str] = field(default_factory=list)


def compare(cases: Iterator[Case], asked: Browser) -> Outcome:
    """Ask all three about each case."""
    found = Outcome()
    for case in cases:
        asked.send(case)
        one = python_answer(case)
        two = asked.receive(case)
        found.cases += 1
        found.words[one["word"]] += 1
        found.mutations[case.name.split(": ", 1)[1]] += 1
        found.checks.update(f"{id.split('.')[0]} {outcome}" for id, outcome in one["checks"].items())
        if one != two:
            odd = {id: (one["checks"].get(id), two["checks"].get(id)) for id in {*one["checks"], *two["checks"]}}
            odd = {id: pair for id, pair in odd.items() if pair[0] != pair[1]}
            heads = [(item["word"], item["level"]) for item in (one, two)]
            found.differences.append(f"{case.name}: {heads[0]} in Python, {heads[1]} in the browser; {odd}")
        if one["checks"]:
            for dataset, holds in product_says(json.loads(case.bundle)).items():
                found.leaves += 1
                if holds != (one["checks"][f"commitment.{dataset}"] == "PASS"):
                    found.differences.append(f"{case.name}: the product says {holds} of commitment.{dataset}")
    return found


def summary(found: Outcome, seconds: float) -> str:
    """The counts for people."""
    words = ", ".join(f"{count} {word}" for word, count in found.words.most_common())
    checks = ", ".join(f"{count} {outcome}" for outcome, count in _by_outcome(found).most_common())
    kinds = len(found.mutations)
    lines = [
        f"{found.cases} bundles ({kinds} kinds of change) in {seconds:.0f} s: {words}",
        f"checks answered: {checks}",
        f"commitments asked of the product's trees: {found.leaves}",
        f"disagreements: {len(found.differences)}",
    ]
    return "\n".join([*lines, *found.differences[:50]])


def _by_outcome(found: Outcome) -> Counter[str]:
    by: Counter[str] = Counter()
    for name, count in found.checks.items():
        by[name.split(" ", 1)[1]] += count
    return by


def main() -> int:
    """Run, print the counts, and say whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.monotonic()
    with remembering(), browser() as asked:
        found = compare(bundle_corpus.cases(options.seed, options.count, [*bundle_corpus.bases(), *bundle_corpus.kept()]), asked)
    print(summary(found, time.monotonic() - start))
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(main())
