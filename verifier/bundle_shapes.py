"""Hold the shape of a proof bundle (bundle.md §1)."""

from __future__ import annotations

from typing import Any

from verifier.evidence_shapes import TOTALS, context_of
from verifier.roll_up import MEASURES
from verifier.shapes import (
    ANYTHING,
    HASH,
    ID,
    INSTANT,
    TEXT,
    Shape,
    digits,
    either,
    fields,
    hexed,
    keyed,
    many,
    nullable,
    refuse,
    schema,
    unsigned,
    whole,
    word,
)

MAX_HEADERS = 64
MAX_NODES = 64
MAX_DATASETS = 4
MAX_ITEMS = 2_000

_ADDRESS = hexed(20, "0x")
_CONTEXT = context_of(HASH)
_BYTES = hexed(None, "0x")
_BLOCK = whole(0, MAX_HEADERS - 1)
_NODES = many(_BYTES, at_most=MAX_NODES)
_STORAGE = fields(slot=hexed(32, "0x"), proof=_NODES)
_RECEIPT = fields(type=unsigned(8), value=_BYTES, proof=_NODES, log_index=unsigned(32))
_MESSAGE = keyed(either(TEXT, many(TEXT, at_most=16)))
_EVENT = fields(block=_BLOCK, transaction=unsigned(64), receipt=_RECEIPT)
_ANCHOR = fields(
    id=hexed(32, "0x"),
    block=_BLOCK,
    transaction=unsigned(64),
    receipt=_RECEIPT,
    state=fields(account_proof=_NODES, storage=many(_STORAGE, exactly=3)),
)
_ITEM = fields(
    index=whole(0, 2**32 - 1),
    asset=nullable(TEXT),
    key=HASH,
    salt=HASH,
    values=TOTALS,
    record=TEXT,
    path=many(fields(sums=TOTALS, hash=HASH), at_most=MAX_NODES),
    slots=nullable(TEXT),
    exposures=nullable(many(either(fields(salt=HASH, record=TEXT), fields(leaf=HASH)), at_most=99)),
)
_DATASET = fields(
    dataset=ID,
    context=_CONTEXT,
    n=unsigned(64),
    totals=TOTALS,
    tree_root=HASH,
    root=HASH,
    attestation=nullable(fields(dataset=ID, message=_MESSAGE, signature=hexed(65, "0x"), signer=_ADDRESS, digest=hexed(32, "0x"))),
    anchor=nullable(_ANCHOR),
    items=many(_ITEM, at_most=MAX_ITEMS),
)


def sized(most: int) -> Shape:
    """Return the shape of a text of one character to `most`."""

    def check(value: Any, pointer: str) -> None:
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            raise refuse(pointer, f"text of 1 to {most} characters", value)

    return check


def _signed(**more: Shape) -> Shape:
    """Return the shape of a signed message with the event that recorded it, and further fields."""
    return fields((), message=_MESSAGE, signature=hexed(65, "0x"), signer=_ADDRESS, event=_EVENT, **more)


_GRAMS = fields((), **dict.fromkeys(MEASURES, digits))
_RESULT = fields(
    schema=schema("verdict"),
    claim=HASH,
    package=HASH,
    datasets=many(fields(dataset=ID, root=HASH, totals=TOTALS), at_most=MAX_DATASETS),
    recomputed=_GRAMS,
    differences=_GRAMS,
    checks=many(fields(id=TEXT, subject=TEXT, outcome=TEXT), at_most=10_000),
    findings=HASH,
    opinion=word("unqualified", "qualified", "adverse"),
    assurance=word("limited", "reasonable"),
    materiality_bp=whole(0, 2**32 - 1),
    exceptions=many(fields(place=sized(200), text=sized(2_000)), at_most=100),
)
_CLAIM = _signed(
    id=ID,
    verdicts=many(_signed(result=_RESULT), at_most=8),
    certificate=nullable(_signed()),
    status=nullable(
        fields(
            block=_BLOCK,
            account_proof=_NODES,
            claim=many(_STORAGE, exactly=4),
            certificate=nullable(many(_STORAGE, exactly=3)),
        )
    ),
)
_CHECKPOINT = fields(
    kind=word("checkpoint"),
    checkpoint=ANYTHING,
    proofs=many(fields(block=_BLOCK, inclusion=many(HASH, at_most=MAX_NODES)), at_most=MAX_HEADERS),
    consistency=nullable(many(HASH, at_most=MAX_NODES)),
)
_SEALS = fields(kind=word("seals"))


def _finality(value: Any, pointer: str) -> None:
    """Refuse a finality of an unknown kind; the kind decides which fields it has."""
    kind = value.get("kind") if isinstance(value, dict) else None
    (_SEALS if kind == "seals" else _CHECKPOINT)(value, pointer)


def _object(value: Any, pointer: str) -> None:
    """Refuse what is not an object; its own shape is looked at where it is recomputed."""
    if not isinstance(value, dict):
        raise refuse(pointer, "an object", value)


BUNDLE = fields(
    schema=schema("bundle"),
    subject=fields(kind=word("statement", "leaf", "claim"), institution=ID, start=INSTANT, end=INSTANT, revision=whole(1, 2**32 - 1)),
    datasets=many(_DATASET, at_most=MAX_DATASETS),
    headers=many(_BYTES, at_most=MAX_HEADERS),
    finality=nullable(_finality),
    claim=nullable(_CLAIM),
    inputs=nullable(fields(organisation=nullable(_object), activity=nullable(_object), library=nullable(_object), statement=_object)),
)
