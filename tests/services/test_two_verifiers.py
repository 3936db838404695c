"""A claim that two verifiers decide: both commit, then both show; they agree, or the claim is disputed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.contracts.claim_registry import verdict_commitment
from ledger.chain.typed_data import ClaimState, Role, Verdict, VerdictCommitment
from ledger.errors import Conflict, Forbidden, InputError, NotFound, SignatureRefused
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.services import claims, verdict_commitments, verdicts
from ledger.services.context import Actor
from ledger.services.verdict_commitments import VerdictCommitmentView
from ledger.services.verdicts import VerdictView
from tests.product import AUDITOR, VERIFIER, Town, approver, person, sign, signer
from tests.services.books import SCHEME, signed, transactions, verdict_on

SECOND = person("firm.verifier", "firm", "verifier")
CLAIM = "oak:c2"


def set_up(town: Town, *, required: int = 2) -> str:
    """A second verifier's firm, and oak's claim that asks for two verifiers, on chain; return the package's hash."""
    town.add_institution("firm", "verifier", {Role.VERIFIER: "firm.verifier"})
    with town.house.view(approver("oak")) as work:
        item = claims.prepare_claim(work, "1", SCHEME, "c2", required)
    with town.work(approver("oak")) as work:
        package = claims.submit_claim(work, "oak", "1", "c2", SCHEME, item.message, sign(item, signer("oak.approver"))).package
    town.relay()
    return package


def judge(town: Town, package: str, org: str, *, assurance: str = "limited", sequence: int = 0) -> tuple[Verdict, dict[str, Any]]:
    """A verifier's verdict with a salt of its own."""
    struct, result = verdict_on(town, "oak", "c2", package, org=org)
    result["assurance"] = assurance
    level = {"limited": 1, "reasonable": 2}[assurance]
    hashed = bytes.fromhex(canonical.digest(result))
    return replace(struct, result_hash=hashed, assurance=level, salt=sid("salt", org), sequence=sequence), result


def commit(town: Town, actor: Actor, verdict: Verdict, **changes: Any) -> VerdictCommitmentView:
    value = VerdictCommitment(verdict.claim, verdict.org, verdict_commitment(verdict.result_hash, verdict.salt), verdict.deadline)
    message, signature = signed(replace(value, **changes), town.house.contracts.claims, actor.subject)
    with town.work(actor) as work:
        return verdict_commitments.commit_verdict(work, message, signature)


def show(town: Town, actor: Actor, verdict: Verdict, result: dict[str, Any]) -> VerdictView:
    message, signature = signed(verdict, town.house.contracts.claims, actor.subject)
    with town.work(actor) as work:
        return verdicts.submit_verdict(work, message, signature, result)


def state(town: Town) -> str:
    with town.house.view(AUDITOR) as work:
        return claims.get_claim(work, CLAIM).state


def listed(town: Town) -> list[tuple[str, str]]:
    with town.house.view(AUDITOR) as work:
        return [(item.verifier, item.state) for item in verdict_commitments.list_verdict_commitments(work, CLAIM)]


@pytest.mark.parametrize(("second", "end"), [("limited", "attested"), ("reasonable", "disputed")])
def test_two_verifiers_commit_and_show_and_the_claim_is_attested_or_disputed(anchored_town: Town, second: str, end: str) -> None:
    town, package = anchored_town, set_up(anchored_town)
    first, other = judge(town, package, "gfc"), judge(town, package, "firm", assurance=second, sequence=1)
    assert commit(town, VERIFIER, first[0]).state == "queued"
    assert commit(town, SECOND, other[0]).commitment == verdict_commitment(other[0].result_hash, other[0].salt).hex()
    town.relay()
    assert (listed(town), state(town)) == ([("gfc", "anchored"), ("firm", "anchored")], "submitted")

    assert show(town, VERIFIER, *first).state == "queued"
    town.relay()
    assert state(town) == "submitted", "one of two is not enough"
    show(town, SECOND, *other)
    town.relay()
    assert state(town) == end
    assert town.house.contracts.claims.claim_state(sid("claim", "oak/c2")) is ClaimState[end.upper()]
    with town.house.view(AUDITOR) as work:
        shown = verdicts.list_verdicts(work, CLAIM)
    assert [(item.verifier, item.sequence, item.state) for item in shown] == [("gfc", 0, "anchored"), ("firm", 1, "anchored")]


def test_a_commitment_again_changes_nothing_and_another_one_is_a_conflict(anchored_town: Town) -> None:
    town, package = anchored_town, set_up(anchored_town)
    verdict, _ = judge(town, package, "gfc")
    first = commit(town, VERIFIER, verdict)
    assert commit(town, VERIFIER, verdict) == first
    town.relay()
    again = commit(town, VERIFIER, verdict)
    assert (again.id, again.state) == (first.id, "anchored")
    assert transactions(town).count("claims.commit") == 1
    with pytest.raises(Conflict, match="committed on this claim already"):
        commit(town, VERIFIER, replace(verdict, salt=sid("salt", "another")))


def test_a_commitment_that_the_chain_refused_is_signed_again(anchored_town: Town) -> None:
    town, package = anchored_town, set_up(anchored_town)
    verdict, _ = judge(town, package, "gfc")
    commit(town, VERIFIER, verdict, deadline=town.clock.now() + 5)
    town.clock.advance(10)
    town.relay()
    assert listed(town) == [("gfc", "rejected")]
    commit(town, VERIFIER, verdict)
    town.relay()
    assert listed(town) == [("gfc", "rejected"), ("gfc", "anchored")]


def test_a_commitment_is_refused_with_its_reason(anchored_town: Town) -> None:
    town, package = anchored_town, set_up(anchored_town)
    verdict, result = judge(town, package, "gfc")
    with pytest.raises(NotFound, match="no such claim"):
        commit(town, VERIFIER, verdict, claim=sid("claim", "oak/never"))
    with pytest.raises(InputError, match="another institution than yours"):
        commit(town, person("gfc.verifier", "firm", "verifier"), verdict)
    with pytest.raises(SignatureRefused):
        commit(town, VERIFIER, verdict, org=sid("org", "firm"))
    with pytest.raises(SignatureRefused, match="deadline"):
        commit(town, VERIFIER, verdict, deadline=town.clock.now() - 1)
    with pytest.raises(Forbidden, match="nobody attests their own claim"):
        commit(town, person("oak.verifier", "oak", "verifier"), verdict)
    with pytest.raises(Forbidden):
        commit(town, person("gfc.verifier", "gfc", "certifier"), verdict)
    assert listed(town) == []
    commit(town, VERIFIER, verdict)
    other = judge(town, package, "firm", sequence=1)
    commit(town, SECOND, other[0])
    town.relay()
    show(town, VERIFIER, verdict, result)
    town.relay()
    town.add_institution("late", "verifier", {Role.VERIFIER: "late.verifier"})
    with pytest.raises(Conflict, match="closed with the first verdict"):
        commit(town, person("late.verifier", "late", "verifier"), judge(town, package, "late")[0])


def test_a_claim_of_one_verifier_takes_no_commitment_and_one_on_its_way_not_yet(anchored_town: Town) -> None:
    town, package = anchored_town, set_up(anchored_town, required=1)
    with pytest.raises(Conflict, match="needs one verifier"):
        commit(town, VERIFIER, judge(town, package, "gfc")[0])
    queued = town.claim("oak", "1", "c3")
    verdict, _ = verdict_on(town, "oak", "c3", queued.package)
    with pytest.raises(Conflict, match="not on chain yet"):
        commit(town, VERIFIER, verdict)
