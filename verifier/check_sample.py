"""Check that the groups of a committed sample were opened (verification.md, sampling)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from verifier import sampling
from verifier.check_inputs import Parts
from verifier.check_openings import Openings
from verifier.checks import Checks
from verifier.commitment import Commitment
from verifier.errors import Refused
from verifier.financed_commitment import GroupLine
from verifier.shapes import unhex

CHECK_ID = "financed.sample"


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """Say which groups must be opened: a seed, or the nonce that an auditor committed to; by item, or by a measure."""

    seed: bytes | None = None
    nonce: bytes | None = None
    published: bytes | None = None  # H(0x20 ‖ nonce), known before the anchor
    size: int | None = None
    measure: int | None = None


NO_SAMPLE = SampleRequest()


def check_sample(
    checks: Checks, request: SampleRequest, parts: Parts, commitment: Commitment, lines: list[GroupLine], openings: Openings
) -> None:
    """Answer financed.sample: each drawn group was opened and held; one that was not counts as failed."""
    with checks.guard(CHECK_ID, commitment.dataset):
        seed = _seed(checks, request, parts, commitment)
        if seed is None:
            return
        size = sampling.sample_size(Fraction(1, 100), Fraction(95, 100)) if request.size is None else request.size
        if request.measure is None:
            drawn = sampling.draw_items(seed, size, len(lines))
        else:
            drawn = sampling.draw_by_measure(seed, size, [values[request.measure] for _, _, values in lines])
        failed = sorted({index for index in drawn if index not in openings.opened})
        draws = sum(index not in openings.opened for index in drawn)
        for index in failed[:8]:
            checks.failed(CHECK_ID, f"leaf {index} {lines[index][0]}", "FINANCED_SAMPLE", "an opening that holds", "none")
        if failed:
            found = f"{draws} draws of {len(failed)} groups failed"
            checks.failed(CHECK_ID, f"{size} draws", "FINANCED_SAMPLE", "every drawn group opened", found)
        else:
            by = "item" if request.measure is None else f"measure {request.measure}"
            checks.passed(CHECK_ID, f"{size} draws by {by}, {len(set(drawn))} of {len(lines)} groups, seed {seed.hex()}")


def _seed(checks: Checks, request: SampleRequest, parts: Parts, commitment: Commitment) -> bytes | None:
    """Return the seed, or None where there is none yet. Raises: Refused where nonce, its commitment and seed contradict each other."""
    if request.nonce is None:
        if request.seed is None:
            checks.unchecked(CHECK_ID, commitment.dataset, "FINANCED_NO_SEED")
        return request.seed
    if request.published is not None and sampling.commitment_of(request.nonce) != request.published:
        found = sampling.commitment_of(request.nonce).hex()
        raise Refused("SAMPLE_NONCE", "another nonce was committed to", element="nonce", expected=request.published.hex(), found=found)
    anchors = parts.documents["anchors"]["items"] if parts.has("anchors") else []
    anchor = next((item for item in anchors if item["dataset"] == commitment.dataset), None)
    if anchor is None:
        checks.unchecked(CHECK_ID, commitment.dataset, "NO_ANCHOR")
        return None
    seed = sampling.seed_of(commitment.root, request.nonce, unhex(anchor["block"]["hash"]))
    if request.seed is not None and request.seed != seed:
        raise Refused("SAMPLE_SEED", "R, nonce and block give another seed", element="seed", expected=seed.hex(), found=request.seed.hex())
    return seed
