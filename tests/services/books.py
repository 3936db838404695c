"""A small bank's books, and the signed acts that tests repeat and alter."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

from ledger.chain.contracts.base import Contract
from ledger.chain.typed_data import Assurance, Opinion, TypedStruct, Verdict
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.records.period import Period
from ledger.store.outbox import list_outbox
from tests.product import MONTH, OPERATOR, Town, signer
from tests.whole.scene import activity, record, tree

MARCH = ("2025-03", date(2025, 3, 1), date(2025, 3, 2))
DAYS = Period.of_dates(*MARCH, "Asia/Shanghai")
SCHEME = "operational-2026"


def readings(meter: str, *, first: int = DAYS.start, slots: int = 192, watts: int = 4_200, header: bool = True) -> bytes:
    """A CSV of the same demand in every quarter of an hour from `first` (Unix seconds)."""
    lines = ["meter,timestamp,kW,quality"] if header else []
    start = datetime.fromisoformat("1970-01-01T00:00:00") + timedelta(seconds=first)
    for slot in range(slots):
        stamp = (start + timedelta(minutes=15 * slot)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{meter},{stamp},{watts // 1000}.{watts % 1000:03d},A")
    return ("\n".join(lines) + "\n").encode()


def fuels(bank: str, *, litres: str = "120.5") -> dict[str, Any]:
    """The fuel table of MARCH."""
    return activity(bank, DAYS, [record("petrol-hq", "hq", "fuel.petrol.vehicles", litres, "L", DAYS)])


def add_books(town: Town, bank: str) -> None:
    """Register a bank and enter everything before its statement."""
    town.add_bank(
        bank,
        tree(bank, [("hq", None), ("outlet", "hq")]),
        period=MARCH,
        meter_units={"M-1": "outlet"},
        csv=[readings("M-1")],
        activity_document=fuels(bank),
    )


def signed(struct: TypedStruct, contract: Contract, key: str) -> tuple[dict[str, object], str]:
    """A message and a person's signature on it, as they come in."""
    return struct.to_message(), "0x" + signer(key).sign_digest(struct.digest(contract.domain)).hex()


def verdict_on(town: Town, bank: str, claim_id: str, package: str, *, org: str = "gfc") -> tuple[Verdict, dict[str, Any]]:
    """An unqualified verdict and the result it rests on, as a verifier's own tool would write it."""
    zeros = {"scope1_g": "0", "scope2_location_g": "0", "scope2_market_g": "0", "scope3_g": "0"}
    result = {
        "schema": "lingtan.verdict/1",
        "claim": sid("claim", f"{bank}/{claim_id}").hex(),
        "package": package,
        "datasets": [],
        "recomputed": zeros,
        "differences": zeros,
        "checks": [],
        "findings": "0" * 64,
        "opinion": "unqualified",
        "assurance": "limited",
        "materiality_bp": 500,
        "exceptions": [],
    }
    verdict = Verdict(
        claim=sid("claim", f"{bank}/{claim_id}"),
        org=sid("org", org),
        package_hash=bytes.fromhex(package),
        result_hash=hashlib.sha256(canonical.dump(result)).digest(),
        findings_hash=bytes(32),
        assurance=Assurance.LIMITED,
        materiality_bp=500,
        opinion=Opinion.UNQUALIFIED,
        sampling_seed=bytes(32),
        sample_size=0,
        tool_hash=bytes(32),
        salt=bytes(32),
        sequence=0,
        deadline=town.clock.now() + MONTH,
    )
    return verdict, result


def transactions(town: Town) -> list[str]:
    """The kinds of all queued transactions, in order."""
    with town.house.view(OPERATOR) as work:
        return [row.idem_key.partition(":")[0] for row in list_outbox(work.session, limit=500).items]
