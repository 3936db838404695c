"""Releases of the indicator library, dataset schemas and schemes: proposed by one, published by another."""

from __future__ import annotations

from typing import Any

from api.schemas.base import ApiAnswer, ApiRequest, Instant, Message, Sha256, Signature


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
    """A release and its state: proposed, published."""

    hash: Sha256
    release: str
    kind: int | str
    state: str
    proposer: str | None
    publisher: str | None
    valid_from: Instant | None
