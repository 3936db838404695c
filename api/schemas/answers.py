"""Answers to the findings on a statement."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import ApiAnswer, ApiRequest, Instant, Reason


class AnswerRequest(ApiRequest):
    """The bank's answer to one finding of a statement, named by its code and place as they stand there."""

    code: Annotated[str, Field(min_length=1, max_length=200)]
    place: Annotated[str, Field(max_length=1000)]
    reason: Reason


class FindingAnsweredAnswer(ApiAnswer):
    """An answer to a finding. It explains; it lifts no error."""

    statement: str
    code: str
    place: str
    reason: str
    by: str
    at: Instant


class FindingsAnsweredAnswer(ApiAnswer):
    """All answers on a statement, by code, place and time."""

    items: tuple[FindingAnsweredAnswer, ...]
