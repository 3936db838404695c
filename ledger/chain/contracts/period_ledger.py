"""PeriodLedger: the attested commitments of every period and dataset, and the checkpoints of envelope logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from eth_abi.abi import encode
from eth_hash.auto import keccak

from ledger.chain.abi import Event
from ledger.chain.contracts.base import Contract
from ledger.chain.typed_data import AttestationStatus, PeriodAttestation
from ledger.errors import NotFound


@dataclass(frozen=True)
class AttestationRecord:
    """An attestation as stored; totals in the dataset's integer units, times in Unix seconds."""

    root: bytes
    totals: tuple[int, int, int, int]
    org: bytes
    dataset: bytes
    period_start: int
    period_end: int
    n: int
    revision: int
    cause: int
    alg: int
    measures: int
    schema_hash: bytes
    tree_root: bytes
    library_hash: bytes
    statement_hash: bytes
    struct_hash: bytes
    signer: str
    attested_at: int


@dataclass(frozen=True)
class LogHead:
    """The last anchored checkpoint of an institution's envelope log; size 0 before the first."""

    size: int
    root: bytes
    anchored_at: int


class PeriodLedger(Contract):
    """The ledger of periods."""

    name: ClassVar[str] = "PeriodLedger"
    gas: ClassVar[Mapping[str, int]] = {"submit": 1_000_000, "anchorLog": 400_000}

    def attestation(self, id: bytes, *, block: int | None = None) -> AttestationRecord:
        """Return the stored attestation.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.find_attestation(id, block=block)
        if found is None:
            raise NotFound(
                f"the ledger has no attestation 0x{id.hex()}", hint="submit it, or wait until its transaction is mined", id=id.hex()
            )
        return found

    def find_attestation(self, id: bytes, *, block: int | None = None) -> AttestationRecord | None:
        """Return the stored attestation, or None."""
        record = self._record(AttestationRecord, "attestation", id, block=block)
        return record if record.attested_at else None

    def latest_revision(self, org: bytes, dataset: bytes, period_start: int, period_end: int, *, block: int | None = None) -> int:
        """Return the last recorded revision; 0 before the first."""
        (revision,) = self._view("latestRevision", org, dataset, period_start, period_end, block=block)
        return int(revision)

    def status_at(self, id: bytes, time: int, *, block: int | None = None) -> AttestationStatus:
        """Return whether an attestation was current or superseded at `time` (Unix seconds)."""
        (status,) = self._view("statusAt", id, time, block=block)
        return AttestationStatus(status)

    def log_head(self, org: bytes, *, block: int | None = None) -> LogHead:
        """Return the last anchored checkpoint of an institution's log."""
        return self._record(LogHead, "logHead", org, block=block)

    def find_attested(self, logs: Iterable[Mapping[str, Any]], id: bytes) -> Event | None:
        """Return the `PeriodAttested` event of one attestation among a receipt's logs; None after an exact re-submission."""
        return next((event for event in self.events(logs) if event.name == "PeriodAttested" and event.arguments["id"] == id), None)

    def find_log_anchored(self, logs: Iterable[Mapping[str, Any]], struct_hash: bytes) -> Event | None:
        """Return the `LogAnchored` event of one checkpoint message among a receipt's logs; None after an exact re-submission."""
        wanted = (event for event in self.events(logs) if event.name == "LogAnchored" and event.arguments["structHash"] == struct_hash)
        return next(wanted, None)


def attestation_id(org: bytes, dataset: bytes, period_start: int, period_end: int, revision: int) -> bytes:
    """Return the id under which the ledger stores an attestation: keccak256(abi.encode(org, dataset, periodStart, periodEnd, revision))."""
    types = ("bytes32", "bytes32", "uint64", "uint64", "uint32")
    return keccak(encode(types, (org, dataset, period_start, period_end, revision)))


def attestation_id_of(message: PeriodAttestation) -> bytes:
    """Return the id of the attestation that a message makes."""
    return attestation_id(message.org, message.dataset, message.period_start, message.period_end, message.revision)


def record_slots(id: bytes, mapping_slot: int) -> tuple[int, int, int]:
    """Return the storage slots of the first three words of a record: root, totals[0..1], totals[2..3] (spec: typed-data, PeriodLedger)."""
    first = int.from_bytes(keccak(id + mapping_slot.to_bytes(32, "big")), "big")
    return first, (first + 1) % 2**256, (first + 2) % 2**256
