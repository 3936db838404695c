"""The deployment record: where the four contracts of a chain are, and what stands there (deployments/<chain id>.json).

The record is written before the first transaction is sent, with the signed bytes in it, so that a run that dies anywhere is finished by the
next one. It carries no trust: the signed policy file names the addresses and code hashes a verifier believes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.chain.artifacts import CONTRACTS
from ledger.errors import MalformedDocument, NotFound
from ledger.records.canonical import load

SCHEMA = "lingtan.deployment/1"


@dataclass(frozen=True)
class DeployedContract:
    """One contract: planned while `block` is None, deployed afterwards. Hashes and bytes as 0x hex, addresses EIP-55.

    `artifact` is the SHA-256 (hex) of the build output; `code_hash` keccak256 of the code on the chain; `slots` names the storage slots
    that proofs need.
    """

    name: str
    address: str
    nonce: int
    constructor: tuple[str, ...]
    artifact: str
    slots: Mapping[str, int]
    raw_tx: str
    tx: str
    block: int | None = None
    block_hash: str | None = None
    code_hash: str | None = None

    def to_document(self) -> dict[str, object]:
        """Return the contract's entry in the record."""
        return {
            "address": self.address,
            "nonce": str(self.nonce),
            "constructor": list(self.constructor),
            "artifact": self.artifact,
            "slots": {name: str(slot) for name, slot in self.slots.items()},
            "raw_tx": self.raw_tx,
            "tx": self.tx,
            "block": None if self.block is None else str(self.block),
            "block_hash": self.block_hash,
            "code_hash": self.code_hash,
        }


@dataclass(frozen=True)
class Deployment:
    """The contracts of one chain, in the order in which they were deployed."""

    chain_id: int
    genesis: str
    deployer: str
    admin: str
    contracts: tuple[DeployedContract, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every contract is on the chain."""
        return all(contract.block is not None for contract in self.contracts)

    def contract(self, name: str) -> DeployedContract:
        """Return one contract.

        Raises:
            NotFound: the record has none of that name.
        """
        for contract in self.contracts:
            if contract.name == name:
                return contract
        raise NotFound(f"the deployment record of chain {self.chain_id} has no {name}", hint="run `lingtan deploy`")

    def address(self, name: str) -> str:
        """Return the address of one contract."""
        return self.contract(name).address

    @property
    def records_slot(self) -> int:
        """The slot of the period ledger's mapping of records."""
        return self.contract("PeriodLedger").slots["records"]

    def to_document(self) -> dict[str, object]:
        """Return the record as a JSON document."""
        return {
            "schema": SCHEMA,
            "chain_id": str(self.chain_id),
            "genesis": self.genesis,
            "deployer": self.deployer,
            "admin": self.admin,
            "contracts": {contract.name: contract.to_document() for contract in self.contracts},
        }

    @staticmethod
    def from_document(document: object) -> Deployment:
        """Return the record of a JSON document.

        Raises:
            MalformedDocument: not a deployment record, or one of another version.
        """
        try:
            if (
                not isinstance(document, dict)
                or document["schema"] != SCHEMA
                or list(document["contracts"]) != sorted(document["contracts"])
            ):
                raise ValueError("schema")
            entries = document["contracts"]
            contracts = tuple(_read_contract(name, entries[name]) for name in CONTRACTS)
            return Deployment(int(document["chain_id"]), document["genesis"], document["deployer"], document["admin"], contracts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MalformedDocument(f"not a deployment record: {error!r}", hint=f"expected {SCHEMA} with {', '.join(CONTRACTS)}") from error


def load_deployment(path: Path) -> Deployment:
    """Return the deployment record of a file.

    Raises:
        NotFound: there is no such file.
        MalformedDocument: it is no deployment record.
    """
    if not path.is_file():
        raise NotFound(f"no deployment record at {path}", hint="run `lingtan deploy`, or name the record of this chain", path=str(path))
    return Deployment.from_document(load(path.read_bytes()))


def save_deployment(path: Path, deployment: Deployment) -> None:
    """Write the record; whoever reads it sees the old one or the new one, whole, also after a power cut."""
    data = json.dumps(deployment.to_document(), indent=1, sort_keys=True).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_contract(name: str, entry: dict[str, object]) -> DeployedContract:
    block, constructor, slots = entry["block"], entry["constructor"], entry["slots"]
    if not isinstance(constructor, list) or not isinstance(slots, dict):
        raise ValueError(f"{name}: constructor or slots")
    return DeployedContract(
        name=name,
        address=str(entry["address"]),
        nonce=int(str(entry["nonce"])),
        constructor=tuple(str(argument) for argument in constructor),
        artifact=str(entry["artifact"]),
        slots={str(label): int(slot) for label, slot in slots.items()},
        raw_tx=str(entry["raw_tx"]),
        tx=str(entry["tx"]),
        block=None if block is None else int(str(block)),
        block_hash=None if entry["block_hash"] is None else str(entry["block_hash"]),
        code_hash=None if entry["code_hash"] is None else str(entry["code_hash"]),
    )
