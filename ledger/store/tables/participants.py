"""Signed messages of the centre's admin, and a mirror of the participants' keys as the chain reported them."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.base import (
    AutoInt,
    Int,
    OptInt,
    OptStr,
    Row,
    SignedMessage,
    Str,
    holds,
    one_of,
    sha256_hex,
    signed_message,
    table,
    unique,
)

ACTION_KINDS = ("register_institution", "add_key", "end_key", "set_key_standing", "set_standing", "propose_admin", "accept_admin")
ROLES = ("approver", "logkeeper", "verifier", "certifier", "librarian", "publisher")
KEY_EVENT_KINDS = ("key_ended", "key_suspended", "key_reinstated", "institution_suspended", "institution_reinstated")


class ParticipantAction(SignedMessage, Row, table=True):
    """A message to ParticipantRegistry. `org` is null for the two admin messages; a message that reverted may be signed anew."""

    __table_args__ = table(one_of("kind", ACTION_KINDS), *sha256_hex("org"), Index(None, "org", "version"), *signed_message())

    id: AutoInt = None  # type: ignore[assignment]
    kind: Str
    org: OptStr = None
    version: Int


class ParticipantKey(Row, table=True):
    """A key that the registry contract recorded for an institution and role; `valid_to` 0 is an open end."""

    __table_args__ = table(
        unique("org", "address", "role", "version"),
        one_of("role", ROLES),
        *sha256_hex("org"),
        holds("address", "length(address) = 42 AND substr(address, 1, 2) = '0x' AND lower(address) = address"),
        Index(None, "address"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    org: Str
    address: Str
    role: Str
    valid_from: Int
    valid_to: Int
    version: Int
    block_number: Int
    tx_hash: Str
    at: Int


class ParticipantKeyEvent(Row, table=True):
    """What happened later to a key, or to the institution as a whole (address and role null); `valid_to` only for an end."""

    __table_args__ = table(
        unique("org", "version"),
        one_of("kind", KEY_EVENT_KINDS),
        *sha256_hex("org"),
        holds("whole", "(kind IN ('institution_suspended', 'institution_reinstated')) = (address IS NULL)"),
        holds("role_of_key", "(address IS NULL) = (role IS NULL)"),
        holds("valid_to", "(kind = 'key_ended') = (valid_to IS NOT NULL)"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    org: Str
    address: OptStr = None
    role: OptStr = None
    kind: Str
    valid_to: OptInt = None
    version: Int
    block_number: Int
    tx_hash: Str
    at: Int
