"""Write down two books of a bank by hand, from the specification alone: records, groups, statement, openings, packages."""

from __future__ import annotations

import base64
import copy
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from tests.verifier.bank import CHAIN_ID, CONTRACT, PERIOD, ROOT, jcs, library, sha
from tests.verifier.block import Chain, Tree, attest, context, context_hash, plain_root
from tests.verifier.evidence import pack, policy_document, sign_policy

Record = dict[str, Any]
Change = Callable[[Any], None]
COMPANY = {"1a": 1, "1b": 2, "2a": 2, "2b": 3, "3a": 4, "3b": 5, "3c": 5}
BUILDING = {"1a": 1, "1b": 2, "2a": 3, "2b": 4, "3": 5}
VEHICLE = {"1a": 1, "1b": 2, "2a": 2, "2b": 3, "3a": 4, "3b": 5}
SOVEREIGN = {"1a": 1, "1b": 2, "2a": 3, "3a": 4, "3b": 5}
TABLES = {"commercial_real_estate": BUILDING, "mortgage": BUILDING, "motor_vehicle": VEHICLE, "sovereign": SOVEREIGN}
METHODS = {"FINANCED_PCAF": "pcaf_2", "FINANCED_PBOC": "pboc_2021"}
KEPT_APART = ("removals_g", "avoided_g", "credits_retired_g", "credits_generated_g")
PBOC_POLICIES = {
    "average": "mean_of_ends",
    "exclude_short_life": False,
    "exclude_small_balance": False,
    "exclude_natural_person": False,
    "exclude_small_micro": True,
}


def text(value: int | None) -> str | None:
    return None if value is None else str(value)


def part(numerator: int, denominator: int | None, grams: int | None) -> int | None:
    """The attributed figure, as a fraction rounded half to even."""
    if grams is None:
        return None
    factor = Fraction(0) if not numerator else Fraction(1) if denominator is None else min(Fraction(1), Fraction(numerator, denominator))
    return round(factor * grams)


def exposure(
    number: int,
    asset_class: str,
    option: str,
    numerator: int,
    denominator: int | None,
    column: str | None,
    s1: int | None = None,
    s2: int | None = None,
    *,
    s12: int | None = None,
    s3: int | None = None,
    apart: tuple[int, int, int, int] = (0, 0, 0, 0),
    branch: str = "branch-a",
    sector: str = "C30",
    high_carbon: str | None = None,
    score: int | None = None,
    parts: int = 1,
) -> Record:
    """One record of loan-book.md §5; `apart` is what the borrower removed, avoided, retired and generated."""
    total = s1 + s2 if s1 is not None and s2 is not None else s12
    emissions = {"s1_g": s1, "s2_g": s2, "s12_g": total, "s3_g": s3}
    attributed = {name: part(numerator, denominator, grams) for name, grams in emissions.items()}
    attributed["s12_g"] = attributed["s12_g"] or 0
    attributed |= {name: part(numerator, denominator, grams) for name, grams in zip(KEPT_APART, apart, strict=True)}
    own = TABLES.get(asset_class, COMPANY)[option]
    return {
        "schema": "lingtan.exposure/1",
        "exposure": sha(b"exposure %d" % number)[:16].hex(),
        "borrower": sha(b"borrower %d" % (number // 2))[:16].hex(),
        "asset_class": asset_class,
        "branch": branch,
        "sector": sector,
        "high_carbon": high_carbon,
        "option": option,
        "numerator_cents": str(numerator),
        "denominator_cents": text(denominator),
        "denominator": column,
        "emissions": {name: text(grams) for name, grams in emissions.items()},
        "attributed": {name: text(grams) for name, grams in attributed.items()},
        "score_s12": own if score is None else score,
        "score_s3": None if s3 is None else own,
        "exposure_cents": str(round(Fraction(numerator, parts))),
    }


PAIR = "total_equity+total_debt"
# One row of each kind that pcaf_2 knows: class, option, N, D, column, S1, S2, and what else.
KINDS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("listed_equity", "1a", 1_234_567, 99_999_999, "evic", 5_000_001, 700_003), {"s3": 9_000_005, "apart": (11, 13, 17, 19)}),
    (("corporate_bond", "1b", 500_000_00, 400_000_00, "evic", 1_000, 2_000), {"s3": 1}),  # clipped
    (("business_loan", "2a", 777_77, 3_333_333, PAIR), {"s12": 123_456_789, "high_carbon": "power", "sector": "D44"}),
    (("business_loan", "2b", 1, 2, "total_assets", 1, 0), {"s3": 3, "branch": "branch-b"}),  # halves: 0, 0, 0, 2
    (("unlisted_equity", "3a", 50_00, 99_00, PAIR), {"s12": 10**15, "s3": 10**14, "score": 5}),  # mixed with a worse option
    (("business_loan", "3b", 12_345_00, None, None), {"s12": 999, "s3": 77}),
    (("corporate_bond", "3c", 54_321_00, None, None), {"s12": 1_001}),
    (("project_finance", "1a", 10_000_00, 30_000_00, "project_total", 10, 20), {"apart": (5, 5, 5, 5), "high_carbon": "steel"}),
    (
        ("commercial_real_estate", "3", 1_000_000_00, 3_000_000_00, "property_value"),
        {"s12": 17, "sector": "房地产, none".replace(",", " ")},
    ),
    (("mortgage", "2b", 800_000_00, 1_200_000_00, "property_value", 100, 200), {}),
    (("motor_vehicle", "3a", 90_000_00, None, None), {"s12": 2_345_678}),  # value unknown: all of it
    (("motor_vehicle", "2a", 90_000_00, 120_000_00, "vehicle_value"), {"s12": 2_345_679, "branch": "outlet-z"}),
    (("sovereign", "3a", 10**12, 10**15, "ppp_gdp", 8_000_000_000_001), {"s12": 8_000_000_000_001}),  # Scope 2 unknown
    (("business_loan", "1a", 0, None, None), {}),  # repaid, nothing known
    (("business_loan", "1a", 0, 100, PAIR, 5, 6), {"s3": 7}),  # guarantee not called
]


def pcaf_records(count: int = 160) -> list[Record]:
    return [exposure(i, *KINDS[i % len(KINDS)][0], **KINDS[i % len(KINDS)][1]) for i in range(count)]


def pboc_records(count: int = 120) -> list[Record]:
    """A period of one month, averaged over its two ends: every numerator adds up two balances."""
    kinds: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        (("business_loan", "1a", 3_000_01, 2 * 50_000_00, "revenue", 1_000_000, 500_000), {"s3": 77}),  # mean 150000.5: half to even
        (
            ("project_finance", "1b", 8_000_00, 2 * 9_999_99, "total_investment"),
            {"s12": 31_415_926, "high_carbon": "cement".replace("cement", "power")},
        ),
        (("project_finance", "2b", 700_00, 2 * 300_00, "project_total"), {"s12": 27_182_818, "branch": "branch-b"}),  # clipped
        (("mortgage", "3", 1_00, 2 * 7_00, "revenue"), {"s12": 5}),
        (("business_loan", "3a", 0, None, None), {}),  # of neither use
    ]
    return [exposure(i, *kinds[i % 5][0], parts=2, **kinds[i % 5][1]) for i in range(count)]


def block(records: list[Record]) -> dict[str, str]:
    """The block of documents.md §14 over these records."""
    sums: dict[str, int] = dict.fromkeys(
        ("rows", "exposure_cents", "s1_g", "s2_g", "s12_g", "s3_g", "s3_rows", "s3_exposure_cents", *KEPT_APART, "weighted", "weighted_s3"),
        0,
    )
    for record in records:
        cents, attributed = int(record["exposure_cents"]), record["attributed"]
        sums["rows"] += 1
        sums["exposure_cents"] += cents
        for name in ("s1_g", "s2_g", "s12_g", "s3_g", *KEPT_APART):
            sums[name] += int(attributed[name] or 0)
        if attributed["s3_g"] is not None:
            sums["s3_rows"] += 1
            sums["s3_exposure_cents"] += cents
            sums["weighted_s3"] += cents * record["score_s3"]
        sums["weighted"] += cents * record["score_s12"]
    return {name: str(value) for name, value in sums.items()}


def measures(records: list[Record]) -> list[int]:
    summed = block(records)
    return [int(summed[name]) for name in ("exposure_cents", "s12_g", "s3_g", "weighted")]


def sizes(count: int) -> list[int]:
    """Groups of commitments.md §5."""
    groups = max(1, count // 50)
    return [count // groups + (1 if number < count % groups else 0) for number in range(groups)]


def use_of(record: Record) -> str:
    return "project" if record["denominator"] in ("project_total", "total_investment") else "general"


def blocks_by(records: list[Record], key: str, of: Callable[[Record], str | None]) -> list[dict[str, str]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if (name := of(record)) is not None:
            found[name].append(record)
    return [{key: name, **block(found[name])} for name in sorted(found, key=str.encode)]


@dataclass
class Book:
    """A book with its groups, tree and statement; `parts` makes the package of it."""

    dataset: str
    records: list[Record]
    salts: list[bytes]
    tree: Tree
    statement: dict[str, Any]
    item: dict[str, Any]
    evidence: dict[str, Any]
    schema: bytes
    parts: dict[str, bytes] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)  # group number of each leaf

    def disclosed(self) -> Book:
        parts = {
            **self._common(),
            "commitments.json": jcs({"schema": "lingtan.commitments/1", "datasets": [self.item]}),
            "exposures.jsonl": b"".join(jcs(record) + b"\n" for record in self.records),
            "salts.bin": b"".join(self.salts),
        }
        return self._with(parts)

    def undisclosed(self, *opened: int) -> Book:
        parts = self._common()
        for number in opened:
            parts[f"openings/{number:06d}.json"] = jcs(self.opening(number))
        return self._with(parts)

    def _with(self, parts: dict[str, bytes]) -> Book:
        made = copy.copy(self)
        made.parts = parts
        return made

    def _common(self) -> dict[str, bytes]:
        return {
            "financed.json": jcs(self.statement),
            "groups.jsonl": b"".join(
                jcs(
                    {
                        "key": key.hex(),
                        "record_hash": sha(b"\x10" + salt + len(record).to_bytes(4, "big") + record).hex(),
                        "values": [str(v) for v in values],
                    }
                )
                + b"\n"
                for key, salt, values, record, _ in self.tree.leaves
            ),
            "library.json": jcs(library()),
            f"schemas/{self.dataset}.json": self.schema,
            **{f"{name}.json": jcs({"schema": f"lingtan.{name}/1", "items": [item]}) for name, item in self.evidence.items()},
        }

    def members(self, number: int) -> range:
        before = sum(sizes(len(self.records))[:number])
        return range(before, before + sizes(len(self.records))[number])

    def opening(self, number: int, erased: tuple[int, ...] = ()) -> dict[str, Any]:
        index = self.numbers.index(number)
        key, salt, values, record, asset = self.tree.leaves[index]

        def opened(at: int) -> dict[str, str]:
            data = jcs(self.records[at])
            if at in erased:
                return {"leaf": sha(b"\x00" + self.salts[at] + data).hex()}
            return {"salt": self.salts[at].hex(), "record": base64.b64encode(data).decode()}

        return {
            "schema": "lingtan.opening/1",
            "dataset": self.dataset,
            "context": self.item["context"],
            "group": {
                "asset": asset,
                "key": key.hex(),
                "salt": salt.hex(),
                "values": [str(value) for value in values],
                "record": base64.b64encode(record).decode(),
            },
            "index": index,
            "path": self.tree.path(index),
            **{name: self.item[name] for name in ("n", "totals", "tree_root", "root")},
            "exposures": [opened(at) for at in self.members(number)],
        }

    def manifest(self) -> dict[str, Any]:
        return {
            "schema": "lingtan.package/1",
            "institution": "bank-a",
            "period": PERIOD,
            "revision": 1,
            "statement": sha(self.parts["financed.json"]).hex(),
            "chain_id": str(CHAIN_ID),
            "period_ledger": CONTRACT,
            "parts": [{"path": path, "sha256": sha(data).hex(), "bytes": len(data)} for path, data in sorted(self.parts.items())],
            "withheld": [],
        }

    def package(self) -> bytes:
        return pack(self.parts, self.manifest())

    def policy(self) -> bytes:
        return sign_policy(policy_document(sha(jcs(library())).hex(), {self.dataset: self.schema}))

    def change(self, path: str, change: Change) -> None:
        """Change a document of the package, and the manifest with it."""
        value = json.loads(self.parts[path])
        change(value)
        self.parts[path] = jcs(value)

    def change_line(self, path: str, number: int, change: Change) -> None:
        lines = self.parts[path].splitlines(keepends=True)
        value = json.loads(lines[number])
        change(value)
        lines[number] = jcs(value) + b"\n"
        self.parts[path] = b"".join(lines)


def make_statement(dataset: str, records: list[Record], item: dict[str, Any]) -> dict[str, Any]:
    totals = block(records)
    pboc = dataset == "FINANCED_PBOC"
    return {
        "schema": "lingtan.financed/1",
        "institution": "bank-a",
        "period": PERIOD,
        "revision": 1,
        "cause": "first",
        "supersedes": None,
        "method": METHODS[dataset],
        "dataset": dataset,
        "library": {"release": library()["release"], "hash": sha(jcs(library())).hex()},
        "policies": dict(PBOC_POLICIES) if pboc else {},
        "rows": str(len(records) + 3),
        "excluded": [
            {"reason": "outside the boundary", "rows": "2", "exposure_cents": "12345"},
            {"reason": "small_micro", "rows": "1", "exposure_cents": "0"},
        ],
        "totals": totals,
        "classes": blocks_by(records, "class", lambda record: record["asset_class"]),
        "sectors": blocks_by(records, "sector", lambda record: record["sector"]),
        "branches": blocks_by(records, "branch", lambda record: record["branch"]),
        "high_carbon": blocks_by(records, "sector", lambda record: record["high_carbon"]),
        "uses": blocks_by(records, "use", use_of) if pboc else [],
        "options": [
            {name: item[name] for name in ("option", "rows", "exposure_cents")}
            for item in blocks_by(records, "option", lambda record: record["option"])
        ],
        "reductions": {"g": "1000", "rows": "1"},
        "waci": {"value_micro": "123456", "exposure_cents": "1000"},
        "coverage": {
            "exposure_cents": totals["exposure_cents"],
            "total_cents": str(int(totals["exposure_cents"]) + 12345),
            "unknown_rows": "1",
        },
        "tie_out": [{"id": "gl-1", "asset_class": None, "declared_cents": "777", "computed_cents": "777"}],
        "groups": {"n": item["n"], "rows": str(len(records))},
        "commitment": {name: item[name] for name in ("n", "totals", "tree_root", "root")},
    }


def make_book(
    dataset: str = "FINANCED_PCAF",
    records: list[Record] | None = None,
    *,
    change_record: tuple[int, Change] | None = None,
    change_statement: Change | None = None,
    change_groups: Callable[[list[list[int]]], None] | None = None,
    in_order: bool = True,
) -> Book:
    """A book that is committed, signed and anchored as it is, also where a change makes the bank state something wrong."""
    if records is None:
        records = pcaf_records() if dataset == "FINANCED_PCAF" else pboc_records()
    if in_order:
        records = sorted(records, key=lambda record: str(record["exposure"]))
    if change_record is not None:
        change_record[1](records[change_record[0]])
    salts = [sha(b"salt %d" % at) for at in range(len(records))]
    schema = (ROOT / "docs/spec/schemas" / f"{dataset}.json").read_bytes()
    item_context = context(dataset, schema)
    members, at = [], 0
    for size in sizes(len(records)):
        members.append(list(range(at, at + size)))
        at += size
    if change_groups is not None:
        change_groups(members)
    rows = []
    for number, group in enumerate(members):
        root = plain_root([sha(b"\x00" + salts[at] + jcs(records[at])) for at in group])
        record = jcs({"schema": "lingtan.group/1", "group": number, "n": len(group), "root": root.hex()})
        asset = f"group/{number:06d}"
        rows.append((sha(b"key " + asset.encode()), sha(b"salt " + asset.encode()), measures([records[at] for at in group]), record, asset))
    rows.sort()
    tree = Tree(context_hash(item_context), rows)
    count, totals, digest = tree.node(0, len(rows))
    item: dict[str, Any] = {
        "dataset": dataset,
        "context": item_context,
        "n": str(count),
        "totals": [str(total) for total in totals],
        "tree_root": digest.hex(),
        "root": tree.root().hex(),
        "leaves": [
            {"asset": asset, "key": key.hex(), "salt": salt.hex(), "values": [str(value) for value in values]}
            for key, salt, values, _, asset in rows
        ],
    }
    statement = make_statement(dataset, records, item)
    if change_statement is not None:
        change_statement(statement)
    entry, body, message = attest(item, statement["library"]["hash"], sha(jcs(statement)).hex())
    from tests.verifier.bank import APPROVER

    chain = Chain([(item, body, message, APPROVER.address)])
    evidence = {"attestations": entry, "anchors": chain.anchor(0)}
    numbers = [int(asset[6:]) for _, _, _, _, asset in rows]
    return Book(dataset, records, salts, tree, statement, item, evidence, schema, {}, numbers)


@cache
def _book(dataset: str) -> Book:
    return make_book(dataset)


def book(dataset: str = "FINANCED_PCAF") -> Book:
    """A fresh copy of the ordinary book of a dataset."""
    return copy.deepcopy(_book(dataset))
