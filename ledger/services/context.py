"""Who acts, in which house, in which use case: the arguments that every service takes.

A `House` lives as long as the process does. A `Work` is one use case inside one transaction; nothing is kept until the block that
opened it ends. Visibility is decided here, in one place: what a person may not see does not exist for them (NotFound, never Forbidden,
so that an id betrays nothing).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from ledger.accounting.financed.matching import MatchingKey
from ledger.chain.client import ChainClient
from ledger.chain.deploy import Contracts, open_contracts
from ledger.chain.deployment import Deployment
from ledger.chain.keystore import Signer
from ledger.clock import Clock
from ledger.config import Settings
from ledger.errors import ConfigurationError, Forbidden, NotFound
from ledger.services.log_tree import EnvelopeLogs
from ledger.store.database import Database
from ledger.store.repositories import institutions
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


class House:
    """An open house: database, chain, contracts, the server's own two keys. Safe to share between threads; close it once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        chain: ChainClient,
        deployment: Deployment,
        relayer: Signer,
        cursor_key: bytes,
        clock: Clock,
    ) -> None:
        self.settings, self.database, self.chain, self.clock = settings, database, chain, clock
        self.deployment, self.relayer, self.cursor_key = deployment, relayer, cursor_key
        self.contracts: Contracts = open_contracts(chain, deployment)
        self.envelope_logs = EnvelopeLogs()

    @property
    def relayer_address(self) -> str:
        """The address that relays; it has no right in any contract."""
        return self.relayer.address

    def matching_key(self) -> MatchingKey:
        """Return the centre's matching key, read for one use.

        Raises:
            ConfigurationError: there is none.
        """
        try:
            return MatchingKey(self.settings.matching_key.read_bytes())
        except OSError as error:
            raise ConfigurationError(
                "the matching key cannot be read", hint="run `lingtan init` again: it makes what is missing"
            ) from error

    @contextmanager
    def work(self, actor: Actor) -> Iterator[Work]:
        """Yield one use case that writes; it is kept whole when the block ends, or not at all when it raises."""
        with self.database.unit_of_work() as session:
            yield Work(session, self.clock, actor, self)

    @contextmanager
    def view(self, actor: Actor) -> Iterator[Work]:
        """Yield one use case that only reads; writers are not held up."""
        with self.database.reading() as session:
            yield Work(session, self.clock, actor, self)

    def close(self) -> None:
        """Close chain and database; the embedded chain publishes its last checkpoint."""
        self.chain.close()
        self.database.close()


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
