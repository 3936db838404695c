"""Write and read the hash-chained audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.services.context import Page, Work, require_role
from ledger.store import audit


@dataclass(frozen=True)
class AuditView:
    """One entry: who did what, when, to what, with what result; `hash` covers it and the entry before."""

    seq: int
    at: int
    actor: str
    institution: str | None
    action: str
    object: str
    result: str
    hash: str


def record(
    work: Work,
    action: str,
    object: str,
    *,
    institution: str | None = None,
    result: str = "done",
    details: Mapping[str, object] | None = None,
) -> None:
    """Append an entry in the unit of work of what it tells about."""
    audit.append(
        work.session,
        actor=work.actor.subject,
        action=action,
        object=object,
        result=result,
        at=work.clock.now(),
        details=details,
        institution=institution,
    )


def list_audit_log(work: Work, limit: int, after: str | None) -> Page[AuditView]:
    """Return entries in their order, for auditors and the operator.

    Raises:
        Forbidden: for everybody else.
    """
    require_role(work, "auditor", "operator")
    page = audit.list_audit_log(work.session, limit=limit, after=None if after is None else int(after))
    items = tuple(
        AuditView(row.seq, row.at, row.actor, row.institution, row.action, row.object, row.result, row.hash) for row in page.items
    )
    return Page(items, None if page.next_after is None else str(page.next_after))
