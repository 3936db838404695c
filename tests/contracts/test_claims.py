"""ClaimRegistry: claims over current attestations, committed verdicts, disputes, certificates and their status over time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.messages import digest, sid, struct_hash
from tests.contracts.world import (
    BANK,
    CENTRE,
    CERTIFIER,
    FIRM,
    LIBRARY,
    NEVER,
    OPERATIONAL,
    OTHER_BANK,
    PERIOD,
    SCHEME,
    VERIFIER,
    ZERO,
    Refusal,
    World,
    address_of,
)

C = sid("claim", "c")
SUBMITTED, ATTESTED, REJECTED, DISPUTED, CERTIFIED = range(1, 6)


def state(world: World) -> int:
    found: int = world.view("ClaimRegistry", "claimState", C)
    return found


def test_a_claim_is_stored_whole(world: World) -> None:
    ids = [world.attested(), world.attested(dataset=OPERATIONAL)]
    message = world.claim("c", ids, verifiersRequired=2)
    done = world.send("submitClaim", message, by="approver")
    assert done.only("ClaimStateChanged") == {"claim": C, "previous": 0, "state": SUBMITTED}
    assert world.view("ClaimRegistry", "claim", C) == {
        "org": BANK,
        "scheme": SCHEME,
        "packageHash": message["packageHash"],
        "resultHash": ZERO,
        "certificate": ZERO,
        "structHash": struct_hash("Claim", message),
        "resolution": ZERO,
        "signer": address_of("approver").lower(),
        "submittedAt": done.time,
        "state": SUBMITTED,
        "verifiersRequired": 2,
        "periodStart": PERIOD[0],
        "periodEnd": PERIOD[1],
        "commitments": 0,
        "verdicts": 0,
        "attestations": tuple(ids),
    }


def test_a_claim_names_one_to_sixteen_different_current_attestations_of_its_own(world: World) -> None:
    own = world.attested()
    others = [world.attested(org=OTHER_BANK), world.attested(periodStart=PERIOD[0] - 1), world.attested(periodEnd=PERIOD[1] + 1)]

    def refusal(ids: list[bytes], **changes: Any) -> Refusal:
        return world.refusal("submitClaim", world.claim("c", ids, **changes), by="approver")

    assert refusal([]) == Refusal("AttestationCount", (0,))
    assert refusal([own] * 17) == Refusal("AttestationCount", (17,))
    assert refusal([own, own]) == Refusal("AttestationRepeated", (own,))
    assert refusal([digest("x")]) == Refusal("AttestationNotCurrent", (digest("x"), 0))
    for other in others:
        assert refusal([own, other]) == Refusal("AttestationOfAnother", (other,))
    assert refusal([own], claim=ZERO) == Refusal("UnknownClaim", (ZERO,))
    for number in (0, 3):
        assert refusal([own], verifiersRequired=number) == Refusal("VerifiersOutOfRange", (number,))
    world.attested(revision=2, cause=1)
    assert refusal([own]) == Refusal("AttestationNotCurrent", (own, 2))


def test_a_claim_may_name_sixteen_attestations(tester_world: World) -> None:
    world = tester_world
    ids = [world.attested(dataset=sid("dataset", f"D{number}")) for number in range(16)]
    world.send("submitClaim", world.claim("c", ids), by="approver")
    assert world.view("ClaimRegistry", "claim", C)["attestations"] == tuple(ids)


def test_a_scheme_is_a_name_or_a_scheme_in_force(world: World) -> None:
    own = world.attested()
    assert world.find_refusal("submitClaim", world.claim("c", [own], scheme=sid("scheme", "s")), by="approver") is None
    refusal = world.refusal("submitClaim", world.claim("c", [own], scheme=LIBRARY), by="approver")
    assert refusal == Refusal("SchemeNotInForce", (LIBRARY, 0))
    new = digest("scheme 2")
    world.send("propose", world.proposal(new, 3), by="librarian")
    assert world.refusal("submitClaim", world.claim("c", [own], scheme=new), by="approver") == Refusal("SchemeNotInForce", (new, 1))


@pytest.mark.parametrize(("opinion", "expected"), [(1, ATTESTED), (2, ATTESTED), (3, REJECTED)])
def test_one_verdict_decides_where_one_is_needed(world: World, opinion: int, expected: int) -> None:
    world.claimed("c")
    message = world.verdict("c", "verifier", opinion=opinion, assurance=2)
    done = world.send("submitVerdict", message, by="verifier")
    assert done.only("ClaimStateChanged") == {"claim": C, "previous": SUBMITTED, "state": expected}
    assert state(world) == expected
    assert world.view("ClaimRegistry", "verdictCount", C) == 1
    stored = world.view("ClaimRegistry", "verdict", C, 0)
    assert {field: stored[field] for field in stored if field in message} == {field: message[field] for field in stored if field in message}
    hash_ = struct_hash("Verdict", message)
    assert (stored["signer"], stored["givenAt"], stored["structHash"]) == (address_of("verifier").lower(), done.time, hash_)
    assert world.view("ClaimRegistry", "verdict", C, 1)["structHash"] == ZERO
    assert world.view("ClaimRegistry", "partOf", C, address_of("verifier")) == (1, ZERO, 1)


def test_a_malformed_verdict_is_refused(world: World) -> None:
    world.claimed("c")

    def refusal(**changes: Any) -> Refusal:
        return world.refusal("submitVerdict", world.verdict("c", "verifier") | changes, by="verifier")

    assert refusal(claim=digest("x")) == Refusal("UnknownClaim", (digest("x"),))
    assert refusal(sequence=1) == Refusal("WrongSequence", (C, 0, 1))
    assert refusal(packageHash=digest("x")) == Refusal("PackageMismatch", (digest("package"), digest("x")))
    for value in (0, 3):
        assert refusal(assurance=value) == Refusal("UnknownAssurance", (value,))
    for value in (0, 4):
        assert refusal(opinion=value) == Refusal("UnknownOpinion", (value,))
    assert refusal(org=BANK) == Refusal("OwnClaim", (BANK,))
    assert refusal(org=CENTRE) == Refusal("NotAuthorized", (CENTRE, address_of("verifier").lower(), VERIFIER, 0))


def test_the_subject_neither_commits_nor_resolves_nor_certifies(world: World) -> None:
    results = world.disputed("c")
    own = Refusal("OwnClaim", (BANK,))
    message = world.commitment("c", "verifier 3", results[0], ZERO, org=BANK)
    assert world.refusal("commitVerdict", message, by="approver") == own
    assert world.refusal("resolve", world.resolution("c", results[0], org=BANK), by="approver") == own
    world.send("resolve", world.resolution("c", results[0]), by="certifier")
    assert world.refusal("issueCertificate", world.certificate("c", org=BANK), by="approver") == own
    world.send("issueCertificate", world.certificate("c"), by="certifier")
    assert world.refusal("setCertificateStatus", world.status("c", 2, org=BANK), by="approver") == own


def test_two_verifiers_commit_before_either_gives_a_verdict(world: World) -> None:
    world.claimed("c", verifiersRequired=2)
    result, salt, salt_2 = digest("result"), digest("salt"), digest("salt 2")
    first = world.verdict("c", "verifier", salt=salt)
    assert world.refusal("submitVerdict", first, by="verifier") == Refusal("CommitmentsOpen", (C, 0, 2))
    commitment = world.commitment("c", "verifier", result, salt)
    world.send("commitVerdict", commitment, by="verifier")
    assert world.refusal("submitVerdict", first, by="verifier") == Refusal("CommitmentsOpen", (C, 1, 2))
    copied = world.commitment("c", "verifier 2", result, salt)
    assert world.refusal("commitVerdict", copied, by="verifier 2") == Refusal("CommitmentCopied", (C, commitment["commitment"]))
    world.send("commitVerdict", world.commitment("c", "verifier 2", result, salt_2), by="verifier 2")
    missing = world.refusal("submitVerdict", world.verdict("c", "verifier 3"), by="verifier 3")
    assert missing == Refusal("CommitmentMissing", (C, address_of("verifier 3").lower()))
    changed = world.refusal("submitVerdict", first | {"resultHash": digest("other")}, by="verifier")
    assert changed.name == "CommitmentMismatch"
    assert changed.arguments[0] == commitment["commitment"]
    world.send("submitVerdict", first, by="verifier")
    assert state(world) == SUBMITTED
    again = world.refusal("submitVerdict", world.verdict("c", "verifier", 1, salt=salt), by="verifier")
    assert again == Refusal("SamePerson", (address_of("verifier").lower(),))
    late = world.refusal("commitVerdict", world.commitment("c", "verifier 3", result, ZERO), by="verifier 3")
    assert late == Refusal("CommitmentsClosed", (C,))
    world.send("submitVerdict", world.verdict("c", "verifier 2", 1, salt=salt_2), by="verifier 2")
    assert state(world) == ATTESTED
    assert world.view("ClaimRegistry", "claim", C)["commitments"] == 2


def test_two_keys_of_one_institution_are_one_opinion(world: World) -> None:
    world.claimed("c", verifiersRequired=2)
    first = world.commitment("c", "verifier", digest("result"), digest("salt"))
    world.send("commitVerdict", first, by="verifier")
    second = world.commitment("c", "colleague", digest("result"), digest("salt 2"))
    assert world.refusal("commitVerdict", second, by="colleague") == Refusal("InstitutionCommitted", (C, FIRM))
    world.send("commitVerdict", world.commitment("c", "verifier 2", digest("result"), digest("salt 3")), by="verifier 2")
    missing = world.refusal("submitVerdict", world.verdict("c", "colleague", salt=digest("salt 2")), by="colleague")
    assert missing == Refusal("CommitmentMissing", (C, address_of("colleague").lower()))


def test_two_agreeing_verdicts_of_which_one_is_adverse_reject(world: World) -> None:
    world.claimed("c", verifiersRequired=2)
    for person in ("verifier", "verifier 2"):
        world.send("commitVerdict", world.commitment("c", person, digest("result"), digest(person)), by=person)
    world.send("submitVerdict", world.verdict("c", "verifier", salt=digest("verifier"), opinion=3), by="verifier")
    world.send("submitVerdict", world.verdict("c", "verifier 2", 1, salt=digest("verifier 2")), by="verifier 2")
    assert state(world) == REJECTED


def test_a_claim_for_one_verifier_takes_no_commitment(world: World) -> None:
    world.claimed("c")
    message = world.commitment("c", "verifier", digest("result"), ZERO)
    assert world.refusal("commitVerdict", message, by="verifier") == Refusal("CommitmentsClosed", (C,))
    unknown = message | {"claim": digest("x")}
    assert world.refusal("commitVerdict", unknown, by="verifier") == Refusal("UnknownClaim", (digest("x"),))


def test_a_third_committed_verifier_must_open_what_it_committed_to(world: World) -> None:
    world.claimed("c", verifiersRequired=2)
    for person in ("verifier", "verifier 2", "verifier 3"):
        world.send("commitVerdict", world.commitment("c", person, digest("result"), digest(person)), by=person)
    for sequence, person in enumerate(("verifier", "verifier 2")):
        world.send("submitVerdict", world.verdict("c", person, sequence, salt=digest(person)), by=person)
    changed = world.verdict("c", "verifier 3", 2, resultHash=digest("other"), salt=digest("verifier 3"))
    assert world.refusal("submitVerdict", changed, by="verifier 3").name == "CommitmentMismatch"
    world.send("submitVerdict", world.verdict("c", "verifier 3", 2, salt=digest("verifier 3")), by="verifier 3")


def test_different_results_are_a_dispute_that_a_certifier_resolves_by_naming_one(world: World) -> None:
    results = world.disputed("c")
    assert state(world) == DISPUTED
    assert world.refusal("issueCertificate", world.certificate("c"), by="certifier") == Refusal("WrongState", (C, DISPUTED))
    unknown = world.refusal("resolve", world.resolution("c", digest("third")), by="certifier")
    assert unknown == Refusal("UnknownResult", (C, digest("third")))
    assert world.refusal("resolve", world.resolution("x", results[0]), by="certifier").name == "UnknownClaim"
    done = world.send("resolve", world.resolution("c", results[1]), by="certifier")
    assert done.only("ClaimStateChanged") == {"claim": C, "previous": DISPUTED, "state": ATTESTED}
    stored = world.view("ClaimRegistry", "claim", C)
    assert stored["resultHash"] == results[1]
    assert stored["resolution"] == struct_hash("Resolution", world.resolution("c", results[1]))


def test_a_claim_without_dispute_is_not_resolved(world: World) -> None:
    world.claimed("c")
    refusal = world.refusal("resolve", world.resolution("c", digest("result")), by="certifier")
    assert refusal == Refusal("WrongState", (C, SUBMITTED))


def test_an_adverse_result_that_prevails_rejects(world: World) -> None:
    world.claimed("c")
    world.send("submitVerdict", world.verdict("c", "verifier", opinion=3, resultHash=digest("bad")), by="verifier")
    assert state(world) == REJECTED
    world.send("submitVerdict", world.verdict("c", "verifier 2", 1), by="verifier 2")
    assert state(world) == DISPUTED
    world.send("resolve", world.resolution("c", digest("bad")), by="certifier")
    assert state(world) == REJECTED
    assert world.refusal("issueCertificate", world.certificate("c"), by="certifier") == Refusal("WrongState", (C, REJECTED))


def test_a_later_verdict_reopens_the_dispute_and_an_old_resolution_cannot_be_played_again(world: World) -> None:
    results = world.disputed("c")
    old = world.resolution("c", results[0])
    world.send("resolve", old, by="certifier")
    world.send("submitVerdict", world.verdict("c", "verifier 3", 2, resultHash=digest("result 3")), by="verifier 3")
    assert state(world) == DISPUTED
    assert world.send("resolve", old, by="certifier").events == ()
    assert state(world) == DISPUTED
    world.send("resolve", world.resolution("c", digest("result 3")), by="certifier")
    assert state(world) == ATTESTED
    assert world.send("resolve", old, by="certifier").events == ()
    assert state(world) == ATTESTED


def test_a_verdict_in_dispute_or_after_certification_is_kept_and_moves_nothing(world: World) -> None:
    results = world.disputed("c")
    world.send("submitVerdict", world.verdict("c", "verifier 3", 2, resultHash=results[0]), by="verifier 3")
    assert state(world) == DISPUTED
    world.send("resolve", world.resolution("c", results[0]), by="certifier")
    world.send("issueCertificate", world.certificate("c"), by="certifier")
    done = world.send("submitVerdict", world.verdict("c", "verifier", 3, opinion=3, resultHash=digest("late")), by="verifier")
    assert [event.name for event in done.events] == ["VerdictGiven"]
    assert state(world) == CERTIFIED
    assert world.view("ClaimRegistry", "verdictCount", C) == 4


def test_a_verifier_of_the_claim_never_certifies_it(world: World) -> None:
    world.send("addKey", world.key(CENTRE, "verifier 3", CERTIFIER), by="admin")
    same = Refusal("SamePerson", (address_of("verifier 3").lower(),))
    results = world.disputed("c")
    world.send("submitVerdict", world.verdict("c", "verifier 3", 2, resultHash=results[0]), by="verifier 3")
    assert world.refusal("resolve", world.resolution("c", results[0]), by="verifier 3") == same
    world.send("resolve", world.resolution("c", results[0]), by="certifier")
    assert world.refusal("issueCertificate", world.certificate("c"), by="verifier 3") == same
    world.send("issueCertificate", world.certificate("c"), by="certifier")
    assert world.refusal("setCertificateStatus", world.status("c", 2), by="verifier 3") == same


def test_a_certifier_of_the_claim_gives_no_verdict_on_it(world: World) -> None:
    world.send("addKey", world.key(CENTRE, "certifier", VERIFIER), by="admin")
    results = world.disputed("c")
    world.send("resolve", world.resolution("c", results[0]), by="certifier")
    refusal = world.refusal("submitVerdict", world.verdict("c", "verifier 3", 2), by="certifier")
    assert refusal == Refusal("SamePerson", (address_of("certifier").lower(),))


def test_a_certificate_is_stored_whole_and_once_per_claim(world: World) -> None:
    world.claimed("c")
    message = world.certificate("c")
    assert world.refusal("issueCertificate", message, by="certifier") == Refusal("WrongState", (C, SUBMITTED))
    world.send("submitVerdict", world.verdict("c", "verifier"), by="verifier")
    for bad in (message["validFrom"], message["validFrom"] - 1, 0):
        refusal = world.refusal("issueCertificate", message | {"validTo": bad}, by="certifier")
        assert refusal == Refusal("InvalidWindow", (message["validFrom"], bad))
    assert world.refusal("issueCertificate", message | {"certificate": ZERO}, by="certifier") == Refusal("UnknownCertificate", (ZERO,))
    assert world.refusal("issueCertificate", message | {"claim": digest("x")}, by="certifier") == Refusal("UnknownClaim", (digest("x"),))
    done = world.send("issueCertificate", message, by="certifier")
    assert done.only("ClaimStateChanged")["state"] == CERTIFIED
    assert world.view("ClaimRegistry", "certificate", message["certificate"]) == {
        "claim": C,
        "org": CENTRE,
        "documentHash": message["documentHash"],
        "structHash": struct_hash("Certificate", message),
        "signer": address_of("certifier").lower(),
        "issuedAt": done.time,
        "status": 1,
        "validFrom": message["validFrom"],
        "validTo": message["validTo"],
        "changes": 0,
    }
    second = message | {"certificate": digest("second")}
    assert world.refusal("issueCertificate", second, by="certifier") == Refusal("WrongState", (C, CERTIFIED))


def test_what_was_restated_since_the_verdict_is_not_certified(world: World) -> None:
    message = world.claimed("c")
    world.send("submitVerdict", world.verdict("c", "verifier"), by="verifier")
    world.attested(revision=2, cause=1)
    refusal = world.refusal("issueCertificate", world.certificate("c"), by="certifier")
    assert refusal == Refusal("AttestationNotCurrent", (message["attestations"][0], 2))


def test_the_status_of_a_certificate_is_known_for_every_time(world: World) -> None:
    now = world.engine.now()
    message = world.certified("c", validFrom=now + 500, validTo=now + 5_000)
    name = message["certificate"]
    issued = world.view("ClaimRegistry", "certificate", name)["issuedAt"]
    times = []
    for sequence, status in enumerate((2, 1, 2, 3)):
        world.engine.advance(1_000)
        times.append(world.send("setCertificateStatus", world.status("c", status, sequence), by="certifier 2").time)
    a, b, c, d = times
    expected = {
        issued - 1: 0,
        issued: 5,
        now + 499: 5,
        now + 500: 1,
        a - 1: 1,
        a: 2,
        b - 1: 2,
        b: 1,
        c: 2,
        d - 1: 2,
        d: 3,
        now + 5_000: 3,
        NEVER: 3,
    }
    assert {time: world.view("ClaimRegistry", "statusAt", name, time) for time in expected} == expected
    assert world.view("ClaimRegistry", "statusAt", digest("x"), NEVER) == 0


def test_a_certificate_expires_and_a_suspension_is_shown_before_its_first_day(world: World) -> None:
    now = world.engine.now()
    message = world.certified("c", validFrom=now + 500, validTo=now + 5_000)
    name = message["certificate"]
    suspended = world.send("setCertificateStatus", world.status("c", 2), by="certifier").time
    assert world.view("ClaimRegistry", "statusAt", name, suspended) == 2
    assert [world.view("ClaimRegistry", "statusAt", name, now + after) for after in (4_999, 5_000)] == [2, 4]


def test_a_revoked_certificate_stays_revoked(world: World) -> None:
    name = world.certified("c")["certificate"]
    first = world.status("c", 3)
    world.send("setCertificateStatus", first, by="certifier")
    for status in (1, 2, 3):
        refusal = world.refusal("setCertificateStatus", world.status("c", status, 1), by="certifier")
        assert refusal == Refusal("CertificateRevoked", (name,))
    assert world.send("setCertificateStatus", first, by="certifier").events == ()


def test_a_malformed_status_is_refused(world: World) -> None:
    name = world.certified("c")["certificate"]

    def refusal(message: dict[str, Any]) -> Refusal:
        return world.refusal("setCertificateStatus", message, by="certifier")

    assert refusal(world.status("x", 2)) == Refusal("UnknownCertificate", (sid("certificate", "x"),))
    assert refusal(world.status("c", 1)) == Refusal("StatusUnchanged", (name, 1))
    assert refusal(world.status("c", 2, 1)) == Refusal("WrongSequence", (name, 0, 1))
    for status in (0, 4):
        assert refusal(world.status("c", status)) == Refusal("UnknownStatus", (status,))


def test_the_party_that_certified_is_known(world: World) -> None:
    world.certified("c")
    assert world.view("ClaimRegistry", "partOf", C, address_of("certifier")) == (2, ZERO, 0)
    assert world.view("ClaimRegistry", "partOf", C, address_of("stranger")) == (0, ZERO, 0)
    assert world.view("ClaimRegistry", "verdict", C, 0)["org"] == FIRM
