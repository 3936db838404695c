"""Financed statements, their signature and anchor, totals over banks, and borrowers matched across banks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from api.schemas.base import ApiAnswer, ApiRequest, FindingAnswer, HashIfStored, Id, IdIfStored, Instant, Message, Sha256, Signature, absent

Revision = Annotated[int | None, BeforeValidator(absent), Field(description="counts per dataset; null where it cannot be read")]
Text = Annotated[str | None, BeforeValidator(absent)]
Totals = Annotated[dict[str, str], Field(description="the block of documents §14: cents and grams as decimal strings")]


class FinancedAnswer(ApiAnswer):
    """A financed statement. Where findings refused it, `id` and hashes are null and `accepted` is false."""

    id: IdIfStored
    institution: str
    period: str
    dataset: Text
    method: Text
    revision: Revision
    cause: Text
    hash: HashIfStored
    state: str
    totals: Totals
    rows: str
    groups: str
    root: HashIfStored
    accepted: bool
    findings: tuple[FindingAnswer, ...]
    prepared_by: str
    prepared_at: Instant
    supersedes: str | None
    library: HashIfStored


class FinancedAttestationRequest(ApiRequest):
    """The PeriodAttestation of a financed statement or one of reductions, signed by an approver who did not hand it in."""

    message: Message
    signature: Signature


class FinancedAnchorAnswer(ApiAnswer):
    """Where a financed statement, or one of reductions, is anchored; `evidence` is an item of `lingtan.anchors/1`."""

    statement: Id
    dataset: str
    tx_hash: str
    block_number: int
    block_hash: str
    anchored_at: Instant
    evidence: dict[str, Any]


class ClassTotalsAnswer(ApiAnswer):
    """The sums of an asset class, and how many banks are in them."""

    asset_class: str
    banks: int
    block: Totals


class BankFinancedAnswer(ApiAnswer):
    """One bank's anchored statement of a method."""

    institution: str
    statement: Id
    method: str
    revision: int
    totals: Totals
    classes: tuple[ClassTotalsAnswer, ...]


class MethodTotalsAnswer(ApiAnswer):
    """Sums of one method over banks. For the government, classes of fewer than three banks are left out, of `totals` too."""

    method: str
    banks: int
    totals: Totals | None
    classes: tuple[ClassTotalsAnswer, ...]
    suppressed: Annotated[int, Field(description="classes that are left out")]


class FinancedOverviewAnswer(ApiAnswer):
    """Financed emissions of the periods with one id; `banks` is empty for the government."""

    period: str
    banks: tuple[BankFinancedAnswer, ...]
    methods: tuple[MethodTotalsAnswer, ...]


class AttributionsAnswer(ApiAnswer):
    """What is kept of a file of attributions."""

    institution: str
    period: str
    method: str
    version: int
    lines: int
    submitted_by: str
    submitted_at: Instant


class AboveOneAnswer(ApiAnswer):
    """A borrower, by the centre's token, whose attributions at these banks add up to more than one. Sums in billionths."""

    code: str
    period: str
    method: str
    token: Sha256
    institutions: tuple[str, ...]
    at_least_e9: str
    at_most_e9: str


class OwnAboveOneAnswer(ApiAnswer):
    """An exposure of the bank's own, by its pseudonym, whose borrower's attributions add up to more than one over all banks."""

    code: str
    period: str
    method: str
    exposure: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
