"""What the API reads and says, as models of its own: not the store's tables, not the services' views.

`base` (strict requests, answers from views), then one file per resource group. REQUESTS lists every JSON request model for the
OpenAPI file.
"""

from __future__ import annotations

from pydantic import BaseModel

from api.schemas.answers import AnswerRequest
from api.schemas.attestations import AttestationRequest, ClaimRequest, ResolutionRequest, VerdictCommitmentRequest, VerdictRequest
from api.schemas.devices import (
    DeviceRequest,
    EnrolmentCodeRequest,
    EnrolmentRequest,
    FittingRequest,
    MeterDeviceRequest,
    MeterMainRequest,
    RevocationRequest,
)
from api.schemas.editing import BillRequest, EditRequest, EstimatesRequest, WithdrawalRequest
from api.schemas.financed import FinancedAttestationRequest
from api.schemas.inputs import MeterRequest, PeriodRequest
from api.schemas.institutions import CommitmentKeyRequest, InstitutionRequest, ParticipantActionRequest
from api.schemas.library import PublicationRequest, ReleaseRequest
from api.schemas.library_work import DerivedDraftRequest, ReviewRequest
from api.schemas.platform import LogCheckpointRequest
from api.schemas.samples import SampleRequest, SampleResultRequest, SampleRevealRequest
from api.schemas.statements import StatementRequest

REQUESTS: tuple[type[BaseModel], ...] = (
    AnswerRequest,
    AttestationRequest,
    BillRequest,
    ClaimRequest,
    CommitmentKeyRequest,
    DerivedDraftRequest,
    DeviceRequest,
    EditRequest,
    EnrolmentCodeRequest,
    EnrolmentRequest,
    EstimatesRequest,
    FinancedAttestationRequest,
    FittingRequest,
    InstitutionRequest,
    LogCheckpointRequest,
    MeterDeviceRequest,
    MeterMainRequest,
    MeterRequest,
    ParticipantActionRequest,
    PeriodRequest,
    PublicationRequest,
    ReleaseRequest,
    ReviewRequest,
    RevocationRequest,
    StatementRequest,
    VerdictCommitmentRequest,
    ResolutionRequest,
    SampleRequest,
    SampleRevealRequest,
    SampleResultRequest,
    VerdictRequest,
    WithdrawalRequest,
)
