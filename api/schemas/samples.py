"""An auditor's samples (docs/spec/bundle.md §4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import ApiAnswer, ApiRequest, Identifier, Instant, Reason, Sha256

Size = Annotated[int, Field(ge=1, le=10_000)]
Measure = Annotated[int, Field(ge=0, le=3)]


class SampleRequest(ApiRequest):
    """A commitment H(0x20 ‖ nonce) on a period that is to be anchored, and how it will be drawn."""

    subject: Identifier
    period: Identifier
    dataset: Literal["METERS", "OPERATIONAL", "FINANCED_PCAF", "FINANCED_PBOC"]
    commitment: Sha256
    measure: Measure | None = None
    size: Size | None = None


class SampleRevealRequest(ApiRequest):
    """The nonce, and the anchored statement (of a FINANCED dataset the financed statement) that it draws from."""

    nonce: Sha256
    statement: Annotated[str, Field(min_length=1, max_length=64)]


class SampleResultRequest(ApiRequest):
    """What became of one drawn leaf; it stays."""

    index: Annotated[int, Field(ge=0, le=2**32 - 1)]
    outcome: Literal["opened", "failed", "refused"]
    note: Reason


class SampleItemAnswer(ApiAnswer):
    """A drawn leaf and its outcome, null where none is recorded."""

    index: int
    outcome: str | None
    note: str | None


class SampleAnswer(ApiAnswer):
    """A sample: committed, anchored (the commitment is on the chain), drawn, done (each drawn leaf has its outcome)."""

    commitment: str
    institution: str
    subject: str
    dataset: str
    start: Instant
    end: Instant
    number: int
    measure: int | None
    size: int
    state: str
    log_index: int
    block: int | None
    seed: str | None
    draws: tuple[int, ...]
    items: tuple[SampleItemAnswer, ...]
