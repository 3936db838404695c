"""Typed wrappers of the four contracts (spec: typed-data).

Read base.py, then one file per contract; encoding, events and refusals are in ledger.chain.abi.
"""

from ledger.chain.abi import ContractAbi, Event
from ledger.chain.contracts.base import Contract
from ledger.chain.contracts.claim_registry import CertificateRecord, ClaimRecord, ClaimRegistry, VerdictRecord, verdict_commitment
from ledger.chain.contracts.library_registry import LibraryRegistry, Release
from ledger.chain.contracts.participant_registry import Institution, KeyWindow, ParticipantRegistry
from ledger.chain.contracts.period_ledger import (
    AttestationRecord,
    LogHead,
    PeriodLedger,
    attestation_id,
    attestation_id_of,
    record_slots,
)

__all__ = [
    "AttestationRecord",
    "CertificateRecord",
    "ClaimRecord",
    "ClaimRegistry",
    "Contract",
    "ContractAbi",
    "Event",
    "Institution",
    "KeyWindow",
    "LibraryRegistry",
    "LogHead",
    "ParticipantRegistry",
    "PeriodLedger",
    "Release",
    "VerdictRecord",
    "attestation_id",
    "attestation_id_of",
    "record_slots",
    "verdict_commitment",
]
