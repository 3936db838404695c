"""Verify an auditor's sample against the evidence that it was drawn from: committed before, drawn by nobody, opened (bundle.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier import json_strict, sampling
from verifier.checks import Checks
from verifier.errors import Malformed, Refused
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.policy import Policy, seconds
from verifier.required import record_unanswered
from verifier.sample_shapes import SAMPLE_PROOF
from verifier.shapes import unhex
from verifier.sum_tree import sid
from verifier.verify_envelope import verify_envelope
from verifier.verify_package import Verification

MAX_BYTES = 8 * 1024 * 1024
SAMPLE = ("sample.commitment", "sample.before", "sample.seed", "sample.draws", "sample.results")
EVIDENCE = ("attestation", "anchor.header", "anchor.receipt", "anchor.final")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Hold what a package or bundle says of the dataset that was drawn from.

    `values` are those of every leaf in order, or None where not all are there; block is None where nothing is anchored. `checks` are what
    the file's own verification answered.
    """

    org: bytes
    start: int
    end: int
    revision: int
    root: bytes
    n: int
    block: int | None
    block_hash: bytes
    values: list[list[int]] | None
    checks: Checks


def read_sample(data: bytes) -> Any:
    """Return a `lingtan.sample-proof/1` of checked shape. Raises: Malformed."""
    if len(data) > MAX_BYTES:
        raise Malformed("DOCUMENT_SIZE", "sample", f"larger than {MAX_BYTES} bytes")
    try:
        document = json_strict.load_canonical(data)
        SAMPLE_PROOF(document, "")
    except Malformed as error:
        raise Malformed(error.code, f"sample {error.place}".strip(), error.detail, **error.facts) from None
    return document


def verify_sample(
    sample: Any, drawn: Drawn, policy: Policy | None, policy_key: str | None, now: int, log_proofs: LogProofs = NO_PROOFS
) -> Verification:
    """Run every check on a sample of the dataset in `drawn`; `now` is Unix seconds.

    Raises:
        Malformed: the log proof in it is none.
    """
    commitment, reveal = sample["commitment"], sample["reveal"]
    dataset, subject = commitment["dataset"], f"sample {commitment['commitment'][:16]}"
    # 1. The commitment is an entry of the auditor's own log, and where that log was anchored.
    own = verify_envelope(json_strict.dump(commitment), json_strict.dump(sample["proof"]), policy, policy_key, now, log_proofs)
    checks = own.checks
    # 2. What it was drawn from was signed and anchored.
    wanted = [f"{step}.{dataset}" for step in EVIDENCE]
    checks.items.extend(check for check in drawn.checks.items if check.id in wanted)
    # 3. The sample itself.
    with checks.guard("sample.commitment", subject):
        _check_commitment(commitment, reveal, sample, drawn)
        checks.passed("sample.commitment", f"{subject} of {commitment['institution']} on {commitment['subject']} {dataset}")
    with checks.guard("sample.before", subject):
        _check_before(checks, subject, sample["proof"], drawn)
    if reveal is None:
        for id in SAMPLE[2:]:
            checks.unchecked(id, subject, "SAMPLE_UNREVEALED")
    else:
        with checks.guard("sample.seed", subject):
            _check_seed(checks, subject, reveal, drawn)
        with checks.guard("sample.draws", subject):
            _check_draws(checks, subject, commitment, reveal, drawn)
        with checks.guard("sample.results", subject):
            _check_results(checks, subject, sample, reveal)
    # 4. Nothing is passed over in silence.
    record_unanswered(checks, (*wanted, *SAMPLE))
    return Verification(subject=subject, checks=checks, datasets=(), policy=policy, institution=commitment["subject"], levelled=False)


def _check_commitment(commitment: Any, reveal: Any, sample: Any, drawn: Drawn) -> None:
    _same("subject", sid("org", commitment["subject"]), drawn.org)
    _same("start", drawn.start, seconds(commitment["start"]))
    _same("end", drawn.end, seconds(commitment["end"]))
    _same("log", commitment["institution"], sample["proof"]["institution"])
    if commitment["institution"] == commitment["subject"]:
        raise Refused("SAMPLE_FIELD", "the sample is of the auditor's own books", element="institution", found=commitment["institution"])
    for step in ([] if reveal is None else [reveal]) + sample["results"]:
        _same("institution", commitment["institution"], step["institution"])
        _same("commitment", commitment["commitment"], step["commitment"])
    if reveal is not None:
        found = sampling.commitment_of(unhex(reveal["nonce"])).hex()
        if found != commitment["commitment"]:
            raise Refused("SAMPLE_NONCE", "another nonce was committed to", element="nonce", expected=commitment["commitment"], found=found)


def _check_before(checks: Checks, subject: str, proof: Any, drawn: Drawn) -> None:
    if proof["anchor"] is None or drawn.block is None:
        checks.unchecked("sample.before", subject, "NO_LOG_ANCHOR" if proof["anchor"] is None else "NO_ANCHOR")
        return
    committed = int(proof["anchor"]["block"]["number"])
    if committed >= drawn.block:
        raise Refused("SAMPLE_LATE", "committed to after the anchor", expected=f"a block before {drawn.block}", found=str(committed))
    checks.passed("sample.before", f"{subject} in block {committed}, R in block {drawn.block}")


def _check_seed(checks: Checks, subject: str, reveal: Any, drawn: Drawn) -> None:
    _same("revision", drawn.revision, reveal["revision"])
    _same("root", drawn.root, unhex(reveal["root"]))
    _same("n", drawn.n, int(reveal["n"]))
    if drawn.block is None:
        checks.unchecked("sample.seed", subject, "NO_ANCHOR")
        return
    _same("block", drawn.block, int(reveal["block"]))
    _same("block_hash", drawn.block_hash, unhex(reveal["block_hash"]))
    seed = sampling.seed_of(drawn.root, unhex(reveal["nonce"]), drawn.block_hash)
    if seed.hex() != reveal["seed"]:
        raise Refused("SAMPLE_SEED", "R, nonce and block give another seed", element="seed", expected=seed.hex(), found=reveal["seed"])
    checks.passed("sample.seed", seed.hex())


def _check_draws(checks: Checks, subject: str, commitment: Any, reveal: Any, drawn: Drawn) -> None:
    seed, size, measure = unhex(reveal["seed"]), commitment["size"], commitment["measure"]
    if measure is None:
        expected = sampling.draw_items(seed, size, drawn.n)
    elif drawn.values is None:
        checks.unchecked("sample.draws", subject, "SAMPLE_LEAVES")
        return
    else:
        expected = sampling.draw_by_measure(seed, size, [item[measure] for item in drawn.values])
    for j, (wanted, found) in enumerate(zip(expected, reveal["draws"], strict=False)):
        if wanted != found:
            raise Refused("SAMPLE_DRAWS", f"draw {j} is another leaf", element=f"draws/{j}", expected=str(wanted), found=str(found))
    _same("draws", size, len(reveal["draws"]))
    by = "leaf" if measure is None else f"measure {measure}"
    checks.passed("sample.draws", f"{size} draws by {by}, {len(set(expected))} of {drawn.n} leaves")


def _check_results(checks: Checks, subject: str, sample: Any, reveal: Any) -> None:
    drawn, before = set(reveal["draws"]), len(checks.items)
    indices = [result["index"] for result in sample["results"]]
    if indices != sorted(set(indices)):
        raise Refused("SAMPLE_FIELD", "results are ascending, one for each leaf", element="results")
    for result in sample["results"]:
        if result["index"] not in drawn:
            checks.failed("sample.results", f"leaf {result['index']}", "SAMPLE_FIELD", "a leaf that was drawn", "none")
        elif result["outcome"] != "opened":
            checks.failed("sample.results", f"leaf {result['index']}: {result['note']}", "SAMPLE_FAILED", "opened", result["outcome"])
    missing = sorted(drawn - set(indices))
    if missing:
        checks.unchecked("sample.results", f"{subject}: {len(missing)} of {len(drawn)} leaves, first {missing[0]}", "SAMPLE_OPEN")
    if len(checks.items) == before:
        checks.passed("sample.results", f"{subject}: {len(drawn)} leaves opened")


def _same(element: str, expected: object, found: object) -> None:
    if expected != found:
        shown = [value.hex() if isinstance(value, bytes) else str(value) for value in (expected, found)]
        raise Refused("SAMPLE_FIELD", f"{element} differs", element=element, expected=shown[0], found=shown[1])
