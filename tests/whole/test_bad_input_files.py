"""Bad files and bad JSON at the door: each is answered with a code, a place and what to do, and nothing is stored."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
import resource
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.rate import FixedWindow
from ledger.services import telemetry
from ledger.services.context import Actor
from ledger.store.tokens import create_token
from tests.api.test_bodies import drive
from tests.product import NOW, Town, preparer
from tests.whole.books import books
from tests.whole.closed_house import BANK, METER, ClosedHouse, day_csv

HEAD = "meter,timestamp,kW\n"
TEN = "2025-03-10T10:00:00Z"
MIB = 1024 * 1024
TELEMETRY = f"/v1/institutions/{BANK}/telemetry"
ACTIVITY = f"/v1/institutions/{BANK}/periods/p0/activity"


class Door:
    """The house by its services and by HTTP; both say the same."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.http = TestClient(create_app(town.house, rate=FixedWindow(1_000_000, 60)), raise_server_exceptions=False)
        self.count = 0
        actor = preparer(BANK)
        with town.house.database.unit_of_work() as session:
            self.token, _ = create_token(
                session,
                subject=actor.subject,
                institution_id=BANK,
                roles=sorted(actor.roles),
                expires_at=None,
                created_by="test",
                at=town.clock.now(),
            )

    def headers(self, body_digest: bytes, media_type: str) -> dict[str, str]:
        self.count += 1
        return {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": f"bad-input-{self.count:04d}",
            "Content-Type": media_type,
            "Content-Digest": f"sha-256=:{base64.b64encode(body_digest).decode()}:",
            "Accept-Language": "en",
        }

    def by_service(self, body: bytes) -> tuple[bool, list[dict[str, Any]]]:
        with self.town.work(preparer(BANK)) as work:
            view = telemetry.submit_telemetry(work, BANK, telemetry.read_telemetry(work, BANK, [body], "text/csv"))
        return view.accepted, [finding.to_document() for finding in view.findings]

    def by_http(self, body: bytes) -> tuple[bool, list[dict[str, Any]]]:
        answer = self.http.post(TELEMETRY, content=body, headers=self.headers(hashlib.sha256(body).digest(), "text/csv"))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["accepted"], answer.json()["findings"]

    def send_json(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        answer = self.http.post(path, content=body, headers=self.headers(hashlib.sha256(body).digest(), "application/json"))
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def door(one_statement: ClosedHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with one_statement.copy(tmp_path_factory.mktemp("door") / "house").open() as town:
        opened = Door(town)
        with opened.http:
            yield opened


def iso(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


TOMORROW = iso(NOW // 900 * 900 + 86_400)

# What comes in; the code that answers, and where it points.
BAD_CSV: list[tuple[str, bytes, str, str]] = [
    ("a wrong header", b"zaehler,zeit,kW\n" + f"{METER},{TEN},1\n".encode(), "CSV_HEADER", "line 1 column 1"),
    ("a header without a unit", f"meter,timestamp\n{METER},{TEN}\n".encode(), "CSV_HEADER", "line 1 column 2"),
    ("a header in other units", f"meter,timestamp,joule\n{METER},{TEN},1\n".encode(), "CSV_HEADER", "line 1 column 3"),
    ("a comma decimal", f"{HEAD}{METER},{TEN},1,25\n".encode(), "VALUE_COMMA_DECIMAL", "line 2 column 3"),
    ("a repeated quarter-hour", f"{HEAD}{METER},{TEN},1\n{METER},{TEN},2\n".encode(), "READING_REPEATED", "line 3 column 2"),
    (
        "a repeated quarter-hour in another zone",
        f"{HEAD}{METER},{TEN},1\n{METER},2025-03-10T18:00:00+08:00,2\n".encode(),
        "READING_REPEATED",
        "line 3 column 2",
    ),
    ("a negative value", f"{HEAD}{METER},{TEN},-0.01\n".encode(), "VALUE_NEGATIVE", "line 2 column 3"),
    ("a future date", f"{HEAD}{METER},{TOMORROW},1\n".encode(), "TIMESTAMP_FUTURE", "line 2 column 2"),
    ("an unknown meter", f"{HEAD}M-404,{TEN},1\n".encode(), "METER_UNKNOWN", "line 2 column 1"),
    ("an instant off the grid", f"{HEAD}{METER},2025-03-10T10:07:00Z,1\n".encode(), "TIMESTAMP_OFF_GRID", "line 2 column 2"),
    ("an instant without a zone", f"{HEAD}{METER},2025-03-10T10:00:00,1\n".encode(), "TIMESTAMP_INVALID", "line 2 column 2"),
    ("a day that is none", f"{HEAD}{METER},2025-02-30T10:00:00Z,1\n".encode(), "TIMESTAMP_INVALID", "line 2 column 2"),
    ("a number in words", f"{HEAD}{METER},{TEN},one\n".encode(), "VALUE_NOT_A_NUMBER", "line 2 column 3"),
    ("NaN", f"{HEAD}{METER},{TEN},NaN\n".encode(), "VALUE_NOT_A_NUMBER", "line 2 column 3"),
    ("an exponent", f"{HEAD}{METER},{TEN},1e3\n".encode(), "VALUE_NOT_A_NUMBER", "line 2 column 3"),
    ("finer than a milliwatt-hour", f"{HEAD}{METER},{TEN},0.0000001\n".encode(), "VALUE_TOO_FINE", "line 2 column 3"),
    ("GB18030 bytes of an unknown meter", HEAD.encode() + f"电表一,{TEN},1\n".encode("gb18030"), "METER_UNKNOWN", "line 2 column 1"),
    ("a GB18030 header", f"电表,时间,千瓦\n{METER},{TEN},1\n".encode("gb18030"), "CSV_ENCODING", "line 1 column 1"),
    ("bytes of no encoding", HEAD.encode() + b"\xff\xff\xff\n", "CSV_ENCODING", "line 2 column 1"),
    ("UTF-16", codecs.BOM_UTF16_LE + HEAD.encode("utf-16-le"), "CSV_ENCODING", "line 1 column 1"),
    ("an empty file", b"", "CSV_EMPTY", "file"),
    ("a header and nothing else", HEAD.encode(), "CSV_EMPTY", "file"),
    ("a reading that contradicts a stored one", day_csv(datetime(2025, 3, 1).date(), "7"), "EQUIVOCATION", f"meter {METER}"),  # noqa: DTZ001
    ("one bad line under many good ones", day_csv(datetime(2025, 3, 11).date()) + b"M-1,x,1\n", "TIMESTAMP_INVALID", "line 98 column 2"),  # noqa: DTZ001
]


@pytest.mark.parametrize("through", ["service", "http"])
@pytest.mark.parametrize(("body", "code", "place"), [pytest.param(*case[1:], id=case[0]) for case in BAD_CSV])
def test_a_bad_csv_is_answered_with_a_clear_finding_and_nothing_is_stored(
    door: Door, body: bytes, code: str, place: str, through: str
) -> None:
    before = books(door.town)
    accepted, findings = (door.by_service if through == "service" else door.by_http)(body)
    assert not accepted
    found = [finding for finding in findings if finding["code"] == code]
    assert found, findings
    assert found[0]["severity"] == "error"
    assert place in found[0]["place"]
    assert len(found[0]["action"]) > 10
    assert found[0]["got"]
    assert books(door.town) == before


def test_all_findings_of_a_file_come_at_once(door: Door) -> None:
    lines = [f"M-404,{TEN},1", f"{METER},{TEN},-1", f"{METER},{TOMORROW},1", f"{METER},{TEN},1,5"]
    accepted, findings = door.by_service((HEAD + "\n".join(lines) + "\n").encode())
    assert not accepted
    codes = {finding["code"] for finding in findings if finding["severity"] == "error"}
    assert codes >= {"METER_UNKNOWN", "VALUE_NEGATIVE", "TIMESTAMP_FUTURE", "VALUE_COMMA_DECIMAL"}


ACCEPTED_CSV: list[tuple[str, str, str, str, int]] = [
    # A quarter-hour left out, one said twice alike, GB18030 that can be read: warned of, stored, and a gap stays a gap.
    ("a missing quarter-hour", "20", "READINGS_MISSING", "warning", 95),
    ("a quarter-hour twice alike", "21", "DUPLICATE_SAME", "warning", 96),
]


@pytest.mark.parametrize(("day", "code", "severity", "slots"), [pytest.param(*case[1:], id=case[0]) for case in ACCEPTED_CSV])
def test_a_gap_and_an_echo_are_told_and_stored_as_what_they_are(door: Door, day: str, code: str, severity: str, slots: int) -> None:
    start = datetime(2025, 3, int(day), tzinfo=UTC)
    lines = [f"{METER},{iso(int((start + timedelta(minutes=15 * slot)).timestamp()))},1.5" for slot in range(96)]
    lines = lines[:40] + lines[41:] if code == "READINGS_MISSING" else [*lines, lines[7]]
    accepted, findings = door.by_service((HEAD + "\n".join(lines) + "\n").encode())
    assert accepted
    assert [(finding["code"], finding["severity"]) for finding in findings] == [(code, severity)]
    with door.town.house.view(preparer(BANK)) as work:
        from ledger.store.repositories import metering

        number = int(start.timestamp()) // 86_400
        (stored,) = metering.iterate_meter_days(work.session, BANK, METER, number, number)
    assert sum(flag != 0 for flag in stored.quality) == slots


@pytest.mark.parametrize("through", ["service", "http"])
def test_200_megabytes_of_one_line_are_refused_in_bounded_memory(door: Door, through: str) -> None:
    block, blocks = b"8" * 65_536, 3_200
    before = books(door.town)
    hasher = hashlib.sha256()
    for _ in range(blocks):
        hasher.update(block)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = 0

    def stream() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(blocks):
            taken += 1
            yield block

    if through == "service":
        with door.town.work(preparer(BANK)) as work:
            view = telemetry.submit_telemetry(work, BANK, telemetry.read_telemetry(work, BANK, stream(), "text/csv"))
        accepted, findings = view.accepted, [finding.to_document() for finding in view.findings]
        assert taken < 10, "reading stopped at the first piece that was too long"
    else:
        status, body, _ = drive(door.http.app, TELEMETRY, door.headers(hasher.digest(), "text/csv"), stream())  # type: ignore[arg-type]
        assert status == 200, body
        accepted, findings = json.loads(body)["accepted"], json.loads(body)["findings"]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024
    assert grown < 64, f"{grown:.0f} MiB"
    assert not accepted
    assert [(finding["code"], finding["place"]) for finding in findings] == [("CSV_LINE_TOO_LONG", "line 1 column 1")]
    assert "one reading per line" in findings[0]["action"]
    assert len(json.dumps(findings)) < 2_000, "the line is not repeated"
    assert books(door.town) == before


def document(change: Callable[[str], str] = lambda text: text) -> bytes:
    """An activity document as text, changed."""
    text = (
        '{"schema":"lingtan.activity/1","institution":"bank",'
        '"period":{"id":"p0","start":"2025-03-01T00:00:00Z","end":"2025-03-02T00:00:00Z","timezone":"UTC"},'
        '"records":[],"declared_totals":[],"factor_choices":[]}'
    )
    return change(text).encode()


BAD_JSON: list[tuple[str, bytes, str]] = [
    ("a key twice", document(lambda text: text.replace('"records"', '"institution":"bank","records"')), "twice in one object"),
    ("a key twice deep inside", document(lambda text: text.replace('"id":"p0"', '"id":"p0","id":"p1"')), "twice in one object"),
    ("NaN", document(lambda text: text.replace("[]", "[NaN]", 1)), "NaN"),
    ("Infinity", document(lambda text: text.replace("[]", "[-Infinity]", 1)), "Infinity"),
    ("a fraction", document(lambda text: text.replace("[]", "[1.5]", 1)), "a number with a fraction"),
    ("an exponent", document(lambda text: text.replace("[]", "[1e3]", 1)), "or an exponent"),
    ("an integer beyond 2^53", document(lambda text: text.replace("[]", "[9007199254740993]", 1)), "beyond 2^53"),
    ("text after the end", document(lambda text: text + "{}"), "column"),
    ("a byte order mark", codecs.BOM_UTF8 + document(), "byte order mark"),
    ("GB18030 bytes", '{"schema":"活动"}'.encode("gb18030"), "UTF-8"),
    ("nesting without end", b"[" * 100_000, "nested"),
    ("a lone surrogate", document(lambda text: text.replace('"bank"', '"\\ud800"')), "surrogate"),
    ("an empty body", b"", "JSON"),
    ("half a document", document()[:60], "JSON"),
]


@pytest.mark.parametrize(("body", "said"), [pytest.param(*case[1:], id=case[0]) for case in BAD_JSON])
def test_bad_json_is_a_problem_that_says_what_and_where_and_nothing_is_stored(door: Door, body: bytes, said: str) -> None:
    before = books(door.town)
    status, problem = door.send_json(ACTIVITY, body)
    assert status == 400, problem
    assert problem["code"] == "input.malformed"
    assert said.lower() in json.dumps(problem, ensure_ascii=False).lower(), problem
    assert books(door.town) == before


def test_a_field_of_the_wrong_form_is_found_by_its_pointer(door: Door) -> None:
    before = books(door.town)
    bad = document(lambda text: text.replace('"factor_choices":[]', '"factor_choices":{},"extra":1'))
    status, answer = door.send_json(ACTIVITY, bad)
    findings = answer.get("findings", answer.get("errors"))
    assert status in (200, 422), answer
    assert {"/factor_choices", "/extra"} <= {finding.get("place", finding.get("pointer")) for finding in findings}
    assert books(door.town) == before


def test_a_stranger_and_a_neighbour_learn_nothing(door: Door, tmp_path: Path) -> None:
    from ledger.errors import NotFound

    before = books(door.town)
    stranger = Actor("other.preparer", "other", frozenset({"preparer"}))
    with pytest.raises(NotFound) as refused, door.town.work(stranger) as work:
        telemetry.read_telemetry(work, BANK, [day_csv(datetime(2025, 3, 5).date())], "text/csv")  # noqa: DTZ001
    assert refused.value.hint
    assert books(door.town) == before
