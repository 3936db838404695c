"""The product on a chain, as tests drive it: an engine that can be waited for, and a deployment with its participants."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.artifacts import load_artifact
from ledger.chain.client import ChainClient, Receipt
from ledger.chain.connect import connect
from ledger.chain.contracts import Contract, attestation_id_of
from ledger.chain.deploy import Contracts, deploy, open_contracts
from ledger.chain.deployment import Deployment
from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, sign_transaction
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

CHAIN_ID = 7001
START = 1_764_000_000
FOREVER = 2**63
PERIOD = (1_735_689_600, 1_767_225_600)


@dataclass
class EngineUnderTest:
    """A chain and the way to let its time pass."""

    name: str
    client: ChainClient
    tick: Callable[[], None]
    relayer: Signer = field(default_factory=lambda: Signer(secrets.token_bytes(32)))

    def now(self) -> int:
        """Return the chain's own time."""
        return self.client.head().timestamp

    def send(self, call: Call, *, signer: Signer | None = None) -> str:
        """Sign and send a call from the relayer; return its hash."""
        relayer = signer or self.relayer
        nonce = self.client.transaction_count(relayer.address, "pending")
        fee = 2 * self.client.base_fee()
        signed = sign_transaction(relayer, call, chain_id=self.client.chain_id, nonce=nonce, max_fee=fee)
        return self.client.send_raw(signed.raw)

    def wait(self, tx_hash: str) -> Receipt:
        """Return the receipt of a transaction, after as many ticks as it takes."""
        for _ in range(200):
            receipt = self.client.find_receipt(tx_hash)
            if receipt is not None:
                return receipt
            self.tick()
            if self.name == "node":
                time.sleep(0.05)
        raise AssertionError(f"{tx_hash} was not mined on {self.name}")

    def mine(self, call: Call) -> Receipt:
        """Send a call and return its receipt."""
        return self.wait(self.send(call))


def open_embedded(
    path: Path, clock: FixedClock, key: Ed25519PrivateKey | None = None, folder: Path | None = None, chain_id: int = CHAIN_ID
) -> EngineUnderTest:
    """Return the embedded engine over a clock that a tick moves."""
    client = connect(f"embedded://{path}", chain_id, clock=clock, checkpoint_key=key, checkpoint_folder=folder)
    return EngineUnderTest("embedded", client, lambda: clock.advance(1))


def word(text: str) -> bytes:
    """Return 32 bytes that stand for a document."""
    return hashlib.sha256(text.encode()).digest()


@dataclass
class Product:
    """A deployment with a bank, a centre and a verifier."""

    engine: EngineUnderTest
    deployment: Deployment
    contracts: Contracts
    admin: Signer
    approver: Signer
    verifier: Signer
    certifier: Signer
    librarian: Signer
    publisher: Signer
    bank: bytes = sid("institution", "test-bank")
    centre: bytes = sid("institution", "test-centre")
    house: bytes = sid("institution", "test-verifier")
    library: bytes = word("library 1")
    schema: bytes = word("schema OPERATIONAL")
    scheme: bytes = word("scheme 1")

    @staticmethod
    def set_up(engine: EngineUnderTest, record: Path) -> Product:
        """Deploy, register, publish."""
        admin, approver, verifier, certifier, librarian, publisher = (Signer(secrets.token_bytes(32)) for _ in range(6))
        deployment = deploy(engine.client, engine.relayer, admin.address, record, pause=engine.tick)
        contracts = open_contracts(engine.client, deployment)
        product = Product(engine, deployment, contracts, admin, approver, verifier, certifier, librarian, publisher)
        product.register()
        product.publish()
        return product

    def register(self) -> None:
        """Admit three institutions and their keys."""
        since = self.engine.now() - 1000
        members = (
            (self.bank, InstitutionKind.BANK, ((self.approver, Role.APPROVER),)),
            (
                self.centre,
                InstitutionKind.CENTRE,
                ((self.certifier, Role.CERTIFIER), (self.librarian, Role.LIBRARIAN), (self.publisher, Role.PUBLISHER)),
            ),
            (self.house, InstitutionKind.VERIFIER, ((self.verifier, Role.VERIFIER),)),
        )
        for org, kind, keys in members:
            self.submit(RegisterInstitution(org, kind, word("name"), 1, FOREVER), self.admin)
            for version, (signer, role) in enumerate(keys, start=2):
                self.submit(AddKey(org, signer.address, role, since, 0, version, FOREVER), self.admin)

    def publish(self) -> None:
        """Publish a library release, a schema and a scheme that are in force."""
        releases = (
            (self.library, ReleaseKind.INDICATOR_LIBRARY),
            (self.schema, ReleaseKind.DATASET_SCHEMA),
            (self.scheme, ReleaseKind.SCHEME),
        )
        for release, kind in releases:
            self.submit(ProposeRelease(release, self.centre, kind, self.engine.now() - 500, bytes(32), FOREVER), self.librarian)
            self.submit(PublishRelease(release, self.centre, FOREVER), self.publisher)

    def contract_of(self, message: TypedStruct) -> Contract:
        """Return the wrapper that takes a message."""
        wrappers = (self.contracts.participants, self.contracts.libraries, self.contracts.periods, self.contracts.claims)
        return next(wrapper for wrapper in wrappers if wrapper.name == message.contract)

    def call(self, message: TypedStruct, signer: Signer) -> Call:
        """Return the signed call of a message."""
        wrapper = self.contract_of(message)
        return wrapper.prepare(message, signer.sign_digest(message.digest(wrapper.domain)))

    def submit(self, message: TypedStruct, signer: Signer) -> Receipt:
        """Sign, send and wait; the transaction must succeed."""
        call = self.call(message, signer)
        receipt = self.engine.mine(call)
        if receipt.status != 1:
            self.engine.client.call(call.to, call.data, sender=self.engine.relayer.address, gas=call.gas)
            raise AssertionError(f"{type(message).__name__} failed with {receipt.gas_used} of {call.gas} gas and would not now")
        return receipt

    def attestation(
        self,
        dataset: str = "OPERATIONAL",
        revision: int = 1,
        statement: str = "statement",
        n: int = 7,
        totals: tuple[int, int, int, int] = (1_000_001, 2**70, 0, 12),
    ) -> PeriodAttestation:
        """Return an attestation whose root is the one the contract computes."""
        message = PeriodAttestation(
            org=self.bank,
            dataset=sid("dataset", dataset),
            period_start=PERIOD[0],
            period_end=PERIOD[1],
            revision=revision,
            cause=Cause.FIRST if revision == 1 else Cause.DATA,
            alg=1,
            measures=4,
            schema_hash=self.schema,
            n=n,
            totals=totals,
            tree_root=word(f"tree {dataset} {revision}"),
            root=bytes(32),
            library_hash=self.library,
            statement_hash=word(statement),
            deadline=FOREVER,
        )
        abi = load_artifact("PeriodLedger").abi
        answer = self.engine.client.call(self.contracts.periods.address, abi.encode_call("computeRoot", (message.as_tuple(),)))
        return replace(message, root=abi.decode_output("computeRoot", answer)[1])

    def attest(self, dataset: str = "OPERATIONAL") -> tuple[PeriodAttestation, bytes, Receipt]:
        """Submit a first attestation; return it with its id and receipt."""
        message = self.attestation(dataset)
        return message, attestation_id_of(message), self.submit(message, self.approver)
