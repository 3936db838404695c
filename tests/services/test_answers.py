"""A bank answers the findings on its statement; the answers stay and lift nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.records import canonical
from ledger.records.findings import Finding
from ledger.services import activity, answers, audit, statements
from ledger.services.context import Actor
from tests.product import AUDITOR, LIBRARIAN, Town, approver, person, preparer
from tests.services.books import DAYS, fuels
from tests.whole.scene import record

OAK = preparer("oak")


def with_a_warning(town: Town) -> tuple[str, Finding]:
    """A statement of oak with a warning: an invoice beside the meter."""
    document = fuels("oak")
    document["records"] = sorted(
        (record("invoice", "outlet", "electricity.purchased", "10", "kWh", DAYS), *document["records"]), key=lambda item: item["id"]
    )
    with town.work(OAK) as work:
        assert activity.submit_activity(work, "oak", "2025-03", document).accepted
    view = town.prepare("oak", "2025-03")
    return view.id, next(item for item in view.findings if item.code == "METER_AND_INVOICE")


def answer(town: Town, statement: str, finding: Finding, reason: str = "two supplies", actor: Actor = OAK) -> answers.AnswerView:
    with town.work(actor) as work:
        return answers.answer_finding(work, statement, finding.code, finding.place, reason)


def test_answers_are_kept_beside_the_finding_in_the_order_of_the_document(town: Town) -> None:
    statement, finding = with_a_warning(town)
    first = answer(town, statement, finding, "  two supplies ")
    assert (first.reason, first.by, first.at) == ("two supplies", "oak.preparer", town.clock.now())
    town.clock.advance(9)
    assert answer(town, statement, finding) == first, "the same words again change nothing"
    second = answer(town, statement, finding, "房东另行计量", approver("oak"))
    with town.house.view(AUDITOR) as work:
        listed = answers.list_answers(work, statement)
        entries = [item for item in audit.list_audit_log(work, 200, None).items if item.action == "statement.answer"]
    assert listed == (first, second)
    assert len(entries) == 2
    document = answers.answers_document(reversed(listed))
    assert document["schema"] == "lingtan.answers/1"
    assert document["items"] == [
        {"code": item.code, "place": item.place, "reason": item.reason, "by": item.by, "at": canonical_instant(item.at)} for item in listed
    ]
    assert canonical.load_canonical(canonical.dump(document)) == document


def canonical_instant(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_answer_lifts_no_error(town: Town) -> None:
    document = fuels("oak")
    document["declared_totals"] = [
        {
            "id": "printed",
            "measure": "scope1_g",
            "value": "99999",
            "unit": "tCO2e",
            "parts": 1,
            "tolerance": "0.5",
            "reference": "report p. 9",
            "period": None,
            "at": None,
        }
    ]
    with town.work(OAK) as work:
        assert activity.submit_activity(work, "oak", "2025-03", document).accepted
    view = town.prepare("oak", "2025-03")
    finding = next(item for item in view.findings if item.code == "TOTAL_MISMATCH")
    answer(town, view.id, finding, "the report counts a subsidiary")
    with town.house.view(OAK) as work:
        after = statements.get_statement(work, view.id)
    assert (after.state, after.has_errors, after.findings) == ("rejected", True, view.findings)


def test_an_answer_to_a_finding_that_the_statement_does_not_have_is_refused(town: Town) -> None:
    statement, finding = with_a_warning(town)
    for code, place in (("TOTAL_MISMATCH", finding.place), (finding.code, "/elsewhere"), ("", "")):
        with pytest.raises(InputError, match="no such finding"), town.work(OAK) as work:
            answers.answer_finding(work, statement, code, place, "reason")
    with town.house.view(OAK) as work:
        assert answers.list_answers(work, statement) == ()


@pytest.mark.parametrize("reason", ["", " ", "\u3000", "x" * 2001, "two\nlines", "a\x00b", "\ud800"])
def test_a_reason_that_says_nothing_or_cannot_be_kept_is_refused(town: Town, reason: str) -> None:
    statement, finding = with_a_warning(town)
    with pytest.raises(InputError):
        answer(town, statement, finding, reason)


def test_a_reason_of_the_greatest_length_in_chinese_is_kept(town: Town) -> None:
    statement, finding = with_a_warning(town)
    assert answer(town, statement, finding, "碳　" * 999 + "碳").reason == "碳　" * 999 + "碳"


def test_a_finding_is_answered_once_a_second(town: Town) -> None:
    statement, finding = with_a_warning(town)
    answer(town, statement, finding, "first")
    with pytest.raises(Conflict, match="this very second"):
        answer(town, statement, finding, "second")
    town.clock.advance(1)
    assert answer(town, statement, finding, "second").reason == "second"


def test_only_the_banks_preparer_and_approver_answer(town: Town) -> None:
    statement, finding = with_a_warning(town)
    for actor in (AUDITOR, LIBRARIAN, preparer("elm"), person("x", None, "operator")):
        with pytest.raises(NotFound):
            answer(town, statement, finding, actor=actor)
    with pytest.raises(Forbidden):
        answer(town, statement, finding, actor=person("oak.meter", "oak", "meter"))
    with town.house.view(preparer("elm")) as work, pytest.raises(NotFound):
        answers.list_answers(work, statement)
