"""A claim that two verifiers decide: both commit, then both show; they agree, or the claim is disputed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.contracts.claim_registry import verdict_commitment
from ledger.chain.typed_data import ClaimState, Resolution, Role, Verdict, VerdictCommitment
from ledger.errors import Conflict, Forbidden, InputError, NotFound, SignatureRefused
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.services import claims, disputes, verdict_commitments, verdicts
from ledger.services.context import Actor
from ledger.services.disputes import ResolutionView
from ledger.services.verdict_commitments import VerdictCommitmentView
from ledger.services.verdicts import VerdictView
from tests.product import AUDITOR, MONTH, VERIFIER, Town, approver, person, sign, signer
from tests.services.books import SCHEME, signed, transactions, verdict_on

SECOND = person("firm.verifier", "firm", "verifier")
CERTIFIER = person("gfc.certifier", "gfc", "certifier")
CLAIM = "oak:c2"
REASON = "the second verifier recomputed with the library in force"


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


def disagree(town: Town) -> tuple[str, str]:
    """Bring the claim into dispute; return the two results."""
    package = set_up(town)
    first, other = judge(town, package, "gfc"), judge(town, package, "firm", assurance="reasonable", sequence=1)
    commit(town, VERIFIER, first[0])
    commit(town, SECOND, other[0])
    town.relay()
    show(town, VERIFIER, *first)
    town.relay()
    show(town, SECOND, *other)
    town.relay()
    assert state(town) == "disputed"
    return first[0].result_hash.hex(), other[0].result_hash.hex()


def resolution(town: Town, result: str, **changes: Any) -> Resolution:
    whole = Resolution(sid("claim", "oak/c2"), sid("org", "gfc"), bytes.fromhex(result), sid("reason", REASON), town.clock.now() + MONTH)
    return replace(whole, **changes)


def resolve(town: Town, actor: Actor, struct: Resolution, reason: str = REASON, *, key: str | None = None) -> ResolutionView:
    message, signature = signed(struct, town.house.contracts.claims, key or actor.subject)
    with town.work(actor) as work:
        return disputes.resolve_dispute(work, message, signature, reason)


def test_a_certifier_resolves_a_dispute_and_every_verdict_stays(anchored_town: Town) -> None:
    town = anchored_town
    _, second = disagree(town)
    struct = resolution(town, second)
    taken = resolve(town, CERTIFIER, struct)
    assert (taken.state, taken.certifier, taken.result) == ("queued", "gfc", second)
    town.relay()
    assert resolve(town, CERTIFIER, struct).id == taken.id, "the same again changes nothing"
    assert state(town) == "attested"
    assert town.house.contracts.claims.claim(sid("claim", "oak/c2")).result_hash.hex() == second
    with town.house.view(AUDITOR) as work:
        assert [item.assurance for item in verdicts.list_verdicts(work, CLAIM)] == ["limited", "reasonable"]
        assert [(item.state, item.result) for item in disputes.list_resolutions(work, CLAIM)] == [("anchored", second)]
    with pytest.raises(Conflict, match="attested, not disputed"):
        resolve(town, CERTIFIER, resolution(town, second, deadline=town.clock.now() + 1))


def test_a_resolution_is_refused_with_its_reason(anchored_town: Town) -> None:
    town = anchored_town
    first, _ = disagree(town)
    struct = resolution(town, first)
    with pytest.raises(InputError, match="no verdict on this claim has this result"):
        resolve(town, CERTIFIER, resolution(town, "ab" * 32))
    with pytest.raises(InputError, match="reason is not the one"):
        resolve(town, CERTIFIER, struct, "other words")
    with pytest.raises(NotFound, match="no such claim"):
        resolve(town, CERTIFIER, replace(struct, claim=sid("claim", "oak/never")))
    with pytest.raises(SignatureRefused):
        resolve(town, CERTIFIER, struct, key="gfc.verifier")
    with pytest.raises(Forbidden, match="their own claim"):
        resolve(town, person("oak.certifier", "oak", "certifier"), struct, key="gfc.certifier")
    with pytest.raises(InputError, match="another institution than yours"):
        resolve(town, person("firm.certifier", "firm", "certifier"), struct, key="gfc.certifier")
    with pytest.raises(Forbidden):
        resolve(town, VERIFIER, struct, key="gfc.certifier")
    assert (state(town), transactions(town).count("claims.resolve")) == ("disputed", 0)


def test_two_keys_of_one_institution_are_not_two_verifiers(anchored_town: Town) -> None:
    town, package = anchored_town, set_up(anchored_town)
    verdict, _ = judge(town, package, "gfc")
    commit(town, VERIFIER, verdict)
    town.add_key("firm", Role.VERIFIER, "firm.second")
    town.relay()
    own, _ = judge(town, package, "firm")
    commit(town, SECOND, own)
    message, signature = signed(
        VerdictCommitment(own.claim, own.org, sid("another", "commitment"), own.deadline), town.house.contracts.claims, "firm.second"
    )
    with town.work(SECOND) as work, pytest.raises(Conflict, match="your institution has committed"):
        verdict_commitments.commit_verdict(work, message, signature)


@pytest.mark.parametrize(
    ("opinion", "exceptions", "said"),
    [
        ("unqualified", [{"place": "METERS", "text": "x"}], "names what it excepts"),
        ("qualified", [], "names what it excepts"),
        ("qualified", [{"place": "METERS"}], "is not"),
        ("qualified", [{"place": "", "text": "x"}], "1 to 200"),
        ("qualified", {"place": "METERS", "text": "x"}, "a list"),
    ],
)
def test_a_verdict_whose_exceptions_do_not_fit_its_opinion_is_refused(
    anchored_town: Town, opinion: str, exceptions: Any, said: str
) -> None:
    town, package = anchored_town, set_up(anchored_town, required=1)
    struct, result = verdict_on(town, "oak", "c2", package)
    result |= {"opinion": opinion, "exceptions": exceptions}
    struct = replace(struct, opinion={"unqualified": 1, "qualified": 2}[opinion], result_hash=bytes.fromhex(canonical.digest(result)))
    with pytest.raises(InputError, match=said):
        show(town, VERIFIER, struct, result)


def test_a_qualified_verdict_shows_what_it_excepts(anchored_town: Town) -> None:
    town, package = anchored_town, set_up(anchored_town, required=1)
    struct, result = verdict_on(town, "oak", "c2", package)
    result |= {"opinion": "qualified", "exceptions": [{"place": "meter M-1", "text": "read once"}]}
    show(town, VERIFIER, replace(struct, opinion=2, result_hash=bytes.fromhex(canonical.digest(result))), result)
    with town.house.view(AUDITOR) as work:
        (view,) = verdicts.list_verdicts(work, CLAIM)
    assert [(item.place, item.text) for item in view.exceptions] == [("meter M-1", "read once")]
    assert view.materiality_bp == 500
