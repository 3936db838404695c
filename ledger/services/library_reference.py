"""A release by what people call it: its hash or its name; a draft too, for those who work on drafts."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import Conflict, NotFound
from ledger.indicators.reading import read_release
from ledger.indicators.release import Release
from ledger.services.context import Work
from ledger.services.library import find_release_in_force
from ledger.services.library_drafts import ROLES
from ledger.store.repositories import library


@dataclass(frozen=True)
class NamedRelease:
    """A release with its hash; `release` is its value."""

    hash: str
    release: Release


def load_release(work: Work, reference: str) -> NamedRelease:
    """Return the release with this hash or name; a librarian's and a publisher's name may be that of a draft.

    Raises:
        NotFound: there is none, or it is a draft and the actor does not work on drafts.
        Conflict: it is a draft with errors.
    """
    row = library.find_release(work.session, reference) or library.find_release_by_name(work.session, "library", reference)
    if row is not None and row.kind == "library":
        return _read(row.document)
    draft = None
    if work.actor.roles & frozenset(ROLES):
        draft = library.find_draft(work.session, reference) or library.find_draft_by_hash(work.session, reference)
    if draft is None:
        raise NotFound("no such release", hint="list the releases for their names and hashes")
    if draft.has_errors:
        raise Conflict(f"the draft {draft.release} has errors", hint="mend every finding of the draft first", release=draft.release)
    return _read(draft.document)


def load_release_in_force(work: Work) -> NamedRelease:
    """Return the release that statements are prepared with now.

    Raises:
        Conflict: none is in force.
    """
    row = find_release_in_force(work)
    if row is None:
        raise Conflict("no library release is in force", hint="the centre publishes one first")
    return _read(row.document)


def _read(document: bytes) -> NamedRelease:
    release = read_release(document)
    return NamedRelease(release.hash, release)
