"""Build evidence with other people's libraries alone: rfc8785, eth_account, rlp, trie, cryptography; nothing of verifier or ledger."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from trie import HexaryTrie

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
Change = Callable[[Any], None]


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def jcs(value: Any) -> bytes:
    return bytes(rfc8785.dumps(value))


def name(text: str) -> dict[str, str]:
    return {"en": text, "zh": text}


def sid(kind: str, text: str) -> bytes:
    return sha(f"lingtan/{kind}/{text}".encode())


def raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def organisation() -> dict[str, Any]:
    def unit(id: str, kind: str, parent: str | None) -> dict[str, Any]:
        return {
            "id": id,
            "name": name(id),
            "kind": kind,
            "parent": parent,
            "opened": "2001-01-01",
            "closed": None,
            "county": None,
            "area_m2": "1200.5",
            "headcount": 12,
        }

    return {
        "schema": "lingtan.organisation/1",
        "institution": "bank-a",
        "name": name("Bank A 甲银行"),
        "timezone": "Asia/Shanghai",
        "region": "CN-ZJ",
        "units": [
            unit("branch-a", "branch", "head"),
            unit("branch-b", "branch", "head"),
            unit("head", "institution", None),
            unit("outlet-a1", "outlet", "branch-a"),
        ],
    }


def activity() -> dict[str, Any]:
    def record(id: str, unit: str, indicator: str, value: str, measure: str, quality: int = 1) -> dict[str, Any]:
        return {
            "id": id,
            "unit": unit,
            "indicator": indicator,
            "quantity": {"value": value, "unit": measure},
            "start": "2025-03-01",
            "end": "2025-03-31",
            "source": {"kind": "invoice", "reference": f"invoice {id}", "sha256": None},
            "quality": quality,
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
        ],
        "declared_totals": [],
        "factor_choices": [],
    }


def library() -> dict[str, Any]:
    def unit(code: str, dimension: str, numerator: str, denominator: str = "1", *aliases: str) -> dict[str, Any]:
        return {"code": code, "aliases": list(aliases), "dimension": dimension, "numerator": numerator, "denominator": denominator}

    def factor(id: str, kind: str, carrier: str, unit: str, basis: str, **other: Any) -> dict[str, Any]:
        return {
            "id": id,
            "name": name(id),
            "kind": kind,
            "carrier": carrier,
            "form": "fuel" if "fuel" in other else "direct",
            "value": other.get("value"),
            "fuel": other.get("fuel"),
            "unit": unit,
            "basis": basis,
            "region": "CN",
            "data_year": 2022,
            "document": {"title": "t", "number": None, "published": None, "clause": None},
            "valid_from": None,
            "supersedes": None,
            "confidence": "V",
            "source_sha256": None,
        }

    def indicator(id: str, scope: int, dimension: str, carrier: str, *kinds: str) -> dict[str, Any]:
        return {
            "id": id,
            "name": name(id),
            "scope": scope,
            "dimension": dimension,
            "carrier": carrier,
            "factor_kinds": list(kinds),
            "group": "g",
        }

    gas = {"per": "m3", "ncv_mj": "38.931", "density": None, "carbon": "15.3", "oxidation": "0.99", "ch4": "1", "n2o": "0.1"}
    petrol = {"per": "kg", "ncv_mj": "44.8", "density": "0.73", "carbon": "18.9", "oxidation": "0.98", "ch4": "3.8", "n2o": "5.7"}
    return {
        "schema": "lingtan.library/1",
        "release": "2025.1",
        "valid_from": "2025-01-01",
        "supersedes": None,
        "methods": ["operational_1"],
        "units": [
            unit("L", "liquid", "1"),
            unit("MWh", "electricity", "1000"),
            unit("kWh", "electricity", "1", "1", "度"),
            unit("kg", "mass", "1"),
            unit("m3", "volume", "1"),
            unit("t", "mass", "1000"),
            unit("万m3", "volume", "10000"),
        ],
        "gwp_sets": [
            {"id": "AR5", "values": {"CO2": "1", "CH4": "28", "N2O": "265"}, "source": "IPCC", "confidence": "V"},
            {"id": "AR6", "values": {"CO2": "1", "CH4": "29.8", "N2O": "273"}, "source": "IPCC", "confidence": "V"},
        ],
        "indicators": [
            indicator("electricity.purchased", 2, "electricity", "electricity", "grid_average"),
            indicator("fuel.petrol", 1, "liquid", "petrol", "fuel_per_gas"),
            indicator("gas.natural", 1, "volume", "natural_gas", "fuel_per_gas"),
        ],
        "factors": [
            factor("gas-ndrc", "fuel_per_gas", "natural_gas", "kgCO2e/m3", "CO2e", fuel=gas),
            factor("grid-cn-2022", "grid_average", "electricity", "kgCO2/kWh", "CO2", value="0.5366"),
            factor("grid-om", "grid_om", "electricity", "kgCO2/kWh", "CO2", value="0.7921"),
            factor("grid-zj-2022", "grid_average", "electricity", "kgCO2/kWh", "CO2", value="0.5153"),
            factor("petrol-ndrc", "fuel_per_gas", "petrol", "kgCO2e/kg", "CO2e", fuel=petrol),
        ],
        "selections": [
            {"indicator": "electricity.purchased", "region": "CN-SH", "year": None, "factor": "grid-zj-2022"},
            {"indicator": "electricity.purchased", "region": "*", "year": 2025, "factor": "grid-cn-2022"},
            {"indicator": "fuel.petrol", "region": "*", "year": None, "factor": "petrol-ndrc"},
            {"indicator": "gas.natural", "region": "*", "year": None, "factor": "gas-ndrc"},
        ],
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
) -> dict[str, Any]:
    quantity = Fraction(value)
    grams = half_even(quantity * 1000 * (kg[0] + kg[1] * Fraction("29.8") + kg[2] * 273))
    result = {
        "schema": "lingtan.line/1",
        "unit": unit,
        "indicator": indicator,
        "scope": scope,
        "quantity": {"value": value, "unit": base},
        "factor": factor,
        "gases": {gas: str(half_even(quantity * 1000 * part)) for gas, part in zip(("CO2", "CH4", "N2O"), kg, strict=True)},
        "quality": quality,
        "sources": [{"kind": kind, "id": id} for kind, id in sources],
    }
    for measure in MEASURES:
        result[measure] = str(grams) if (scope, measure) in ((1, "scope1_g"), (2, "scope2_location_g")) else "0"
    return result


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


def statement(documents: dict[str, Any], meters: dict[str, bytes]) -> dict[str, Any]:
    kwh = {meter: decimal(Fraction(int(meter_summary(meter, record)["total"]), 1_000_000)) for meter, record in meters.items()}
    lines = [
        line("branch-a", "electricity.purchased", 2, kwh["M1"], "kWh", "grid-cn-2022", GRID_KG, 1, [("meter", "M1")]),
        line("branch-a", "gas.natural", 1, "1334.56", "m3", "gas-ndrc", GAS_KG, 2, [("activity", "r1"), ("activity", "r2")]),
        line("branch-b", "electricity.purchased", 2, "12345.6", "kWh", "grid-cn-2022", GRID_KG, 1, [("activity", "r3")]),
        line("head", "electricity.purchased", 2, kwh["M2"], "kWh", "grid-cn-2022", GRID_KG, 1, [("meter", "M2")]),
        line("head", "fuel.petrol", 1, "321.7", "L", "petrol-ndrc", PETROL_KG_PER_L, 1, [("activity", "r4")]),
        line("outlet-a1", "fuel.petrol", 1, "50", "kg", "petrol-ndrc", PETROL_KG_PER_KG, 4, [("activity", "r5")]),
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
        "not_computed": ["scope2_market_g", "scope3_g"],
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
        "head": ("head", "branch-a", "branch-b", "outlet-a1"),
        "outlet-a1": ("outlet-a1",),
    }
    document["rollup"] = [{"unit": unit, "own": summed(unit), "total": summed(*units)} for unit, units in below.items()]
    document["totals"] = summed(*below["head"])


def words(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(16, "big") for value in values)


@dataclass
class Tree:
    """A Merkle-sum tree by the recursive definition of the specification."""

    ctx: bytes
    leaves: list[tuple[bytes, bytes, list[int], bytes, str]]  # key, salt, values, record, asset

    def node(self, low: int, high: int) -> tuple[int, list[int], bytes]:
        if high - low == 1:
            key, salt, values, record, _ = self.leaves[low]
            rec = sha(b"\x10" + salt + struct.pack(">I", len(record)) + record)
            return 1, values, sha(b"\x11" + self.ctx + key + words(values) + rec)
        split = low + self.split(high - low)
        left, right = self.node(low, split), self.node(split, high)
        body = b"".join(struct.pack(">Q", count) + words(sums) + digest for count, sums, digest in (left, right))
        return left[0] + right[0], [a + b for a, b in zip(left[1], right[1], strict=True)], sha(b"\x12" + body)

    @staticmethod
    def split(n: int) -> int:
        k = 1
        while 2 * k < n:
            k *= 2
        return k

    def path(self, index: int, low: int = 0, high: int | None = None) -> list[dict[str, Any]]:
        high = len(self.leaves) if high is None else high
        if high - low == 1:
            return []
        split = low + self.split(high - low)
        inner, sibling = ((low, split), self.node(split, high)) if index < split else ((split, high), self.node(low, split))
        return [*self.path(index, *inner), {"sums": [str(value) for value in sibling[1]], "hash": sibling[2].hex()}]

    def root(self) -> bytes:
        count, totals, digest = self.node(0, len(self.leaves))
        return sha(b"\x13" + self.ctx + struct.pack(">Q", count) + words(totals) + digest)


def context(dataset: str, schema: bytes) -> dict[str, Any]:
    return {
        "alg": 1,
        "measures": 4,
        "chain_id": str(CHAIN_ID),
        "contract": CONTRACT,
        "org": sid("org", "bank-a").hex(),
        "dataset": sid("dataset", dataset).hex(),
        "period_start": str(START),
        "period_end": str(END),
        "revision": 1,
        "schema_hash": sha(schema).hex(),
    }


def context_hash(item: dict[str, Any]) -> bytes:
    return sha(
        b"\x14carbon-ledger/mst/v1\x01\x04"
        + struct.pack(">Q", int(item["chain_id"]))
        + bytes.fromhex(item["contract"][2:])
        + bytes.fromhex(item["org"] + item["dataset"])
        + struct.pack(">QQI", int(item["period_start"]), int(item["period_end"]), item["revision"])
        + bytes.fromhex(item["schema_hash"])
    )


def plain_root(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    k = Tree.split(len(hashes))
    return sha(b"\x01" + plain_root(hashes[:k]) + plain_root(hashes[k:]))


def plain_path(index: int, hashes: list[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = Tree.split(len(hashes))
    if index < k:
        return [*plain_path(index, hashes[:k]), plain_root(hashes[k:])]
    return [*plain_path(index - k, hashes[k:]), plain_root(hashes[:k])]


def vkey(key: Ed25519PrivateKey, key_name: str) -> tuple[str, bytes]:
    data = b"\x01" + raw_public(key)
    key_id = sha(key_name.encode() + b"\n" + data)[:4]
    return f"{key_name}+{key_id.hex()}+{base64.b64encode(data).decode()}", key_id


def note(size: int, root: bytes, key: Ed25519PrivateKey = LOG_KEY, origin: str = ORIGIN) -> str:
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = base64.b64encode(vkey(key, origin)[1] + key.sign(text.encode())).decode()
    return f"{text}\n— {origin} {signature}\n"


def typed(message: dict[str, Any], struct_name: str, fields: str, contract: str) -> Any:
    return encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                struct_name: [{"type": part.split(" ")[0], "name": part.split(" ")[1]} for part in fields.split(",")],
            },
            "primaryType": struct_name,
            "domain": {"name": "Lingtan", "version": "1", "chainId": CHAIN_ID, "verifyingContract": contract},
            "message": message,
        }
    )


def attest(item: dict[str, Any], library_hash: str, statement_hash: str, signer: Any = APPROVER) -> tuple[dict[str, Any], bytes, Any]:
    ctx = item["context"]
    message = {
        "org": bytes.fromhex(ctx["org"]),
        "dataset": bytes.fromhex(ctx["dataset"]),
        "periodStart": START,
        "periodEnd": END,
        "revision": ctx["revision"],
        "cause": 0,
        "alg": 1,
        "measures": 4,
        "schemaHash": bytes.fromhex(ctx["schema_hash"]),
        "n": int(item["n"]),
        "totals": [int(total) for total in item["totals"]],
        "treeRoot": bytes.fromhex(item["tree_root"]),
        "root": bytes.fromhex(item["root"]),
        "libraryHash": bytes.fromhex(library_hash),
        "statementHash": bytes.fromhex(statement_hash),
        "deadline": BLOCK_TIME + 3600,
    }
    signable = typed(message, "PeriodAttestation", ATTESTATION_FIELDS, CONTRACT)
    digest = keccak(b"\x19\x01" + signable.header + signable.body)
    signature = signer.sign_message(signable).signature
    shown = {
        key: hexed(value) if isinstance(value, bytes) else [str(v) for v in value] if isinstance(value, list) else str(value)
        for key, value in message.items()
    }
    entry = {
        "dataset": item["dataset"],
        "message": shown,
        "signature": hexed(bytes(signature)),
        "signer": signer.address.lower(),
        "digest": hexed(digest),
    }
    return entry, bytes(signable.body), message


@dataclass
class Chain:
    """One block that holds both attestations, in a log of five headers; state and receipts are tries of the `trie` library."""

    records: list[tuple[dict[str, Any], bytes, dict[str, Any], bytes]]  # commitment, struct hash, message, signer
    number: int = 3
    seal: Callable[[list[Any]], bytes] = rlp.encode

    def __post_init__(self) -> None:
        self.storage = HexaryTrie({})
        self.ids = []
        for item, _, _, _ in self.records:
            ctx = item["context"]
            record_id = keccak(
                abi_encode(
                    ["bytes32", "bytes32", "uint64", "uint64", "uint32"],
                    [bytes.fromhex(ctx["org"]), bytes.fromhex(ctx["dataset"]), START, END, ctx["revision"]],
                )
            )
            self.ids.append(record_id)
            totals = [int(total) for total in item["totals"]]
            for offset, word in enumerate((int(item["root"], 16), totals[0] | totals[1] << 128, totals[2] | totals[3] << 128)):
                if word:
                    self.storage[keccak((self.slot(record_id) + offset).to_bytes(32, "big"))] = rlp.encode(word)
        self.state = HexaryTrie({})
        for i in range(20):
            self.state[keccak(bytes([i]) * 20)] = rlp.encode([i, 10**18, keccak(b"\x80"), keccak(b"")])
        self.state[keccak(bytes.fromhex(CONTRACT[2:]))] = rlp.encode([1, 0, self.storage.root_hash, keccak(RUNTIME_CODE)])
        self.receipts = HexaryTrie({})
        self.values = []
        for index, (item, struct_hash, message, signer) in enumerate(self.records):
            value = b"\x02" + rlp.encode(
                [1, 100_000 * (index + 1), bytes(256), [self.other_log(), self.log(index, item, struct_hash, message, signer)]]
            )
            self.values.append(value)
            self.receipts[rlp.encode(index)] = value
        self.receipts[rlp.encode(len(self.records))] = rlp.encode([0, 400_000, bytes(256), []])
        self.header = self.seal(self.fields(self.number))
        self.headers = [rlp.encode(self.fields(i)) if i != self.number else self.header for i in range(5)]
        self.hashes = [sha(b"\x00" + header) for header in self.headers]

    def slot(self, record_id: bytes) -> int:
        return int.from_bytes(keccak(record_id + RECORDS_SLOT.to_bytes(32, "big")), "big")

    def fields(self, number: int) -> list[Any]:
        state, receipts = (self.state.root_hash, self.receipts.root_hash) if number == self.number else (keccak(b"\x80"), keccak(b"\x80"))
        return [
            bytes([number]) * 32,
            keccak(rlp.encode([])),
            b"\xaa" * 20,
            state,
            keccak(b"tx"),
            receipts,
            bytes(256),
            0,
            number,
            30_000_000,
            200_000,
            BLOCK_TIME + number - self.number,
            b"lingtan",
            bytes(32),
            bytes(8),
            7,
            keccak(b"\x80"),
            0,
            0,
            bytes(32),
        ]

    @staticmethod
    def other_log() -> list[Any]:
        return [b"\x0f" * 20, [keccak(b"Something()")], b""]

    def log(self, index: int, item: dict[str, Any], struct_hash: bytes, message: dict[str, Any], signer: bytes) -> list[Any]:
        data = abi_encode(
            ["uint64", "uint64", "uint32", "uint8", "uint8", "bytes32", "uint64", "uint128[4]", *["bytes32"] * 4, "address", "bytes32"],
            [
                message[key]
                for key in (
                    "periodStart",
                    "periodEnd",
                    "revision",
                    "cause",
                    "alg",
                    "schemaHash",
                    "n",
                    "totals",
                    "treeRoot",
                    "root",
                    "libraryHash",
                    "statementHash",
                )
            ]
            + [signer, struct_hash],
        )
        return [bytes.fromhex(CONTRACT[2:]), [keccak(EVENT.encode()), self.ids[index], message["org"], message["dataset"]], data]

    def anchor(self, index: int) -> dict[str, Any]:
        item = self.records[index][0]
        slot = self.slot(self.ids[index])
        return {
            "dataset": item["dataset"],
            "chain_id": str(CHAIN_ID),
            "contract": CONTRACT,
            "id": hexed(self.ids[index]),
            "block": {"number": str(self.number), "hash": hexed(keccak(self.header)), "header": hexed(self.header)},
            "transaction": {"hash": hexed(keccak(b"tx%d" % index)), "index": str(index)},
            "receipt": {
                "type": "2",
                "value": hexed(self.values[index]),
                "proof": self.proof(self.receipts, rlp.encode(index)),
                "log_index": "1",
            },
            "state": {
                "account_proof": self.proof(self.state, keccak(bytes.fromhex(CONTRACT[2:]))),
                "storage": [
                    {
                        "slot": hexed((slot + k).to_bytes(32, "big")),
                        "proof": self.proof(self.storage, keccak((slot + k).to_bytes(32, "big"))),
                    }
                    for k in range(3)
                ],
            },
            "finality": {
                "kind": "embedded-checkpoint",
                "checkpoint": note(len(self.headers), plain_root(self.hashes)),
                "tree_size": str(len(self.headers)),
                "leaf_index": str(self.number),
                "inclusion": [item.hex() for item in plain_path(self.number, self.hashes)],
            },
        }

    @staticmethod
    def proof(trie: Any, key: bytes) -> list[str]:
        return [hexed(rlp.encode(node)) for node in trie.get_proof(key)]


def policy_document(library_hash: str, schema_files: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    contracts = {
        name: {
            "address": address,
            "code_hash": keccak(RUNTIME_CODE).hex(),
            "slots": {"records": RECORDS_SLOT if name == "PeriodLedger" else None},
        }
        for name, address in (
            ("ParticipantRegistry", "0x" + "c2" * 20),
            ("LibraryRegistry", "0x" + "c3" * 20),
            ("PeriodLedger", CONTRACT),
            ("ClaimRegistry", CLAIMS),
        )
    }
    document = {
        "schema": "lingtan.policy/1",
        "version": 3,
        "issued": "2025-01-01T00:00:00Z",
        "expires": "2026-01-01T00:00:00Z",
        "chain": {"id": str(CHAIN_ID), "kind": "embedded", "genesis": "0123456789abcdef" + "0" * 48},
        "contracts": contracts,
        "schemas": {dataset: sha(data).hex() for dataset, data in schema_files.items()},
        "libraries": [library_hash],
        "keys": [
            {
                "institution": "bank-a",
                "kind": "bank",
                "role": "approver",
                "address": APPROVER.address.lower(),
                "valid_from": "2025-01-01T00:00:00Z",
                "valid_to": None,
            }
        ],
        "checkpoint": {"origin": ORIGIN, "vkey": vkey(LOG_KEY, ORIGIN)[0], "pinned": None},
    }
    document.update(changes)
    return document


def sign_policy(document: dict[str, Any], key: Ed25519PrivateKey = POLICY_KEY) -> bytes:
    body = {name: value for name, value in document.items() if name != "signature"}
    return jcs({**body, "signature": {"public_key": raw_public(key).hex(), "value": hexed(key.sign(jcs(body)))}})


def pack(parts: dict[str, bytes], manifest: dict[str, Any], order: list[str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in ["manifest.json", *(order if order is not None else sorted(parts))]:
            archive.writestr(zipfile.ZipInfo(path), jcs(manifest) if path == "manifest.json" else parts[path])
    return out.getvalue()


@dataclass
class Evidence:
    """What a bank would hand over, and what an auditor would hold beside it."""

    parts: dict[str, bytes]
    trees: dict[str, Tree]
    chain: Chain
    library_hash: str
    schemas: dict[str, bytes]
    withheld: dict[str, str] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        def listed(path: str) -> dict[str, Any]:
            return {"path": path, "sha256": sha(self.parts[path]).hex(), "bytes": len(self.parts[path])}

        return {
            "schema": "lingtan.package/1",
            "institution": "bank-a",
            "period": PERIOD,
            "revision": 1,
            "statement": sha(self.parts["statement.json"]).hex(),
            "chain_id": str(CHAIN_ID),
            "period_ledger": CONTRACT,
            "parts": [listed(path) for path in sorted(self.parts) if path not in self.withheld],
            "withheld": [{**listed(path), "reason": reason} for path, reason in sorted(self.withheld.items())],
        }

    def package(self) -> bytes:
        return pack({path: data for path, data in self.parts.items() if path not in self.withheld}, self.manifest())

    def json(self, path: str) -> Any:
        return json.loads(self.parts[path])

    def put(self, path: str, value: Any) -> None:
        self.parts[path] = jcs(value)

    def policy(self, **changes: Any) -> bytes:
        return sign_policy(policy_document(self.library_hash, self.schemas, **changes))

    def proof(self, asset: str) -> dict[str, Any]:
        dataset = "METERS" if asset.startswith("meter/") else "OPERATIONAL"
        tree = self.trees[dataset]
        index = next(i for i, leaf in enumerate(tree.leaves) if leaf[4] == asset)
        key, salt, values, record, _ = tree.leaves[index]
        item = next(item for item in self.json("commitments.json")["datasets"] if item["dataset"] == dataset)
        return {
            "schema": "lingtan.proof/1",
            "dataset": dataset,
            **{name: item[name] for name in ("context", "n", "totals", "tree_root", "root")},
            "item": {
                "index": index,
                "asset": asset,
                "key": key.hex(),
                "salt": salt.hex(),
                "values": [str(value) for value in values],
                "record": base64.b64encode(record).decode(),
                "path": tree.path(index),
            },
            "attestation": next(entry for entry in self.json("attestations.json")["items"] if entry["dataset"] == dataset),
            "anchor": next(entry for entry in self.json("anchors.json")["items"] if entry["dataset"] == dataset),
        }


def make_evidence(
    *,
    change_activity: Change | None = None,
    change_library: Change | None = None,
    change_statement: Change | None = None,
    signer: Any = APPROVER,
    chain: Callable[..., Chain] = Chain,
) -> Evidence:
    """Build evidence that is consistent from top to bottom, also where a change makes the bank state something wrong."""
    documents: dict[str, Any] = {"organisation": organisation(), "activity": activity(), "library": library()}
    for change, document in ((change_activity, "activity"), (change_library, "library")):
        if change is not None:
            change(documents[document])
    meters = {meter: meter_record(meter) for meter in METERS}
    documents["statement"] = statement(documents, meters)
    if change_statement is not None:
        change_statement(documents["statement"])
    schemas = {dataset: (ROOT / "docs/spec/schemas" / f"{dataset}.json").read_bytes() for dataset in ("METERS", "OPERATIONAL")}
    leaves: dict[str, list[tuple[str, bytes, list[int]]]] = {
        "METERS": [
            (f"meter/{meter}/el.import", record[:96] + sha(b"\x02" + record[96:]), list(struct.unpack_from("<qIIII", record, 56)))
            for meter, record in meters.items()
        ],
        "OPERATIONAL": [
            (f"line/{item['unit']}/{item['indicator']}", jcs(item), [int(item[measure]) for measure in MEASURES])
            for item in documents["statement"]["lines"]
        ],
    }
    leaves["METERS"] = [(asset, record, [v[0], v[1], v[2] + v[3], v[4]]) for asset, record, v in leaves["METERS"]]
    trees, datasets = {}, []
    for dataset, items in leaves.items():
        item_context = context(dataset, schemas[dataset])
        rows = sorted(
            (sha(b"key " + asset.encode()), sha(b"salt " + asset.encode()), values, record, asset) for asset, record, values in items
        )
        tree = trees[dataset] = Tree(context_hash(item_context), rows)
        count, totals, digest = tree.node(0, len(rows))
        datasets.append(
            {
                "dataset": dataset,
                "context": item_context,
                "n": str(count),
                "totals": [str(total) for total in totals],
                "tree_root": digest.hex(),
                "root": tree.root().hex(),
                "leaves": [
                    {"asset": asset, "key": key.hex(), "salt": salt.hex(), "values": [str(v) for v in values]}
                    for key, salt, values, _, asset in rows
                ],
            }
        )
    library_hash, statement_hash = (sha(jcs(documents[key])).hex() for key in ("library", "statement"))
    signed = [attest(item, library_hash, statement_hash, signer) for item in datasets]
    block = chain([(item, body, message, signer.address) for item, (_, body, message) in zip(datasets, signed, strict=True)])
    documents["commitments"] = {"schema": "lingtan.commitments/1", "datasets": datasets}
    documents["attestations"] = {"schema": "lingtan.attestations/1", "items": [entry for entry, _, _ in signed]}
    documents["anchors"] = {"schema": "lingtan.anchors/1", "items": [block.anchor(index) for index in range(len(datasets))]}
    documents["findings"] = {"schema": "lingtan.findings/1", "items": []}
    parts = {f"{key}.json": jcs(document) for key, document in documents.items()}
    parts |= {f"meters/{meter}.ltm": record for meter, record in meters.items()}
    parts |= {f"schemas/{dataset}.json": data for dataset, data in schemas.items()}
    return Evidence(parts, trees, block, library_hash, schemas)


@cache
def _evidence() -> Evidence:
    return make_evidence()


def evidence() -> Evidence:
    """A fresh copy of the ordinary evidence, to be tampered with."""
    made = _evidence()
    return Evidence(dict(made.parts), made.trees, made.chain, made.library_hash, made.schemas, {})


def tampered(proof: dict[str, Any], change: Change) -> bytes:
    """The canonical bytes of a proof after a change."""
    value = copy.deepcopy(proof)
    change(value)
    return jcs(value)
