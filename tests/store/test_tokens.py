from __future__ import annotations

import pytest
from sqlalchemy import text

from ledger.errors import InputError, NotFound
from ledger.store import tokens
from ledger.store.database import Database
from tests.store import builders

ROLES = ("preparer", "approver")


def create(database: Database, expires_at: int | None = None, roles: tuple[str, ...] = ROLES) -> tuple[str, tokens.Access]:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        return tokens.create_token(
            session, subject="clerk", institution_id="bank-1", roles=roles, expires_at=expires_at, created_by="init", at=1
        )


def test_a_secret_grants_what_it_was_made_for_and_is_nowhere_stored(database: Database) -> None:
    secret, access = create(database)
    with database.reading() as session:
        assert tokens.find_access(session, secret, now=5) == access
        assert access.roles == {"preparer", "approver"}
        assert access.institution_id == "bank-1"
        assert tokens.find_access(session, secret + "0", now=5) is None
        row = session.connection().execute(text("SELECT * FROM token")).one()
    assert secret not in str(row)
    assert secret.removeprefix(tokens.PREFIX) not in str(row)
    assert len(secret) == len(tokens.PREFIX) + 64


def test_an_expired_token_grants_nothing(database: Database) -> None:
    secret, access = create(database, expires_at=100)
    with database.reading() as session:
        assert tokens.find_access(session, secret, now=99) == access
        assert tokens.find_access(session, secret, now=100) is None


def test_a_revoked_token_grants_nothing_and_stays_as_it_was_revoked(database: Database) -> None:
    secret, access = create(database)
    with database.unit_of_work() as session:
        tokens.revoke_token(session, access.token_id, revoked_by="init", reason="lost", at=7)
        assert tokens.revoke_token(session, access.token_id, revoked_by="other", reason="again", at=8).reason == "lost"
    with database.reading() as session:
        assert tokens.find_access(session, secret, now=5) is None
        assert tokens.list_tokens(session, institution_id="bank-1").items == (access,)


def test_revoking_no_token_is_refused(database: Database) -> None:
    with pytest.raises(NotFound), database.unit_of_work() as session:
        tokens.revoke_token(session, 9, revoked_by="init", reason="x", at=1)


@pytest.mark.parametrize("roles", [(), ("two words",), ("",)])
def test_a_token_without_proper_roles_is_refused(database: Database, roles: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        create(database, roles=roles)


def test_two_tokens_never_share_a_secret(database: Database) -> None:
    with database.unit_of_work() as session:
        made = {
            tokens.create_token(session, subject="op", institution_id=None, roles=("operator",), expires_at=None, created_by="init", at=1)[
                0
            ]
            for _ in range(10)
        }
    assert len(made) == 10
