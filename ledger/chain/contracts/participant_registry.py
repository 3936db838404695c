"""ParticipantRegistry: institutions, their keys by role, and whether a key was in force at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ledger.chain.contracts.base import Contract
from ledger.chain.typed_data import (
    KeyStatus,
    Role,
)


@dataclass(frozen=True)
class Institution:
    """An institution as registered; `version` is what the admin's next action must follow by one, kind 0 means unknown."""

    kind: int
    name_hash: bytes
    version: int
    suspended: bool


@dataclass(frozen=True)
class KeyWindow:
    """When a key holds a role, in Unix seconds; `valid_to` 0 is an open end."""

    known: bool
    valid_from: int
    valid_to: int
    suspended: bool


class ParticipantRegistry(Contract):
    """The registry of who may sign what."""

    name: ClassVar[str] = "ParticipantRegistry"
    gas: ClassVar[Mapping[str, int]] = {
        "registerInstitution": 400_000,
        "addKey": 500_000,
        "endKey": 400_000,
        "setKeyStanding": 400_000,
        "setStanding": 400_000,
        "proposeAdmin": 300_000,
        "acceptAdmin": 300_000,
    }

    def institution(self, org: bytes, *, block: int | None = None) -> Institution:
        """Return the institution; kind 0 and version 0 where it is unknown."""
        return self._record(Institution, "institution", org, block=block)

    def org_of(self, key: str, *, block: int | None = None) -> bytes:
        """Return the institution to which an address belongs for ever; 32 zero bytes where it belongs to none."""
        (org,) = self._view("orgOf", key, block=block)
        return bytes(org)

    def key_window(self, org: bytes, key: str, role: Role, *, block: int | None = None) -> KeyWindow:
        """Return when a key holds a role."""
        return self._record(KeyWindow, "keyOf", org, key, int(role), block=block)

    def key_status_at(self, org: bytes, key: str, role: Role, time: int, *, block: int | None = None) -> KeyStatus:
        """Return whether a key held a role at `time` (Unix seconds)."""
        (status,) = self._view("keyStatusAt", org, key, int(role), time, block=block)
        return KeyStatus(status)

    def admin(self, *, block: int | None = None) -> str:
        """Return the admin's address."""
        (address,) = self._view("admin", block=block)
        return str(address)

    def pending_admin(self, *, block: int | None = None) -> str:
        """Return the address of the admin-to-be; the zero address where nobody is proposed."""
        (address,) = self._view("pendingAdmin", block=block)
        return str(address)

    def admin_version(self, *, block: int | None = None) -> int:
        """Return how many times the admin was changed or proposed; the next proposal carries one more."""
        (version,) = self._view("adminVersion", block=block)
        return int(version)

    def last_action(self, org: bytes, version: int, *, block: int | None = None) -> bytes:
        """Return the struct hash of the action that brought an institution to `version`; zero bytes where there was none."""
        (struct_hash,) = self._view("lastAction", org, version, block=block)
        return bytes(struct_hash)
