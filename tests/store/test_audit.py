from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import text

from ledger.store import audit
from ledger.store.audit import AuditHead
from ledger.store.database import Database

DETAILS = {"statement": "ab" * 32, "revision": 1}


def write(database: Database, count: int) -> list[AuditHead]:
    heads = []
    for number in range(count):
        with database.unit_of_work() as session:
            row = audit.append(
                session, actor=f"clerk-{number}", action="statement.prepare", object="statement/1", result="ok", at=number, details=DETAILS
            )
            heads.append(AuditHead(row.seq, row.hash))
    return heads


def without_triggers(database: Database, statement: str) -> None:
    # Somebody with the file or the server in hand drops the triggers first.
    with database.connection() as connection:
        for change in ("update", "delete"):
            on = "" if database.dialect == "sqlite" else " ON audit_log"
            connection.execute(text(f"DROP TRIGGER audit_log_refuse_{change}{on}"))
        connection.execute(text(statement))


def codes(database: Database, expected: AuditHead | None = None) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(finding.code, finding.place) for finding in audit.verify_audit_log(session, expected)]


def test_a_log_as_written_has_no_findings(database: Database) -> None:
    heads = write(database, 4)
    assert [head.seq for head in heads] == [1, 2, 3, 4]
    assert codes(database) == []
    assert all(codes(database, head) == [] for head in heads)


def test_the_hash_of_an_entry_can_be_computed_by_hand(database: Database) -> None:
    write(database, 1)
    details = hashlib.sha256(b'{"revision":1,"statement":"' + b"ab" * 32 + b'"}').hexdigest()
    by_hand = (
        '{"action":"statement.prepare","actor":"clerk-0","at":0,"details":"' + details + '","institution":null,"object":"statement/1",'
        '"previous":"' + "0" * 64 + '","result":"ok","schema":"lingtan.audit/1","seq":1}'
    )
    with database.reading() as session:
        head = audit.find_head(session)
    assert head == AuditHead(1, hashlib.sha256(by_hand.encode()).hexdigest())


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE audit_log SET actor = 'nobody' WHERE seq = 3", ("AUDIT_ENTRY_CHANGED", "audit entry 3")),
        ("UPDATE audit_log SET details = prev WHERE seq = 2", ("AUDIT_ENTRY_CHANGED", "audit entry 2")),
        ("UPDATE audit_log SET at = at + 1", ("AUDIT_ENTRY_CHANGED", "audit entry 1")),
        ("DELETE FROM audit_log WHERE seq = 2", ("AUDIT_ENTRY_MISSING", "audit entry 2")),
        ("UPDATE audit_log SET seq = 9 WHERE seq = 4", ("AUDIT_ENTRY_MISSING", "audit entry 4")),
        ("UPDATE audit_log SET prev_hash = hash WHERE seq = 2", ("AUDIT_CHAIN_BROKEN", "audit entry 2")),
    ],
)
def test_a_change_is_found_at_the_first_broken_entry(database: Database, statement: str, expected: tuple[str, str]) -> None:
    write(database, 4)
    without_triggers(database, statement.replace("= prev ", "= x'7b7d' " if database.dialect == "sqlite" else "= '{}'::bytea "))
    assert codes(database) == [expected]


def test_an_entry_rewritten_with_its_own_hash_breaks_the_next(database: Database) -> None:
    write(database, 3)
    with database.reading() as session:
        row = audit.list_audit_log(session).items[1]
        row.actor = "nobody"
        forged = audit.compute_hash(row)
        session.expunge(row)
    without_triggers(database, f"UPDATE audit_log SET actor = 'nobody', hash = '{forged}' WHERE seq = 2")
    assert codes(database) == [("AUDIT_CHAIN_BROKEN", "audit entry 3")]


def test_entries_cut_off_the_end_are_found_by_a_head_kept_outside(database: Database) -> None:
    heads = write(database, 4)
    without_triggers(database, "DELETE FROM audit_log WHERE seq > 2")
    assert codes(database) == []
    assert codes(database, heads[1]) == []
    assert codes(database, heads[3]) == [("AUDIT_HEAD_MISSING", "audit entry 4")]


def test_an_entry_is_undone_with_the_work_it_tells_about(database: Database) -> None:
    def fail() -> None:
        with database.unit_of_work() as session:
            audit.append(session, actor="a", action="x", object="y", result="ok", at=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [head.seq for head in write(database, 1)] == [1]


def test_the_log_is_paged_and_filtered(database: Database) -> None:
    with database.unit_of_work() as session:
        for number in range(5):
            audit.append(session, actor="a", action="x", object=f"o/{number % 2}", result="ok", at=1, institution=f"b{number % 2}")
    with database.reading() as session:
        first = audit.list_audit_log(session, institution="b0", limit=2)
        assert ([row.seq for row in first.items], first.next_after) == ([1, 3], 3)
        second = audit.list_audit_log(session, institution="b0", limit=2, after=first.next_after)
        assert ([row.seq for row in second.items], second.next_after) == ([5], None)
        assert [row.seq for row in audit.list_audit_log(session, object="o/1").items] == [2, 4]
