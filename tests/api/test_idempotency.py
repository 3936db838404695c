"""The same key and request: one effect, one answer. Another request under the key, or one that still runs, is refused."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

from ledger.store.idempotency import begin
from tests.api.scene import Scene, organisation

PATH = "/v1/institutions/bank-c/periods"


def period(id: str, month: int) -> dict[str, str]:
    return {"id": id, "first_day": f"2024-{month:02d}-01", "last_day": f"2024-{month:02d}-28"}


def test_the_same_request_again_gives_the_same_answer_and_is_done_once(city: Scene) -> None:
    first = city.post("third-preparer", PATH, period("p-1", 1), key="repeat-me-1")
    again = city.post("third-preparer", PATH, period("p-1", 1), key="repeat-me-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"] == f"{PATH}/p-1"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    entries = city.get("auditor", "/v1/audit-log", params={"limit": 200}).json()["items"]
    assert [entry["object"] for entry in entries].count("bank-c/p-1") == 1


def test_another_body_or_path_under_the_same_key_is_refused(city: Scene) -> None:
    assert city.post("third-preparer", PATH, period("p-2", 2), key="reused-key-1").status_code == 201
    body = city.post("third-preparer", PATH, period("p-3", 3), key="reused-key-1")
    path = city.post("third-preparer", "/v1/institutions/bank-c/organisation", organisation("bank-c"), key="reused-key-1")
    for answer in (body, path):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key_reused")
    assert city.get("third-preparer", f"{PATH}/p-3").status_code == 404


def test_a_refused_request_leaves_its_key_free(city: Scene) -> None:
    assert city.post("third-preparer", PATH, period("p-4", 4)).status_code == 201
    clash = city.post("third-preparer", PATH, period("p-4b", 4), key="second-try-1")
    assert clash.status_code == 409
    assert city.post("third-preparer", PATH, period("p-5", 5), key="second-try-1").status_code == 201


def test_keys_of_two_institutions_do_not_meet(city: Scene) -> None:
    assert city.post("third-preparer", PATH, period("p-6", 6), key="common-key-1").status_code == 201
    other = city.post("preparer", "/v1/institutions/bank-a/periods", period("p-6", 6), key="common-key-1")
    assert (other.status_code, other.headers.get("idempotent-replayed")) == (201, None)


def test_many_at_once_under_one_key_make_one_period(city: Scene) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: city.post("third-preparer", PATH, period("p-7", 7), key="all-at-once-1"), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_a_request_whose_first_try_still_runs_is_told_to_wait(city: Scene) -> None:
    body = json.dumps(period("p-8", 8)).encode()
    request_hash = hashlib.sha256(f"POST {PATH}?\n{hashlib.sha256(body).hexdigest()}".encode()).hexdigest()
    with city.house.database.unit_of_work() as session:
        begin(session, "bank-c", "still-running-1", request_hash, now=city.house.clock.now())
    answer = city.post("third-preparer", PATH, period("p-8", 8), key="still-running-1")
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (409, "idempotency.in_progress", True)
    assert int(answer.headers["retry-after"]) >= 1


def test_findings_that_kept_a_body_out_are_given_again_too(city: Scene) -> None:
    document = {**organisation("bank-c"), "institution": "somebody-else"}
    answers = [city.post("third-preparer", "/v1/institutions/bank-c/organisation", document, key="judged-key-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["accepted"] is False
    assert "INSTITUTION_DIFFERS" in {finding["code"] for finding in answers[0].json()["findings"]}
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert answers[0].content == answers[1].content
