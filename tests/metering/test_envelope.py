"""Envelopes: what is written is read again; every fault is named at its place; the signed bytes are a slice of the body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.metering.device_signature import is_signed_by, key_id_of
from ledger.metering.envelope import DeviceClock, interval_reading, read_envelope, register_reading, write_envelope
from ledger.records import canonical

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
READINGS = (
    interval_reading("el.import", "2026-03-01T00:00:00Z", "12.5", "kWh", meter="M-1"),
    interval_reading("el.import", "2026-03-01T08:15:00+08:00", "50", "kW", meter="M-1", quality="E"),
    register_reading("el.import", "2026-03-01T00:07:00Z", "123456.78", "kWh"),
    {**interval_reading("gas.volume", "2026-03-01T00:00:00Z", "1.234", "m3", meter="G-1"), "hist": True},
)


def envelope(readings: Any = READINGS, **other: Any) -> bytes:
    fields: dict[str, Any] = {"device": "GW-1", "boot": "b0", "seq": 7, "prev": "ab" * 32, "sent_at_ms": 1_772_323_200_123}
    return write_envelope(KEY, **{**fields, "clock": DeviceClock("ntp", -12), "readings": readings, **other})


def resign(document: dict[str, Any]) -> bytes:
    message = canonical.dump({name: value for name, value in document.items() if name != "sig"})
    return canonical.dump({**document, "sig": {"kid": key_id_of(KEY), "value": KEY.sign(message).hex()}})


def codes(body: bytes) -> list[tuple[str, str]]:
    read, findings = read_envelope(body)
    assert (read is None) == bool(findings)
    return [(finding.code, finding.place) for finding in findings]


def test_what_is_written_is_read_as_columns() -> None:
    read, findings = read_envelope(envelope())
    assert findings == ()
    assert read is not None
    assert [(meter, quantity.value) for meter, quantity in read.names] == [("M-1", "el.import"), (None, "el.import"), ("G-1", "gas.volume")]
    assert read.name.tolist() == [0, 0, 1, 2]
    assert read.register.tolist() == [False, False, True, False]
    assert read.times.tolist() == [1_772_323_200, 1_772_324_100, 1_772_323_620, 1_772_323_200]
    assert read.values.tolist() == [12_500_000, 12_500_000, 123_456_780_000, 1_234]
    assert read.quality.tolist() == [1, 2, 1, 1]
    identity = read.identity
    assert (identity.device, identity.boot, identity.seq, identity.prev) == ("GW-1", "b0", 7, "ab" * 32)
    assert (identity.sent_at_ms, identity.clock, identity.kid) == (1_772_323_200_123, DeviceClock("ntp", -12), key_id_of(KEY))


def test_the_signed_bytes_are_the_canonical_ones_of_everything_but_the_signature() -> None:
    body = envelope()
    read, _ = read_envelope(body)
    assert read is not None
    document = json.loads(body)
    del document["sig"]
    assert read.identity.message == canonical.dump(document)
    assert is_signed_by(PUBLIC, read.identity.signature, read.identity.message)
    assert not is_signed_by(PUBLIC, read.identity.signature, read.identity.message + b" ")
    assert not is_signed_by(bytes(32), read.identity.signature, read.identity.message)


def test_other_bytes_than_the_canonical_ones_are_refused() -> None:
    body = envelope()
    assert codes(body.replace(b'"boot":', b'"boot": ')) == [("ENVELOPE_NOT_CANONICAL", "envelope")]
    assert codes(body.replace(b'"seq":7', b'"seq":7,"seq":7')) == [("ENVELOPE_NOT_CANONICAL", "envelope")]
    assert codes(body.replace(b'"seq":7', b'"seq":7.0')) == [("ENVELOPE_UNREADABLE", "envelope")]
    assert codes(body[:-1]) == [("ENVELOPE_UNREADABLE", "envelope")]
    assert codes(b"\xff" + body) == [("ENVELOPE_UNREADABLE", "envelope")]
    assert codes(b"[" * 100_000) == [("ENVELOPE_UNREADABLE", "envelope")]
    assert codes(b'{"a":' * 50_000) == [("ENVELOPE_UNREADABLE", "envelope")]
    assert codes(b"[]") == [("ENVELOPE_NOT_CANONICAL", "envelope")]


def test_an_envelope_too_large_is_refused_before_it_is_read() -> None:
    assert codes(b" " * (256 * 1024 + 1)) == [("BODY_TOO_LARGE", "envelope")]
    assert codes(envelope([READINGS[0]] * 1001)) == [("READINGS_COUNT", "/readings")]
    assert codes(envelope([])) == [("READINGS_COUNT", "/readings")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"boot": "b_0"}, [("FIELD_INVALID", "/boot")]),
        ({"device": ""}, [("FIELD_INVALID", "/device")]),
        ({"prev": "AB" * 32}, [("FIELD_INVALID", "/prev")]),
        ({"seq": 0}, [("FIELD_INVALID", "/seq")]),
        ({"seq": True}, [("FIELD_INVALID", "/seq")]),
        ({"schema": "lingtan.readings/2"}, [("FIELD_INVALID", "/schema")]),
        ({"sent_at": "2026-03-01 00:00:00Z"}, [("FIELD_INVALID", "/sent_at")]),
        ({"clock": {"offset_ms": "0", "source": "sundial"}}, [("FIELD_INVALID", "/clock/offset_ms"), ("FIELD_INVALID", "/clock/source")]),
        ({"clock": {"source": "ntp"}}, [("FIELD_INVALID", "/clock"), ("FIELD_INVALID", "/clock/offset_ms")]),
        ({"extra": 1}, [("FIELD_UNKNOWN", "/extra")]),
    ],
)
def test_every_wrong_member_is_named(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(resign({**json.loads(envelope()), **change})) == expected


def test_all_findings_come_at_once() -> None:
    document = json.loads(envelope())
    del document["device"]
    document["readings"][1]["v"] = "-1"
    document["readings"][3]["q"] = "soot"
    assert codes(resign({**document, "seq": -1})) == [
        ("FIELD_MISSING", "/device"),
        ("FIELD_INVALID", "/seq"),
        ("VALUE_NEGATIVE", "/readings/1/v"),
        ("FIELD_INVALID", "/readings/3/q"),
    ]


@pytest.mark.parametrize(
    ("reading", "change", "expected"),
    [
        (0, {"t": "2026-03-01T00:01:00Z"}, [("TIMESTAMP_OFF_GRID", "t")]),
        (0, {"t": "2026-03-01T00:00:00"}, [("TIMESTAMP_INVALID", "t")]),
        (0, {"t": "2026-03-01T00:00:00.500Z"}, [("TIMESTAMP_INVALID", "t")]),
        (0, {"t": "2026-02-30T00:00:00Z"}, [("TIMESTAMP_INVALID", "t")]),
        (0, {"p": "PT1H"}, [("FIELD_INVALID", "p")]),
        (2, {"p": "PT15M"}, [("FIELD_INVALID", "p")]),
        (2, {"u": "kW"}, [("FIELD_INVALID", "u")]),
        (0, {"u": "m3"}, [("FIELD_INVALID", "u")]),
        (0, {"s": "X"}, [("FIELD_INVALID", "s")]),
        (0, {"k": "guess"}, [("FIELD_INVALID", "k"), ("FIELD_INVALID", "p")]),
        (0, {"m": "no meter"}, [("FIELD_INVALID", "m")]),
        (0, {"m": None}, [("FIELD_INVALID", "m")]),
        (0, {"hist": False}, [("FIELD_INVALID", "hist")]),
        (3, {"hist": 1}, [("FIELD_INVALID", "hist")]),
        (0, {"v": 12}, [("VALUE_NOT_A_NUMBER", "v")]),
        (0, {"v": "1e3"}, [("VALUE_NOT_A_NUMBER", "v")]),
        (0, {"v": "0.0000001"}, [("VALUE_TOO_FINE", "v")]),
        (0, {"v": "10000001"}, [("VALUE_TOO_LARGE", "v")]),
        (0, {"z": 1}, [("FIELD_UNKNOWN", "z")]),
        (0, {"q": ["el.import"]}, [("FIELD_INVALID", "q")]),
    ],
)
def test_every_fault_of_a_reading_is_named(reading: int, change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    readings = [dict(item) for item in READINGS]
    readings[reading].update(change)
    assert codes(envelope(readings)) == [(code, f"/readings/{reading}/{place}") for code, place in expected]


def test_a_reading_that_is_no_object_or_lacks_a_member_is_named() -> None:
    assert codes(envelope([7])) == [("FIELD_INVALID", "/readings/0")]
    assert codes(envelope([{"k": "register"}])) == [("FIELD_MISSING", f"/readings/0/{name}") for name in ("q", "s", "t", "u", "v")]


def test_a_wrong_hist_is_found_beside_a_right_one() -> None:
    right = {**READINGS[0], "hist": True}
    assert codes(envelope([right, {**right, "hist": 1}])) == [("FIELD_INVALID", "/readings/1/hist")]


def test_no_bit_of_an_envelope_can_flip_unseen() -> None:
    body = envelope(READINGS[:2])
    for at in range(len(body)):
        flipped = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        read, findings = read_envelope(flipped)
        assert (
            findings
            or (read is not None and not is_signed_by(PUBLIC, read.identity.signature, read.identity.message))
            or (read is not None and read.identity.kid != key_id_of(KEY))
        ), at
