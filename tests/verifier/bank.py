"""Write down one small bank by hand: organisation, activity, library, meters, and the statement that follows from them."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account

from tests.verifier.bank_library import ACTIVITY_BP, FACTOR_BP, RESIDUAL, name
from tests.verifier.bank_library import library as library

ROOT = Path(__file__).resolve().parents[2]
CHAIN_ID = 20251337
CONTRACT = "0x" + "c0" * 20
CLAIMS = "0x" + "c1" * 20
RUNTIME_CODE = b"\x60\x80runtime code of PeriodLedger"
RECORDS_SLOT = 0
PERIOD = {"id": "2025-03", "start": "2025-02-28T16:00:00Z", "end": "2025-03-31T16:00:00Z", "timezone": "Asia/Shanghai"}
START, END = 1740758400, 1743436800
SLOTS = (END - START) // 900
BLOCK_TIME = 1744000000
NOW = 1750000000
APPROVER = Account.from_key("0x" + "11" * 32)
POLICY_KEY = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32)
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"\x33" * 32)
ORIGIN = f"lingtan/{CHAIN_ID}/0123456789abcdef"
MEASURES = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
ATTESTATION_FIELDS = (
    "bytes32 org,bytes32 dataset,uint64 periodStart,uint64 periodEnd,uint32 revision,uint8 cause,uint8 alg,uint8 measures,"
    "bytes32 schemaHash,"
    "uint64 n,uint128[4] totals,bytes32 treeRoot,bytes32 root,bytes32 libraryHash,bytes32 statementHash,uint64 deadline"
)
EVENT = (
    "PeriodAttested(bytes32,bytes32,bytes32,uint64,uint64,uint32,uint8,uint8,bytes32,uint64,uint128[4],bytes32,bytes32,bytes32,bytes32,"
    "address,bytes32)"
)
REGISTER = {"first": "1002.5", "last": "1015", "multiplier": "3"}
CONTRACT_FACTOR = Fraction("0.05")
Change = Callable[[Any], None]
Market = tuple[Fraction, list[tuple[str, str, Fraction]]]  # residual kg per kWh; instrument, kWh, kg per kWh


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def jcs(value: Any) -> bytes:
    return bytes(rfc8785.dumps(value))


def sid(kind: str, text: str) -> bytes:
    return sha(f"lingtan/{kind}/{text}".encode())


def raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def organisation() -> dict[str, Any]:
    def unit(id: str, kind: str, *placements: tuple[str, str], allocations: tuple[tuple[str, str, str, str], ...] = ()) -> dict[str, Any]:
        return {
            "id": id,
            "name": name(id),
            "kind": kind,
            "placements": [{"parent": parent, "since": since} for parent, since in placements],
            "opened": "2001-01-01",
            "closed": None,
            "opening": "opened",
            "closing": None,
            "merged_into": None,
            "county": None,
            "area_m2": "1200.5",
            "headcount": 12,
            "ownership": "leased" if allocations else "owned",
            "allocations": [
                {"since": since, "rule": rule, "part": part, "whole": whole, "reference": "lease"}
                for since, rule, part, whole in allocations
            ],
        }

    return {
        "schema": "lingtan.organisation/1",
        "institution": "bank-a",
        "name": name("Bank A 甲银行"),
        "timezone": "Asia/Shanghai",
        "region": "CN-ZJ",
        "units": [
            unit("branch-a", "branch", ("head", "2001-01-01")),
            unit("branch-b", "branch", ("head", "2001-01-01")),
            unit("head", "institution"),
            unit("outlet-a1", "outlet", ("head", "2001-01-01"), ("branch-a", "2020-06-01")),
            unit(
                "outlet-z",
                "outlet",
                ("head", "2001-01-01"),
                allocations=(("2018-01-01", "area", "90", "300"), ("2024-07-01", "area", "100", "300")),
            ),
        ],
    }


def activity() -> dict[str, Any]:
    def record(id: str, unit: str, indicator: str, value: str, measure: str, quality: int = 1, **changes: Any) -> dict[str, Any]:
        return {
            "id": id,
            "unit": unit,
            "indicator": indicator,
            "quantity": {"value": value, "unit": measure},
            "start": "2025-03-01",
            "end": "2025-03-31",
            "source": {"kind": changes.get("kind", "invoice"), "reference": f"invoice {id}", "sha256": None},
            "register": changes.get("register"),
            "quality": quality,
            "uncertainty_bp": changes.get("uncertainty_bp"),
        }

    def instrument(id: str, unit: str, kind: str, value: str, measure: str, factor: str, generated: str | None, retired: str | None) -> Any:
        return {
            "id": id,
            "unit": unit,
            "kind": kind,
            "quantity": {"value": value, "unit": measure},
            "factor": factor,
            "generated": generated,
            "retired": retired,
            "reference": "registry",
        }

    return {
        "schema": "lingtan.activity/1",
        "institution": "bank-a",
        "period": PERIOD,
        "records": [
            record("r1", "branch-a", "gas.natural", "1234.56", "m3"),
            record("r2", "branch-a", "gas.natural", "0.01", "万m3", 2),
            record("r3", "branch-b", "electricity.purchased", "12.3456", "MWh"),
            record("r4", "head", "fuel.petrol", "321.7", "L"),
            record("r5", "outlet-a1", "fuel.petrol", "0.0500", "t", 4),
            record("r6", "outlet-a1", "refrigerant.topup", "1.500", "kg", 2),
            record("r7", "outlet-a1", "water.supply", "37.5", "m3", 1, uncertainty_bp=123, register=dict(REGISTER)),
            record("r8", "outlet-z", "electricity.purchased", "10", "MWh", 2, kind="landlord"),
        ],
        "declared_totals": [],
        "declared_factors": [
            {"id": "f1", "indicator": "gas.natural", "value": "2.1644", "unit": "kgCO2e/m3", "document": "GB/T 32150", "reference": "p. 9"}
        ],
        "factor_choices": [],
        "instruments": [
            instrument("g1", "branch-b", "green_certificate", "2", "MWh", "0", "2024-05-01", None),
            instrument("g2", "head", "supplier_contract", "1000.5", "kWh", "0.05", None, None),
            instrument("g3", "head", "green_certificate", "5", "MWh", "0", "2023-06-01", "2026-01-05"),
        ],
        "denominators": [{"unit": "head", "measure": "income_cny", "value": "1250000.5"}],
    }


METERS = {"M1": ("branch-a", 7), "M2": ("head", 11)}


def meter_key(meter: str) -> bytes:
    return sha(b"key meter/" + meter.encode() + b"/el.import")


@cache
def meter_record(meter: str) -> bytes:
    """A month whose slots follow a simple rule: missing, estimated, manual, substituted and suspect slots all occur."""
    step = METERS[meter][1]
    quality = bytes(
        (0 if i % 97 == 5 else 2 if i % 101 == 3 else 3 if i % 103 == 2 else 4 if i % 107 == 1 else 5 if i % 109 == 9 else 1)
        for i in range(SLOTS)
    )
    values = [0 if flag == 0 else (i * step) % 9_000_000 for i, flag in enumerate(quality)]
    counts = [sum(flag in kinds for flag in quality) for kinds in ((1, 5), (2, 4), (3,), (0,))]
    header = struct.pack("<4sHH32sqIB3xqIIII16x", b"LTM1", 1, 15, meter_key(meter), START, SLOTS, 1, sum(values), *counts)
    return header + struct.pack(f"<{SLOTS}q", *values) + quality


def meter_summary(meter: str, record: bytes) -> dict[str, str]:
    total, measured, estimated, manual, missing = struct.unpack_from("<qIIII", record, 56)
    return {
        "meter": meter,
        "unit": METERS[meter][0],
        "quantity": "el.import",
        "record": sha(record).hex(),
        "total": str(total),
        "measured": str(measured),
        "estimated": str(estimated),
        "manual": str(manual),
        "missing": str(missing),
    }


def half_even(value: Fraction) -> int:
    return round(value)  # Fraction rounds half to even, exactly


def quadrature(sources: list[tuple[str, int]]) -> int:
    """Combine (quantity, basis points): the root of the sum of squares over the sum, to the nearest, by decimals of 60 digits."""
    with localcontext() as context:
        context.prec = 60
        squares = sum((Decimal(quantity) * bp) ** 2 for quantity, bp in sources)
        return int((squares.sqrt() / sum(Decimal(quantity) for quantity, _ in sources)).quantize(Decimal(1), ROUND_HALF_UP))


def line(
    unit: str,
    indicator: str,
    scope: int,
    value: str,
    base: str,
    factor: str,
    kg: tuple[Fraction, Fraction, Fraction],
    quality: int,
    sources: list[tuple[str, str]],
    *,
    market: Market | None = None,
    blend: dict[str, tuple[Fraction, int]] | None = None,  # kg per kg and GWP by gas
    uncertainty: tuple[int, int] | None = None,
) -> dict[str, Any]:
    quantity = Fraction(value)
    fluorinated = sum((share * gwp for share, gwp in (blend or {}).values()), Fraction(0))
    grams = half_even(quantity * 1000 * (kg[0] + kg[1] * Fraction("29.8") + kg[2] * 273 + fluorinated))
    result = {
        "schema": "lingtan.line/1",
        "unit": unit,
        "indicator": indicator,
        "scope": scope,
        "quantity": {"value": value, "unit": base},
        "factor": factor,
        "gases": {gas: str(half_even(quantity * 1000 * part)) for gas, part in zip(("CO2", "CH4", "N2O"), kg, strict=True)},
        "fluorinated": [{"gas": gas, "g": str(half_even(quantity * 1000 * share))} for gas, (share, _) in sorted((blend or {}).items())],
        "market": None,
        "quality": quality,
        "uncertainty": dict(zip(("activity_bp", "factor_bp"), uncertainty or (ACTIVITY_BP[quality], FACTOR_BP), strict=True)),
        "sources": [{"kind": kind, "id": id} for kind, id in sources],
    }
    for measure in MEASURES:
        result[measure] = str(grams) if (scope, measure) in ((1, "scope1_g"), (2, "scope2_location_g"), (3, "scope3_g")) else "0"
    if market is not None:
        residual, covered = market
        rest = quantity - sum(Fraction(kwh) for _, kwh, _ in covered)
        result["market"] = {
            "factor": "residual-cn",
            "covered": [{"instrument": id, "quantity": kwh} for id, kwh, _ in covered],
            "rest": decimal(rest),
        }
        result["scope2_market_g"] = str(half_even(1000 * (rest * residual + sum(Fraction(kwh) * each for _, kwh, each in covered))))
    return result


def pro_rata(wh: int, wanted: dict[str, int]) -> dict[str, int]:
    """Share whole Wh out by the largest remainder, the name deciding ties."""
    need = sum(wanted.values())
    exact = {unit: Fraction(wh * part, need) for unit, part in wanted.items()}
    shares = {unit: int(part) for unit, part in exact.items()}
    by_rest = sorted(exact, key=lambda unit: (shares[unit] - exact[unit], unit))
    for unit in by_rest[: wh - sum(shares.values())]:
        shares[unit] += 1
    return shares


def decimal(value: Fraction) -> str:
    text = f"{int(value)}.{int((value - int(value)) * 10**12):012d}".rstrip("0")
    return text.rstrip(".")


def fuel_kg(ncv: str, carbon: str, oxidation: str, ch4: str, n2o: str, density: str = "1") -> tuple[Fraction, Fraction, Fraction]:
    energy = Fraction(ncv) * Fraction(density)
    return (
        energy * Fraction(carbon) * Fraction(oxidation) * Fraction(44, 12) / 1000,
        energy * Fraction(ch4) / 1_000_000,
        energy * Fraction(n2o) / 1_000_000,
    )


GAS_KG = fuel_kg("38.931", "15.3", "0.99", "1", "0.1")
PETROL_KG_PER_L = fuel_kg("44.8", "18.9", "0.98", "3.8", "5.7", "0.73")
PETROL_KG_PER_KG = fuel_kg("44.8", "18.9", "0.98", "3.8", "5.7")
GRID_KG = (Fraction("0.5366"), Fraction(0), Fraction(0))
WATER_KG = (Fraction("0.168"), Fraction(0), Fraction(0))
NO_KG = (Fraction(0), Fraction(0), Fraction(0))
R410A = {"R-125": (Fraction(1, 2), 3740), "R-32": (Fraction(1, 2), 771)}


def statement(documents: dict[str, Any], meters: dict[str, bytes]) -> dict[str, Any]:
    kwh = {meter: decimal(Fraction(int(meter_summary(meter, record)["total"]), 1_000_000)) for meter, record in meters.items()}
    # The certificate g1 covers 2 MWh of branch-b; the contract g2 is spread over what is left everywhere; g3 was retired too late.
    bought = {"branch-a": kwh["M1"], "branch-b": "12345.6", "head": kwh["M2"], "outlet-z": "3333.333333"}
    left = {unit: int(Fraction(value) * 1000) - (2_000_000 if unit == "branch-b" else 0) for unit, value in bought.items()}
    contract = {unit: decimal(Fraction(wh, 1000)) for unit, wh in pro_rata(1_000_500, left).items()}

    def purchased(unit: str, quality: int, source: tuple[str, str], green: str | None = None) -> dict[str, Any]:
        covered = [("g1", green, Fraction(0))] if green else []
        market = Fraction(RESIDUAL), [*covered, ("g2", contract[unit], CONTRACT_FACTOR)]
        return line(unit, "electricity.purchased", 2, bought[unit], "kWh", "grid-cn-2022", GRID_KG, quality, [source], market=market)

    gas = quadrature([("1234.56", ACTIVITY_BP[1]), ("100", ACTIVITY_BP[2])]), FACTOR_BP
    lines = [
        purchased("branch-a", 1, ("meter", "M1")),
        line(
            "branch-a",
            "gas.natural",
            1,
            "1334.56",
            "m3",
            "gas-ndrc",
            GAS_KG,
            2,
            [("activity", "r1"), ("activity", "r2")],
            uncertainty=gas,
        ),
        purchased("branch-b", 1, ("activity", "r3"), "2000"),
        purchased("head", 1, ("meter", "M2")),
        line("head", "fuel.petrol", 1, "321.7", "L", "petrol-ndrc", PETROL_KG_PER_L, 1, [("activity", "r4")]),
        line("outlet-a1", "fuel.petrol", 1, "50", "kg", "petrol-ndrc", PETROL_KG_PER_KG, 4, [("activity", "r5")]),
        line("outlet-a1", "refrigerant.topup", 1, "1.5", "kg", "r410a-blend", NO_KG, 2, [("activity", "r6")], blend=R410A),
        line("outlet-a1", "water.supply", 3, "37.5", "m3", "water-supply", WATER_KG, 1, [("activity", "r7")], uncertainty=(123, 4000)),
        purchased("outlet-z", 2, ("activity", "r8")),
    ]
    document = {
        "schema": "lingtan.statement/1",
        "institution": "bank-a",
        "period": PERIOD,
        "revision": 1,
        "cause": "first",
        "supersedes": None,
        "organisation": sha(jcs(documents["organisation"])).hex(),
        "activity": sha(jcs(documents["activity"])).hex(),
        "library": {"release": "2025.1", "hash": sha(jcs(documents["library"])).hex()},
        "method": "operational_1",
        "gwp": "AR6",
        "meters": [meter_summary(meter, record) for meter, record in meters.items()],
        "lines": lines,
        "rollup": [],
        "totals": {},
    }
    roll_up(document)
    return document


def roll_up(document: dict[str, Any]) -> None:
    """Fill roll-up and totals from the lines, by hand for this one tree."""

    def summed(*units: str) -> dict[str, str]:
        return {measure: str(sum(int(item[measure]) for item in document["lines"] if item["unit"] in units)) for measure in MEASURES}

    below = {
        "branch-a": ("branch-a", "outlet-a1"),
        "branch-b": ("branch-b",),
        "head": ("head", "branch-a", "branch-b", "outlet-a1", "outlet-z"),
        "outlet-a1": ("outlet-a1",),
        "outlet-z": ("outlet-z",),
    }
    document["rollup"] = [{"unit": unit, "own": summed(unit), "total": summed(*units)} for unit, units in below.items()]
    document["totals"] = summed(*below["head"])
