"""ParticipantRegistry: versions, windows, suspensions over time, one institution per address, change of admin in two steps."""

from __future__ import annotations

import pytest

from tests.contracts.engines import EthTesterEngine
from tests.contracts.messages import digest, sid, struct_hash
from tests.contracts.world import (
    APPROVER,
    BANK,
    CENTRE,
    CERTIFIER,
    FIRM,
    LIBRARIAN,
    LOGKEEPER,
    NEVER,
    OTHER_BANK,
    PUBLISHER,
    VERIFIER,
    ZERO,
    Refusal,
    World,
    address_of,
)

NOBODY = "0x" + "00" * 20
KINDS_OF_ROLE = {APPROVER: {1}, LOGKEEPER: {1, 2, 3}, VERIFIER: {2, 3}, CERTIFIER: {2}, LIBRARIAN: {2}, PUBLISHER: {2}}


def status(world: World, person: str, role: int, time: int, org: bytes = BANK) -> int:
    found: int = world.view("ParticipantRegistry", "keyStatusAt", org, address_of(person), role, time)
    return found


def test_an_institution_is_what_was_registered(world: World) -> None:
    assert world.view("ParticipantRegistry", "institution", BANK) == (1, digest("name"), world.versions[BANK], False)
    assert world.view("ParticipantRegistry", "institution", sid("org", "nobody")) == (0, ZERO, 0, False)


def test_a_registration_without_name_or_of_an_unknown_kind_is_refused(world: World) -> None:
    assert world.refusal("registerInstitution", world.registration(ZERO), by="admin") == Refusal("UnknownInstitution", (ZERO,))
    for kind in (0, 6):
        assert world.refusal("registerInstitution", world.registration(digest("x"), kind), by="admin") == Refusal("UnknownKind", (kind,))


def test_a_second_registration_is_refused_also_with_the_next_version(world: World) -> None:
    first = world.registration(BANK)
    again = world.registration(BANK, 2, version=world.versions[BANK] + 1)
    hashes = struct_hash("RegisterInstitution", first), struct_hash("RegisterInstitution", again)
    assert world.refusal("registerInstitution", again, by="admin") == Refusal("AlreadyRecorded", (BANK, *hashes))


def test_messages_apply_in_the_order_of_their_versions(world: World) -> None:
    current = world.versions[BANK]
    for version in (0, current + 2):
        refusal = world.refusal("setStanding", world.standing(BANK, True, version=version), by="admin")
        assert refusal == Refusal("WrongVersion", (BANK, current + 1, version))
    assert world.refusal("registerInstitution", world.registration(digest("x"), version=2), by="admin").name == "WrongVersion"
    used = world.standing(BANK, True, version=current)
    assert world.refusal("setStanding", used, by="admin").name == "AlreadyRecorded"
    message = world.standing(BANK, True)
    world.send("setStanding", message, by="admin")
    assert world.view("ParticipantRegistry", "lastAction", BANK, current + 1) == struct_hash("SetStanding", message)


def test_nothing_is_done_for_an_institution_or_a_key_that_is_unknown(world: World) -> None:
    nobody = sid("org", "nobody")
    unknown = Refusal("UnknownInstitution", (nobody,))
    assert world.refusal("addKey", world.key(nobody, "x", 1), by="admin") == unknown
    assert world.refusal("endKey", world.key_end(nobody, "x", 1, 5), by="admin") == unknown
    assert world.refusal("setKeyStanding", world.key_standing(nobody, "x", 1, True), by="admin") == unknown
    assert world.refusal("setStanding", world.standing(nobody, True), by="admin") == unknown
    no_key = Refusal("UnknownKey", (BANK, address_of("x").lower(), 1))
    assert world.refusal("endKey", world.key_end(BANK, "x", 1, 5), by="admin") == no_key
    assert world.refusal("setKeyStanding", world.key_standing(BANK, "x", 1, True), by="admin") == no_key
    assert world.refusal("addKey", world.key(BANK, "x", 1, key=NOBODY), by="admin") == Refusal("UnknownKey", (BANK, NOBODY, 1))


def test_a_role_is_given_only_to_the_kinds_that_may_hold_it(tester_world: World) -> None:
    world = tester_world
    for kind in range(1, 6):
        org = sid("org", f"of kind {kind}")
        world.send("registerInstitution", world.registration(org, kind), by="admin")
        for role in range(8):
            refusal = world.find_refusal("addKey", world.key(org, "someone", role), by="admin")
            expected = None if kind in KINDS_OF_ROLE.get(role, ()) else Refusal("RoleNotAllowed", (kind, role))
            assert refusal == expected, (kind, role)


def test_an_address_belongs_to_one_institution_for_ever(world: World) -> None:
    assert world.view("ParticipantRegistry", "orgOf", address_of("approver")) == BANK
    assert world.view("ParticipantRegistry", "orgOf", address_of("stranger")) == ZERO
    world.send("endKey", world.key_end(BANK, "approver", APPROVER, 1), by="admin")
    message = world.key(OTHER_BANK, "approver", APPROVER)
    assert world.refusal("addKey", message, by="admin") == Refusal("KeyOfAnother", (address_of("approver").lower(), BANK))
    world.send("addKey", world.key(BANK, "approver", LOGKEEPER), by="admin")


def test_a_key_has_one_window_per_role_and_does_not_come_back(world: World) -> None:
    world.send("endKey", world.key_end(BANK, "approver", APPROVER, 1), by="admin")
    again = world.refusal("addKey", world.key(BANK, "approver", APPROVER), by="admin")
    assert again == Refusal("KeyAlreadyAdded", (BANK, address_of("approver").lower(), APPROVER))


def test_a_window_starts_at_its_first_second_and_ends_before_its_last(world: World) -> None:
    now = world.engine.now()
    start, end = now + 100, now + 200
    world.send("addKey", world.key(BANK, "next", APPROVER, validFrom=start, validTo=end), by="admin")
    assert [status(world, "next", APPROVER, time) for time in (0, start - 1, start, end - 1, end, NEVER)] == [2, 2, 1, 1, 3, 3]
    assert status(world, "next", LOGKEEPER, start) == 0
    assert status(world, "next", APPROVER, start, OTHER_BANK) == 0
    for bad in (start, start - 1):
        refusal = world.refusal("addKey", world.key(BANK, "bad", APPROVER, validFrom=start, validTo=bad), by="admin")
        assert refusal == Refusal("InvalidWindow", (start, bad))


def test_an_end_only_comes_forward_and_never_into_the_past(world: World) -> None:
    now = world.engine.now()
    world.send("endKey", world.key_end(BANK, "approver", APPROVER, now + 1_000), by="admin")
    for later in (now + 1_000, now + 1_001):
        refusal = world.refusal("endKey", world.key_end(BANK, "approver", APPROVER, later), by="admin")
        assert refusal == Refusal("EndNotEarlier", (now + 1_000, later))
    assert world.refusal("endKey", world.key_end(BANK, "approver", APPROVER, 0), by="admin") == Refusal("InvalidWindow", (0, 0))
    done = world.send("endKey", world.key_end(BANK, "approver", APPROVER, now - 500), by="admin")
    assert done.only("KeyEnded")["endsAt"] == done.time
    assert [status(world, "approver", APPROVER, time) for time in (now - 500, done.time - 1, done.time)] == [1, 1, 3]
    known = world.view("ParticipantRegistry", "keyOf", BANK, address_of("approver"), APPROVER)
    assert known == (True, 0, done.time, False)


def test_a_suspension_counts_from_its_block_until_it_is_lifted(world: World) -> None:
    times = []
    for on in (True, False, True, False, True):
        world.engine.advance(50)
        done = world.send("setKeyStanding", world.key_standing(BANK, "approver", APPROVER, on), by="admin")
        assert done.only("KeyStandingSet")["since"] == done.time
        times.append(done.time)
    a, b, c, d, e = times
    expected = [(a - 1, 1), (a, 4), (b - 1, 4), (b, 1), (c, 4), (d, 1), (e - 1, 1), (e, 4)]
    assert [(time, status(world, "approver", APPROVER, time)) for time, _ in expected] == expected
    assert world.view("ParticipantRegistry", "keyOf", BANK, address_of("approver"), APPROVER)[3] is True
    assert status(world, "logkeeper", LOGKEEPER, NEVER) == 1


def test_a_suspended_institution_takes_all_its_keys_with_it(world: World) -> None:
    done = world.send("setStanding", world.standing(BANK, True), by="admin")
    since = done.only("StandingSet")["since"]
    assert since == done.time
    assert [status(world, "approver", APPROVER, time) for time in (since - 1, since)] == [1, 5]
    assert status(world, "logkeeper", LOGKEEPER, since) == 5
    assert status(world, "verifier", VERIFIER, since, FIRM) == 1
    assert world.view("ParticipantRegistry", "institution", BANK)[3] is True
    world.send("setKeyStanding", world.key_standing(BANK, "approver", APPROVER, True), by="admin")
    assert status(world, "approver", APPROVER, NEVER) == 4, "the key's own suspension is named first"


def proposal(person: str, version: int) -> dict[str, object]:
    return {"newAdmin": address_of(person), "version": version, "deadline": NEVER}


def test_the_admin_changes_when_the_new_one_accepts(world: World) -> None:
    assert world.view("ParticipantRegistry", "admin") == address_of("admin").lower()
    world.send("proposeAdmin", proposal("new admin", 1), by="admin")
    assert world.view("ParticipantRegistry", "pendingAdmin") == address_of("new admin").lower()
    assert world.view("ParticipantRegistry", "adminVersion") == 1
    assert world.view("ParticipantRegistry", "admin") == address_of("admin").lower()
    assert world.refusal("acceptAdmin", proposal("new admin", 1), by="admin").name == "NotAuthorized"
    done = world.send("acceptAdmin", proposal("new admin", 1), by="new admin")
    assert done.only("AdminChanged")["previous"] == address_of("admin").lower()
    assert world.view("ParticipantRegistry", "admin") == address_of("new admin").lower()
    assert world.view("ParticipantRegistry", "pendingAdmin") == NOBODY
    assert world.view("ParticipantRegistry", "adminAcceptance", 1) == struct_hash("AcceptAdmin", proposal("new admin", 1))
    assert world.refusal("setStanding", world.standing(CENTRE, True), by="admin").name == "NotAuthorized"
    world.send("setStanding", world.standing(CENTRE, True), by="new admin")


def test_a_new_proposal_replaces_an_open_one_and_the_old_one_cannot_be_played_again(world: World) -> None:
    world.send("proposeAdmin", proposal("mistake", 1), by="admin")
    world.send("proposeAdmin", proposal("new admin", 2), by="admin")
    assert world.send("proposeAdmin", proposal("mistake", 1), by="admin").events == ()
    assert world.view("ParticipantRegistry", "pendingAdmin") == address_of("new admin").lower()
    assert world.refusal("acceptAdmin", proposal("mistake", 1), by="mistake").name == "UnknownProposal"
    nobody = proposal("new admin", 2) | {"newAdmin": NOBODY}
    for wrong in (proposal("new admin", 1), proposal("new admin", 3), proposal("mistake", 2), nobody):
        refusal = world.refusal("acceptAdmin", wrong, by="new admin")
        assert refusal == Refusal("UnknownProposal", (str(wrong["newAdmin"]).lower(), wrong["version"]))
    world.send("acceptAdmin", proposal("new admin", 2), by="new admin")
    assert world.refusal("acceptAdmin", proposal("new admin", 2) | {"deadline": 1}, by="new admin").name == "AlreadyRecorded"


def test_a_proposal_needs_an_address_and_the_next_version(world: World) -> None:
    assert world.refusal("proposeAdmin", proposal("x", 1) | {"newAdmin": NOBODY}, by="admin") == Refusal("InvalidAddress", (NOBODY,))
    for version in (0, 2):
        assert world.refusal("proposeAdmin", proposal("x", version), by="admin") == Refusal("WrongVersion", (ZERO, 1, version))


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("ParticipantRegistry", [NOBODY]),
        ("LibraryRegistry", [NOBODY]),
        ("PeriodLedger", ["ParticipantRegistry", NOBODY]),
        ("PeriodLedger", [NOBODY, "LibraryRegistry"]),
        ("ClaimRegistry", ["ParticipantRegistry", "LibraryRegistry", NOBODY]),
        ("ClaimRegistry", ["ParticipantRegistry", NOBODY, "PeriodLedger"]),
        ("ClaimRegistry", [NOBODY, "LibraryRegistry", "PeriodLedger"]),
    ],
)
def test_a_contract_is_not_deployed_over_an_address_without_code(tester_world: World, name: str, addresses: list[str]) -> None:
    arguments = [tester_world.addresses.get(address, address) for address in addresses]
    assert tester_world.create(name, arguments).status == 0


def test_a_ledger_is_not_deployed_where_the_chain_id_needs_more_than_64_bits(tester_world: World) -> None:
    engine = tester_world.engine
    assert isinstance(engine, EthTesterEngine)
    arguments = [tester_world.addresses[name] for name in ("ParticipantRegistry", "LibraryRegistry")]
    for chain_id, status in ((2**64 - 1, 1), (2**64, 0)):
        with engine.pretend_chain_id(chain_id):
            assert tester_world.create("PeriodLedger", arguments).status == status
