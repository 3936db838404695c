"""Drafts of library releases: what a librarian works on before proposing it. A draft grows by versions; none is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import check_identifier, is_identifier
from ledger.indicators.reading import check_release
from ledger.indicators.release import SCHEMA
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.services import audit
from ledger.services.context import Page, Work, require_role
from ledger.services.findings import read_findings
from ledger.store.repositories import library, local_factors
from ledger.store.tables import ReleaseDraft

ROLES = ("librarian", "publisher")
Document = dict[str, Any]


@dataclass(frozen=True)
class DraftView:
    """The latest version of a draft and what stands against proposing it; state: draft. `saved_at` in Unix seconds."""

    release: str
    hash: str
    state: str
    has_errors: bool
    findings: tuple[Finding, ...]
    saved_by: str
    saved_at: int


def save_draft(work: Work, document: Mapping[str, object]) -> DraftView:
    """Keep a release document as the draft of its name, with every finding; the draft of that name so far is replaced by it.

    Raises:
        InputError: it is no release document, or has no name.
        Conflict: a release of this name is proposed already.
    """
    require_role(work, "librarian")
    release = document.get("release")
    if document.get("schema") != SCHEMA or not isinstance(release, str) or not is_identifier(release):
        raise InputError("not a release of the indicator library", hint=f"expected {SCHEMA} with a name in the field release")
    return _keep(work, release, dict(document))


def draft_from(work: Work, base: str, release: str, valid_from: date, *, include_local: bool = False) -> DraftView:
    """Keep a draft that is the release with the hash `base` under a new name, superseding it.

    Args:
        include_local: take in every accepted local factor, the last accepted one of each id.

    Raises:
        NotFound: there is no such release.
        Conflict: a local factor bears an id that stands for something else; a release of this name is proposed already.
    """
    require_role(work, "librarian")
    check_identifier(release)
    row = library.find_release(work.session, base)
    if row is None or row.kind != "library":
        raise NotFound("no such release", hint="list the releases for their hashes")
    document = cast("Document", canonical.load_canonical(row.document))
    document |= {"release": release, "valid_from": valid_from.isoformat(), "supersedes": base}
    if include_local:
        accepted = [
            cast("Document", canonical.load_canonical(item.document)) for item in local_factors.list_accepted_local_factors(work.session)
        ]
        clashes = find_clashes(document, accepted)
        if clashes:
            errors = tuple((finding.place, finding.code, finding.action) for finding in clashes)
            raise Conflict(f"{len(clashes)} ids of local factors stand for something else", hint="rename them", errors=errors)
        document = merge_local(document, accepted)
    return _keep(work, release, document)


def get_draft(work: Work, release: str) -> tuple[DraftView, bytes]:
    """Return the draft of this name and its canonical bytes.

    Raises:
        NotFound: there is none, or the name is proposed already.
    """
    require_role(work, *ROLES)
    row = library.find_draft(work.session, release)
    if row is None or library.find_release_by_name(work.session, "library", release) is not None:
        raise NotFound("no such draft", hint="list the drafts for their names")
    return _view(row), row.document


def list_drafts(work: Work, limit: int, after: str | None) -> Page[DraftView]:
    """Return every draft that is not proposed yet, by name."""
    require_role(work, *ROLES)
    page = library.list_drafts(work.session, limit=limit, after=after)
    return Page(tuple(_view(row) for row in page.items), page.next_after)


def merge_local(document: Document, items: Iterable[Mapping[str, Any]]) -> Document:
    """Return a release document that also holds these `lingtan.local_factor/1` documents; a later one replaces an earlier one of its id."""
    factors = {item["id"]: item for item in document["factors"]}
    documents = {item["id"]: item for item in document["documents"]}
    for item in items:
        factors[item["factor"]["id"]] = item["factor"]
        documents[item["document"]["id"]] = item["document"]
    return {
        **document,
        "factors": [factors[id] for id in sorted(factors, key=str.encode)],
        "documents": [documents[id] for id in sorted(documents, key=str.encode)],
    }


def find_clashes(document: Document, items: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Return a finding for each local factor whose id, or whose document's id, stands for something else in the release or among them."""
    owners = {item["id"]: item["owner"] for item in document["factors"]}
    documents = {item["id"]: item for item in document["documents"]}
    found: list[Finding] = []
    for item in items:
        factor, source = item["factor"], item["document"]
        if owners.setdefault(factor["id"], item["institution"]) != item["institution"]:
            action = "give the local factor an id of your own, as bank-a.steam"
            found.append(Finding("FACTOR_ID_TAKEN", "error", "/factor/id", action, factor["id"], "an id that nobody else's factor has"))
        if documents.setdefault(source["id"], source) != source:
            action = "name the release's document as it stands there, or give yours another id"
            found.append(Finding("DOCUMENT_ID_TAKEN", "error", "/document/id", action, source["id"], "an id of no other document"))
    return tuple(found)


def _keep(work: Work, release: str, document: Document) -> DraftView:
    if library.find_release_by_name(work.session, "library", release) is not None:
        raise Conflict(
            f"a release {release} is proposed already", hint="a release never changes: give the draft another name", release=release
        )
    _, findings = check_release(document)
    data = canonical.dump(document)
    row = library.add_draft(
        work.session,
        release=release,
        document=data,
        findings=canonical.dump(findings_document(findings)),
        has_errors=has_errors(findings),
        actor=work.actor.subject,
        at=work.clock.now(),
    )
    audit.record(work, "library.draft", release, details={"hash": row.hash})
    return _view(row)


def _view(row: ReleaseDraft) -> DraftView:
    return DraftView(row.release, row.hash, "draft", row.has_errors, read_findings(row.findings), row.actor, row.at)
