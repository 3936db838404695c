"""P1: recompute a bank-year from its stored meter records, against one SHA-256 pass over the same bytes. Goal: at most 1.5 times.

1,000 meters × 15 minutes × 2025 in Shanghai = 35.04 million readings. Recomputing is: every record's header against its slots,
its period and its place in the order of keys (so no slot is missing, doubled or moved), the sum tree's R and totals, every unit's
grams exactly from its mWh, and the roll-up over five levels. One meter in five has estimated, manual and missing slots.
Run: `python -m bench.p1_bank_year [--meters 1000] [--repeats 9]`.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from bench.measure import measure_ratio, write_result
from ledger.accounting.financed.division import divide_half_even
from ledger.accounting.rollup import roll_up_measures
from ledger.identifiers import sid
from ledger.merkle.bulk import hash_records, pack_values, seal_columns
from ledger.merkle.dataset_schema import schema_hash
from ledger.merkle.keys import CommitmentKeys, meter_asset
from ledger.merkle.sums import Context, Leaf, SumTree, record_hash
from ledger.records.meter_record import MeterRecord, Quantity, verify_stored
from ledger.records.names import Name
from ledger.records.organisation import Organisation, Placement, Unit
from ledger.records.period import Period
from ledger.records.statement import Measures, Rollup
from ledger.units import round_half_even

GOAL = 1.5
PERIOD = Period.of_dates("2025", date(2025, 1, 1), date(2025, 12, 31), "Asia/Shanghai")
KEYS = CommitmentKeys(bytes(range(32)))
CONTEXT = Context(1, 4, 1337, bytes(20), sid("org", "bench"), sid("dataset", "METERS"), PERIOD.start, PERIOD.end, 1, schema_hash("METERS"))
GRAMS_PER_KWH = Fraction("497.4")  # any exact factor does here
LEVELS = (1, 10, 50, 200)


@dataclass(frozen=True)
class StoredRecord:
    """What a database row holds: the meter, its unit, the salt of its leaf, the record's bytes."""

    meter: str
    unit: str
    key: bytes
    salt: bytes
    data: bytes


@dataclass(frozen=True)
class Recomputed:
    """What recomputing gives and an auditor compares."""

    root: bytes
    totals: tuple[int, ...]
    rollup: tuple[Rollup, ...]


def make_organisation(outlets: int) -> Organisation:
    """Return a tree of five levels with `outlets` units at the bottom."""
    name, opened, units = Name("Unit", "机构"), date(2000, 1, 1), []
    kinds = ("institution", "branch", "sub_branch", "sub_branch", "outlet")
    above: list[str] = []
    for level, (kind, count) in enumerate(zip(kinds, (*LEVELS, outlets), strict=True)):
        ids = [f"L{level}-{at}" for at in range(count)]
        placements = [(Placement(above[at % len(above)], opened),) if above else () for at in range(count)]
        units += [Unit(id, name, kind, placed, opened) for id, placed in zip(ids, placements, strict=True)]
        above = ids
    return Organisation("bench", name, "Asia/Shanghai", "CN-ZJ", tuple(units))


def make_records(meters: int) -> tuple[StoredRecord, ...]:
    """Return one year of made-up but office-like readings for each meter, by leaf key."""
    generator, slots, made = np.random.default_rng(2025), PERIOD.slots(15), []
    daily = (2_000_000 + 1_500_000 * np.sin(np.arange(slots) % 96 / 96 * 3.14)).astype(np.int64)
    for at in range(meters):
        values, quality = daily + generator.integers(0, 500_000, slots), np.ones(slots, dtype=np.uint8)
        if at % 5 == 0:
            for flag in (0, 2, 3):
                start = int(generator.integers(0, slots - 96))
                quality[start : start + 96] = flag
            values[quality == 0] = 0
        meter = f"M{at}"
        key = KEYS.leaf_key(meter_asset(meter, Quantity.EL_IMPORT), PERIOD.start, PERIOD.end)
        record = MeterRecord(key, PERIOD.start, 15, Quantity.EL_IMPORT, values.astype("<i8").tobytes(), quality.tobytes())
        made.append(StoredRecord(meter, f"L4-{at}", key, KEYS.salt(CONTEXT.digest(), key), record.to_bytes()))
    return tuple(sorted(made, key=lambda stored: stored.key))


def recompute(organisation: Organisation, stored: tuple[StoredRecord, ...]) -> Recomputed:
    """Recompute R, totals and roll-up, refusing any record that is not whole, of this period and in order."""
    records, values, grams, slots = [], [], [], PERIOD.slots(15)
    numerator, denominator = GRAMS_PER_KWH.numerator, GRAMS_PER_KWH.denominator * 1_000_000
    for item in stored:
        facts, record = verify_stored(item.data)
        if (facts.key, facts.start, facts.n, facts.interval_minutes) != (item.key, PERIOD.start, slots, 15):
            raise SystemExit(f"the record of {item.meter} is not the one of this period")
        records.append(record)
        values.append(facts.measures)
        grams.append((item.unit, Measures(scope2_location_g=divide_half_even(facts.total * numerator, denominator))))
    hashes = hash_records(b"".join(item.salt for item in stored), records)
    tree = seal_columns(CONTEXT, b"".join(item.key for item in stored), pack_values(values), hashes)
    return Recomputed(tree.root, tree.totals, roll_up_measures(organisation.tree(PERIOD.last_day), grams))


def hash_once(stored: tuple[StoredRecord, ...]) -> bytes:
    """Return one SHA-256 over all the bytes: what it is compared with."""
    hasher = hashlib.sha256()
    for item in stored:
        hasher.update(item.data)
    return hasher.digest()


def check_result(stored: tuple[StoredRecord, ...], result: Recomputed) -> None:
    """Compare with another way to the same numbers: Python integers, and leaves from whole records."""
    total = sum(sum(memoryview(item.data)[96 : 96 + 8 * PERIOD.slots(15)].cast("q").tolist()) for item in stored)
    records = [(item, MeterRecord.from_bytes(item.data)) for item in stored]
    leaves = [Leaf(item.key, record.measures, record_hash(item.salt, record.leaf_record())) for item, record in records]
    root = next(item for item in result.rollup if item.own == Measures() and item.unit == "L0-0")
    grams = sum(round_half_even(Fraction(record.total, 1_000_000) * GRAMS_PER_KWH) for _, record in records)
    assert result.totals[0] == total
    assert result.root == SumTree.build(CONTEXT, leaves).root
    assert root.total.scope2_location_g == grams


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    organisation, stored = make_organisation(options.meters), make_records(options.meters)
    result = recompute(organisation, stored)
    check_result(stored, result)
    ratio = measure_ratio(lambda: recompute(organisation, stored), lambda: hash_once(stored), options.repeats)
    outcome: dict[str, object] = {
        "what": "recompute a bank-year from stored meter records ÷ one SHA-256 pass over the same bytes",
        "goal": f"at most {GOAL}",
        **ratio.to_document(),
        "meters": options.meters,
        "readings": options.meters * PERIOD.slots(15),
        "bytes": sum(len(item.data) for item in stored),
        "root": result.root.hex(),
        "total_mwh": str(result.totals[0]),
    }
    write_result("p1", outcome)
    print(f"P1: {ratio.value:.2f} times one SHA-256 pass (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
