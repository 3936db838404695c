"""Statements and what is signed of them."""

from __future__ import annotations

from typing import Any, Literal

from api.schemas.base import ApiAnswer, ApiRequest, FindingAnswer, HashIfStored, Id, IdIfStored, Instant, SigningItemAnswer


class StatementRequest(ApiRequest):
    """Compute the statement of a period. The first has cause `first`; a later one is a revision and says why."""

    cause: Literal["first", "data", "factor", "boundary", "method", "error"]


class StatementAnswer(ApiAnswer):
    """A statement. Its totals are grams of CO2e as decimal strings. Where the findings left no statement, `id` and hashes are null."""

    id: IdIfStored
    institution: str
    period: str
    revision: int
    cause: str
    hash: HashIfStored
    state: str
    totals: dict[str, str]
    lines: int
    findings: tuple[FindingAnswer, ...]
    has_errors: bool
    prepared_by: str
    prepared_at: Instant
    supersedes: str | None
    library: HashIfStored
    organisation: HashIfStored
    activity: HashIfStored


class LinesAnswer(ApiAnswer):
    """A page of a statement's lines, each a `lingtan.line/1` document."""

    items: tuple[dict[str, Any], ...]
    next_cursor: str | None


class SigningRequestAnswer(ApiAnswer):
    """What an approver signs for a statement: one PeriodAttestation per dataset that neither waits for the chain nor is anchored."""

    statement: Id
    items: tuple[SigningItemAnswer, ...]
