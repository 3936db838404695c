"""Restatements: a revision needs a cause, names what it supersedes, and replaces it only when the chain has it."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.services import activity, anchors, attestations, claims, statements
from ledger.services.periods import open_period
from tests.product import AUDITOR, Town, approver, preparer
from tests.services.books import SCHEME, fuels, verdict_on

CAUSES = ("data", "factor", "boundary", "method", "error")


def states(town: Town) -> dict[int, str]:
    with town.house.view(AUDITOR) as work:
        return {item.revision: item.state for item in statements.list_statements(work, "oak", "2025-03", 100, None).items}


def correct(town: Town, litres: str) -> None:
    with town.work(preparer("oak")) as work:
        assert activity.submit_activity(work, "oak", "2025-03", fuels("oak", litres=litres)).accepted


def test_a_draft_is_prepared_again_under_the_same_revision(town: Town) -> None:
    first = town.prepare("oak", "2025-03")
    assert town.prepare("oak", "2025-03").id == first.id, "the same inputs give the same statement"
    correct(town, "121")
    second = town.prepare("oak", "2025-03")
    assert (second.revision, second.id != first.id, second.supersedes) == (1, True, None)
    town.attest("oak", second.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert [item.state for item in statements.list_statements(work, "oak", "2025-03", 10, None).items] == ["draft", "anchored"]


@pytest.mark.parametrize("cause", CAUSES)
def test_nothing_is_restated_before_it_was_attested(town: Town, cause: str) -> None:
    with pytest.raises(Conflict, match="nothing is attested yet"):
        town.prepare("oak", "2025-03", cause)


@pytest.mark.parametrize("cause", ["", "First", "because", "first "])
def test_a_cause_is_one_of_the_list(town: Town, cause: str) -> None:
    with pytest.raises(InputError, match="not a cause"):
        town.prepare("oak", "2025-03", cause)


def test_what_is_attested_is_restated_with_a_cause_only(anchored_town: Town) -> None:
    with pytest.raises(Conflict, match="attested already, with revision 1") as refused:
        anchored_town.prepare("oak", "2025-03", "first")
    assert all(cause in refused.value.hint for cause in CAUSES)


def test_nothing_is_restated_while_a_revision_is_on_its_way(town: Town) -> None:
    town.attest("oak", town.prepare("oak", "2025-03").id)
    for cause in ("first", "data"):
        with pytest.raises(Conflict, match="on its way"):
            town.prepare("oak", "2025-03", cause)


def test_a_chain_of_restatements_ends_in_the_last_one_that_is_anchored(anchored_town: Town) -> None:
    before = "1"
    for revision, litres in ((2, "130"), (3, "140")):
        correct(anchored_town, litres)
        restated = anchored_town.prepare("oak", "2025-03", "data")
        with anchored_town.house.view(AUDITOR) as work:
            assert restated.supersedes == statements.get_statement(work, before).hash
        assert (restated.revision, restated.cause, restated.state) == (revision, "data", "draft")
        assert states(anchored_town)[revision - 1] == "anchored", "a draft supersedes nothing"
        anchored_town.attest("oak", restated.id)
        assert (states(anchored_town)[revision - 1], states(anchored_town)[revision]) == ("anchored", "queued")
        anchored_town.relay()
        before = restated.id
    assert states(anchored_town) == {1: "superseded", 2: "superseded", 3: "anchored"}
    with anchored_town.house.view(AUDITOR) as work:
        assert len(anchors.list_anchors(work, "oak", 100, None).items) == 6, "what is superseded keeps its anchors"
        assert attestations.get_attestation(work, "1").state == "anchored"


def test_a_verified_statement_is_superseded_by_its_restatement_too(anchored_town: Town) -> None:
    claim = anchored_town.claim("oak", "1", "c1")
    anchored_town.relay()
    anchored_town.verdict(*verdict_on(anchored_town, "oak", "c1", claim.package))
    anchored_town.relay()
    assert states(anchored_town) == {1: "verified"}
    correct(anchored_town, "130")
    anchored_town.attest("oak", anchored_town.prepare("oak", "2025-03", "error").id)
    anchored_town.relay()
    assert states(anchored_town) == {1: "superseded", 2: "anchored"}
    with anchored_town.house.view(AUDITOR) as work:
        assert claims.get_claim(work, "oak:c1").state == "attested", "the claim stands on what it named"


def test_a_running_period_or_one_without_inputs_has_no_statement(town: Town) -> None:
    with town.work(preparer("oak")) as work:
        open_period(work, "oak", id="running", first_day=date(2026, 1, 1), last_day=date(2026, 12, 31))
        open_period(work, "oak", id="empty", first_day=date(2025, 4, 1), last_day=date(2025, 4, 2))
    with pytest.raises(Conflict, match="still running"):
        town.prepare("oak", "running")
    with pytest.raises(NotFound, match="no activity data"):
        town.prepare("oak", "empty")
    with pytest.raises(NotFound, match="no period"):
        town.prepare("oak", "never")


def test_a_claim_needs_the_anchor_and_the_bank_itself(town: Town) -> None:
    statement = town.prepare("oak", "2025-03")
    with town.house.view(approver("oak")) as work, pytest.raises(Conflict, match="not anchored yet"):
        claims.prepare_claim(work, statement.id, SCHEME, "c1")
    with town.house.view(preparer("oak")) as work, pytest.raises(Forbidden):
        claims.prepare_claim(work, statement.id, SCHEME, "c1")
