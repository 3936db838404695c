"""The gate: token, rate, role, tenant, key, and only then the body."""

from __future__ import annotations

from fastapi.testclient import TestClient

from api.app import create_app
from api.rate import FixedWindow
from ledger.store.tokens import create_token, find_access, revoke_token
from tests.api.scene import Scene


def new_token(city: Scene, *, expires_at: int | None = None) -> str:
    with city.house.database.unit_of_work() as session:
        secret, _ = create_token(
            session,
            subject="somebody",
            institution_id="bank-a",
            roles=["preparer"],
            expires_at=expires_at,
            created_by="test",
            at=city.house.clock.now(),
        )
    return secret


def test_me_tells_who_the_token_is(city: Scene) -> None:
    assert city.get("preparer", "/v1/me").json() == {"subject": "preparer", "institution": "bank-a", "roles": ["preparer"]}
    assert city.get("operator", "/v1/me").json()["institution"] is None


def test_a_revoked_token_is_refused_at_once(city: Scene) -> None:
    secret = new_token(city)
    headers = {"Authorization": f"Bearer {secret}"}
    assert city.send(None, "GET", "/v1/me", headers=dict(headers)).status_code == 200
    with city.house.database.unit_of_work() as session:
        access = find_access(session, secret, now=city.house.clock.now())
        assert access is not None
        revoke_token(session, access.token_id, revoked_by="test", reason="lost", at=city.house.clock.now())
    answer = city.send(None, "GET", "/v1/me", headers=dict(headers))
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials.refused")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_an_expired_token_is_refused(city: Scene) -> None:
    secret = new_token(city, expires_at=city.house.clock.now() - 1)
    assert city.send(None, "GET", "/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_the_answer_does_not_tell_why_a_token_is_refused_nor_repeat_it(city: Scene) -> None:
    expired, unknown = new_token(city, expires_at=1), "lingtan_" + "5" * 64
    answers = [city.send(None, "GET", "/v1/me", headers={"Authorization": f"Bearer {token}"}) for token in (expired, unknown)]
    first, second = ({key: value for key, value in answer.json().items() if key != "trace_id"} for answer in answers)
    assert first == second
    assert expired not in answers[0].text


def test_a_token_is_limited_and_told_what_is_left(city: Scene) -> None:
    http = TestClient(create_app(city.house, rate=FixedWindow(2, 3600)), headers={"Accept-Language": "en"})
    mine, other = ({"Authorization": f"Bearer {city.tokens[name]}"} for name in ("preparer", "approver"))
    answers = [http.get("/v1/me", headers=mine) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[1].headers["ratelimit"].startswith('"token";r=0;t=')
    assert answers[2].json()["code"] == "rate.exceeded"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 3600
    assert http.get("/v1/me", headers=other).status_code == 200


def test_a_wrong_role_is_told_before_the_body_is_looked_at(city: Scene) -> None:
    answer = city.send("approver", "POST", "/v1/institutions/bank-a/periods", content=b"\xff", headers={"Content-Type": "text/html"})
    assert answer.status_code == 403


def test_a_creating_post_needs_a_key_of_a_sensible_form(city: Scene) -> None:
    path = "/v1/institutions/bank-a/periods"
    for key in ("", "short", "with blank 123", "x" * 129):
        answer = city.send("preparer", "POST", path, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.key_missing"), key


def test_an_answer_about_a_bank_is_never_kept_by_a_cache(city: Scene) -> None:
    assert city.get("preparer", "/v1/me").headers["cache-control"] == "no-store"


def test_readiness_names_the_part_that_failed_and_hides_why(city: Scene) -> None:
    app = create_app(city.house)
    http = TestClient(app, headers={"Accept-Language": "en"})
    assert http.get("/readyz").status_code == 200

    class DeadRelay:
        def alive(self) -> bool:
            return False

    app.state.relay = DeadRelay()
    answer = http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["errors"] == [{"pointer": "relay", "code": "failed", "detail": "this part is not ready"}]
