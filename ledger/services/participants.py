"""Relay the admin's signed messages, and tell which keys an institution has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain.typed_data import (
    AddKey,
    EndKey,
    InstitutionKind,
    KeyStatus,
    RegisterInstitution,
    Role,
    SetKeyStanding,
    SetStanding,
    TypedStruct,
)
from ledger.errors import InputError, NotFound
from ledger.services import audit
from ledger.services.context import Page, Work, require_role, require_visible
from ledger.services.signing import queue, receive, signed_columns
from ledger.services.transactions import find_transaction
from ledger.store.repositories import institutions, participants
from ledger.store.tables import ParticipantAction

STRUCTS: tuple[tuple[type[TypedStruct], str], ...] = (
    (RegisterInstitution, "register_institution"),
    (AddKey, "add_key"),
    (EndKey, "end_key"),
    (SetKeyStanding, "set_key_standing"),
    (SetStanding, "set_standing"),
)


@dataclass(frozen=True)
class ActionView:
    """An admin message on its way: signed, queued, anchored or rejected."""

    id: str
    struct: str
    institution: str
    state: str
    tx_hash: str | None
    error: str | None


@dataclass(frozen=True)
class KeyView:
    """A key of an institution; status as ParticipantRegistry gives it now, times in Unix seconds, valid_to 0 an open end."""

    address: str
    role: str
    valid_from: int
    valid_to: int
    status: str


def relay_participant_action(work: Work, institution: str, struct_name: str, message: Mapping[str, object], signature: str) -> ActionView:
    """Take a message that the registry's admin signed, and queue it.

    Raises:
        InputError: an unknown struct, wrong fields, another institution's name in it.
        SignatureRefused: the admin did not sign it, or its deadline has passed.
    """
    require_role(work, "admin", "operator")
    row = institutions.find_institution(work.session, institution)
    if row is None:
        raise NotFound(f"no institution {institution}", hint="create it first")
    found = [(struct, kind) for struct, kind in STRUCTS if struct.__name__ == struct_name]
    if not found:
        raise InputError(f"no such message; expected one of {', '.join(struct.__name__ for struct, _ in STRUCTS)}")
    struct, kind = found[0]
    registry = work.house.contracts.participants
    received = receive(work, registry, struct, message, signature)
    org = bytes(getattr(received.struct, "org", b""))
    if org.hex() != row.org:
        raise InputError("the message names another institution", hint=f"its org must be {row.org}, the name of {institution}")
    if isinstance(received.struct, RegisterInstitution) and received.struct.kind != InstitutionKind[row.kind.upper()]:
        raise InputError(f"the message registers another kind of institution than {row.kind}")
    outbox_id = queue(work, registry, received, kind=f"participants.{kind}", subject=institution)
    version = int(getattr(received.struct, "version", 0))
    action = participants.find_participant_action(work.session, received.struct.struct_hash().hex()) or participants.add_participant_action(
        work.session, kind=kind, org=row.org, version=version, signed=signed_columns(work, received, outbox_id)
    )
    audit.record(work, f"participant.{kind}", institution, institution=institution)
    return _view(work, institution, action)


def list_participant_actions(work: Work, institution: str, limit: int, after: str | None) -> Page[ActionView]:
    """Return the admin's messages about an institution in the order they came."""
    require_visible(work, institution)
    row = institutions.get_institution(work.session, institution)
    page = participants.list_participant_actions(work.session, org=row.org, limit=limit, after=None if after is None else int(after))
    items = tuple(_view(work, institution, action) for action in page.items)
    return Page(items, None if page.next_after is None else str(page.next_after))


def list_keys(work: Work, institution: str) -> tuple[KeyView, ...]:
    """Return every key that the registry recorded for an institution, with its status now."""
    require_visible(work, institution)
    row = institutions.get_institution(work.session, institution)
    now = work.clock.now()
    registry = work.house.contracts.participants
    keys: dict[tuple[str, str], KeyView] = {}
    for key in participants.list_keys(work.session, row.org):
        role = Role[key.role.upper()]
        window = registry.key_window(bytes.fromhex(row.org), key.address, role)
        status = registry.key_status_at(bytes.fromhex(row.org), key.address, role, now)
        keys[key.address, key.role] = KeyView(key.address, key.role, window.valid_from, window.valid_to, KeyStatus(status).name.lower())
    return tuple(keys.values())


def get_version(work: Work, institution: str) -> int:
    """Return the institution's version on chain; the admin's next message carries one more."""
    require_visible(work, institution)
    row = institutions.get_institution(work.session, institution)
    return work.house.contracts.participants.institution(bytes.fromhex(row.org)).version


def _view(work: Work, institution: str, action: ParticipantAction) -> ActionView:
    transaction = find_transaction(work, action.outbox_id)
    name = next(struct.__name__ for struct, kind in STRUCTS if kind == action.kind)
    return ActionView(str(action.id), name, institution, transaction.state, transaction.tx_hash, transaction.error)
