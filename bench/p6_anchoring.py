"""P6: what anchoring costs by the number of rows. Goal: one transaction per dataset and period, gas flat from 10² to 10⁷ rows.

One attestation per size on an embedded chain with the committed contracts, each for a month of its own so that every one writes
fresh storage. Up to 10⁵ rows the sum tree is built; beyond, only its n, totals and tree root are made, which is all that the
contract is shown. Run: `python -m bench.p6_anchoring`.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bench.measure import write_result
from ledger.chain.artifacts import load_artifact
from ledger.chain.client import ChainClient, Receipt
from ledger.chain.connect import connect
from ledger.chain.deploy import Contracts, deploy, open_contracts
from ledger.chain.keystore import Signer
from ledger.chain.transaction import sign_transaction
from ledger.chain.typed_data import (
    AddKey,
    Cause,
    InstitutionKind,
    PeriodAttestation,
    ProposeRelease,
    PublishRelease,
    RegisterInstitution,
    ReleaseKind,
    Role,
    TypedStruct,
)
from ledger.clock import FixedClock
from ledger.identifiers import sid
from ledger.merkle.dataset_schema import schema_hash
from ledger.merkle.sums import Context, Leaf, SumTree
from ledger.records.period import Period

SIZES = tuple(10**power for power in range(2, 8))
BUILT_UP_TO = 10**5
SPREAD_LIMIT = 0.01
CHAIN_ID, START, FOREVER = 7006, 1_764_000_000, 2**63
BANK, CENTRE, METERS = sid("org", "bench-bank"), sid("org", "bench-centre"), sid("dataset", "METERS")
LIBRARY = hashlib.sha256(b"bench library").digest()


@dataclass(frozen=True)
class City:
    """A chain with the four contracts, a bank and a centre."""

    client: ChainClient
    clock: FixedClock
    relayer: Signer
    contracts: Contracts
    approver: Signer

    def submit(self, message: TypedStruct, signer: Signer) -> tuple[Receipt, int]:
        """Sign and send a message; return its receipt and the bytes of its call."""
        wrappers = (self.contracts.participants, self.contracts.libraries, self.contracts.periods)
        wrapper = next(wrapper for wrapper in wrappers if wrapper.name == message.contract)
        call = wrapper.prepare(message, signer.sign_digest(message.digest(wrapper.domain)))
        nonce, fee = self.client.transaction_count(self.relayer.address, "pending"), 2 * self.client.base_fee()
        sent = self.client.send_raw(sign_transaction(self.relayer, call, chain_id=CHAIN_ID, nonce=nonce, max_fee=fee).raw)
        for _ in range(100):
            receipt = self.client.find_receipt(sent)
            if receipt is not None:
                assert receipt.status == 1, f"{type(message).__name__} was refused"
                return receipt, len(call.data)
            self.clock.advance(1)
        raise SystemExit(f"{sent} was not mined")


def found_city(folder: Path) -> City:
    """Deploy the contracts, register a bank and a centre, publish a library and the METERS schema."""
    clock, (relayer, admin, approver, librarian, publisher) = FixedClock(START), (Signer(secrets.token_bytes(32)) for _ in range(5))
    client = connect(f"embedded://{folder / 'chain.sqlite'}", CHAIN_ID, clock=clock)
    deployment = deploy(client, relayer, admin.address, folder / "deployment.json", pause=lambda: clock.advance(1))
    city = City(client, clock, relayer, open_contracts(client, deployment), approver)
    members = (
        (BANK, InstitutionKind.BANK, ((approver, Role.APPROVER),)),
        (CENTRE, InstitutionKind.CENTRE, ((librarian, Role.LIBRARIAN), (publisher, Role.PUBLISHER))),
    )
    for org, kind, keys in members:
        city.submit(RegisterInstitution(org, kind, bytes(32), 1, FOREVER), admin)
        for version, (signer, role) in enumerate(keys, start=2):
            city.submit(AddKey(org, signer.address, role, START - 1000, 0, version, FOREVER), admin)
    for release, release_kind in ((LIBRARY, ReleaseKind.INDICATOR_LIBRARY), (schema_hash("METERS"), ReleaseKind.DATASET_SCHEMA)):
        city.submit(ProposeRelease(release, CENTRE, release_kind, START - 500, bytes(32), FOREVER), librarian)
        city.submit(PublishRelease(release, CENTRE, FOREVER), publisher)
    return city


def make_attestation(city: City, rows: int, month: int) -> PeriodAttestation:
    """Return the attestation of `rows` meters in one month of 2025."""
    first, last = date(2025, month, 1), date(2025, month, 28)
    period = Period.of_dates(f"2025-{month:02}", first, last, "Asia/Shanghai")
    address = bytes.fromhex(city.contracts.periods.address.removeprefix("0x"))
    context = Context(1, 4, CHAIN_ID, address, BANK, METERS, period.start, period.end, 1, schema_hash("METERS"))
    values = (250_000_000 + rows, 2688, 0, 0)
    if rows <= BUILT_UP_TO:
        keys = sorted(hashlib.sha256(b"%d" % at).digest() for at in range(rows))
        tree = SumTree.build(context, (Leaf(key, values, key) for key in keys))
        totals, tree_root, root = tree.totals, tree.tree_root, tree.root
    else:
        totals, tree_root, root = tuple(rows * value for value in values), hashlib.sha256(b"%d" % rows).digest(), None
    message = PeriodAttestation(
        org=BANK, dataset=METERS, period_start=period.start, period_end=period.end, revision=1, cause=Cause.FIRST, alg=1, measures=4,
        schema_hash=context.schema_hash, n=rows, totals=(totals[0], totals[1], totals[2], totals[3]), tree_root=tree_root, root=bytes(32),
        library_hash=LIBRARY, statement_hash=hashlib.sha256(b"statement %d" % rows).digest(), deadline=FOREVER,
    )  # fmt: skip
    abi = load_artifact("PeriodLedger").abi
    answer = city.client.call(city.contracts.periods.address, abi.encode_call("computeRoot", (message.as_tuple(),)))
    computed = abi.decode_output("computeRoot", answer)[1]
    assert root is None or root == computed, "contract and sum tree disagree on R"
    return replace(message, root=computed)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        city = found_city(Path(folder))
        rows = []
        with city.client:
            for month, size in enumerate(SIZES, start=1):
                receipt, call_bytes = city.submit(make_attestation(city, size, month), city.approver)
                built = size <= BUILT_UP_TO
                rows.append({"rows": size, "transactions": 1, "gas": receipt.gas_used, "call_bytes": call_bytes, "tree_built": built})
    gas = [row["gas"] for row in rows]
    spread = (max(gas) - min(gas)) / min(gas)
    outcome: dict[str, object] = {
        "what": "gas of one period attestation by the number of rows it secures",
        "goal": f"one transaction whatever the rows; gas spread at most {SPREAD_LIMIT:.0%}",
        "gas_spread": round(spread, 5),
        "attestations": rows,
    }
    write_result("p6", outcome)
    print(f"P6: {min(gas)} to {max(gas)} gas from {SIZES[0]} to {SIZES[-1]} rows: a spread of {spread:.2%} (goal: {SPREAD_LIMIT:.0%})")
    if spread > SPREAD_LIMIT:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
