"""Drafts of releases, local factors with their reviews, superseded releases, answers to findings: as rows."""

from __future__ import annotations

import pytest

from ledger.clock import FixedClock
from ledger.store import outbox
from ledger.store.database import Database
from ledger.store.errors import AlreadyStored, RowRefused
from ledger.store.outbox import SqlOutbox
from ledger.store.repositories import answers, library, local_factors
from ledger.store.tables import LocalFactor, ReleaseDraft
from tests.store import builders
from tests.store.builders import AT


def draft(database: Database, document: bytes, release: str = "2026-1") -> ReleaseDraft:
    with database.unit_of_work() as session:
        return library.add_draft(session, release=release, document=document, findings=b"{}", has_errors=False, actor="lib", at=AT)


def test_the_last_version_of_a_name_is_the_draft_and_earlier_ones_stay(database: Database) -> None:
    first, second, again = draft(database, b"1"), draft(database, b"2"), draft(database, b"2")
    back = draft(database, b"1")
    assert (again.id, back.id > second.id) == (second.id, True)
    draft(database, b"other", release="2026-0")
    with database.reading() as session:
        found = library.find_draft(session, "2026-1")
        assert found is not None
        assert (found.id, found.document) == (back.id, b"1")
        replaced = library.find_draft_by_hash(session, second.hash)
        assert replaced is not None
        assert replaced.document == b"2"
        page = library.list_drafts(session, limit=1)
        assert ([row.release for row in page.items], page.next_after) == (["2026-0"], "2026-0")
        rest = library.list_drafts(session, after=page.next_after)
        assert [(row.release, row.id) for row in rest.items] == [("2026-1", back.id)]
        assert library.find_draft(session, "2027-1") is None
        assert library.find_draft_by_hash(session, "0" * 64) is None
    assert first.id < second.id


def test_a_name_that_was_proposed_is_no_draft_any_more(database: Database) -> None:
    draft(database, b"1", release="2025-1")
    with database.unit_of_work() as session:
        builders.add_release(session, "2025-1")
    with database.reading() as session:
        assert library.list_drafts(session).items == ()


def submit(database: Database, document: bytes, institution: str = "bank-1", factor: str = "bank-1.steam") -> LocalFactor:
    with database.unit_of_work() as session:
        return local_factors.add_local_factor(
            session, institution_id=institution, factor=factor, document=document, submitted_by="clerk", at=AT
        )


def test_a_local_factor_is_kept_once_and_decided_once(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        builders.add_bank(session, "bank-2")
    first, second = submit(database, b"1"), submit(database, b"2", "bank-2", "bank-2.steam")
    assert submit(database, b"1").id == first.id
    with database.unit_of_work() as session:
        local_factors.add_review(session, second.id, decision="accepted", reason="ok", reviewed_by="lib", at=AT)
        local_factors.add_review(session, first.id, decision="accepted", reason="ok", reviewed_by="lib", at=AT)
    with pytest.raises(AlreadyStored), database.unit_of_work() as session:
        local_factors.add_review(session, first.id, decision="refused", reason="no", reviewed_by="lib", at=AT)
    with database.reading() as session:
        assert [row.id for row in local_factors.list_accepted_local_factors(session)] == [second.id, first.id]
        assert [row.id for row in local_factors.list_local_factors(session, institution_id="bank-1").items] == [first.id]
        assert [row.id for row in local_factors.list_local_factors(session).items] == [first.id, second.id]
        review = local_factors.find_review(session, first.id)
        assert review is not None
        assert review.decision == "accepted"


@pytest.mark.parametrize(("decision", "reason"), [("perhaps", "why"), ("refused", ""), ("refused", "x" * 2001)])
def test_a_review_without_a_decision_or_a_reason_is_refused(database: Database, decision: str, reason: str) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
    row = submit(database, b"1")
    with pytest.raises(RowRefused), database.unit_of_work() as session:
        local_factors.add_review(session, row.id, decision=decision, reason=reason, reviewed_by="lib", at=AT)


def test_a_release_is_superseded_when_its_successors_publication_is_final_and_valid(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session, "centre")
        old, new = builders.add_release(session, "2025-1"), builders.add_release(session, "2026-1")
        row = outbox.queue(session, "publish/1", builders.payload(), now=AT)
        proposal = library.add_proposal(
            session, release_hash=new, institution_id="centre", valid_from=AT + 9, supersedes=old, signed=builders.signed("proposal")
        )
        library.add_publication(session, proposal_id=proposal.id, institution_id="centre", signed=builders.signed("publish", row.id))
        assert not library.is_superseded(session, old, AT + 9), "the chain has not taken the publication yet"
    port = SqlOutbox(database, FixedClock(AT))
    port.record_signed(row.id, 7, b"raw", "0x" + "22" * 32)
    port.record_mined(row.id, 4, "0xb4", b"receipt")
    with database.reading() as session:
        assert not library.is_superseded(session, old, AT + 9), "mined is not final"
    port.record_final(row.id)
    with database.reading() as session:
        assert [library.is_superseded(session, hash, at) for hash, at in ((old, AT + 8), (old, AT + 9), (new, AT + 9))] == [
            False,
            True,
            False,
        ]


def test_answers_stand_beside_each_other_and_one_finding_is_answered_once_a_second(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        statement = builders.add_statement(session).id

    def answer(reason: str, at: int) -> int:
        with database.unit_of_work() as session:
            return answers.add_answer(session, statement, code="JUMP", place="unit hq", reason=reason, by="clerk", at=at).id

    first, second = answer("a new branch", AT), answer("and a cold winter", AT + 1)
    assert first != second
    with pytest.raises(AlreadyStored):
        answer("a third thing", AT + 1)
    with database.reading() as session:
        assert [row.reason for row in answers.list_answers(session, statement)] == ["a new branch", "and a cold winter"]
