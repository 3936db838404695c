"""Two-person rules: who did the first half never does the second."""

from __future__ import annotations

import hashlib

import pytest

from ledger.chain.typed_data import ProposeRelease, PublishRelease, ReleaseKind, Role
from ledger.errors import Forbidden, InputError
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.services import attestations, library, signing_request, statements, tokens, verdicts
from ledger.services.context import Actor
from tests.product import MONTH, NOW, OPERATOR, Town, person, sign, signer
from tests.services.books import signed, verdict_on
from tests.services.test_registers import propose, scheme

BOTH = person("oak.owner", "oak", "preparer", "approver")


def test_who_prepared_a_statement_does_not_sign_it(town: Town) -> None:
    with town.work(BOTH) as work:
        statement = statements.prepare_statement(work, "oak", "2025-03", "first")
        request = signing_request.get_signing_request(work, statement.id)
    items = [{"dataset": item.dataset, "message": item.message, "signature": sign(item, signer("oak.approver"))} for item in request.items]
    with pytest.raises(Forbidden, match="preparer of a statement"), town.work(BOTH) as work:
        attestations.submit_attestation(work, statement.id, items)
    with town.work(person("oak.second", "oak", "preparer", "approver")) as work:
        assert attestations.submit_attestation(work, statement.id, items).state == "queued"


def publish(town: Town, actor: Actor, key: str) -> library.ReleaseView:
    release = bytes.fromhex(canonical.digest(scheme("first")))
    publication = PublishRelease(release, sid("org", "gfc"), town.clock.now() + MONTH)
    message, signature = signed(publication, town.house.contracts.libraries, key)
    with town.work(actor) as work:
        return library.publish_release(work, release.hex(), message, signature)


def test_who_proposed_a_release_does_not_publish_it_as_a_person(town: Town) -> None:
    propose(town, scheme("first"))
    town.relay()
    with pytest.raises(Forbidden, match="two people"):
        publish(town, person("gfc.librarian", "gfc", "librarian", "publisher"), "gfc.publisher")


def test_who_proposed_a_release_does_not_publish_it_with_the_same_key(town: Town) -> None:
    version = town.house.contracts.participants.institution(sid("org", "gfc")).version
    town.versions["gfc"] = version
    town.add_key("gfc", Role.PUBLISHER, "gfc.librarian")
    town.relay()
    propose(town, scheme("first"))
    town.relay()
    with pytest.raises(Forbidden, match="two people"):
        publish(town, person("gfc.publisher", "gfc", "publisher"), "gfc.librarian")
    assert publish(town, person("gfc.publisher", "gfc", "publisher"), "gfc.publisher").state == "publishing"


def test_another_person_may_propose_what_was_never_proposed_under_the_name_of_the_first(town: Town) -> None:
    """The proposal counts, not who handed the document in before and failed."""
    release = bytes.fromhex(canonical.digest(scheme("first")))
    proposal = ProposeRelease(release, sid("org", "gfc"), ReleaseKind.SCHEME, NOW, bytes(32), town.clock.now() + MONTH)
    message, signature = signed(proposal, town.house.contracts.libraries, "gfc.librarian")
    with town.work(person("gfc.colleague", "gfc", "librarian")) as work:
        assert library.propose_release(work, scheme("first"), message, signature).proposer == "gfc.colleague"


def test_nobody_attests_the_claim_of_their_own_institution(anchored_town: Town) -> None:
    claim = anchored_town.claim("oak", "1", "c1")
    anchored_town.relay()
    struct, result = verdict_on(anchored_town, "oak", "c1", claim.package)
    message, signature = signed(struct, anchored_town.house.contracts.claims, "gfc.verifier")
    with pytest.raises(Forbidden, match="their own claim"), anchored_town.work(person("oak.verifier", "oak", "verifier")) as work:
        verdicts.submit_verdict(work, message, signature, result)
    with (
        pytest.raises(InputError, match="another institution than yours"),
        anchored_town.work(person("elm.verifier", "elm", "verifier")) as work,
    ):
        verdicts.submit_verdict(work, message, signature, result)


@pytest.mark.parametrize("change", ["result", "package", "shape"])
def test_a_verdict_stands_for_its_own_result_and_package(anchored_town: Town, change: str) -> None:
    claim = anchored_town.claim("oak", "1", "c1")
    anchored_town.relay()
    package = hashlib.sha256(b"another").hexdigest() if change == "package" else claim.package
    struct, result = verdict_on(anchored_town, "oak", "c1", package)
    message, signature = signed(struct, anchored_town.house.contracts.claims, "gfc.verifier")
    if change == "result":
        result["opinion"] = "adverse"
    if change == "shape":
        del result["checks"]
    with pytest.raises(InputError), anchored_town.work(person("gfc.verifier", "gfc", "verifier")) as work:
        verdicts.submit_verdict(work, message, signature, result)


@pytest.mark.parametrize("roles", [("preparer", "approver"), ("publisher", "librarian"), ("certifier", "auditor", "verifier")])
def test_no_token_holds_both_sides(town: Town, roles: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="at once"), town.work(OPERATOR) as work:
        tokens.issue_token(work, subject="somebody", institution="oak", roles=roles, days=30)
