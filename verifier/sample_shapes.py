"""Hold the shape of a sample's evidence: `lingtan.sample-proof/1` and the steps in it (bundle.md §4)."""

from __future__ import annotations

from verifier.evidence_shapes import LOG_PROOF
from verifier.shapes import HASH, ID, INSTANT, TEXT, fields, many, nullable, schema, unsigned, whole, word

MAX_DRAWS = 10_000
_INDEX = whole(0, 2**32 - 1)
_COMMITMENT = fields(
    schema=schema("sample"),
    step=word("commitment"),
    institution=ID,
    subject=ID,
    dataset=word("METERS", "OPERATIONAL", "FINANCED_PCAF", "FINANCED_PBOC"),
    start=INSTANT,
    end=INSTANT,
    commitment=HASH,
    measure=nullable(whole(0, 3)),
    size=whole(1, MAX_DRAWS),
    by=ID,
    at=INSTANT,
)
_REVEAL = fields(
    schema=schema("sample"),
    step=word("reveal"),
    institution=ID,
    commitment=HASH,
    nonce=HASH,
    revision=whole(1, 2**32 - 1),
    root=HASH,
    n=unsigned(64),
    block=unsigned(64),
    block_hash=HASH,
    seed=HASH,
    draws=many(_INDEX, at_most=MAX_DRAWS),
    by=ID,
    at=INSTANT,
)
_RESULT = fields(
    schema=schema("sample"),
    step=word("result"),
    institution=ID,
    commitment=HASH,
    index=_INDEX,
    outcome=word("opened", "failed", "refused"),
    note=TEXT,
    by=ID,
    at=INSTANT,
)
SAMPLE_PROOF = fields(
    schema=schema("sample-proof"),
    commitment=_COMMITMENT,
    proof=LOG_PROOF,
    reveal=nullable(_REVEAL),
    results=many(_RESULT, at_most=MAX_DRAWS),
)
