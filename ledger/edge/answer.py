"""What the server said to a body, and what follows from it for the queue (spec: metering §5, §10). Pure.

An answer counts as an acknowledgement only when it repeats the hash, boot and seq of what was sent: a proxy's friendly page does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ledger.edge.problem_codes import codes_of
from ledger.edge.queue import QueuedBody
from ledger.errors import LedgerError
from ledger.metering import batch, envelope
from ledger.metering.reading_values import read_instant_ms

Verdict = Literal["acknowledged", "refused", "later"]
# 400, 413, 415, 422: the same bytes will never be taken. 409 is an equivocation, unless the server says that it may be tried again.
_FOR_GOOD = (400, 409, 413, 415, 422)
_KEY_STATUS = (401, 403)
# A key that is not known yet may be tomorrow; a revoked one stays so, and a wrong signature stays wrong.
_KEY_CODES = frozenset({"KEY_REVOKED", "SIGNATURE_WRONG"})


class LinkDown(LedgerError):
    """No answer came: nothing is known about what was sent, and the same bytes are sent again."""

    code = "edge.link_down"


@dataclass(frozen=True)
class Answer:
    """Status and document of an answer; `offset_ms` is our clock minus the server's where that could be measured."""

    status: int
    document: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    offset_ms: int | None = None


class Link(Protocol):
    """A way to the server."""

    def send(self, body: QueuedBody) -> Answer:
        """Return the server's answer to the body.

        Raises:
            LinkDown: none came.
        """

    def close(self) -> None:
        """Let go of the connection."""


def judge(answer: Answer, body: QueuedBody, boot: str) -> Verdict:
    """Return what the answer means for the body."""
    if 200 <= answer.status < 300:
        document = answer.document
        is_ours = (document.get("sha256"), document.get("boot"), document.get("seq")) == (body.sha256, boot, body.seq)
        return "acknowledged" if is_ours else "later"
    return "refused" if is_for_good(answer) else "later"


def is_for_good(answer: Answer) -> bool:
    """Tell whether the server will never take these bytes. Only its own problem, which has a code, says so: a proxy's page does not."""
    if not isinstance(answer.document.get("code"), str):
        return False
    if answer.status in _FOR_GOOD:
        return answer.document.get("retryable") is not True
    return answer.status in _KEY_STATUS and not _KEY_CODES.isdisjoint(codes_of(answer.document))


def describe(answer: Answer) -> str:
    """Return an answer that is no acknowledgement as one line."""
    document = answer.document
    text = str(document.get("detail") or document.get("title") or "no explanation")
    codes = sorted(codes_of(document))
    return f"{answer.status} {', '.join(codes)}: {text}" if codes else f"{answer.status}: {text}"


def measure_offset(server_time: object, sent_ms: int, received_ms: int) -> int | None:
    """Return our clock minus the server's in milliseconds, from its time in an answer; None where it told none.

    A server that tells whole seconds is half a second on in the mean; the way there and back is halved.
    """
    theirs = read_instant_ms(server_time) if isinstance(server_time, str) else None
    if theirs is None:
        return None
    return (sent_ms + received_ms) // 2 - (theirs + 500 if theirs % 1000 == 0 else theirs)


def media_type_of(body: bytes) -> str:
    """Return the media type of a body by its first bytes."""
    return batch.MEDIA_TYPE if body.startswith(batch.MAGIC) else envelope.MEDIA_TYPE
