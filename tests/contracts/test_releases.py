"""LibraryRegistry: one proposes, another publishes; what is in force when."""

from __future__ import annotations

from tests.contracts.messages import digest, struct_hash
from tests.contracts.world import CENTRE, LIBRARIAN, LIBRARY, NEVER, PUBLISHER, SCHEMA, ZERO, Refusal, World, address_of

NEW = digest("library 2")


def status(world: World, release: bytes, time: int) -> int:
    found: int = world.view("LibraryRegistry", "statusAt", release, time)
    return found


def test_a_release_comes_into_force_when_it_is_published_and_its_time_has_come(world: World) -> None:
    valid_from = world.engine.now() + 1_000
    message = world.proposal(NEW, 1, validFrom=valid_from, supersedes=LIBRARY)
    proposed = world.send("propose", message, by="librarian").time
    world.engine.advance(100)
    published = world.send("publish", world.publication(NEW), by="publisher").time
    times = (proposed - 1, proposed, published - 1, published, valid_from - 1, valid_from, NEVER)
    assert [status(world, NEW, time) for time in times] == [0, 1, 1, 2, 2, 3, 3]
    people = address_of("librarian").lower(), address_of("publisher").lower()
    assert world.view("LibraryRegistry", "release", NEW) == (1, CENTRE, valid_from, LIBRARY, *people, proposed, published)
    hashes = struct_hash("ProposeRelease", message), struct_hash("PublishRelease", world.publication(NEW))
    assert world.view("LibraryRegistry", "messagesOf", NEW) == hashes
    assert world.view("LibraryRegistry", "kindAndStatusAt", NEW, valid_from) == (1, 3)
    assert status(world, LIBRARY, NEVER) == 3, "the superseded one stays in force for the periods that used it"


def test_an_unknown_release_is_unknown(world: World) -> None:
    assert status(world, NEW, NEVER) == 0
    assert world.view("LibraryRegistry", "kindAndStatusAt", NEW, NEVER) == (0, 0)
    assert world.view("LibraryRegistry", "release", NEW)[1] == ZERO
    assert world.refusal("publish", world.publication(NEW), by="publisher") == Refusal("UnknownRelease", (NEW,))
    assert world.refusal("propose", world.proposal(ZERO), by="librarian") == Refusal("UnknownRelease", (ZERO,))


def test_the_proposer_does_not_publish(world: World) -> None:
    world.send("addKey", world.key(CENTRE, "librarian", PUBLISHER), by="admin")
    world.send("addKey", world.key(CENTRE, "publisher", LIBRARIAN), by="admin")
    world.send("propose", world.proposal(NEW), by="librarian")
    assert world.refusal("publish", world.publication(NEW), by="librarian") == Refusal("SamePerson", (address_of("librarian").lower(),))
    world.send("publish", world.publication(NEW), by="publisher")


def test_a_release_supersedes_a_published_one_of_its_kind(world: World) -> None:
    unknown = digest("nothing")
    assert world.refusal("propose", world.proposal(NEW, 1, supersedes=unknown), by="librarian") == Refusal("UnknownRelease", (unknown,))
    assert world.refusal("propose", world.proposal(NEW, 1, supersedes=SCHEMA), by="librarian") == Refusal("KindDiffers", (SCHEMA, 1, 2))
    world.send("propose", world.proposal(NEW), by="librarian")
    third = world.proposal(digest("library 3"), 1, supersedes=NEW)
    assert world.refusal("propose", third, by="librarian") == Refusal("UnknownRelease", (NEW,))
    world.send("publish", world.publication(NEW), by="publisher")
    world.send("propose", third, by="librarian")


def test_an_unknown_kind_is_refused(world: World) -> None:
    for kind in (0, 4):
        assert world.refusal("propose", world.proposal(NEW, kind), by="librarian") == Refusal("UnknownKind", (kind,))
