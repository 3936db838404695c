"""Look whether a chosen grid factor is of the place where the power is used: another province's may be a quarter of one's own.

Grids of 2012 are those of 《2011年和2012年中国区域电网平均二氧化碳排放因子》, of 2021 on those of 生态环境部. A province may lie in two.
"""

from __future__ import annotations

from ledger.accounting.validators.subject import Subject
from ledger.records.findings import Finding

EVERYWHERE = ("*", "CN")
CARRIER = "electricity"
GRIDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("CN-NORTH", ("BJ", "TJ", "HE", "SX", "SD", "NM")),
    ("CN-NORTHEAST", ("LN", "JL", "HL", "NM")),
    ("CN-EAST", ("SH", "JS", "ZJ", "AH", "FJ")),
    ("CN-CENTRAL", ("HA", "HB", "HN", "JX", "SC", "CQ")),
    ("CN-NORTHWEST", ("SN", "GS", "QH", "NX", "XJ")),
    ("CN-SOUTH", ("GD", "GX", "YN", "GZ", "HI")),
    ("CN-SOUTHWEST", ("SC", "CQ", "XZ")),
)


def regions_of(region: str) -> tuple[str, ...]:
    """Return the regions whose grid factors are made for a place: itself, its grids and the country."""
    province = region.removeprefix("CN-")
    return (region, *(grid for grid, provinces in GRIDS if province in provinces), *EVERYWHERE)


def check_regions(subject: Subject) -> tuple[Finding, ...]:
    """Return `FACTOR_OF_OTHER_REGION` for each chosen factor of electricity that is of another region than the institution's.

    An institution that says no more than its country is left alone.
    """
    region = None if subject.organisation is None else subject.organisation.region
    if region is None or region in EVERYWHERE:
        return ()
    admitted, factors = regions_of(region), {factor.id: factor for factor in subject.release.factors}
    findings = []
    choices = sorted(subject.activity.factor_choices, key=lambda choice: (choice.indicator, choice.use))
    for index, choice in enumerate(choices):
        factor = factors.get(choice.factor)
        if factor is None or factor.carrier != CARRIER or factor.region in admitted:
            continue
        action = "choose a factor of the place where the power is used, or say in the reference why this one"
        params = {"indicator": choice.indicator, "use": choice.use, "factor": factor.id, "region": region}
        place, got, expected = (
            f"/factor_choices/{index}/factor",
            f"{factor.id} of {factor.region}",
            f"a factor of {' or '.join(admitted[:-2])} or CN",
        )
        findings.append(Finding("FACTOR_OF_OTHER_REGION", "warning", place, action, got, expected, params))
    return tuple(findings)
