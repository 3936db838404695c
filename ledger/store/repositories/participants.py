"""Admin messages to the participant registry, and the mirror of keys that the chain's events fill."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from ledger.store.repositories.paging import Page, fetch_page
from ledger.store.repositories.signed import Signed
from ledger.store.tables import ParticipantAction, ParticipantKey, ParticipantKeyEvent

UNKNOWN, IN_FORCE, NOT_YET_VALID, ENDED, KEY_SUSPENDED, INSTITUTION_SUSPENDED = range(6)


@dataclass(frozen=True)
class ChainPlace:
    """Where the chain recorded something: block number, its time in Unix seconds, transaction hash."""

    block_number: int
    at: int
    tx_hash: str


def add_participant_action(session: Session, *, kind: str, org: str | None, version: int, signed: Signed) -> ParticipantAction:
    """Add a signed admin message; `org` (hex) is None for a change of the admin itself.

    Raises:
        AlreadyStored: this very message is there.
    """
    row = ParticipantAction(kind=kind, org=org, version=version, **signed.columns())
    session.add(row)
    session.flush()
    return row


def find_participant_action(session: Session, struct_hash: str) -> ParticipantAction | None:
    """Return the admin message with this struct hash, or None."""
    return session.exec(select(ParticipantAction).where(ParticipantAction.struct_hash == struct_hash)).one_or_none()


def list_participant_actions(
    session: Session, *, org: str | None = None, limit: int = 100, after: int | None = None
) -> Page[ParticipantAction, int]:
    """Return admin messages in the order they came, of one institution if given."""
    query = select(ParticipantAction)
    if org is not None:
        query = query.where(ParticipantAction.org == org)
    return fetch_page(session, query, col(ParticipantAction.id), lambda row: row.id, limit, after)


def add_participant_key(
    session: Session, *, org: str, address: str, role: str, valid_from: int, valid_to: int, version: int, place: ChainPlace
) -> ParticipantKey:
    """Mirror a recorded key; `valid_to` 0 is an open end. The same record again gives the stored row back."""
    query = select(ParticipantKey).where(
        ParticipantKey.org == org, ParticipantKey.address == address, ParticipantKey.role == role, ParticipantKey.version == version
    )
    earlier = session.exec(query).one_or_none()
    if earlier is not None:
        return earlier
    row = ParticipantKey(
        org=org,
        address=address,
        role=role,
        valid_from=valid_from,
        valid_to=valid_to,
        version=version,
        block_number=place.block_number,
        tx_hash=place.tx_hash,
        at=place.at,
    )
    session.add(row)
    session.flush()
    return row


def add_key_event(
    session: Session,
    *,
    org: str,
    kind: str,
    version: int,
    place: ChainPlace,
    address: str | None = None,
    role: str | None = None,
    valid_to: int | None = None,
) -> ParticipantKeyEvent:
    """Mirror an end, a suspension or a reinstatement; the same version again gives the stored row back."""
    query = select(ParticipantKeyEvent).where(ParticipantKeyEvent.org == org, ParticipantKeyEvent.version == version)
    earlier = session.exec(query).one_or_none()
    if earlier is not None:
        return earlier
    row = ParticipantKeyEvent(
        org=org,
        address=address,
        role=role,
        kind=kind,
        valid_to=valid_to,
        version=version,
        block_number=place.block_number,
        tx_hash=place.tx_hash,
        at=place.at,
    )
    session.add(row)
    session.flush()
    return row


def list_keys(session: Session, org: str) -> list[ParticipantKey]:
    """Return every key that was ever recorded for the institution, in order."""
    return list(session.exec(select(ParticipantKey).where(ParticipantKey.org == org).order_by(col(ParticipantKey.version))).all())


def list_key_events(session: Session, org: str) -> list[ParticipantKeyEvent]:
    """Return what happened later to the institution's keys and to itself, in order."""
    query = select(ParticipantKeyEvent).where(ParticipantKeyEvent.org == org).order_by(col(ParticipantKeyEvent.version))
    return list(session.exec(query).all())


def find_key_owner(session: Session, address: str) -> str | None:
    """Return the org (hex) to which the address belongs for ever, or None."""
    query = select(ParticipantKey.org).where(ParticipantKey.address == address.lower()).limit(1)
    return session.exec(query).one_or_none()


def compute_key_status(session: Session, org: str, address: str, role: str, time: int) -> int:
    """Return the status of a key at `time` as the mirror has it, numbered as ParticipantRegistry.keyStatusAt numbers it.

    The mirror serves lists and early answers; the contract decides.
    """
    address = address.lower()
    keys = [key for key in list_keys(session, org) if key.address == address and key.role == role]
    if not keys:
        return UNKNOWN
    valid_to, key_suspended, institution_suspended = keys[-1].valid_to, False, False
    for happened in list_key_events(session, org):
        if happened.address is None:
            if happened.at <= time:
                institution_suspended = happened.kind == "institution_suspended"
        elif (happened.address, happened.role) == (address, role):
            if happened.kind == "key_ended" and happened.version > keys[-1].version:
                valid_to = happened.valid_to or 0
            elif happened.at <= time and happened.kind != "key_ended":
                key_suspended = happened.kind == "key_suspended"
    if institution_suspended:
        return INSTITUTION_SUSPENDED
    if key_suspended:
        return KEY_SUSPENDED
    if time < keys[-1].valid_from:
        return NOT_YET_VALID
    return ENDED if valid_to and time >= valid_to else IN_FORCE
