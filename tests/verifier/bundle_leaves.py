"""Write down what the leaves of a made-up bank's bundles hold: meters, lines, groups of exposures, projects, and the statement."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any

from tests.verifier.bank import jcs, sha
from tests.verifier.block import plain_root
from tests.verifier.financed_bank import pcaf_records

START, END = 1_740_758_400, 1_740_758_400 + 24 * 900  # six hours: slots that fit on a page
INSTANTS = ("2025-02-28T16:00:00Z", "2025-02-28T22:00:00Z")
Row = tuple[bytes, bytes, list[int], bytes, str]  # key, salt, values, record, asset


def meter_record(number: int) -> tuple[bytes, bytes]:
    """The header and slots of a small meter."""
    quality = bytes([1, 1, 0, 2, 3, 4, 5] * 4)[:24]
    values = [0 if flag == 0 else 1_000 * number + at for at, flag in enumerate(quality)]
    counts = [quality.count(1) + quality.count(5), quality.count(2) + quality.count(4), quality.count(3), quality.count(0)]
    header = b"LTM1" + struct.pack("<HH32sqIB3xqIIII16x", 1, 15, meter_key(number), START, 24, 1, sum(values), *counts)
    return header, struct.pack("<24q", *values) + quality


def meter_key(number: int) -> bytes:
    return sha(b"key meter %d" % number)


def statement_line(number: int) -> dict[str, Any]:
    return {
        "schema": "lingtan.line/1",
        "unit": f"branch-{number}",
        "indicator": "electricity.purchased",
        "scope": 2,
        "quantity": {"value": "1234.5", "unit": "kWh"},
        "factor": "grid-电",
        "gases": {"CO2": "700", "CH4": "0", "N2O": "0"},
        "fluorinated": [{"gas": "SF6", "g": "1"}],
        "market": {"factor": "residual", "covered": [{"instrument": "gec-1", "quantity": "10"}], "rest": "1224.5"},
        "scope1_g": "0",
        "scope2_location_g": str(700_000 + number),
        "scope2_market_g": str(690_000 + number),
        "scope3_g": "0",
        "quality": 1,
        "uncertainty": {"activity_bp": 100, "factor_bp": 500},
        "sources": [{"kind": "meter", "id": f"M{number}"}],
    }


def reduction(number: int) -> dict[str, Any]:
    """A retrofit (even numbers: the grams come to a half, and go to the even) or a PV roof."""
    saved, used = (0, 2_000_500 + number) if number % 2 else (2_500 + 1_000 * number, 0)
    value, unit = ("0.5703", "tCO2/MWh") if number % 2 else ("1", "kgCO2e/MWh")
    avoided = round(Fraction(saved + used) * Fraction(value) / (1 if number % 2 else 1000))
    return {
        "schema": "lingtan.reduction/1",
        "id": f"p-{number}",
        "unit": f"branch-{number}",
        "kind": "pv" if number % 2 else "retrofit",
        "option": "B" if number % 2 else "C",
        "factor": {"id": "grid", "value": value, "unit": unit},
        "avoided_g": str(avoided),
        "saved_wh": str(saved),
        "self_used_wh": str(used),
        "exported_wh": "77" if number % 2 else "0",
        "evidence": [{"kind": "meter_csv", "id": "m.csv", "sha256": None}, {"kind": "meter_csv", "id": "m.csv", "sha256": "ab" * 32}],
    }


ORGANISATION = {"schema": "lingtan.organisation/1", "institution": "bank-a"}
ACTIVITY = {"schema": "lingtan.activity/1", "institution": "bank-a"}
LIBRARY = {"schema": "lingtan.library/1", "release": "2025"}
METER_COUNT, LINE_COUNT, REDUCTION_COUNT, GROUP_SIZES = 3, 5, 3, (50, 50, 51)


def statement(revision: int = 1) -> dict[str, Any]:
    """The statement that is signed; what a browser looks at of it is there."""
    meters = []
    for number in range(METER_COUNT):
        header, slots = meter_record(number)
        total, *counts = struct.unpack_from("<qIIII", header, 56)
        figures = dict(zip(("measured", "estimated", "manual", "missing"), map(str, counts), strict=True))
        meters.append(
            {"meter": f"M{number}", "unit": f"branch-{number}", "quantity": "el.import", "record": sha(header + slots).hex()}
            | {"total": str(total), **figures}
        )
    return {
        "schema": "lingtan.statement/1",
        "institution": "bank-a",
        "period": {"id": "night", "start": INSTANTS[0], "end": INSTANTS[1], "timezone": "Asia/Shanghai"},
        "revision": revision,
        "organisation": sha(jcs(ORGANISATION)).hex(),
        "activity": sha(jcs(ACTIVITY)).hex(),
        "library": {"release": "2025", "hash": sha(jcs(LIBRARY)).hex()},
        "meters": meters,
        "lines": [statement_line(number) for number in range(LINE_COUNT)],
    }


def exposures(group: int) -> list[tuple[bytes, bytes, list[int]]]:
    """(salt, record, measures) of one group of a book, in the order of pseudonyms."""
    records = sorted(pcaf_records(sum(GROUP_SIZES)), key=lambda record: str(record["exposure"]))
    first = sum(GROUP_SIZES[:group])
    found = []
    for record in records[first : first + GROUP_SIZES[group]]:
        cents, said = int(record["exposure_cents"]), record["attributed"]
        measures = [cents, int(said["s12_g"]), int(said["s3_g"] or 0), cents * record["score_s12"]]
        found.append((sha(b"salt " + record["exposure"].encode()), jcs(record), measures))
    return found


def leaves() -> dict[str, list[Row]]:
    """The leaves of each dataset: key, salt, values, record, asset."""

    def row(asset: str, values: list[int], record: bytes, key: bytes | None = None) -> Row:
        return key or sha(b"key " + asset.encode()), sha(b"salt " + asset.encode()), values, record, asset

    meters = []
    for number in range(METER_COUNT):
        header, slots = meter_record(number)
        total, measured, estimated, manual, missing = struct.unpack_from("<qIIII", header, 56)
        values = [total, measured, estimated + manual, missing]
        meters.append(row(f"meter/M{number}/el.import", values, header + sha(b"\x02" + slots), meter_key(number)))
    measures = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
    lines = [statement_line(number) for number in range(LINE_COUNT)]
    groups = []
    for number, size in enumerate(GROUP_SIZES):
        opened = exposures(number)
        root = plain_root([sha(b"\x00" + salt + record) for salt, record, _ in opened])
        record = jcs({"schema": "lingtan.group/1", "group": number, "n": size, "root": root.hex()})
        groups.append(row(f"group/{number:06d}", [sum(column) for column in zip(*(m for _, _, m in opened), strict=True)], record))
    columns = ("avoided_g", "saved_wh", "self_used_wh", "exported_wh")
    projects = [reduction(number) for number in range(REDUCTION_COUNT)]
    return {
        "REDUCTIONS": [row(f"reduction/{item['id']}", [int(item[name]) for name in columns], jcs(item)) for item in projects],
        "FINANCED_PCAF": groups,
        "METERS": meters,
        "OPERATIONAL": [
            row(f"line/{item['unit']}/{item['indicator']}", [int(item[name]) for name in measures], jcs(item)) for item in lines
        ],
    }
