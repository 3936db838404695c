"""Every answer that is not a success is a problem document, in the caller's language, without what was rejected."""

from __future__ import annotations

import logging
import re

import pytest
from fastapi.testclient import TestClient

from api.problems.catalogue import KINDS
from api.problems.document import without_values
from api.problems.mapping import STATUS_KINDS, TABLE, kind_of_error, kind_of_status
from api.problems.refusal import Refusal
from ledger.clock import parse_instant
from ledger.errors import (
    ConfigurationError,
    Conflict,
    Forbidden,
    InputError,
    IntegrityError,
    LedgerError,
    MalformedDocument,
    NotFound,
    SignatureRefused,
    UnitError,
)
from tests.api.plain import every_ledger_error, plain_app

EN = {"Accept-Language": "en"}
SECRET = "s3cret-value-4711"


def client(error: Exception | None = None) -> TestClient:
    return TestClient(plain_app(error), raise_server_exceptions=False)


def test_every_kind_has_all_texts_in_both_languages() -> None:
    for kind in KINDS:
        for text in (kind.title, kind.cause, kind.remedy):
            assert text.en.strip(), kind.code
            assert re.search(r"[\u4e00-\u9fff]", text.zh), kind.code
            assert not re.search(r"[\u4e00-\u9fff]", text.en), kind.code
        assert 400 <= kind.status < 600


def test_no_code_stands_twice() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)


def test_every_error_class_of_the_house_has_its_row_in_the_table() -> None:
    plain = {LedgerError}
    for error_class in every_ledger_error() - plain:
        if error_class.__module__.startswith(("tests.", "ledger.cli", "ledger.demo", "ledger.edge", "ledger.witness")):
            continue
        row = next(row for row in TABLE if issubclass(error_class, row[0]))
        assert row[0] is not LedgerError, f"{error_class} has no row of its own"


def test_the_table_reaches_every_row() -> None:
    for index, (error_class, _) in enumerate(TABLE):
        assert not any(issubclass(error_class, earlier) for earlier, _ in TABLE[:index]), f"{error_class} is never reached"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MalformedDocument("x"), 400),
        (InputError("x"), 422),
        (SignatureRefused("x"), 422),
        (Forbidden("x"), 403),
        (NotFound("x"), 404),
        (Conflict("x"), 409),
        (IntegrityError("x"), 500),
        (ConfigurationError("x"), 500),
        (Refusal("rate.exceeded"), 429),
        (Refusal("chain.unavailable"), 503),
    ],
)
def test_an_error_is_answered_with_its_status_and_a_problem_document(error: Exception, status: int) -> None:
    answer = client(error).get("/error", headers=EN)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["trace_id"] == answer.headers["trace-id"]
    assert set(problem) == {"type", "title", "status", "detail", "hint", "code", "retryable", "errors", "trace_id"}


def test_the_type_is_a_page_that_exists_in_both_languages() -> None:
    http = client(Conflict("x"))
    path = http.get("/error").json()["type"]
    zh, en = http.get(path, headers={"Accept-Language": "zh-CN"}), http.get(path, headers=EN)
    assert zh.status_code == en.status_code == 200
    assert "与已有记录冲突" in zh.text
    assert "What to do" in en.text
    assert "<script" not in en.text
    assert "style=" not in en.text
    assert http.get("/problems").text.count("<li>") == len(KINDS)


def test_a_problem_page_that_does_not_exist_is_a_problem_itself() -> None:
    answer = client().get("/problems/no.such", headers=EN)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_language_follows_accept_language_and_is_chinese_without_it() -> None:
    http = client(NotFound("x"))
    http.headers.pop("accept-language", None)
    zh = http.get("/error")
    assert zh.json()["title"] == "资源不存在"
    assert zh.headers["content-language"] == "zh"
    assert http.get("/error", headers=EN).json()["title"] == "No such thing"
    assert "Accept-Language" in zh.headers["vary"]


def test_the_code_of_the_error_is_kept_where_it_is_finer_than_the_kind() -> None:
    problem = client(UnitError("no unit kWhh here")).get("/error", headers=EN).json()
    assert problem["code"] == "unit.invalid"
    assert problem["type"] == "/problems/input.invalid"


def test_an_unforeseen_error_shows_no_internals_and_is_logged_with_its_trace_id(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="lingtan.api"):
        answer = client(RuntimeError(f"password {SECRET}")).get("/error", headers=EN)
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert answer.json()["code"] == "server.failed"
    record = caplog.records[-1]
    assert record.trace_id == answer.json()["trace_id"]  # type: ignore[attr-defined]
    assert record.exc_info is not None


def test_a_broken_record_is_a_500_whose_text_stays_inside() -> None:
    answer = client(IntegrityError(f"row 7 {SECRET}")).get("/error", headers=EN)
    assert (answer.status_code, answer.json()["code"]) == (500, "integrity.broken")
    assert SECRET not in answer.text


def test_a_rejected_value_does_not_come_back_from_a_parameter() -> None:
    answer = client().get(f"/typed?limit={SECRET}", headers=EN)
    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert answer.json()["errors"] == [{"pointer": "query/limit", "code": "not_an_integer", "detail": "An integer is expected."}]


def test_a_rejected_value_does_not_come_back_from_an_input_error_of_the_house() -> None:
    with pytest.raises(InputError) as caught:
        parse_instant(SECRET)
    assert SECRET in str(caught.value)
    answer = client(caught.value).get("/error", headers=EN)
    assert SECRET not in answer.text
    assert "expected YYYY-MM-DDTHH:MM:SSZ" in answer.json()["detail"]


def test_places_named_by_a_service_become_errors_with_pointers() -> None:
    error = InputError("two fields are wrong", errors=(("/records/4/unit", "unit.unknown", "got 'kWhh', expected a unit of the release"),))
    problem = client(error).get("/error", headers=EN).json()
    assert problem["errors"] == [{"pointer": "/records/4/unit", "code": "unit.unknown", "detail": "got …, expected a unit of the release"}]


def test_an_unknown_path_and_a_wrong_method_are_problems_too() -> None:
    http = client()
    missing, wrong = http.get("/no/such", headers=EN), http.get("/probe", headers=EN)
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (405, "method_not_allowed", "POST")


def test_every_status_of_the_framework_has_a_kind_of_that_status() -> None:
    for status, _ in STATUS_KINDS:
        assert kind_of_status(status).status == status
    assert kind_of_status(418).code == "request.refused"
    assert kind_of_status(504).code == "server.failed"
    assert kind_of_error(ValueError()).code == "server.failed"


def test_a_traceparent_gives_the_trace_id() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    http = client(NotFound("x"))
    assert http.get("/error", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}).json()["trace_id"] == trace
    assert len(http.get("/error", headers={"traceparent": "nonsense"}).json()["trace_id"]) == 32


def test_messages_lose_quoted_and_got_pieces_only() -> None:
    assert without_values("got 7.5 kWh, expected digits") == "got …, expected digits"
    assert without_values("not a date: got '2025-13-01', expected YYYY-MM-DD") == "not a date: got …, expected YYYY-MM-DD"
    assert without_values("the key 'a' stands twice") == "the key … stands twice"
    assert without_values('write it as a string, as "12.5"') == 'write it as a string, as "12.5"'
