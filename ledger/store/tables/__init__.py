"""The tables. Read base.py, then institutions.py, metering.py, devices.py, edits.py, attested.py, inventory.py, library.py,
participants.py, attestations.py, financed.py, reductions.py, outbox.py, access.py.

Rows are append-only by trigger, except as `CHANGEABLE` says.
"""

from __future__ import annotations

from ledger.store.tables.access import AuditLog, IdempotencyKey, Token, TokenRevocation
from ledger.store.tables.attestations import Anchor, Attestation, Claim, Verdict
from ledger.store.tables.base import Row
from ledger.store.tables.devices import Device, DeviceKey, DeviceKeyEnd, EnrolmentCode, EnrolmentCodeUse, Fitting, MeterDevice, MeterMain
from ledger.store.tables.edits import MeterBill, MeterEdit
from ledger.store.tables.financed import (
    Attribution,
    AttributionBatch,
    FinancedAnchor,
    FinancedAttestation,
    FinancedLeaves,
    FinancedStatement,
)
from ledger.store.tables.institutions import AnalysisPolicy, Institution, InstitutionSecret, OrganisationVersion, Period
from ledger.store.tables.inventory import (
    ActivityVersion,
    Commitments,
    Package,
    PackageContent,
    Statement,
    StatementAnswer,
    StatementMeterRecord,
)
from ledger.store.tables.library import LibraryRelease, LocalFactor, LocalFactorReview, ReleaseDraft, ReleaseProposal, ReleasePublication
from ledger.store.tables.metering import (
    Envelope,
    EnvelopeAlarm,
    LogAnchor,
    LogCheckpoint,
    Meter,
    MeterDay,
    RegisterDay,
    TelemetryBody,
    TelemetryDerivation,
)
from ledger.store.tables.outbox import Outbox, OutboxEvent, OutboxLease
from ledger.store.tables.participants import ParticipantAction, ParticipantKey, ParticipantKeyEvent
from ledger.store.tables.reductions import ReductionAnchor, ReductionAttestation, ReductionEvidence, ReductionStatement

# Table → what may happen to its rows beyond INSERT. The outbox's own trigger still refuses a change of what is to be sent or was signed.
CHANGEABLE = {
    "outbox": frozenset({"UPDATE"}),
    "outbox_lease": frozenset({"UPDATE", "DELETE"}),
    "idempotency_key": frozenset({"UPDATE", "DELETE"}),
    # What opens leaves may be erased, on the bank's order and all of it together (decision 0005).
    "institution_secret": frozenset({"DELETE"}),
    "commitments": frozenset({"DELETE"}),
    "statement_meter_record": frozenset({"DELETE"}),
    "package_content": frozenset({"DELETE"}),
}


def refused_changes() -> tuple[tuple[str, str], ...]:
    """Return every (table, "UPDATE" | "DELETE") that a trigger must refuse."""
    return tuple(
        (name, change)
        for name in sorted(Row.metadata.tables)
        for change in ("UPDATE", "DELETE")
        if change not in CHANGEABLE.get(name, frozenset())
    )


__all__ = [
    "CHANGEABLE",
    "ActivityVersion",
    "AnalysisPolicy",
    "Anchor",
    "Attestation",
    "Attribution",
    "AttributionBatch",
    "AuditLog",
    "Claim",
    "Commitments",
    "Device",
    "DeviceKey",
    "DeviceKeyEnd",
    "EnrolmentCode",
    "EnrolmentCodeUse",
    "Envelope",
    "EnvelopeAlarm",
    "FinancedAnchor",
    "FinancedAttestation",
    "FinancedLeaves",
    "FinancedStatement",
    "Fitting",
    "IdempotencyKey",
    "Institution",
    "InstitutionSecret",
    "LibraryRelease",
    "LocalFactor",
    "LocalFactorReview",
    "LogAnchor",
    "LogCheckpoint",
    "Meter",
    "MeterBill",
    "MeterDay",
    "MeterDevice",
    "MeterEdit",
    "MeterMain",
    "OrganisationVersion",
    "Outbox",
    "OutboxEvent",
    "OutboxLease",
    "Package",
    "PackageContent",
    "ParticipantAction",
    "ParticipantKey",
    "ParticipantKeyEvent",
    "Period",
    "ReductionAnchor",
    "ReductionAttestation",
    "ReductionEvidence",
    "ReductionStatement",
    "RegisterDay",
    "ReleaseDraft",
    "ReleaseProposal",
    "ReleasePublication",
    "Row",
    "Statement",
    "StatementAnswer",
    "StatementMeterRecord",
    "TelemetryBody",
    "TelemetryDerivation",
    "Token",
    "TokenRevocation",
    "Verdict",
    "refused_changes",
]
