"""Who acts, in which use case: the arguments that every service takes.

A `Work` is one use case inside one transaction; nothing is kept until the block that opened it ends. Visibility is decided here, in one
place: what a person may not see does not exist for them (NotFound, never Forbidden, so that an id betrays nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ledger.clock import Clock
from ledger.errors import Forbidden, NotFound
from ledger.store.repositories import institutions

if TYPE_CHECKING:
    from ledger.services.house import House
    from ledger.store.session import Session

T = TypeVar("T")

ROLES = (
    "preparer",
    "approver",
    "librarian",
    "publisher",
    "verifier",
    "certifier",
    "admin",
    "auditor",
    "government",
    "operator",
    "meter",
    "logkeeper",
)

OF_A_BANK = frozenset({"preparer", "approver", "meter", "logkeeper"})
SEES_EVERY_INSTITUTION = frozenset({"admin", "librarian", "publisher", "verifier", "certifier", "auditor", "operator"})
"""Roles of the centre, of auditors and of the operator. A bank's people see their bank; the government sees aggregates only."""


@dataclass(frozen=True)
class Actor:
    """An authenticated person or device: its name, its institution (None for the operator) and its roles."""

    subject: str
    institution: str | None
    roles: frozenset[str]


@dataclass(frozen=True)
class Work:
    """One use case: its transaction, its time, its actor, and the house it happens in."""

    session: Session
    clock: Clock
    actor: Actor
    house: House


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of a list in key order; `next_key` continues it, None at the end."""

    items: tuple[T, ...]
    next_key: str | None


def may_see(actor: Actor, institution: str) -> bool:
    """Tell whether this institution's books exist for this actor. A bank's people see their bank, whatever else their token says."""
    if actor.institution == institution:
        return True
    return not actor.roles & OF_A_BANK and bool(actor.roles & SEES_EVERY_INSTITUTION)


def require_visible(work: Work, institution: str) -> None:
    """Pass if the institution exists and the actor may see it.

    Raises:
        NotFound: otherwise, with the same words in both cases.
    """
    if not may_see(work.actor, institution) or institutions.find_institution(work.session, institution) is None:
        raise NotFound(f"no institution {institution}", hint="check the id; another bank's books are not visible")


def require_own(work: Work, institution: str, *roles: str) -> None:
    """Pass if the actor belongs to the institution and has one of the roles there.

    Raises:
        NotFound: the institution is not the actor's.
        Forbidden: it is, but every one of the roles is missing.
    """
    if work.actor.institution != institution:
        raise NotFound(f"no institution {institution}", hint="check the id; another bank's books are not visible")
    require_role(work, *roles)


def require_role(work: Work, *roles: str) -> None:
    """Pass if the actor has one of the roles.

    Raises:
        Forbidden: otherwise.
    """
    if not work.actor.roles & frozenset(roles):
        raise Forbidden(f"this needs the role {' or '.join(roles)}", hint="ask the operator for a token with that role")
