"""POST /v1/telemetry from outside: every refusal by its status, code and both languages; what is taken is seen by the next request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.problems.catalogue import KINDS
from api.rate import FixedWindow
from ledger.metering.body import BATCH, ENVELOPE, MAX_SIGNED_BYTES
from ledger.metering.envelope import DeviceClock, interval_reading, register_reading
from ledger.records.fields import EPOCH
from ledger.services.fsck import check_house
from ledger.store.repositories import devices, envelopes, metering
from ledger.store.tokens import create_token
from tests.api.scene import content_digest
from tests.api.test_bodies import drive
from tests.postgres import DATABASES, open_server
from tests.product import OPERATOR, Town, open_town
from tests.services.books import DAYS, add_books
from tests.services.gateways import Gateway, meter_day
from tests.towns import Template, reopen

PATH = "/v1/telemetry"
OAK = "/v1/institutions/oak"
DAY = DAYS.end // 86_400 + 2
PEOPLE = {
    "gateway": ("oak", "meter"),
    "preparer": ("oak", "preparer"),
    "approver": ("oak", "approver"),
    "elm": ("elm", "meter"),
    "auditor": (None, "auditor"),
    "homeless": (None, "preparer"),
    "librarian": ("gfc", "librarian"),
}


@dataclass
class Server:
    """A house with the books of two banks behind HTTP. Nothing derives in the background, so every derived day is the request's own."""

    town: Town
    http: TestClient
    tokens: dict[str, str] = field(default_factory=dict)
    devices: int = 0

    def gateway(self, meters: int = 1) -> tuple[Gateway, tuple[str, ...]]:
        """Enrol another gateway of oak; return it with its meters."""
        self.devices += 1
        made, names = Gateway("oak", f"GW-{self.devices}"), tuple(f"S-{self.devices}-{at}" for at in range(meters))
        with self.town.house.database.unit_of_work() as session:
            made.enrol(session, self.now, names)
        return made, names

    def send(self, body: bytes, who: str | None = "gateway", kind: str = BATCH, language: str = "en", **headers: str) -> Response:
        """Send a body; headers are written with underscores."""
        given = {"Content-Type": kind, "Accept-Language": language, **({"Authorization": self.bearer(who)} if who else {})}
        return self.http.post(PATH, content=body, headers={**given, **{name.replace("_", "-"): value for name, value in headers.items()}})

    def get(self, path: str, who: str = "preparer", **params: Any) -> Any:
        answer = self.http.get(path, params=params, headers={"Authorization": self.bearer(who), "Accept-Language": "en"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bearer(self, who: str) -> str:
        return f"Bearer {self.tokens[who]}"

    @property
    def now(self) -> int:
        return self.town.clock.now()

    def log_size(self) -> int:
        with self.town.house.database.reading() as session:
            return metering.count_telemetry(session, "oak")

    def meter(self, id: str) -> Any:
        """Return a meter as the list of meters shows it."""
        return next(item for item in self.get(f"{OAK}/meters", limit=200)["items"] if item["id"] == id)


@pytest.fixture(scope="module", params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for this module, on SQLite and on PostgreSQL; each test has a gateway and meters of its own."""
    folder = tmp_path_factory.mktemp("signed-readings")
    if request.param == "postgresql":
        with open_server() as databases, open_town(folder, database_url=databases.url_of(databases.create())) as town:
            town.found_centre()
            yield from serve(town)
        return
    centre: Template = request.getfixturevalue("centre")
    with reopen(centre, folder) as town:
        yield from serve(town)


def serve(town: Town) -> Iterator[Server]:
    for bank in ("oak", "elm"):
        add_books(town, bank)
    wide = FixedWindow(1_000_000, 60)
    with TestClient(create_app(town.house, rate=wide), raise_server_exceptions=False) as http:
        opened = Server(town, http)
        for name, (institution, role) in PEOPLE.items():
            with town.house.database.unit_of_work() as session:
                facts = {"subject": name, "institution_id": institution, "roles": [role]}
                opened.tokens[name], _ = create_token(session, expires_at=None, created_by="test", at=town.clock.now(), **facts)
        yield opened


def problem(answer: Response) -> tuple[int, str, list[str]]:
    """Return a problem's status, code and the codes of its findings, and hold it to RFC 9457."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    assert {"type", "title", "detail", "code", "trace_id"} <= set(document)
    return answer.status_code, document["code"], [item["code"] for item in document.get("findings", [])]


def refused(server: Server, expected: tuple[int, str, list[str]], body: bytes, **arguments: Any) -> Response:
    """Send a body that must be refused so, in both languages, and leave nothing in the log."""
    before = server.log_size()
    english, chinese = (server.send(body, language=language, **arguments) for language in ("en", "zh"))
    assert (problem(english), problem(chinese)) == (expected, expected)
    titles = next(kind.title for kind in KINDS if kind.code == expected[1])
    assert (english.json()["title"], chinese.json()["title"]) == (titles.en, titles.zh)
    assert (english.headers["content-language"], chinese.headers["content-language"]) == ("en", "zh")
    assert server.log_size() == before
    return english


def test_a_body_is_kept_and_its_repeat_gets_the_first_answer(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    body = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    first, size = server.send(body), server.log_size()
    assert first.status_code == 201, first.text
    assert first.headers["location"] == f"{OAK}/telemetry/{first.json()['id']}"
    shown = {name: first.json()[name] for name in ("duplicate", "sha256", "device", "seq", "contiguous", "missing", "findings")}
    assert shown == {
        "duplicate": False,
        "sha256": hashlib.sha256(body).hexdigest(),
        "device": gateway.id,
        "seq": 1,
        "contiguous": 1,
        "missing": [],
        "findings": [],
    }
    for _ in range(2):
        again = server.send(body, Content_Digest=content_digest(body))
        assert (again.status_code, again.headers["location"]) == (200, first.headers["location"])
        assert again.json() == {**first.json(), "duplicate": True, "server_time": again.json()["server_time"]}
    assert server.log_size() == size


def test_who_has_no_token_or_a_wrong_one_is_401(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    body = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    refused(server, (401, "credentials.missing", []), body, who=None)
    for value in ("Bearer never-given-out", "Basic b2s6b2s=", f"{server.bearer('gateway')}x"):
        answer = refused(server, (401, "credentials.refused", []), body, who=None, Authorization=value)
        assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_who_may_not_send_is_403_and_who_belongs_nowhere_is_told_so(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    body = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    for who in ("approver", "auditor", "librarian"):
        refused(server, (403, "forbidden", []), body, who=who)
    refused(server, (422, "input.invalid", []), body, who="homeless")
    assert server.send(body, who="preparer").status_code == 201


def test_an_unknown_key_another_banks_token_and_a_wrong_signature_are_401(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    body = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    unknown, wrong = (401, "device_key.refused", ["SIGNATURE_UNKNOWN"]), (401, "device_key.refused", ["SIGNATURE_WRONG"])
    stranger = Gateway("oak", gateway.id, Ed25519PrivateKey.generate())
    answer = refused(server, unknown, stranger.batch(meter_day(meter, DAY), sent_at=server.now))
    assert answer.headers["www-authenticate"].startswith("Signature ")
    refused(server, unknown, body, who="elm")
    refused(server, wrong, body[:-1] + bytes([body[-1] ^ 1]))
    refused(server, wrong, body[:120] + bytes([body[120] ^ 1]) + body[121:])
    other, _ = server.gateway()
    named = Gateway("oak", other.id, gateway.key)
    reading = interval_reading("el.import", "2025-04-10T00:00:00Z", "1", "kWh", meter=meter)
    refused(server, wrong, named.envelope(reading, sent_at=server.now), kind=ENVELOPE)


def test_a_revoked_key_is_403_and_what_it_signed_before_its_end_is_still_taken(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    first, second, third = (gateway.batch(meter_day(meter, DAY + at), sent_at=server.now) for at in range(3))
    assert server.send(first).status_code == 201
    with server.town.house.database.unit_of_work() as session:
        (key,) = devices.list_keys(session, "oak", gateway.id)
        devices.add_key_end(session, "oak", key.kid, last_seq=2, reason="lost", by="x", at=server.now)
    refused(server, (403, "device_key.revoked", ["KEY_REVOKED"]), third)
    assert (server.send(second).status_code, server.send(first).status_code) == (201, 200)


def test_a_second_body_under_one_number_is_409_and_kept_as_one_alarm(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    body = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    assert server.send(body).status_code == 201
    second = gateway.batch(meter_day(meter, DAY, 5), sent_at=server.now, seq=1, prev=None)
    answer = refused(server, (409, "telemetry.equivocation", ["EQUIVOCATION"]), second)
    (finding,) = answer.json()["findings"]
    assert finding["params"] == {
        "device": gateway.id,
        "boot": gateway.boot,
        "seq": "1",
        "log_index": finding["params"]["log_index"],
    }
    with server.town.house.database.reading() as session:
        alarms = [item for item in envelopes.list_alarms(session, "oak").items if item.device_id == gateway.id]
        assert [item.body for item in alarms] == [second]
    assert server.send(body).status_code == 200, "the first one stands"


def test_too_large_is_413_by_its_length_alone_and_by_its_bytes(server: Server) -> None:
    """A declared length is refused before a byte is read; a stream without one when the limit is passed, and not a block later."""
    read: list[int] = []

    def blocks() -> Iterator[bytes]:
        for number in range(1_000):
            read.append(number)
            yield bytes(65_536)

    headers = {"Content-Type": BATCH, "Authorization": server.bearer("gateway"), "Accept-Language": "en"}
    app: Any = server.http.app
    for length, most in (({"Content-Length": str(MAX_SIGNED_BYTES + 1)}, 0), ({}, MAX_SIGNED_BYTES // 65_536 + 1)):
        read.clear()
        status, body, _ = drive(app, PATH, {**headers, **length}, blocks())
        assert (status, b"body.too_large" in body) == (413, True)
        assert len(read) <= most
    answer = refused(server, (413, "body.too_large", []), bytes(MAX_SIGNED_BYTES + 1))
    assert answer.headers["connection"] == "close"
    gateway, (meter,) = server.gateway()
    large = gateway.envelope(*[interval_reading("el.import", "2025-04-10T00:00:00Z", "1", "kWh", meter=meter)] * 3_000, sent_at=server.now)
    assert len(large) > 256 * 1024
    assert problem(server.send(large, kind=ENVELOPE))[:2] == (422, "telemetry.refused"), "an envelope has a smaller limit than a batch"


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("application/json", ""), ("text/csv", ""), ("", ""), (f"{BATCH}; charset=utf-8", ""), (ENVELOPE, "gzip"), (BATCH, "zstd")],
)
def test_another_media_type_or_a_compressed_body_is_415(server: Server, kind: str, encoding: str) -> None:
    gateway, (meter,) = server.gateway()
    body = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    refused(server, (415, "media_type.unsupported", []), body, kind=kind, **({"Content_Encoding": encoding} if encoding else {}))


def test_a_body_taken_for_the_other_kind_is_422(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    batch = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    envelope = gateway.envelope(interval_reading("el.import", "2025-04-10T00:00:00Z", "1", "kWh", meter=meter), sent_at=server.now)
    for body, kind in ((batch, ENVELOPE), (envelope, BATCH)):
        status, code, findings = problem(server.send(body, kind=kind))
        assert (status, code, bool(findings)) == (422, "telemetry.refused", True)


def test_every_cut_of_a_body_is_refused_and_none_is_a_failure_of_the_server(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    batch = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    envelope = gateway.envelope(interval_reading("el.import", "2025-04-10T00:00:00Z", "1", "kWh", meter=meter), sent_at=server.now)
    before = server.log_size()
    for body, kind in ((batch, BATCH), (envelope, ENVELOPE)):
        for end in (0, 1, 4, 95, 96, len(body) // 2, len(body) - 64, len(body) - 1):
            status, code, findings = problem(server.send(body[:end], kind=kind))
            assert (status, code, bool(findings)) == (422, "telemetry.refused", True), (kind, end)
        assert problem(server.send(body + b"\n", kind=kind))[:2] == (422, "telemetry.refused")
    assert server.log_size() == before
    assert server.send(batch).status_code == 201


def test_a_client_that_leaves_in_the_middle_is_not_answered_and_nothing_is_kept(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    body, before = gateway.batch(meter_day(meter, DAY), sent_at=server.now), server.log_size()
    headers = {"Content-Type": BATCH, "Authorization": server.bearer("gateway")}
    app: Any = server.http.app
    assert drive(app, PATH, headers, iter([body[:500]]), leave=True)[::2] == (0, 0)
    assert server.log_size() == before


def test_a_digest_may_be_left_out_and_one_that_is_sent_must_be_right(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    body = gateway.batch(meter_day(meter, DAY), sent_at=server.now)
    for value in (content_digest(b"other bytes"), "sha-256=:AAAA:", "sha-256=nonsense"):
        refused(server, (400, "digest.mismatch", []), body, Content_Digest=value)
    assert server.send(body).status_code == 201


def test_readings_that_cannot_be_taken_are_422_with_every_finding(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    _, (foreign,) = server.gateway()
    tomorrow = server.now // 86_400 + 1
    wrong = [meter_day(meter, tomorrow, slots=range(90, 92)), meter_day(foreign, DAY), meter_day("nobodys", DAY)]
    expected = ["METER_OF_OTHER_DEVICE", "METER_UNKNOWN", "READING_IN_FUTURE", "READING_IN_FUTURE"]
    answer = refused(server, (422, "telemetry.refused", expected), gateway.batch(*wrong, sent_at=server.now))
    assert [item["place"] for item in answer.json()["findings"]] == ["block 1", "block 2", "block 0 slot 90", "block 0 slot 91"]
    gateway.seq = 0
    bad = interval_reading("el.import", "2025-04-10T00:07:00Z", "-1", "kWh", meter=meter)
    status, code, findings = problem(server.send(gateway.envelope(bad, sent_at=server.now), kind=ENVELOPE))
    assert (status, code, len(findings) >= 2) == (422, "telemetry.refused", True)


def test_who_sends_too_often_is_429_and_the_same_body_is_taken_later(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    bodies, clock = [gateway.batch(meter_day(meter, DAY + at), sent_at=server.now) for at in range(3)], [0.0]
    narrow = FixedWindow(2, 60, monotonic=lambda: clock[0])
    headers = {"Content-Type": BATCH, "Authorization": server.bearer("gateway"), "Accept-Language": "en"}
    with TestClient(create_app(server.town.house, telemetry_rate=narrow), raise_server_exceptions=False) as http:
        answers = [http.post(PATH, content=body, headers=headers) for body in bodies]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert problem(answers[2])[1] == "rate.exceeded"
        assert int(answers[2].headers["retry-after"]) > 0
        clock[0] = 60.0
        assert http.post(PATH, content=bodies[2], headers=headers).status_code == 201


def test_other_methods_are_refused(server: Server) -> None:
    headers = {"Authorization": server.bearer("gateway"), "Accept-Language": "en"}
    assert problem(server.http.get(PATH, headers=headers))[:2] == (405, "method_not_allowed")


def test_what_was_acknowledged_a_moment_ago_is_in_the_next_list_of_meters(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    assert (server.meter(meter)["last_day"], server.meter(meter)["measured_bp"]) == (None, None)
    for at in range(2):
        assert server.send(gateway.batch(meter_day(meter, DAY + at, slots=range(48)), sent_at=server.now)).status_code == 201
        shown = server.meter(meter)
        assert (shown["last_day"], shown["measured_bp"]) == (day_of(DAY + at), 5_000)


def test_what_was_acknowledged_a_moment_ago_is_in_the_next_gaps_findings_forecast_and_unusual_days(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    window = {"first_day": day_of(DAY + 1), "last_day": day_of(DAY + 1), "meter": meter}

    def missing() -> int:
        [item] = server.get(f"{OAK}/meter-gaps", **window)["items"]
        return int(item["shares"]["missing"])

    assert missing() == 96
    days = [meter_day(meter, DAY + at) for at in range(2)]
    assert server.send(gateway.batch(days[0], sent_at=server.now)).status_code == 201
    assert missing() == 96 - 32, "of the local day, the 32 slots that are of the UTC day before"
    assert server.send(gateway.batch(days[1], sent_at=server.now)).status_code == 201
    assert missing() == 0
    assert server.send(gateway.batch(meter_day(meter, DAY + 4), sent_at=server.now)).status_code == 201
    found = server.get(f"{OAK}/meter-findings", first_day=day_of(DAY + 1), last_day=day_of(DAY + 4), meter=meter)["findings"]
    assert "METER_GAP" in {item["code"] for item in found}
    looked_at = [server.get(f"{OAK}/meters/{meter}/anomalies")["days"]]
    assert server.send(gateway.batch(meter_day(meter, DAY + 5), sent_at=server.now)).status_code == 201
    looked_at.append(server.get(f"{OAK}/meters/{meter}/anomalies")["days"])
    assert looked_at[1] == looked_at[0] + 1
    short = server.http.get(f"{OAK}/meters/{meter}/forecast", headers={"Authorization": server.bearer("preparer"), "Accept-Language": "en"})
    # Two local days are whole: each is of two UTC days, and the last of them came a moment ago.
    assert (short.status_code, f"2 known days of {meter}" in short.json()["detail"]) == (422, True), short.text


def test_an_entry_of_the_log_says_whether_its_readings_stand_in_the_days(server: Server) -> None:
    gateway, (meter,) = server.gateway()
    reading = register_reading("el.import", "2025-04-10T00:00:00Z", "1", "kWh", meter=meter)
    answer = server.send(gateway.envelope(reading, sent_at=server.now, clock=DeviceClock("ntp", 61_000)), kind=ENVELOPE)
    assert [item["code"] for item in answer.json()["findings"]] == ["CLOCK_OFF"]
    path = answer.headers["location"]
    assert server.get(path)["derived"] is False
    server.meter(meter)
    assert server.get(path)["derived"] is True


def test_what_was_acknowledged_is_in_the_impact_of_a_release_on_every_bank(server: Server) -> None:
    """Elm's month has readings of one meter; its gateway sends those of a second, and the next preview for all banks has them."""
    gateway = Gateway("elm", "GW-elm")
    with server.town.house.database.unit_of_work() as session:
        gateway.enrol(session, server.now, ("S-elm",))
    days = [meter_day("S-elm", day) for day in DAYS.utc_days]
    release = server.get("/v1/library-releases", who="librarian")["items"][0]["hash"]
    before = server.get(f"/v1/library-releases/{release}/impact", who="librarian")["periods"]
    assert server.send(gateway.batch(*days, sent_at=server.now), who="elm").status_code == 201
    after = server.get(f"/v1/library-releases/{release}/impact", who="librarian")["periods"]
    totals = [next(item["before"]["scope2_location_g"] for item in part if item["institution"] == "elm") for part in (before, after)]
    assert int(totals[0]) < int(totals[1])


def test_the_books_are_sound_after_all_of_that(server: Server) -> None:
    with server.town.house.view(OPERATOR) as work:
        assert [item.code for item in check_house(work) if item.severity == "error"] == []


def day_of(number: int) -> str:
    return str(EPOCH + timedelta(days=number))
