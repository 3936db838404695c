"""Statements of reductions: what a bank's own projects avoided, their signature and anchor."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from api.schemas.base import ApiAnswer, FindingAnswer, HashIfStored, IdIfStored, Instant, absent

Totals = Annotated[
    dict[str, str], Field(description="avoided_g, saved_wh, self_used_wh, exported_wh as decimal strings; never part of an inventory")
]


class ReductionsAnswer(ApiAnswer):
    """A statement of reductions. Where findings refused it, `id` and hashes are null and `accepted` is false."""

    id: IdIfStored
    institution: str
    period: str
    revision: Annotated[int | None, BeforeValidator(absent)]
    cause: str
    hash: HashIfStored
    state: str
    totals: Totals
    lines: int
    root: HashIfStored
    accepted: bool
    findings: tuple[FindingAnswer, ...]
    prepared_by: str
    prepared_at: Instant
    supersedes: str | None
    library: HashIfStored
