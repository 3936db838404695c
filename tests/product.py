"""The product as its people use it: a house on a real chain and database, with keys that only their owners hold.

Shared by the tests of services, API and the whole story. A `Town` steps its own clock, so that a test of many blocks takes no wall time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ledger.chain.connect import connect
from ledger.chain.keystore import Signer
from ledger.chain.relay import Relay
from ledger.chain.typed_data import (
    STRUCTS,
    AddKey,
    Domain,
    InstitutionKind,
    ProposeRelease,
    PublishRelease,
    RegisterInstitution,
    ReleaseKind,
    Role,
    TypedStruct,
    Verdict,
)
from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.identifiers import sid
from ledger.indicators.shipped import shipped_release
from ledger.merkle.dataset_schema import DATASETS, get_schema_bytes
from ledger.records import canonical
from ledger.records.names import Name
from ledger.records.outbox import FINAL, QUARANTINED, REVERTED
from ledger.services import (
    activity,
    attestations,
    claims,
    institutions,
    library,
    meters,
    organisation,
    participants,
    periods,
    signing_request,
    statements,
    telemetry,
    verdicts,
)
from ledger.services.context import Actor, House, Work
from ledger.services.house import init_house, open_house
from ledger.services.relay import build_relay
from ledger.services.signing_request import SigningItem
from ledger.store.outbox import list_outbox

NOW = 1_780_000_000  # 2026-05-28
CHAIN_ID = 3305
FOR_EVER = 0
MONTH = 30 * 86_400


def signer(name: str) -> Signer:
    """A key that only this person has; the same name gives the same key."""
    return Signer(sid("test-key", name))


def person(subject: str, institution: str | None, *roles: str) -> Actor:
    return Actor(subject, institution, frozenset(roles))


OPERATOR = person("operator", None, "operator")
ADMIN = person("gfc.admin", "gfc", "admin")
LIBRARIAN = person("gfc.librarian", "gfc", "librarian")
PUBLISHER = person("gfc.publisher", "gfc", "publisher")
VERIFIER = person("gfc.verifier", "gfc", "verifier")
AUDITOR = person("auditor", None, "auditor")


def preparer(bank: str) -> Actor:
    return person(f"{bank}.preparer", bank, "preparer")


def approver(bank: str) -> Actor:
    return person(f"{bank}.approver", bank, "approver")


def sign(item: SigningItem, key: Signer) -> str:
    """Sign a request as a wallet would: from domain and message, not from the digest the server names."""
    struct = next(struct for struct in STRUCTS if struct.__name__ == item.primary_type)
    domain = Domain(int(str(item.domain["chainId"])), str(item.domain["verifyingContract"]))
    return "0x" + key.sign_digest(struct.from_message(item.message).digest(domain)).hex()


def take_telemetry(work: Work, bank: str, csv: Sequence[bytes]) -> telemetry.TelemetryView:
    """Read a file and take it, in one transaction: the server reads first, in a view of its own."""
    return telemetry.submit_telemetry(work, bank, telemetry.read_telemetry(work, bank, csv, "text/csv"))


@dataclass
class Town:
    """A centre, a chain and as many banks as a test sets up."""

    house: House
    clock: FixedClock
    versions: dict[str, int] = field(default_factory=dict)
    relays: list[Relay] = field(default_factory=list)

    @contextmanager
    def work(self, actor: Actor) -> Iterator[Work]:
        with self.house.work(actor) as work:
            yield work

    def relay(self, passes: int = 60) -> None:
        """Let the relay and the chain run, one second a pass, until nothing is left to do."""
        # One relay per house: on a node, a second holder would have to wait for the first one's lease to run out.
        self.relays = self.relays or [build_relay(self.house)]
        for _ in range(passes):
            self.relays[0].step(self.clock.now())
            with self.house.view(OPERATOR) as work:
                rows = list_outbox(work.session, limit=500).items
                if all(row.state in (FINAL, REVERTED, QUARANTINED) for row in rows):
                    return
            self.clock.advance(1)
        raise AssertionError(f"not settled: {[(row.idem_key[:30], row.state, row.error) for row in rows if row.state != FINAL]}")

    def admin_act(self, bank: str, struct: TypedStruct) -> participants.ActionView:
        registry = self.house.contracts.participants
        signature = "0x" + signer("gfc.admin").sign_digest(struct.digest(registry.domain)).hex()
        with self.work(ADMIN) as work:
            return participants.relay_participant_action(work, bank, type(struct).__name__, struct.to_message(), signature)

    def next_version(self, institution: str) -> int:
        self.versions[institution] = self.versions.get(institution, 0) + 1
        return self.versions[institution]

    def add_institution(self, id: str, kind: str, keys: Mapping[Role, str], *, timezone: str = "Asia/Shanghai") -> None:
        with self.work(OPERATOR if id == "gfc" else ADMIN) as work:
            institutions.create_institution(work, id=id, kind=kind, name=Name(id, id), timezone=timezone, region="CN-ZJ")
        kinds = InstitutionKind[kind.upper()]
        org = sid("org", id)
        self.admin_act(id, RegisterInstitution(org, kinds, sid("name", id), self.next_version(id), self.clock.now() + MONTH))
        for role, name in keys.items():
            self.add_key(id, role, name)
        self.relay()

    def add_key(self, institution: str, role: Role, name: str) -> None:
        version = self.next_version(institution)
        self.admin_act(
            institution,
            AddKey(sid("org", institution), signer(name).address, role, NOW - 86_400, FOR_EVER, version, self.clock.now() + MONTH),
        )

    def publish(self, document: dict[str, Any], kind: ReleaseKind) -> str:
        """Propose and publish a document; a release of the library supersedes the one it names."""
        registry = self.house.contracts.libraries
        release = bytes.fromhex(canonical.digest(document))
        replaced = bytes.fromhex(document.get("supersedes") or "00" * 32)
        proposal = ProposeRelease(release, sid("org", "gfc"), kind, NOW - 86_400, replaced, self.clock.now() + MONTH)
        with self.work(LIBRARIAN) as work:
            signature = "0x" + signer("gfc.librarian").sign_digest(proposal.digest(registry.domain)).hex()
            library.propose_release(work, document, proposal.to_message(), signature)
        self.relay()
        self.publish_proposed(release.hex())
        return release.hex()

    def publish_proposed(self, release: str) -> None:
        """Publish what was proposed, as another person."""
        registry = self.house.contracts.libraries
        publication = PublishRelease(bytes.fromhex(release), sid("org", "gfc"), self.clock.now() + MONTH)
        with self.work(PUBLISHER) as work:
            signature = "0x" + signer("gfc.publisher").sign_digest(publication.digest(registry.domain)).hex()
            library.publish_release(work, release, publication.to_message(), signature)
        self.relay()

    def found_centre(self, *, publish: bool = True) -> None:
        keys = {
            Role.LIBRARIAN: "gfc.librarian",
            Role.PUBLISHER: "gfc.publisher",
            Role.VERIFIER: "gfc.verifier",
            Role.CERTIFIER: "gfc.certifier",
        }
        self.add_institution("gfc", "centre", keys)
        if publish:
            for dataset in DATASETS:
                document = canonical.load(get_schema_bytes(dataset))
                assert isinstance(document, dict)
                self.publish(document, ReleaseKind.DATASET_SCHEMA)
            self.publish(shipped_release().to_document(), ReleaseKind.INDICATOR_LIBRARY)

    def add_bank(
        self,
        bank: str,
        tree: dict[str, Any],
        *,
        period: tuple[str, date, date],
        meter_units: Mapping[str, str] = {},
        csv: Sequence[bytes] = (),
        activity_document: dict[str, Any] | None = None,
        timezone: str = "Asia/Shanghai",
    ) -> telemetry.TelemetryView | None:
        """Set a bank up with its tree, one period, its meters, readings and fuel table."""
        self.add_institution(bank, "bank", {Role.APPROVER: f"{bank}.approver"}, timezone=timezone)
        view = None
        with self.work(preparer(bank)) as work:
            institutions.set_commitment_key(work, bank, sid("commitment", bank))
            given = organisation.submit_organisation(work, bank, tree)
            assert given.version, given.findings
            periods.open_period(work, bank, id=period[0], first_day=period[1], last_day=period[2])
            for meter, unit in meter_units.items():
                meters.register_meter(work, bank, id=meter, unit=unit, quantity="el.import", interval_minutes=15)
            if csv:
                view = take_telemetry(work, bank, csv)
                assert view.accepted, view.findings[:5]
            if activity_document is not None:
                taken = activity.submit_activity(work, bank, period[0], activity_document)
                assert taken.accepted, taken.findings
        return view

    def prepare(self, bank: str, period: str, cause: str = "first") -> statements.StatementView:
        with self.work(preparer(bank)) as work:
            return statements.prepare_statement(work, bank, period, cause)

    def attest(self, bank: str, statement: str, *, key: str | None = None) -> attestations.AttestationView:
        with self.house.view(approver(bank)) as work:
            request = signing_request.get_signing_request(work, statement)
        items = [
            {"dataset": item.dataset, "message": item.message, "signature": sign(item, signer(key or f"{bank}.approver"))}
            for item in request.items
        ]
        with self.work(approver(bank)) as work:
            return attestations.submit_attestation(work, statement, items)

    def claim(self, bank: str, statement: str, claim_id: str) -> claims.ClaimView:
        with self.house.view(approver(bank)) as work:
            item = claims.prepare_claim(work, statement, "operational-2026", claim_id)
        with self.work(approver(bank)) as work:
            return claims.submit_claim(
                work, bank, statement, claim_id, "operational-2026", item.message, sign(item, signer(f"{bank}.approver"))
            )

    def verdict(self, message: Verdict, result: dict[str, Any]) -> verdicts.VerdictView:
        signature = "0x" + signer("gfc.verifier").sign_digest(message.digest(self.house.contracts.claims.domain)).hex()
        with self.work(VERIFIER) as work:
            return verdicts.submit_verdict(work, message.to_message(), signature, result)


@contextmanager
def open_town(
    folder: Path,
    *,
    database_url: str | None = None,
    chain_url: str | None = None,
    chain_id: int = CHAIN_ID,
    clock: FixedClock | None = None,
    set_up: bool = True,
) -> Iterator[Town]:
    """Set a house up in `folder` (unless it was) and open it; default SQLite and the embedded chain."""
    clock = clock or FixedClock(NOW)
    settings = Settings(
        data=folder,
        database_url=database_url or f"sqlite:///{folder / 'ledger.sqlite'}",
        chain_url=chain_url or f"embedded://{folder / 'chain.sqlite'}",
        chain_id=chain_id,
        passphrase="a passphrase of tests",
        run_relay=False,
        light_keys=True,
    )

    # eth-tester lives in memory: set up and open on the same connection.
    chain = connect(settings.chain_url, chain_id, clock=clock) if settings.chain_url == "test://" else None
    if set_up:
        init_house(settings, signer("gfc.admin").address, clock=clock, pause=lambda: clock.advance(1), chain=chain)
    house = open_house(settings, clock=clock, chain=chain)
    try:
        yield Town(house, clock)
    finally:
        house.close()
