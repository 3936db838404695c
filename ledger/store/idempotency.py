"""Idempotency keys: the same request under the same key has one effect and one answer (design: interfaces §1).

`begin` and `finish` stand in the unit of work of the effect: either all three are stored or none is, and a second request that comes
meanwhile waits for the writer and then gets the stored answer. Slow work commits `begin` on its own; until its `finish` others get
RequestInProgress, for as long as `in_progress_seconds`, after which the request counts as lost and may be begun again.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col

from ledger.errors import Conflict, InputError
from ledger.store.repositories.paging import found
from ledger.store.tables import IdempotencyKey

MAX_KEY_LENGTH = 255


class RequestInProgress(Conflict):
    """The same request is being worked on (HTTP 409)."""

    code = "idempotency.in_progress"


class KeyReused(InputError):
    """The key was used with another request (HTTP 422)."""

    code = "idempotency.key_reused"


@dataclass(frozen=True)
class StoredAnswer:
    """The answer that was given: HTTP status, media type, body bytes, Location if there was one."""

    status: int
    media_type: str
    body: bytes
    location: str | None = None


def begin(session: Session, tenant: str, key: str, request_hash: str, *, now: int, in_progress_seconds: int = 300) -> StoredAnswer | None:
    """Claim the key for a request; return None when it is ours to do, or the answer that was given.

    `request_hash` is the hex SHA-256 over method, path and body.

    Raises:
        RequestInProgress: the same request was begun and is not finished.
        KeyReused: the key stands for another request.
        InputError: the key is empty or longer than 255 characters.
    """
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise InputError(f"an idempotency key has 1 to {MAX_KEY_LENGTH} characters", hint="send a UUID")
    row = session.get(IdempotencyKey, (tenant, key))
    if row is None:
        session.add(IdempotencyKey(tenant=tenant, key=key, request_hash=request_hash, started_at=now))
        session.flush()
        return None
    if row.request_hash != request_hash:
        raise KeyReused("this idempotency key was used with another request", hint="use a new key for a new request")
    if row.finished_at is not None and row.status is not None and row.body is not None:
        return StoredAnswer(row.status, row.media_type or "", row.body, row.location)
    if now - row.started_at < in_progress_seconds:
        raise RequestInProgress("the same request is being worked on", hint="ask again in a moment")
    row.started_at = now
    session.flush()
    return None


def finish(session: Session, tenant: str, key: str, answer: StoredAnswer, *, now: int) -> None:
    """Store the answer of a begun request.

    Raises:
        NotFound: the request was not begun.
        Conflict: it has an answer.
    """
    row = found(session.get(IdempotencyKey, (tenant, key)), "idempotency key", tenant=tenant)
    if row.finished_at is not None:
        raise Conflict("this request has its answer already")
    row.finished_at, row.status, row.body = now, answer.status, answer.body
    row.media_type, row.location = answer.media_type, answer.location
    session.flush()


def delete_expired(session: Session, *, before: int) -> int:
    """Forget keys that were begun before that time; return how many."""
    return session.exec(delete(IdempotencyKey).where(col(IdempotencyKey.started_at) < before)).rowcount
