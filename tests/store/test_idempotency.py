from __future__ import annotations

import threading

import pytest

from ledger.errors import Conflict, InputError, NotFound
from ledger.store import idempotency
from ledger.store.database import Database
from ledger.store.idempotency import KeyReused, RequestInProgress, StoredAnswer
from ledger.store.repositories import institutions
from tests.child import run_together
from tests.store import builders

REQUEST = builders.hash_of("POST /v1/institutions")
ANSWER = StoredAnswer(201, "application/json", b'{"id":"bank-1"}', "/v1/institutions/bank-1")


def work(database: Database, tenant: str, key: str, request: str, bank: str) -> StoredAnswer:
    with database.unit_of_work() as session:
        stored = idempotency.begin(session, tenant, key, request, now=100)
        if stored is not None:
            return stored
        builders.add_bank(session, bank)
        idempotency.finish(session, tenant, key, ANSWER, now=100)
        return ANSWER


def test_the_same_request_has_one_effect_and_one_answer(database: Database) -> None:
    assert [work(database, "t", "k", REQUEST, "bank-1") for _ in range(3)] == [ANSWER] * 3


def test_another_request_under_the_same_key_is_refused(database: Database) -> None:
    work(database, "t", "k", REQUEST, "bank-1")
    with pytest.raises(KeyReused):
        work(database, "t", "k", builders.hash_of("other"), "bank-2")


def test_another_tenant_may_use_the_same_key(database: Database) -> None:
    work(database, "t", "k", REQUEST, "bank-1")
    work(database, "u", "k", builders.hash_of("other"), "bank-2")
    with database.reading() as session:
        assert len(institutions.list_institutions(session).items) == 2


def test_twenty_threads_with_one_key_make_one_row_and_get_one_answer(database: Database) -> None:
    answers: list[StoredAnswer] = []
    barrier = threading.Barrier(20, timeout=60)

    def run() -> None:
        barrier.wait()
        answers.append(work(database, "t", "k", REQUEST, "bank-1"))

    run_together([threading.Thread(target=run) for _ in range(20)])
    assert answers == [ANSWER] * 20
    with database.reading() as session:
        assert [row.id for row in institutions.list_institutions(session).items] == ["bank-1"]


def test_a_request_that_failed_may_be_tried_again_under_its_key(database: Database) -> None:
    def fail() -> None:
        with database.unit_of_work() as session:
            idempotency.begin(session, "t", "k", REQUEST, now=100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert work(database, "t", "k", REQUEST, "bank-1") == ANSWER


def test_slow_work_answers_in_progress_until_it_is_finished_or_counts_as_lost(database: Database) -> None:
    with database.unit_of_work() as session:
        assert idempotency.begin(session, "t", "slow", REQUEST, now=100) is None
    with pytest.raises(RequestInProgress), database.unit_of_work() as session:
        idempotency.begin(session, "t", "slow", REQUEST, now=399)
    with pytest.raises(KeyReused), database.unit_of_work() as session:
        idempotency.begin(session, "t", "slow", builders.hash_of("other"), now=399)
    with database.unit_of_work() as session:
        assert idempotency.begin(session, "t", "slow", REQUEST, now=400) is None
        idempotency.finish(session, "t", "slow", ANSWER, now=401)
    with database.unit_of_work() as session:
        assert idempotency.begin(session, "t", "slow", REQUEST, now=402) == ANSWER


def test_an_answer_is_given_once_and_only_to_a_begun_request(database: Database) -> None:
    work(database, "t", "k", REQUEST, "bank-1")
    with pytest.raises(Conflict), database.unit_of_work() as session:
        idempotency.finish(session, "t", "k", ANSWER, now=100)
    with pytest.raises(NotFound), database.unit_of_work() as session:
        idempotency.finish(session, "t", "never", ANSWER, now=100)


def test_expired_keys_are_forgotten(database: Database) -> None:
    work(database, "t", "k", REQUEST, "bank-1")
    with database.unit_of_work() as session:
        assert idempotency.delete_expired(session, before=100) == 0
        assert idempotency.delete_expired(session, before=101) == 1


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_the_wrong_length_is_refused(database: Database, key: str) -> None:
    with pytest.raises(InputError), database.unit_of_work() as session:
        idempotency.begin(session, "t", key, REQUEST, now=1)
