"""Hold the shapes of documents.md §1–§11."""

from __future__ import annotations

import re
from typing import Any

from verifier import json_strict
from verifier.errors import Malformed
from verifier.shapes import (
    IDENTIFIER,
    Shape,
    counting,
    decimal,
    digits,
    either,
    fields,
    hexed,
    keyed,
    many,
    nullable,
    sorted_by,
    text,
    unsigned,
    whole,
    word,
)

_ID = text(IDENTIFIER, "an identifier")
_TEXT = text()
_DATE = text(re.compile(r"\d{4}-\d{2}-\d{2}"), "a date YYYY-MM-DD")
_INSTANT = text(re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"), "an instant YYYY-MM-DDTHH:MM:SSZ")
_NAME = fields(en=_TEXT, zh=_TEXT)
_HASH = hexed(32)
_ADDRESS = hexed(20, "0x")
_BYTES = hexed(None, "0x")
_B32 = hexed(32, "0x?")
_PERIOD = fields(id=_ID, start=_INSTANT, end=_INSTANT, timezone=_TEXT)
_MEASURES = fields(scope1_g=digits, scope2_location_g=digits, scope2_market_g=digits, scope3_g=digits)


def _schema(name: str) -> Shape:
    return word(f"lingtan.{name}/1")


ORGANISATION = fields(
    schema=_schema("organisation"),
    institution=_ID,
    name=_NAME,
    timezone=_TEXT,
    region=_TEXT,
    units=many(
        fields(
            id=_ID,
            name=_NAME,
            kind=word("institution", "branch", "sub_branch", "outlet"),
            parent=nullable(_ID),
            opened=_DATE,
            closed=nullable(_DATE),
            county=nullable(_TEXT),
            area_m2=nullable(decimal),
            headcount=nullable(whole(0, 2**53 - 1)),
        )
    ),
)
_RECORD = fields(
    id=_TEXT,
    unit=_ID,
    indicator=_TEXT,
    quantity=fields(value=decimal, unit=_TEXT),
    start=_DATE,
    end=_DATE,
    source=fields(
        kind=word("invoice", "register", "document", "estimate", "reported"), reference=text(re.compile(".*", re.S)), sha256=nullable(_HASH)
    ),
    quality=whole(1, 5),
)
ACTIVITY = fields(
    schema=_schema("activity"),
    institution=_ID,
    period=_PERIOD,
    records=many(_RECORD),
    declared_totals=many(
        fields(
            id=_TEXT,
            measure=_TEXT,
            value=decimal,
            unit=_TEXT,
            parts=whole(1, 10**9),
            tolerance=decimal,
            reference=text(re.compile(".*", re.S)),
        )
    ),
    factor_choices=many(fields(indicator=_TEXT, factor=_TEXT, reference=text(re.compile(".*", re.S)))),
)
_FUEL = fields(
    per=word("m3", "kg"),
    ncv_mj=decimal,
    density=nullable(decimal),
    carbon=decimal,
    oxidation=decimal,
    ch4=nullable(decimal),
    n2o=nullable(decimal),
)
_FACTOR = fields(
    id=_TEXT,
    name=_NAME,
    carrier=_TEXT,
    kind=word(
        "grid_average", "grid_ets", "grid_regional", "grid_footprint", "grid_om", "grid_bm", "fuel", "fuel_per_gas", "heat", "reported"
    ),
    form=word("direct", "fuel"),
    value=nullable(decimal),
    fuel=nullable(_FUEL),
    unit=_TEXT,
    basis=word("CO2", "CO2e"),
    region=_TEXT,
    data_year=nullable(whole(1900, 2200)),
    document=fields(title=either(_TEXT, _NAME), number=nullable(_TEXT), published=nullable(_TEXT), clause=nullable(_TEXT)),
    valid_from=nullable(_DATE),
    supersedes=nullable(_TEXT),
    confidence=word("V", "X", "S", "M"),
    source_sha256=nullable(_HASH),
)
LIBRARY = fields(
    schema=_schema("library"),
    release=_TEXT,
    valid_from=_DATE,
    supersedes=nullable(_TEXT),
    methods=many(_TEXT),
    units=many(fields(code=_TEXT, aliases=many(_TEXT), dimension=_TEXT, numerator=digits, denominator=digits)),
    gwp_sets=many(fields(id=_TEXT, values=fields(CO2=decimal, CH4=decimal, N2O=decimal), source=_TEXT, confidence=_TEXT)),
    indicators=many(fields(id=_TEXT, name=_NAME, scope=whole(1, 3), dimension=_TEXT, carrier=_TEXT, factor_kinds=many(_TEXT), group=_TEXT)),
    factors=many(_FACTOR),
    selections=many(fields(indicator=_TEXT, region=_TEXT, year=nullable(whole(1900, 2200)), factor=_TEXT)),
)
LINE = fields(
    schema=_schema("line"),
    unit=_ID,
    indicator=_TEXT,
    scope=whole(1, 3),
    quantity=fields(value=decimal, unit=_TEXT),
    factor=_TEXT,
    gases=fields(CO2=digits, CH4=digits, N2O=digits),
    scope1_g=digits,
    scope2_location_g=digits,
    scope2_market_g=digits,
    scope3_g=digits,
    quality=whole(1, 5),
    sources=many(fields(kind=word("meter", "activity"), id=_TEXT)),
)
STATEMENT = fields(
    schema=_schema("statement"),
    institution=_ID,
    period=_PERIOD,
    revision=whole(1, 2**32 - 1),
    cause=word("first", "data", "factor", "boundary", "method", "error"),
    supersedes=nullable(_HASH),
    organisation=_HASH,
    activity=_HASH,
    library=fields(release=_TEXT, hash=_HASH),
    method=_TEXT,
    gwp=_TEXT,
    meters=many(
        fields(
            meter=_ID,
            unit=_ID,
            quantity=_TEXT,
            record=_HASH,
            total=digits,
            measured=digits,
            estimated=digits,
            manual=digits,
            missing=digits,
        )
    ),
    lines=many(LINE),
    rollup=many(fields(unit=_ID, own=_MEASURES, total=_MEASURES)),
    totals=_MEASURES,
    not_computed=many(_TEXT),
)
CONTEXT = fields(
    alg=whole(0, 255),
    measures=whole(0, 255),
    chain_id=unsigned(64),
    contract=_ADDRESS,
    org=_B32,
    dataset=_B32,
    period_start=unsigned(64),
    period_end=unsigned(64),
    revision=whole(0, 2**32 - 1),
    schema_hash=_B32,
)
_TOTALS = many(unsigned(256), exactly=4)  # 2^128 and more is read, and then refused by the tree
COMMITMENTS = fields(
    schema=_schema("commitments"),
    datasets=many(
        fields(
            dataset=_ID,
            context=CONTEXT,
            n=unsigned(64),
            totals=_TOTALS,
            tree_root=_HASH,
            root=_HASH,
            leaves=many(fields(asset=_TEXT, key=_HASH, salt=_HASH, values=_TOTALS)),
        ),
        at_most=16,
    ),
)
ATTESTATION = fields(
    dataset=_ID, message=keyed(either(_TEXT, many(_TEXT, at_most=16))), signature=hexed(65, "0x"), signer=_ADDRESS, digest=_B32
)
ATTESTATIONS = fields(schema=_schema("attestations"), items=many(ATTESTATION, at_most=16))
_NODES = many(_BYTES, at_most=64)
_EMBEDDED = fields(
    ("consistency",),
    kind=word("embedded-checkpoint"),
    checkpoint=_TEXT,
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


ANCHOR = fields(
    dataset=_ID,
    chain_id=unsigned(64),
    contract=_ADDRESS,
    id=hexed(32, "0x"),
    block=fields(number=unsigned(64), hash=hexed(32, "0x"), header=_BYTES),
    transaction=fields(hash=hexed(32, "0x"), index=unsigned(64)),
    receipt=fields(type=counting, value=_BYTES, proof=_NODES, log_index=unsigned(64)),
    state=fields(account_proof=_NODES, storage=many(fields(slot=either(hexed(32, "0x"), unsigned(256)), proof=_NODES), at_most=16)),
    finality=nullable(_finality),
)
ANCHORS = fields(schema=_schema("anchors"), items=many(ANCHOR, at_most=16))
FINDINGS = fields(
    schema=_schema("findings"),
    items=many(
        fields(
            ("got", "expected"),
            code=_TEXT,
            severity=word("error", "warning", "info"),
            place=text(re.compile(".*", re.S)),
            got=nullable(text(re.compile(".*", re.S))),
            expected=nullable(text(re.compile(".*", re.S))),
            action=text(re.compile(".*", re.S)),
            params=keyed(text(re.compile(".*", re.S))),
        )
    ),
)
_BYTE_COUNT = whole(0, 2**53 - 1)
MANIFEST = fields(
    schema=_schema("package"),
    institution=_ID,
    period=_PERIOD,
    revision=whole(1, 2**32 - 1),
    statement=_HASH,
    chain_id=unsigned(64),
    period_ledger=_ADDRESS,
    parts=many(fields(path=_TEXT, sha256=_HASH, bytes=_BYTE_COUNT), at_most=20_000),
    withheld=many(fields(path=_TEXT, sha256=_HASH, bytes=_BYTE_COUNT, reason=_TEXT), at_most=20_000),
)
_CONTRACT = fields(address=_ADDRESS, code_hash=_B32, slots=fields(("records",), records=nullable(counting)))
_KEY = fields(
    institution=_ID,
    kind=word("bank", "centre", "verifier", "auditor", "government"),
    role=word("approver", "logkeeper", "verifier", "certifier", "librarian", "publisher"),
    address=_ADDRESS,
    valid_from=either(_INSTANT, counting),
    valid_to=nullable(either(_INSTANT, counting)),
)
POLICY = fields(
    ("validators",),
    schema=_schema("policy"),
    version=counting,
    issued=_INSTANT,
    expires=nullable(_INSTANT),
    chain=fields(id=counting, kind=word("embedded", "qbft", "test"), genesis=_B32),
    contracts=keyed(_CONTRACT),
    schemas=keyed(_B32),
    libraries=many(_B32),
    keys=many(_KEY),
    checkpoint=nullable(fields(origin=_TEXT, vkey=_TEXT, pinned=nullable(_TEXT))),
    validators=nullable(many(_ADDRESS, at_most=256)),
    signature=fields(public_key=_TEXT, value=_TEXT),
)
PROOF = fields(
    schema=_schema("proof"),
    dataset=_ID,
    context=CONTEXT,
    n=unsigned(64),
    totals=_TOTALS,
    tree_root=_HASH,
    root=_HASH,
    item=fields(
        index=whole(0, 2**32 - 1),
        asset=_TEXT,
        key=_HASH,
        salt=_HASH,
        values=_TOTALS,
        record=_TEXT,
        path=many(fields(sums=_TOTALS, hash=_HASH), at_most=64),
    ),
    attestation=nullable(ATTESTATION),
    anchor=nullable(ANCHOR),
)
CONSISTENCY = fields(
    schema=_schema("consistency"),
    origin=_TEXT,
    proofs=many(fields(old_size=counting, new_size=counting, hashes=many(_B32, at_most=64)), at_most=10_000),
)
_BY_SCHEMA: dict[str, Shape] = {
    "consistency": CONSISTENCY,
    "organisation": ORGANISATION,
    "activity": ACTIVITY,
    "library": LIBRARY,
    "statement": STATEMENT,
    "commitments": COMMITMENTS,
    "attestations": ATTESTATIONS,
    "anchors": ANCHORS,
    "findings": FINDINGS,
    "package": MANIFEST,
    "proof": PROOF,
    "line": LINE,
}
_ORDERED: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "organisation": (("units", ("id",)),),
    "activity": (("records", ("id",)), ("declared_totals", ("id",)), ("factor_choices", ("indicator",))),
    "library": (("units", ("code",)), ("gwp_sets", ("id",)), ("indicators", ("id",)), ("factors", ("id",))),
    "statement": (("lines", ("unit", "indicator")), ("meters", ("meter",)), ("rollup", ("unit",))),
    "package": (("parts", ("path",)), ("withheld", ("path",))),
}


def read(data: bytes, name: str, place: str = "", *, nesting: int = json_strict.MAX_NESTING) -> Any:
    """Return the document `name` from its canonical bytes.

    Raises:
        Malformed: not canonical, or a field is unknown, missing or of another form; `place` (a part's path) precedes the pointer.
    """
    try:
        value = json_strict.load_canonical(data, nesting=nesting)
        _BY_SCHEMA[name](value, "")
        for list_name, keys in _ORDERED.get(name, ()):
            sorted_by(value[list_name], f"/{list_name}", *keys)
    except Malformed as error:
        raise Malformed(error.code, f"{place} {error.place}".strip(), error.detail, **error.facts) from None
    return value
