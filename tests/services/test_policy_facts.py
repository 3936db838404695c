"""A policy pins what the registry has, not what the store was handed."""

from __future__ import annotations

from typing import Any

from ledger.chain.typed_data import ProposeRelease, PublishRelease, ReleaseKind
from ledger.identifiers import sid
from ledger.indicators.shipped import shipped_release
from ledger.records import canonical
from ledger.services import library, policy
from tests.product import ADMIN, AUDITOR, LIBRARIAN, MONTH, NOW, PUBLISHER, Town
from tests.services.books import signed

SHIPPED = canonical.digest(shipped_release().to_document())


def another_library() -> dict[str, Any]:
    return dict(shipped_release().to_document()) | {"release": "lingtan-test-2"}


def pinned(town: Town) -> tuple[str, ...]:
    with town.house.view(ADMIN) as work:
        return tuple(policy.gather_policy_facts(work, version=1).libraries)


def publish(town: Town, *, valid_from: int, seconds: int) -> str:
    """Propose another library release and hand its publication in, good for so many seconds; return its hash."""
    document, registry = another_library(), town.house.contracts.libraries
    release = bytes.fromhex(canonical.digest(document))
    proposal = ProposeRelease(release, sid("org", "gfc"), ReleaseKind.INDICATOR_LIBRARY, valid_from, bytes(32), town.clock.now() + MONTH)
    with town.work(LIBRARIAN) as work:
        library.propose_release(work, document, *signed(proposal, registry, "gfc.librarian"))
    town.relay()
    assert pinned(town) == (SHIPPED,), "proposed is not published"
    publication = PublishRelease(release, sid("org", "gfc"), town.clock.now() + seconds)
    with town.work(PUBLISHER) as work:
        library.publish_release(work, release.hex(), *signed(publication, registry, "gfc.publisher"))
    return release.hex()


def test_a_library_whose_publication_the_chain_refused_is_not_pinned(town: Town) -> None:
    release = publish(town, valid_from=NOW - 86_400, seconds=5)
    assert pinned(town) == (SHIPPED,), "it waits for the chain"
    town.clock.advance(10)
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert library.get_release(work, release)[0].state == "rejected"
    assert pinned(town) == (SHIPPED,)


def test_a_published_library_is_pinned_also_before_it_is_in_force(town: Town) -> None:
    release = publish(town, valid_from=town.clock.now() + MONTH, seconds=MONTH)
    town.relay()
    assert sorted(pinned(town)) == sorted((SHIPPED, release))
