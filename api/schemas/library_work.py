"""The library's work: drafts, local factors, impact, users of a factor."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import ApiAnswer, ApiRequest, Count, Day, FindingAnswer, HashIfStored, Identifier, IdIfStored, Instant, Reason, Sha256

GramsByMeasure = Annotated[dict[str, str] | None, Field(description="grams of CO2e by measure; null where there is nothing")]


class DerivedDraftRequest(ApiRequest):
    """A draft made of a release: under a new name, superseding it, with every accepted local factor where asked for."""

    release: Identifier
    valid_from: Day
    include_local: bool = False


class DraftAnswer(ApiAnswer):
    """The draft of a release and what stands against proposing it."""

    release: str
    hash: Sha256
    state: Literal["draft"]
    has_errors: bool
    findings: tuple[FindingAnswer, ...]
    saved_by: str
    saved_at: Instant


class LineImpactAnswer(ApiAnswer):
    """A line that comes out otherwise under the candidate; null where one of the releases gives no such line."""

    unit: str
    indicator: str
    factor_before: str | None
    factor_after: str | None
    market_factor_before: str | None
    market_factor_after: str | None
    before: GramsByMeasure
    after: GramsByMeasure


class PeriodImpactAnswer(ApiAnswer):
    """One period under both releases; a closed one keeps the release that its statement froze."""

    institution: str
    period: str
    state: Annotated[str, Field(description="open, incomplete, running or closed")]
    reason: str
    release: str | None
    library: Sha256 | None
    before: GramsByMeasure
    after: GramsByMeasure
    difference: GramsByMeasure
    changed_lines: int
    lines: Annotated[tuple[LineImpactAnswer, ...], Field(description="where one institution was asked for")]
    appearing: tuple[FindingAnswer, ...]
    disappearing: tuple[FindingAnswer, ...]


class ImpactAnswer(ApiAnswer):
    """What a release would change against the one in force. Nothing was written."""

    in_force: Sha256
    in_force_release: str
    candidate: Sha256
    candidate_release: str
    periods: tuple[PeriodImpactAnswer, ...]


class FactorUseAnswer(ApiAnswer):
    """A statement whose lines took the factor, for location-based figures or as the residual factor of market-based ones."""

    statement: str
    institution: str
    period: str
    revision: int
    state: str
    release: str
    library: Sha256
    use: str
    lines: int
    grams: Count


class FactorRuleAnswer(ApiAnswer):
    """A selection rule of a release that takes the factor."""

    release: str
    library: Sha256
    indicator: str
    use: str
    region: str
    year: int | None


class FactorChosenAnswer(ApiAnswer):
    """A bank's choice of the factor, with the reason it gave."""

    institution: str
    period: str
    indicator: str
    use: str
    reference: str


class FactorUsersAnswer(ApiAnswer):
    """Who uses a factor, as far as the token sees."""

    factor: str
    statements: tuple[FactorUseAnswer, ...]
    rules: tuple[FactorRuleAnswer, ...]
    choices: tuple[FactorChosenAnswer, ...]


class LocalFactorAnswer(ApiAnswer):
    """A local factor and where it stands: submitted, accepted, refused; rejected where findings kept it out."""

    id: IdIfStored
    institution: str
    factor: str
    hash: HashIfStored
    state: str
    accepted: Annotated[bool, Field(description="whether it was taken for review")]
    findings: tuple[FindingAnswer, ...]
    document: dict[str, Any]
    submitted_by: str
    submitted_at: Instant
    review_reason: str | None
    reviewed_by: str | None
    reviewed_at: Instant | None


class ReviewRequest(ApiRequest):
    """The centre's decision about a local factor, once and for all."""

    decision: Literal["accepted", "refused"]
    reason: Reason
