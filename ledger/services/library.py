"""Propose and publish library releases, dataset schemas and schemes: two people, two signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain.typed_data import ProposeRelease, PublishRelease, ReleaseKind, ReleaseStatus
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.identifiers import sid
from ledger.indicators.reading import check_release
from ledger.merkle.dataset_schema import DATASETS, get_schema_bytes
from ledger.records import canonical
from ledger.records.findings import has_errors
from ledger.services import audit
from ledger.services.context import Page, Work, require_role
from ledger.services.signing import queue, receive, signed_columns
from ledger.services.transactions import find_transaction
from ledger.store.repositories import institutions, library
from ledger.store.tables import LibraryRelease

KINDS = {"library": ReleaseKind.INDICATOR_LIBRARY, "schema": ReleaseKind.DATASET_SCHEMA, "scheme": ReleaseKind.SCHEME}


@dataclass(frozen=True)
class ReleaseView:
    """A document of the library by its hash (times in Unix seconds).

    state: proposing, proposed, publishing, published, rejected; superseded once a published release that names it is in force.
    """

    hash: str
    release: str
    kind: str
    state: str
    proposer: str
    publisher: str | None
    valid_from: int
    supersedes: str | None


def propose_release(work: Work, document: Mapping[str, object], message: Mapping[str, object], signature: str) -> ReleaseView:
    """Keep a document and queue the librarian's proposal of it.

    Raises:
        InputError: the document has errors, or the message names another hash, kind or superseded release.
        SignatureRefused: no librarian of the centre signed it.
        Conflict: this name stands for other bytes.
    """
    require_role(work, "librarian")
    kind, name = _identify(document)
    data = canonical.dump(document)
    row = library.add_release(work.session, kind=kind, release=name, document=data, actor=work.actor.subject, at=work.clock.now())
    received = receive(work, work.house.contracts.libraries, ProposeRelease, message, signature)
    struct = received.struct
    if struct.release.hex() != row.hash or struct.kind != KINDS[kind]:
        raise InputError(
            "the message proposes another document or kind", hint=f"its release must be 0x{row.hash} and its kind {int(KINDS[kind])}"
        )
    supersedes = None if struct.supersedes == bytes(32) else struct.supersedes.hex()
    if kind == "library" and supersedes != document["supersedes"]:
        raise InputError(
            "document and message name different superseded releases", hint="the message's supersedes must be the document's, null as zeros"
        )
    replaced = None if supersedes is None else library.find_release(work.session, supersedes)
    if supersedes is not None and (replaced is None or _view(work, replaced).state not in ("published", "superseded")):
        raise InputError(
            "the superseded release is unknown here, or not published", hint="name a published release of the same kind, or 32 zero bytes"
        )
    earlier = library.find_proposal(work.session, row.hash)
    if earlier is None or earlier.struct_hash != struct.struct_hash().hex():
        if earlier is not None and find_transaction(work, earlier.outbox_id).state != "rejected":
            raise Conflict(f"{name} is proposed already", hint="publish it, or propose a new release", release=row.hash)
        outbox_id = queue(work, work.house.contracts.libraries, received, kind="library.propose", subject=row.hash)
        library.add_proposal(
            work.session,
            release_hash=row.hash,
            institution_id=_institution(work, struct.org),
            valid_from=struct.valid_from,
            supersedes=supersedes,
            signed=signed_columns(work, received, outbox_id),
        )
        audit.record(work, "library.propose", row.hash, details={"release": name, "kind": kind})
    return _view(work, row)


def publish_release(work: Work, hash: str, message: Mapping[str, object], signature: str) -> ReleaseView:
    """Queue the publisher's publication of a proposal.

    Raises:
        Forbidden: the same person, or the same key, proposed it.
    """
    require_role(work, "publisher")
    row = _get(work, hash)
    proposal = library.find_proposal(work.session, hash)
    if proposal is None:
        raise Conflict(f"{row.release} is not proposed", hint="a librarian proposes first", release=hash)
    received = receive(work, work.house.contracts.libraries, PublishRelease, message, signature)
    if received.struct.release.hex() != hash:
        raise InputError("the message publishes another release", hint=f"its release must be 0x{hash}")
    if proposal.submitted_by == work.actor.subject or proposal.signer == received.signer.lower():
        raise Forbidden("librarian and publisher are two people", hint="let another person publish, with another key")
    earlier = library.find_publication(work.session, hash)
    if earlier is None or earlier.struct_hash != received.struct.struct_hash().hex():
        if earlier is not None and find_transaction(work, earlier.outbox_id).state != "rejected":
            raise Conflict(f"{row.release} is published already", hint="nothing to do", release=hash)
        outbox_id = queue(work, work.house.contracts.libraries, received, kind="library.publish", subject=hash)
        signed = signed_columns(work, received, outbox_id)
        library.add_publication(
            work.session, proposal_id=proposal.id, institution_id=_institution(work, received.struct.org), signed=signed
        )
        audit.record(work, "library.publish", hash, details={"release": row.release})
    return _view(work, row)


def list_releases(work: Work, limit: int, after: str | None, kind: str = "library") -> Page[ReleaseView]:
    """Return the documents of a kind by name."""
    if kind not in KINDS:
        raise InputError(f"not a kind; expected one of {', '.join(KINDS)}")
    page = library.list_releases(work.session, kind=kind, limit=limit, after=after)
    return Page(tuple(_view(work, row) for row in page.items), page.next_after)


def get_release(work: Work, hash: str) -> tuple[ReleaseView, bytes]:
    """Return a release and its canonical bytes."""
    row = _get(work, hash)
    return _view(work, row), row.document


def find_release_in_force(work: Work) -> LibraryRelease | None:
    """Return the latest published library release that is in force on chain now; None where there is none."""
    now = work.clock.now()
    registry = work.house.contracts.libraries
    for release, _ in reversed(library.list_published_releases(work.session, at=now)):
        if library.is_superseded(work.session, release.hash, now):
            continue
        if registry.status_at(bytes.fromhex(release.hash), now) == ReleaseStatus.IN_FORCE:
            return release
    return None


def _identify(document: Mapping[str, object]) -> tuple[str, str]:
    schema = document.get("schema")
    if schema == "lingtan.library/1":
        release, findings = check_release(dict(document))
        if release is None or has_errors(findings):
            errors = tuple((finding.place, finding.code, finding.action) for finding in findings)
            raise InputError(f"the release has {len(findings)} findings", hint="mend the document; every finding is listed", errors=errors)
        return "library", release.release
    if schema == "lingtan.dataset/1":
        name = str(document.get("dataset"))
        if name not in DATASETS or canonical.dump(document) != get_schema_bytes(name):
            raise InputError("not the schema of a dataset of this release", hint=f"expected one of {', '.join(DATASETS)}, unchanged")
        return "schema", name
    if schema == "lingtan.scheme/1" and isinstance(document.get("scheme"), str):
        return "scheme", str(document["scheme"])
    raise InputError("not a document of the library", hint="expected lingtan.library/1, lingtan.dataset/1 or lingtan.scheme/1")


def _institution(work: Work, org: bytes) -> str:
    row = institutions.find_institution_by_org(work.session, org.hex())
    if row is None or row.id != work.actor.institution or org != sid("org", row.id):
        raise InputError("the message names another institution than yours")
    return row.id


def _get(work: Work, hash: str) -> LibraryRelease:
    row = library.find_release(work.session, hash)
    if row is None:
        raise NotFound("no such release", hint="list the releases for their hashes")
    return row


def _view(work: Work, row: LibraryRelease) -> ReleaseView:
    proposal, publication = library.find_proposal(work.session, row.hash), library.find_publication(work.session, row.hash)
    if proposal is None:
        return ReleaseView(row.hash, row.release, row.kind, "received", row.actor, None, 0, None)
    found = find_transaction(work, proposal.outbox_id).state
    state = {"anchored": "proposed", "queued": "proposing", "signed": "proposing"}.get(found, found)
    if publication is not None:
        found = find_transaction(work, publication.outbox_id).state
        state = {"anchored": "published", "queued": "publishing", "signed": "publishing"}.get(found, found)
    if state == "published" and library.is_superseded(work.session, row.hash, work.clock.now()):
        state = "superseded"
    publisher = publication.submitted_by if publication is not None else None
    return ReleaseView(row.hash, row.release, row.kind, state, proposal.submitted_by, publisher, proposal.valid_from, proposal.supersedes)
