"""Validation, gaps, estimates and edits of meters; what suppliers billed for them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from api.schemas.base import ApiAnswer, ApiRequest, Count, Day, FindingAnswer, Identifier, Instant, Reason, Sha256

Shown = Annotated[str, BeforeValidator(str)]
ValueText = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,13})$", description="whole mWh, L or kJ")]
EstimationRule = Literal["interpolate", "proxy_day", "bill"]


class SharesAnswer(ApiAnswer):
    """Slots by origin: measured (actual, suspect), estimated (estimated, substituted), manual, missing."""

    measured: int
    estimated: int
    manual: int
    missing: int


class GapAnswer(ApiAnswer):
    """A gap [start, end). `rule` may fill it with `total` in all, null where it stays open; `values` where they were asked for."""

    start: Instant
    end: Instant
    slots: int
    rule: str | None
    why: str
    bill: str | None
    total: Count | None
    values: tuple[Count, ...] | None


class MeterGapsAnswer(ApiAnswer):
    """The gaps of a meter. Estimates can be asked for on this `basis` alone: then nothing was changed in between."""

    meter: str
    shares: SharesAnswer
    basis: Sha256
    gaps: tuple[GapAnswer, ...]


class GapsAnswer(ApiAnswer):
    """The gaps of meters from `first_day` to `last_day`, local days."""

    first_day: Shown
    last_day: Shown
    items: tuple[MeterGapsAnswer, ...]


class ValidationAnswer(ApiAnswer):
    """What the rule set finds in the local days from `first_day` to `last_day`; it changes nothing."""

    rule_set: str
    first_day: Shown
    last_day: Shown
    findings: tuple[FindingAnswer, ...]


class EstimatesRequest(ApiRequest):
    """Fill the gaps of a period, or from one local day to another."""

    period: Identifier | None = None
    first_day: Annotated[str | None, Field(examples=["2025-03-01"])] = None
    last_day: Annotated[str | None, Field(examples=["2025-03-31"])] = None
    rule: Annotated[EstimationRule | None, Field(description="this rule alone; the first that may without it")] = None
    suspect: Annotated[bool, Field(description="doubtful readings are estimated too")] = False
    basis: Annotated[Sha256 | None, Field(description="of the gaps that were looked at")] = None
    reason: Reason


class EvidenceFields(ApiRequest):
    """A reference that a person can follow, and the SHA-256 of the paper if there is a file."""

    reference: str
    sha256: str | None = None


class EditRequest(ApiRequest):
    """Values by hand for the quarter-hours of [from, to): manual for missing ones, replace for readings, flag to mark as doubtful."""

    rule: Literal["manual", "replace", "flag"]
    start: Annotated[str, Field(alias="from", examples=["2025-03-01T00:00:00Z"])]
    end: Annotated[str, Field(alias="to", examples=["2025-03-01T01:00:00Z"])]
    values: Annotated[list[ValueText] | None, Field(description="one for each quarter-hour; null for flag")] = None
    before: Annotated[list[list[Any]] | None, Field(description="[value, quality] of each as you saw them, or null")] = None
    reason: Reason
    evidence: EvidenceFields | None = None


class EditAnswer(ApiAnswer):
    """An edit: its document, and the entry of the envelope log that it is."""

    log_index: int
    sha256: Sha256
    document: Annotated[dict[str, Any], Field(description="lingtan.edit/1")]


class EditsAnswer(ApiAnswer):
    """What was changed, the shares of the meter's slots in the window afterwards, and warnings (PERIOD_ATTESTED)."""

    edits: tuple[EditAnswer, ...]
    shares: SharesAnswer
    findings: tuple[FindingAnswer, ...]


class BillRequest(ApiRequest):
    """What was billed for local days, both inclusive. A bill that is there already is corrected with a reason."""

    bill: Identifier
    first_day: str
    last_day: str
    value: Annotated[str, Field(examples=["30512.4"])]
    unit: Annotated[str, Field(examples=["kWh"])]
    reference: str
    sha256: str | None = None
    reason: Reason | None = None


class WithdrawalRequest(ApiRequest):
    """Why a bill is taken back."""

    reason: Reason


class BillAnswer(ApiAnswer):
    """A bill as it stands; `value` is null once it was withdrawn."""

    meter: str
    bill: str
    revision: int
    first_day: Day
    last_day: Day
    value: str | None
    unit: str
    reference: str
    sha256: str | None
    reason: str | None
    by: str
    at: Instant


class BillsAnswer(ApiAnswer):
    """The bills of a meter by first day."""

    items: tuple[BillAnswer, ...]
