"""A bank's answers to the findings on its statements: they explain, they lift no error, and they stay (spec: documents §8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.clock import format_instant
from ledger.errors import Conflict, InputError, NotFound
from ledger.services import audit
from ledger.services.context import Work, require_role
from ledger.services.findings import read_findings
from ledger.services.signable import find_slips
from ledger.services.stored_statement import load_statement_row
from ledger.services.texts import check_reason
from ledger.store import tables
from ledger.store.repositories import answers

SCHEMA = "lingtan.answers/1"


@dataclass(frozen=True)
class AnswerView:
    """What somebody of the bank said to the finding with this code and place; `at` in Unix seconds."""

    statement: str
    code: str
    place: str
    reason: str
    by: str
    at: int


def answer_finding(work: Work, statement_id: str, code: str, place: str, reason: str) -> AnswerView:
    """Keep an answer to a finding of the statement; the same words of the same person again change nothing.

    Raises:
        InputError: the statement has no such finding, or the reason is empty or too long.
        Conflict: another answer to this finding was given in this very second.
    """
    row = load_statement_row(work, statement_id)
    if work.actor.institution != row.institution_id:
        raise NotFound("no such statement", hint="list the statements of the period")
    require_role(work, "preparer", "approver")
    text = check_reason(reason)
    known = {(finding.code, finding.place) for finding in (*read_findings(row.findings), *find_slips(work, row))}
    if (code, place) not in known:
        raise InputError(
            "the statement has no such finding",
            hint="take code and place from the statement's findings, as they are written there",
            errors=(("/code", "FINDING_UNKNOWN", f"{len(known)} findings can be answered; this code and place is none of them"),),
        )
    now, by = work.clock.now(), work.actor.subject
    given = [item for item in answers.list_answers(work.session, row.id) if (item.code, item.place) == (code, place)]
    earlier = next((item for item in given if (item.reason, item.by) == (text, by)), None)
    if earlier is not None:
        return _view(earlier)
    if any(item.at == now for item in given):
        raise Conflict("this finding was answered in this very second", hint="send the answer again")
    stored = answers.add_answer(work.session, row.id, code=code, place=place, reason=text, by=by, at=now)
    details = {"code": code, "place": place, "reason": text}
    audit.record(work, "statement.answer", str(row.id), institution=row.institution_id, details=details)
    return _view(stored)


def list_answers(work: Work, statement_id: str) -> tuple[AnswerView, ...]:
    """Return the answers on a statement that the actor may see, in the order of the document: by code, place and time."""
    row = load_statement_row(work, statement_id)
    return read_answers(answers.list_answers(work.session, row.id))


def read_answers(rows: Iterable[tables.StatementAnswer]) -> tuple[AnswerView, ...]:
    """Return stored answers as values, by code, place and time."""
    return tuple(sorted(map(_view, rows), key=lambda item: (item.code.encode(), item.place.encode(), item.at)))


def answers_document(items: Iterable[AnswerView]) -> dict[str, object]:
    """Return the `lingtan.answers/1` document of these answers."""
    ordered = sorted(items, key=lambda item: (item.code.encode(), item.place.encode(), item.at))
    return {
        "schema": SCHEMA,
        "items": [
            {"code": item.code, "place": item.place, "reason": item.reason, "by": item.by, "at": format_instant(item.at)}
            for item in ordered
        ],
    }


def _view(row: tables.StatementAnswer) -> AnswerView:
    return AnswerView(str(row.statement_id), row.code, row.place, row.reason, row.by, row.at)
