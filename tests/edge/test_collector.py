"""A simulated collector of a building over a real socket, and everything hostile that may come instead of one."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import FixedClock
from ledger.edge.collector import CollectorKey, CollectorListener
from ledger.edge.collector_frame import BlockCipher, CollectorRefused, FrameType, pack, read_head
from ledger.edge.collector_report import (
    CollectorValue,
    Message,
    Party,
    is_login,
    login_digest,
    read_message,
    read_time,
    write_time,
)
from ledger.errors import Conflict
from tests.edge.simulated_collector import BUILDING, GATEWAY, Collector, document, report

NOW = 1_795_305_600  # 2026-11-22T00:00:00Z, 08:00 in Huzhou
TIME = "20261122080000"
KEY = b"a key of the house"
CIPHER = BlockCipher(b"0123456789abcdef", b"fedcba9876543210")
VALUES = {("001", "WPP"): "123456.78", ("002", "WPP"): "0.05"}


class Kept:
    """Takes messages as the queue will: once told to be full, it refuses."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.full = False

    def __call__(self, message: Message) -> None:
        if self.full:
            raise Conflict("QUEUE_FULL: no room")
        self.messages.append(message)


@contextmanager
def listening(kept: Kept, cipher: BlockCipher | None = None, told: list[str] | None = None, **seconds: float) -> Iterator[Collector]:
    numbers = count(1)
    listener = CollectorListener(
        "127.0.0.1",
        0,
        (CollectorKey(Party(BUILDING, GATEWAY), KEY, cipher),),
        kept,
        clock=FixedClock(NOW),
        challenge=lambda: f"challenge{next(numbers)}",
        tell=(told if told is not None else []).append,
        **seconds,
    )
    listener.start()
    collector = Collector(listener.port, KEY, cipher)
    collector.connect()
    try:
        yield collector
    finally:
        collector.close()
        listener.close()


@pytest.mark.parametrize("cipher", [None, CIPHER])
def test_a_collector_logs_in_and_its_report_becomes_values(cipher: BlockCipher | None) -> None:
    kept = Kept()
    with listening(kept, cipher) as collector:
        assert collector.log_in() == "pass"
        answer = fromstring(collector.exchange(FrameType.DATA, report(VALUES, TIME, "42")))
    assert answer.findtext("common/type") == "report_ack"
    assert answer.find("data").get("operation") == "report_ack"
    assert [answer.findtext(f"data/{name}") for name in ("sequence", "time", "ack")] == ["42", TIME, "OK"]
    assert kept.messages[0].values == tuple(CollectorValue(meter, code, NOW, value) for (meter, code), value in VALUES.items())


def test_the_bytes_on_the_wire_are_not_readable_where_a_key_is_configured() -> None:
    frame = pack(FrameType.DATA, report(VALUES, TIME), CIPHER)
    assert b"123456.78" not in frame
    assert frame[:3] == b"\x1f\x1f\x03"
    assert struct.unpack(">I", frame[3:7]) == (len(frame) - 7,)
    assert len(frame) % 16 == 7


def test_the_login_is_md5_of_key_and_sequence() -> None:
    # RFC 1321 A.5: MD5 ("message digest") = f96b697d7cb7938d525a2f31aaf161d0
    assert login_digest(b"message ", "digest") == "f96b697d7cb7938d525a2f31aaf161d0"
    assert is_login(b"key", "sequence", login_digest(b"key", "sequence"))
    assert not is_login(b"key", "sequence", login_digest(b"other", "sequence"))
    assert not is_login(b"key", "sequence", "ｅ")


def test_a_heart_beat_is_answered_with_the_time() -> None:
    with listening(Kept()) as collector:
        collector.log_in()
        answer = fromstring(collector.exchange(FrameType.HEART_BEAT, document('<heart_beat operation="notify"/>', "notify")))
    assert answer.find("heart_beat").get("operation") == "time"
    assert answer.findtext("heart_beat/time") == TIME


def test_a_full_queue_is_not_acknowledged_and_the_collector_sends_it_again() -> None:
    kept, told = Kept(), list[str]()
    with listening(kept, told=told) as collector:
        collector.log_in()
        collector.waiting = [report(VALUES, TIME, str(number)) for number in range(3)]
        kept.full = True
        assert collector.flush() == 0
        kept.full = False
        assert collector.flush() == 3
    assert [message.sequence for message in kept.messages] == ["0", "1", "2"]
    assert "QUEUE_FULL" in told[0]


def test_a_continued_report_after_an_outage_is_acknowledged_as_such() -> None:
    kept = Kept()
    with listening(kept) as collector:
        collector.log_in()
        answer = fromstring(collector.exchange(FrameType.DATA, report(VALUES, "20261101080000", operation="continuous")))
    assert answer.findtext("common/type") == "continuous_ack"
    assert kept.messages[0].values[0].at == NOW - 21 * 86_400


def test_a_wrong_key_does_not_log_in_and_three_failures_end_the_connection() -> None:
    told: list[str] = []
    with listening(Kept(), told=told) as collector:
        collector.key = b"another key"
        assert [collector.log_in() for _ in range(3)] == ["fail"] * 3
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            collector.log_in()
    assert len(told) == 3


def test_a_challenge_is_good_for_one_answer() -> None:
    with listening(Kept()) as collector:
        assert collector.answer(login_digest(KEY, "")) == "fail"
        assert collector.log_in() == "pass"
        assert collector.answer(login_digest(KEY, "challenge1")) == "fail"


@pytest.mark.parametrize("name", ["building", "gateway"])
def test_an_unknown_building_or_gateway_does_not_log_in(name: str) -> None:
    with listening(Kept()) as collector:
        setattr(collector, name, "unknown")
        assert collector.log_in() == "fail"


def test_nothing_is_taken_before_the_login() -> None:
    kept, told = Kept(), list[str]()
    with listening(kept, told=told) as collector, pytest.raises(ConnectionResetError):
        collector.send(report(VALUES, TIME))
    assert kept.messages == []
    assert told == ["COLLECTOR_LOGIN: data before the login"]


def test_a_report_for_another_building_is_not_taken() -> None:
    kept = Kept()
    with listening(kept) as collector:
        collector.log_in()
        with pytest.raises(ConnectionResetError):
            collector.send(report(VALUES, TIME).replace(BUILDING.encode(), b"330500B002"))
    assert kept.messages == []


def test_a_report_of_the_future_is_not_acknowledged() -> None:
    kept, told = Kept(), list[str]()
    with listening(kept, told=told) as collector:
        collector.log_in()
        assert collector.send(report(VALUES, "20261122080500")) == "OK"
        assert collector.send(report(VALUES, "20261122080501")) == "ERROR"
    assert len(kept.messages) == 1
    assert told[0].startswith("COLLECTOR_CLOCK")


def test_another_key_of_the_cipher_ends_the_connection() -> None:
    told: list[str] = []
    with listening(Kept(), CIPHER, told) as collector:
        collector.log_in()
        collector.cipher = BlockCipher(bytes(16), bytes(16))
        with pytest.raises(ConnectionResetError):
            collector.send(report(VALUES, TIME))
    assert told[0].split(":")[0] in ("COLLECTOR_CIPHER", "COLLECTOR_XML")


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.0\r\n\r\n", b"\x1f\x1f\x01\xff\xff\xff\xff", b"\x1f\x1f\x09\x00\x00\x00\x00", b"\x1f\x1f\x01\x00\x00\x00\x05hello"],
)
def test_what_is_no_frame_ends_the_connection(data: bytes) -> None:
    told: list[str] = []
    with listening(Kept(), told=told) as collector:
        collector.socket.sendall(data)
        with pytest.raises(ConnectionResetError):
            collector.receive()
    assert told[0].startswith(("COLLECTOR_FRAME", "COLLECTOR_XML"))


def test_connections_beyond_the_limit_are_turned_away_and_the_others_go_on() -> None:
    told: list[str] = []
    with listening(Kept(), told=told) as collector:
        assert collector.log_in() == "pass"
        more = [socket.create_connection(("127.0.0.1", collector.port), 10) for _ in range(40)]
        ended = sum(1 for each in more[31:] if each.recv(1) == b"")
        assert ended == 9
        assert collector.send(report(VALUES, TIME)) == "OK"
        for each in more:
            each.close()


# What the XML may hold.


def refused(data: bytes) -> str:
    with pytest.raises(CollectorRefused) as refusal:
        read_message(data)
    return refusal.value.reason


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><root>&b;</root>'
FILE = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><root>&f;</root>'
NETWORK = b'<?xml version="1.0"?><!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><root/>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no xml",
        LAUGHS,
        FILE,
        NETWORK,
        b"<root>",
        b"<root/>",
        b"<other/>",
        b'<?xml version="1.0" encoding="no-such"?><root/>',
        b"\xff\xfe<\x00r\x00",
        b"<a>" * 200_000,
        document("<data/>"),
        document('<data operation="delete"><sequence>1</sequence></data>'),
        document('<data operation="report"><sequence>1</sequence></data>'),
        report(VALUES, "20261131080000"),
        report(VALUES, "2026-11-22 08:00"),
        report(VALUES, TIME, sequence=""),
        report(VALUES, TIME, sequence="&lt;x&gt;"),
        report({(str(number), "WPP"): "1" for number in range(2001)}, TIME),
        report(VALUES, TIME).replace(BUILDING.encode(), b"a b"),
        report(VALUES, TIME).replace(BUILDING.encode(), b"x" * 65),
    ],
)
def test_hostile_or_broken_xml_is_refused(data: bytes) -> None:
    assert refused(data) == "COLLECTOR_XML"


def test_a_deep_document_within_the_limit_of_a_report_does_not_end_the_process() -> None:
    deep = b"<a>" * 140_000 + b"</a>" * 140_000
    assert refused(document("").replace(b"</root>", deep + b"</root>")) == "COLLECTOR_XML"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("", "192"),
        ("-1", "192"),
        ("1e3", "192"),
        ("1,5", "192"),
        ("NaN", "192"),
        ("12.5", "0"),
        ("12.5", ""),
        ("１２", "192"),
        ("9" * 13, "192"),
    ],
)
def test_a_value_that_is_not_good_is_no_reading_and_is_told(value: str, error: str) -> None:
    message = read_message(report({("009", "WPP"): value}, TIME, error=error))
    assert [finding.code for finding in message.findings] == ["COLLECTOR_ERROR"]
    assert message.findings[0].severity == "warning"


def test_the_good_values_beside_a_bad_one_are_taken() -> None:
    message = read_message(report({("001", "WPP"): "1.5", ("002", "WPP"): "broken"}, TIME))
    assert [value.meter for value in message.values] == ["001"]
    assert [finding.place for finding in message.findings] == ["meter 002 function WPP"]


def test_values_that_the_collector_did_not_parse_are_no_readings() -> None:
    message = read_message(report(VALUES, TIME).replace(b"<parser>yes", b"<parser>no"))
    assert message.values == ()
    assert len(message.findings) == 2


def test_meters_may_stand_in_an_element_of_their_own() -> None:
    wrapped = report(VALUES, TIME).replace(b"</time>", b"</time><meters>").replace(b"</data>", b"</meters></data>")
    assert len(read_message(wrapped).values) == 2


def test_times_are_local_and_survive() -> None:
    assert read_time(TIME) == NOW
    assert write_time(NOW) == TIME
    assert read_time("20260230000000") is None


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        read_message(data)
    except CollectorRefused:
        return


@given(st.binary(min_size=7, max_size=7))
def test_a_head_is_refused_or_within_the_limit(data: bytes) -> None:
    try:
        kind, length = read_head(data, 4096)
    except CollectorRefused:
        return
    assert kind in (1, 2, 3)
    assert length <= 4096


@given(st.binary(max_size=100))
def test_the_cipher_gives_back_what_it_took(data: bytes) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(data)) == data


def trickle(collector: Collector, data: bytes, seconds: float) -> float:
    """Send a byte every twentieth of a second until the other side hangs up; return when it did, at most `seconds`."""
    started = time.monotonic()
    collector.socket.settimeout(0.05)
    for byte in data:
        if time.monotonic() - started > seconds:
            break
        try:
            collector.socket.sendall(bytes([byte]))
            if collector.socket.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - started


def test_bytes_that_trickle_in_hold_no_place_longer_than_a_login_may_take() -> None:
    with listening(Kept(), login_seconds=0.5) as collector:
        assert trickle(collector, pack(FrameType.LOGIN, b"x" * 4000), 8) < 4
        # Challenges may be asked for in time, again and again: the deadline is that of the whole login.
        collector.connect()
        asked = document('<id_validate operation="request"/>', "request")
        started = time.monotonic()
        with pytest.raises(OSError, match=r"hung up|reset|Broken pipe"):  # noqa: PT012
            while time.monotonic() - started < 8:
                collector.exchange(FrameType.LOGIN, asked)
                time.sleep(0.1)
        assert time.monotonic() - started < 4


def test_a_frame_that_trickles_in_after_the_login_has_a_deadline_too_and_a_pause_between_frames_has_not() -> None:
    kept = Kept()
    with listening(kept, login_seconds=0.5, frame_seconds=0.5) as collector:
        assert collector.log_in() == "pass"
        time.sleep(1.0)
        assert collector.send(report(VALUES, TIME)) == "OK"
        assert trickle(collector, pack(FrameType.DATA, b"x" * 4000), 8) < 4
    assert len(kept.messages) == 1
