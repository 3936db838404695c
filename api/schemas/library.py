"""Releases of the indicator library, dataset schemas and schemes: proposed by one, published by another."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from api.schemas.base import ApiAnswer, ApiRequest, Instant, Message, Sha256, Signature


def _unknown(value: object) -> object:
    return None if value == 0 else value


class ReleaseRequest(ApiRequest):
    """A document and the librarian's signed ProposeRelease of its hash."""

    document: dict[str, Any]
    message: Message
    signature: Signature


class PublicationRequest(ApiRequest):
    """The publisher's signed PublishRelease; never the proposer's own."""

    message: Message
    signature: Signature


class ReleaseAnswer(ApiAnswer):
    """A release and its state: received, proposing, proposed, publishing, published, superseded, rejected."""

    hash: Sha256
    release: str
    kind: str
    state: str
    proposer: str | None
    publisher: str | None
    valid_from: Annotated[Instant | None, BeforeValidator(_unknown)]
    supersedes: Annotated[Sha256 | None, Field(description="the release that this one replaces once it is in force")]
