"""For every function that takes a signed message: a state in which it is accepted, the message, the signer, and a rival message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.contracts.messages import digest, sid
from tests.contracts.world import BANK, LOGKEEPER, OTHER_BANK, OTHER_FIRM, VERIFIER, World, address_of

Prepare = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Scene:
    """`rival` are the fields of another message under the same business key; `role` is None where the admin signs."""

    function: str
    by: str
    prepare: Prepare
    rival: Mapping[str, Any]
    role: int | None = None

    def __str__(self) -> str:
        return self.function


def _registration(world: World) -> dict[str, Any]:
    return world.registration(sid("org", "newcomer"))


def _key(world: World) -> dict[str, Any]:
    return world.key(BANK, "new approver", 1)


def _key_end(world: World) -> dict[str, Any]:
    return world.key_end(BANK, "logkeeper", LOGKEEPER, world.engine.now() + 1_000)


def _key_standing(world: World) -> dict[str, Any]:
    return world.key_standing(OTHER_FIRM, "verifier 2", VERIFIER, True)


def _standing(world: World) -> dict[str, Any]:
    return world.standing(OTHER_BANK, True)


def _new_admin(world: World) -> dict[str, Any]:
    return {"newAdmin": address_of("new admin"), "version": 1, "deadline": 2**64 - 1}


def _acceptance(world: World) -> dict[str, Any]:
    world.send("proposeAdmin", _new_admin(world), by="admin")
    return _new_admin(world)


def _proposal(world: World) -> dict[str, Any]:
    return world.proposal(digest("library 2"))


def _publication(world: World) -> dict[str, Any]:
    world.send("propose", _proposal(world), by="librarian")
    return world.publication(digest("library 2"))


def _attestation(world: World) -> dict[str, Any]:
    return world.attestation()


def _checkpoint(world: World) -> dict[str, Any]:
    return world.checkpoint(7)


def _claim(world: World) -> dict[str, Any]:
    return world.claim("c", [world.attested()])


def _commitment(world: World) -> dict[str, Any]:
    world.claimed("c", verifiersRequired=2)
    return world.commitment("c", "verifier", digest("result"), digest("salt"))


def _verdict(world: World) -> dict[str, Any]:
    world.claimed("c")
    return world.verdict("c", "verifier")


def _resolution(world: World) -> dict[str, Any]:
    return world.resolution("c", world.disputed("c")[0])


def _certificate(world: World) -> dict[str, Any]:
    world.claimed("c")
    world.send("submitVerdict", world.verdict("c", "verifier"), by="verifier")
    return world.certificate("c")


def _status(world: World) -> dict[str, Any]:
    world.certified("c")
    return world.status("c", 2)


OTHER = {"deadline": 2**64 - 2}
SCENES = (
    Scene("registerInstitution", "admin", _registration, {"kind": 2}),
    Scene("addKey", "admin", _key, {"role": 2}),
    Scene("endKey", "admin", _key_end, OTHER),
    Scene("setKeyStanding", "admin", _key_standing, {"reason": digest("other")}),
    Scene("setStanding", "admin", _standing, {"suspended": False}),
    Scene("proposeAdmin", "admin", _new_admin, {"newAdmin": address_of("other admin")}),
    Scene("acceptAdmin", "new admin", _acceptance, OTHER),
    Scene("propose", "librarian", _proposal, {"validFrom": 5}, 5),
    Scene("publish", "publisher", _publication, OTHER, 6),
    Scene("submit", "approver", _attestation, {"statementHash": digest("other")}, 1),
    Scene("anchorLog", "logkeeper", _checkpoint, OTHER, 2),
    Scene("submitClaim", "approver", _claim, {"packageHash": digest("other")}, 1),
    Scene("commitVerdict", "verifier", _commitment, {"commitment": digest("other")}, 3),
    Scene("submitVerdict", "verifier", _verdict, {"opinion": 3}, 3),
    Scene("resolve", "certifier", _resolution, {"reason": digest("other")}, 4),
    Scene("issueCertificate", "certifier", _certificate, {"documentHash": digest("other")}, 4),
    Scene("setCertificateStatus", "certifier", _status, {"status": 3}, 4),
)
