"""The analysis policy of an institution."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from api.schemas.base import ApiAnswer, FindingAnswer, HashIfStored, Instant, VersionIfStored, absent


class AnalysisPolicyAnswer(ApiAnswer):
    """A version of the policy; without a version the document is not stored: refused by findings, or the empty one: every default holds."""

    institution: str
    version: VersionIfStored
    hash: HashIfStored
    accepted: Annotated[bool, Field(description="whether the document holds")]
    findings: tuple[FindingAnswer, ...]
    document: Annotated[dict[str, Any], Field(description="`lingtan.analysis_policy/1`: docs/spec/analysis.md §10")]
    submitted_by: Annotated[str | None, BeforeValidator(absent)]
    submitted_at: Annotated[Instant | None, BeforeValidator(absent)]
