"""Register institutions, and keep or forget their commitment keys."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import check_identifier
from ledger.records.names import Name
from ledger.records.period import Period
from ledger.services import audit
from ledger.services.context import Page, Work, may_see, require_own, require_role, require_visible
from ledger.store import tables
from ledger.store.repositories import institutions as rows
from ledger.store.repositories import statements

COMMITMENT_KEY_BYTES = 32
FORGET = "commitment_key.forget"


@dataclass(frozen=True)
class InstitutionView:
    """An institution; `org` is its 32-byte name on chain as hex."""

    id: str
    kind: str
    name_en: str
    name_zh: str
    timezone: str
    region: str
    org: str
    created_at: int


def create_institution(work: Work, *, id: str, kind: str, name: Name, timezone: str, region: str) -> InstitutionView:
    """Add an institution. Its registration on chain is a separate, signed act of the admin.

    Raises:
        Forbidden: the actor is neither the centre's admin nor the operator.
        InputError: a malformed id, kind or time zone.
        Conflict: the id is taken.
    """
    require_role(work, "admin", "operator")
    check_identifier(id)
    if kind not in tables.institutions.INSTITUTION_KINDS:
        raise InputError(f"not a kind of institution; expected one of {', '.join(tables.institutions.INSTITUTION_KINDS)}")
    Period(id="check", start=0, end=86_400, timezone=timezone)
    if rows.find_institution(work.session, id) is not None:
        raise Conflict(f"the institution {id} exists already", hint="choose another id", institution=id)
    row = rows.add_institution(
        work.session,
        id=id,
        kind=kind,
        name_en=name.en,
        name_zh=name.zh,
        timezone=timezone,
        region=region,
        created_by=work.actor.subject,
        at=work.clock.now(),
    )
    audit.record(work, "institution.create", id, institution=id)
    return _view(row)


def get_institution(work: Work, id: str) -> InstitutionView:
    """Return an institution that the actor may see.

    Raises:
        NotFound: none, or not visible.
    """
    require_visible(work, id)
    row = rows.find_institution(work.session, id)
    if row is None:
        raise NotFound(f"no institution {id}", hint="check the id; another bank's books are not visible")
    return _view(row)


def list_institutions(work: Work, limit: int, after: str | None) -> Page[InstitutionView]:
    """Return the institutions that the actor may see, by id."""
    if work.actor.institution is not None and not may_see(work.actor, ""):
        own = rows.find_institution(work.session, work.actor.institution)
        return Page((_view(own),) if own is not None and after is None else (), None)
    if not may_see(work.actor, ""):
        return Page((), None)
    page = rows.list_institutions(work.session, limit=limit, after=after)
    return Page(tuple(_view(row) for row in page.items), page.next_after)


def set_commitment_key(work: Work, institution: str, key: bytes) -> None:
    """Keep the institution's commitment key, once (decision 0005). The same key again changes nothing.

    Raises:
        Conflict: another key is kept; it is never replaced, since periods already depend on it.
    """
    require_own(work, institution, "preparer")
    if len(key) != COMMITMENT_KEY_BYTES:
        raise InputError(f"a commitment key has {COMMITMENT_KEY_BYTES} bytes, got {len(key)}")
    earlier = rows.find_commitment_key(work.session, institution)
    if earlier == key:
        return
    if earlier is not None:
        raise Conflict("another commitment key is kept already; it is never replaced", hint="use the key that was given first")
    rows.add_commitment_key(work.session, institution, key, at=work.clock.now())
    audit.record(work, "commitment_key.set", institution, institution=institution)


def forget_commitment_key(work: Work, institution: str) -> bool:
    """Erase the commitment key and all that it opened here: keys, salts, meter records with their keys, packages. Tell whether it was kept.

    Statements, roots, totals, signatures and anchors stay, and with them the worth of every package that was downloaded before. Nothing
    here can open a leaf of those statements again (decision 0005).
    """
    require_own(work, institution, "approver")
    there = rows.delete_commitment_key(work.session, institution)
    erased = statements.erase_openings(work.session, institution)
    result = "done" if there else "nothing kept"
    audit.record(work, FORGET, institution, institution=institution, result=result, details={"rows": erased})
    return there


def _view(row: tables.Institution) -> InstitutionView:
    return InstitutionView(row.id, row.kind, row.name_en, row.name_zh, row.timezone, row.region, row.org, row.at)
