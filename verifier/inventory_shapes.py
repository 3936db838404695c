"""Hold the shapes of an inventory: organisation, activity, statement, answers to findings (documents.md §1, §2, §4, §8)."""

from __future__ import annotations

import re

from verifier.shapes import (
    ANYTHING,
    HASH,
    ID,
    INSTANT,
    NAME,
    PERIOD,
    TEXT,
    amount,
    calendar_day,
    decimal,
    digits,
    fields,
    many,
    nullable,
    schema,
    text,
    whole,
    word,
)

_COUNT = whole(0, 2**53 - 1)
_BASIS_POINTS = whole(0, 100_000)
_QUANTITY = fields(value=decimal, unit=TEXT)
_MEASURES = fields(scope1_g=digits, scope2_location_g=digits, scope2_market_g=digits, scope3_g=digits)
_REASON = text(re.compile(r"[^\x00-\x1f\x7f]{1,2000}"), "1 to 2,000 characters without control characters")
USE = word("location", "market")

ORGANISATION = fields(
    schema=schema("organisation"),
    institution=ID,
    name=NAME,
    timezone=TEXT,
    region=TEXT,
    units=many(
        fields(
            id=ID,
            name=NAME,
            kind=word("institution", "branch", "sub_branch", "outlet"),
            placements=many(fields(parent=ID, since=calendar_day)),
            opened=calendar_day,
            closed=nullable(calendar_day),
            opening=word("opened", "acquired", "included"),
            closing=nullable(word("closed", "merged", "divested")),
            merged_into=nullable(ID),
            county=nullable(TEXT),
            area_m2=nullable(amount()),
            headcount=nullable(_COUNT),
            ownership=nullable(word("owned", "leased")),
            allocations=many(
                fields(
                    since=calendar_day,
                    rule=word("area", "headcount", "contract"),
                    part=amount(positive=True),
                    whole=amount(positive=True),
                    reference=ANYTHING,
                )
            ),
        )
    ),
)
_RECORD = fields(
    id=TEXT,
    unit=ID,
    indicator=TEXT,
    quantity=_QUANTITY,
    start=calendar_day,
    end=calendar_day,
    source=fields(
        kind=word("invoice", "register", "document", "estimate", "reported", "landlord"), reference=ANYTHING, sha256=nullable(HASH)
    ),
    register=nullable(fields(first=decimal, last=decimal, multiplier=amount(positive=True))),
    quality=whole(1, 5),
    uncertainty_bp=nullable(_BASIS_POINTS),
)
ACTIVITY = fields(
    schema=schema("activity"),
    institution=ID,
    period=PERIOD,
    records=many(_RECORD),
    declared_totals=many(
        fields(
            id=TEXT,
            period=nullable(ID),
            at=nullable(ID),
            measure=TEXT,
            value=decimal,
            unit=TEXT,
            parts=whole(1, 10**9),
            tolerance=amount(),
            reference=ANYTHING,
        )
    ),
    declared_factors=many(fields(id=TEXT, indicator=TEXT, value=decimal, unit=TEXT, document=ANYTHING, reference=ANYTHING)),
    factor_choices=many(fields(indicator=TEXT, use=USE, factor=TEXT, reference=ANYTHING)),
    instruments=many(
        fields(
            id=TEXT,
            unit=ID,
            kind=word("green_certificate", "supplier_contract"),
            quantity=_QUANTITY,
            factor=amount(),
            generated=nullable(calendar_day),
            retired=nullable(calendar_day),
            reference=ANYTHING,
        )
    ),
    denominators=many(fields(unit=ID, measure=word("income_cny", "headcount", "area_m2"), value=amount(positive=True))),
)
LINE = fields(
    schema=schema("line"),
    unit=ID,
    indicator=TEXT,
    scope=whole(1, 3),
    quantity=_QUANTITY,
    factor=TEXT,
    gases=fields(CO2=digits, CH4=digits, N2O=digits),
    fluorinated=many(fields(gas=TEXT, g=digits)),
    market=nullable(fields(factor=TEXT, covered=many(fields(instrument=TEXT, quantity=decimal)), rest=decimal)),
    scope1_g=digits,
    scope2_location_g=digits,
    scope2_market_g=digits,
    scope3_g=digits,
    quality=whole(1, 5),
    uncertainty=fields(activity_bp=_COUNT, factor_bp=_COUNT),
    sources=many(fields(kind=word("meter", "activity"), id=TEXT)),
)
STATEMENT = fields(
    schema=schema("statement"),
    institution=ID,
    period=PERIOD,
    revision=whole(1, 2**32 - 1),
    cause=word("first", "data", "factor", "boundary", "method", "error"),
    supersedes=nullable(HASH),
    organisation=HASH,
    activity=HASH,
    library=fields(release=TEXT, hash=HASH),
    method=TEXT,
    gwp=TEXT,
    meters=many(
        fields(
            ("sub_meter_of",),
            meter=ID,
            unit=ID,
            quantity=TEXT,
            record=HASH,
            total=digits,
            measured=digits,
            estimated=digits,
            manual=digits,
            missing=digits,
            sub_meter_of=ID,
        )
    ),
    lines=many(LINE),
    rollup=many(fields(unit=ID, own=_MEASURES, total=_MEASURES)),
    totals=_MEASURES,
)
ANSWERS = fields(schema=schema("answers"), items=many(fields(code=TEXT, place=ANYTHING, reason=_REASON, by=TEXT, at=INSTANT)))
