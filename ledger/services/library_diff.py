"""What changed from one release of the library to another."""

from __future__ import annotations

from ledger.indicators.diff import ReleaseDiff, compare
from ledger.services.context import Work
from ledger.services.library_reference import load_release


def diff_releases(work: Work, before: str, after: str) -> ReleaseDiff:
    """Compare two releases, each named by its hash or name; who works on drafts may name a draft.

    Raises:
        NotFound: one of them does not exist for this actor.
        Conflict: one of them is a draft with errors.
    """
    return compare(load_release(work, before).release, load_release(work, after).release)
