"""Hold the shapes of what proves an inventory: commitments, attestations, anchors, package, policy, proofs (documents.md §5–§11, §13)."""

from __future__ import annotations

from typing import Any

from verifier.shapes import (
    ANYTHING,
    HASH,
    ID,
    INSTANT,
    PERIOD,
    TEXT,
    Shape,
    counting,
    either,
    fields,
    hexed,
    keyed,
    many,
    nullable,
    schema,
    unsigned,
    whole,
    word,
)

_ADDRESS = hexed(20, "0x")
_BYTES = hexed(None, "0x")
_B32 = hexed(32, "0x?")


def context_of(word32: Shape) -> Shape:
    """Return the shape of a tree's context whose 32-byte words are written as `word32`."""
    return fields(
        alg=whole(0, 255),
        measures=whole(0, 255),
        chain_id=unsigned(64),
        contract=_ADDRESS,
        org=word32,
        dataset=word32,
        period_start=unsigned(64),
        period_end=unsigned(64),
        revision=whole(0, 2**32 - 1),
        schema_hash=word32,
    )


CONTEXT = context_of(_B32)
TOTALS = many(unsigned(256), exactly=4)  # 2^128 and more is read, and then refused by the tree
COMMITMENTS = fields(
    schema=schema("commitments"),
    datasets=many(
        fields(
            dataset=ID,
            context=CONTEXT,
            n=unsigned(64),
            totals=TOTALS,
            tree_root=HASH,
            root=HASH,
            leaves=many(fields(asset=TEXT, key=HASH, salt=HASH, values=TOTALS)),
        ),
        at_most=16,
    ),
)
ATTESTATION = fields(
    dataset=ID, message=keyed(either(TEXT, many(TEXT, at_most=16))), signature=hexed(65, "0x"), signer=_ADDRESS, digest=_B32
)
ATTESTATIONS = fields(schema=schema("attestations"), items=many(ATTESTATION, at_most=16))
_NODES = many(_BYTES, at_most=64)
_EMBEDDED = fields(
    ("consistency",),
    kind=word("embedded-checkpoint"),
    checkpoint=TEXT,
    tree_size=unsigned(64),
    leaf_index=unsigned(64),
    inclusion=many(_B32, at_most=64),
    consistency=nullable(many(_B32, at_most=64)),
)
_CONFIRMATIONS = fields(kind=word("confirmations"), depth=counting)


def _finality(value: Any, pointer: str) -> None:
    """Refuse a finality of an unknown kind; the kind decides which fields it has."""
    kind = value.get("kind") if isinstance(value, dict) else None
    (_CONFIRMATIONS if kind == "confirmations" else _EMBEDDED)(value, pointer)


_BLOCK = fields(number=unsigned(64), hash=hexed(32, "0x"), header=_BYTES)
_TRANSACTION = fields(hash=hexed(32, "0x"), index=unsigned(64))
_RECEIPT = fields(type=counting, value=_BYTES, proof=_NODES, log_index=unsigned(64))
ANCHOR = fields(
    dataset=ID,
    chain_id=unsigned(64),
    contract=_ADDRESS,
    id=hexed(32, "0x"),
    block=_BLOCK,
    transaction=_TRANSACTION,
    receipt=_RECEIPT,
    state=fields(account_proof=_NODES, storage=many(fields(slot=either(hexed(32, "0x"), unsigned(256)), proof=_NODES), at_most=16)),
    finality=nullable(_finality),
)
ANCHORS = fields(schema=schema("anchors"), items=many(ANCHOR, at_most=16))
FINDINGS = fields(
    schema=schema("findings"),
    items=many(
        fields(
            ("got", "expected"),
            code=TEXT,
            severity=word("error", "warning", "info"),
            place=ANYTHING,
            got=nullable(ANYTHING),
            expected=nullable(ANYTHING),
            action=ANYTHING,
            params=keyed(ANYTHING),
        )
    ),
)
_BYTE_COUNT = whole(0, 2**53 - 1)
MANIFEST = fields(
    schema=schema("package"),
    institution=ID,
    period=PERIOD,
    revision=whole(1, 2**32 - 1),
    statement=HASH,
    chain_id=unsigned(64),
    period_ledger=_ADDRESS,
    parts=many(fields(path=TEXT, sha256=HASH, bytes=_BYTE_COUNT), at_most=20_000),
    withheld=many(fields(path=TEXT, sha256=HASH, bytes=_BYTE_COUNT, reason=TEXT), at_most=20_000),
)
_SLOT = nullable(counting)
_CONTRACT = fields(
    address=_ADDRESS,
    code_hash=_B32,
    slots=fields(("records", "claims", "certificates"), records=_SLOT, claims=_SLOT, certificates=_SLOT),
)
_KEY = fields(
    institution=ID,
    kind=word("bank", "centre", "verifier", "auditor", "government"),
    role=word("approver", "logkeeper", "verifier", "certifier", "librarian", "publisher"),
    address=_ADDRESS,
    valid_from=either(INSTANT, counting),
    valid_to=nullable(either(INSTANT, counting)),
)
_VALIDATORS = fields(("to",), **{"from": counting}, to=nullable(counting), addresses=many(_ADDRESS, at_most=256))
POLICY = fields(
    schema=schema("policy"),
    version=counting,
    issued=INSTANT,
    expires=nullable(INSTANT),
    chain=fields(id=counting, kind=word("embedded", "qbft", "test"), genesis=_B32),
    contracts=keyed(_CONTRACT),
    schemas=keyed(_B32),
    libraries=many(_B32),
    keys=many(_KEY),
    checkpoint=nullable(fields(origin=TEXT, vkey=TEXT, pinned=nullable(TEXT))),
    validators=nullable(many(_VALIDATORS, at_most=1_000)),
    witnesses=nullable(fields(quorum=whole(1, 32), keys=many(TEXT, at_most=32))),
    max_age=nullable(whole(0, 2**53 - 1)),
    previous=nullable(_B32),
    signers=fields(threshold=whole(1, 32), keys=many(HASH, at_most=32)),
    signatures=many(fields(public_key=HASH, value=hexed(64, "0x?")), at_most=32),
)
PROOF = fields(
    schema=schema("proof"),
    dataset=ID,
    context=CONTEXT,
    n=unsigned(64),
    totals=TOTALS,
    tree_root=HASH,
    root=HASH,
    item=fields(
        index=whole(0, 2**32 - 1),
        asset=TEXT,
        key=HASH,
        salt=HASH,
        values=TOTALS,
        record=TEXT,
        path=many(fields(sums=TOTALS, hash=HASH), at_most=64),
    ),
    attestation=nullable(ATTESTATION),
    anchor=nullable(ANCHOR),
)
CONSISTENCY = fields(
    schema=schema("consistency"),
    origin=TEXT,
    proofs=many(fields(old_size=counting, new_size=counting, hashes=many(_B32, at_most=64)), at_most=10_000),
)
LOG_PROOF = fields(
    schema=schema("log-proof"),
    institution=ID,
    index=unsigned(64),
    size=unsigned(64),
    leaf=HASH,
    root=HASH,
    inclusion=many(HASH, at_most=64),
    consistency=nullable(fields(old_size=unsigned(64), old_root=HASH, hashes=many(HASH, at_most=64))),
    anchor=nullable(
        fields(
            size=unsigned(64),
            root=HASH,
            chain_id=unsigned(64),
            contract=_ADDRESS,
            message=keyed(TEXT),
            signature=hexed(65, "0x"),
            block=_BLOCK,
            transaction=_TRANSACTION,
            receipt=_RECEIPT,
            finality=nullable(_finality),
        )
    ),
)
