"""Envelopes `lingtan.readings/1`: signed readings as canonical JSON, written and strictly read (spec: metering §3).

Reading gives columns, one entry per reading, and all findings at once. What a device may say is not decided here: body.py does that
when the meters are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import MalformedDocument
from ledger.metering.csv_block import Bytes, Ints, Mask
from ledger.metering.device_signature import key_id_of
from ledger.metering.envelope_faults import explain_reading
from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.metering.reading_values import CLOCK_SOURCES, INTERVAL_TEXT, LETTERS, limit_of, read_instant_ms, read_value, units_of
from ledger.records import canonical
from ledger.records.findings import Finding
from ledger.records.meter_record import Quantity

MEDIA_TYPE = "application/vnd.lingtan.readings+json"
SCHEMA = "lingtan.readings/1"
MAX_BYTES = 256 * 1024
MAX_READINGS = 1000
MEMBERS = ("boot", "clock", "device", "prev", "readings", "schema", "sent_at", "seq", "sig")
_SIGNATURE = b',"sig":'
_BOOT = re.compile(r"[0-9A-Za-z-]{1,36}", re.ASCII)
_HEX64, _HEX128, _KID = (re.compile(rf"[0-9a-f]{{{size}}}", re.ASCII) for size in (64, 128, 16))
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_QUANTITIES = {item.value: item for item in Quantity}


@dataclass(frozen=True)
class DeviceClock:
    """What a device knows of its clock: source ntp, gps, network, manual or none, and how far it is ahead of true time."""

    source: str
    offset_ms: int


@dataclass(frozen=True)
class Identity:
    """Which body of which device this is: seq counts from 1, `prev` is the SHA-256 (hex) of the body before, None for the first.

    `device` is None in a batch, whose key names it. `sent_at_ms` is in Unix milliseconds.
    """

    device: str | None
    boot: str
    seq: int
    prev: str | None
    kid: str
    sent_at_ms: int
    clock: DeviceClock
    signature: bytes = field(repr=False)
    message: bytes = field(repr=False)
    """What the signature is over."""


@dataclass(frozen=True)
class Envelope:
    """An envelope that was read: its identity, and one entry per reading in each column.

    `names` are the (meter or None, quantity) pairs that occur, `name` the position of each reading's pair. Values are in mWh, L or kJ,
    a register's before the ratio; times are Unix seconds.
    """

    identity: Identity
    names: tuple[tuple[str | None, Quantity], ...]
    name: Ints = field(repr=False)
    register: Mask = field(repr=False)
    times: Ints = field(repr=False)
    values: Ints = field(repr=False)
    quality: Bytes = field(repr=False)


def write_envelope(
    key: Ed25519PrivateKey,
    *,
    device: str,
    boot: str,
    seq: int,
    prev: str | None,
    sent_at_ms: int,
    clock: DeviceClock,
    readings: Sequence[Mapping[str, object]],
) -> bytes:
    """Return the signed bytes of an envelope; `readings` are objects of §3 (see `interval_reading`, `register_reading`)."""
    document = {
        "boot": boot,
        "clock": {"offset_ms": clock.offset_ms, "source": clock.source},
        "device": device,
        "prev": prev,
        "readings": list(readings),
        "schema": SCHEMA,
        "sent_at": format_instant_ms(sent_at_ms),
        "seq": seq,
    }
    message = canonical.dump(document)
    signature = {"kid": key_id_of(key), "value": key.sign(message).hex()}
    return message[:-1] + _SIGNATURE + canonical.dump(signature) + b"}"


def interval_reading(
    quantity: str, start: str, value: str, unit: str, *, meter: str | None = None, quality: str = "A"
) -> dict[str, object]:
    """Return the object of a quarter-hour that begins at the instant `start`."""
    reading: dict[str, object] = {"k": "interval", "p": INTERVAL_TEXT, "q": quantity, "s": quality, "t": start, "u": unit, "v": value}
    return reading if meter is None else {**reading, "m": meter}


def register_reading(quantity: str, at: str, value: str, unit: str, *, meter: str | None = None, quality: str = "A") -> dict[str, object]:
    """Return the object of what a register's display showed at an instant."""
    reading: dict[str, object] = {"k": "register", "q": quantity, "s": quality, "t": at, "u": unit, "v": value}
    return reading if meter is None else {**reading, "m": meter}


def format_instant_ms(milliseconds: int) -> str:
    """Return Unix milliseconds as an instant with `Z`, with three decimals where it is no whole second."""
    seconds, rest = divmod(milliseconds, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def read_envelope(body: bytes) -> tuple[Envelope | None, tuple[Finding, ...]]:
    """Return the envelope of these bytes, or None, and everything that is wrong with them."""
    findings = FindingList("envelope")
    document = _load(body, findings)
    if document is None:
        return None, findings.close()
    identity = _read_identity(document, body, findings)
    columns = _read_readings(document.get("readings"), findings)
    if identity is None or columns is None or findings.errors:
        return None, findings.close()
    names, rows = columns
    name, register, times, values, quality = (np.array(column) for column in zip(*rows, strict=True))
    made = Envelope(identity, names, name.astype(np.int64), register.astype(np.bool_), times, values, quality.astype(np.uint8))
    return made, findings.close()


def _load(body: bytes, findings: FindingList) -> dict[str, object] | None:
    if len(body) > MAX_BYTES:
        action = "send fewer readings in one envelope"
        findings.add("BODY_TOO_LARGE", "error", "envelope", action, f"{len(body)} bytes", f"at most {MAX_BYTES} bytes")
        return None
    try:
        # An envelope has one list; bodies of many brackets go to the loader that counts how deep they stand.
        document = json.loads(body, parse_float=_no_number, parse_constant=_no_number) if body.count(b"[") < 2 else canonical.load(body)
        same = isinstance(document, dict) and _dump(document) == body
    except (ValueError, RecursionError, MalformedDocument) as error:
        findings.add("ENVELOPE_UNREADABLE", "error", "envelope", "send an envelope of lingtan.readings/1 as UTF-8 JSON", str(error), "JSON")
        return None
    if not isinstance(document, dict) or not same:
        action = "write it with sorted keys, without blanks, every key once (RFC 8785): its bytes are what is signed"
        findings.add("ENVELOPE_NOT_CANONICAL", "error", "envelope", action, "other bytes than the canonical ones", "canonical JSON")
        return None
    return dict(document)


def _dump(document: object) -> bytes:
    # All keys of ours are ASCII, so the order of code points is that of RFC 8785; other keys are refused a moment later.
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _no_number(text: str) -> object:
    raise ValueError(f"a number with a fraction or an exponent: {text[:20]}")


def _read_identity(document: Mapping[str, object], body: bytes, findings: FindingList) -> Identity | None:
    before = findings.errors
    for name in MEMBERS:
        if name not in document:
            findings.add("FIELD_MISSING", "error", f"/{name}", "add the field", "none", "a value")
    for name in sorted(document.keys() - set(MEMBERS)):
        findings.add("FIELD_UNKNOWN", "error", f"/{name[:40]}", "leave the field out", name, "no such field")

    def check(pointer: str, value: object, good: bool, expected: str) -> None:
        if not good and (pointer.count("/") > 1 or pointer[1:] in document):
            findings.add("FIELD_INVALID", "error", pointer, "correct the value", _show(value), expected)

    def matches(pattern: re.Pattern[str], value: object) -> bool:
        return isinstance(value, str) and pattern.fullmatch(value) is not None

    boot, device, prev, seq = (document.get(name) for name in ("boot", "device", "prev", "seq"))
    check("/boot", boot, matches(_BOOT, boot), "1 to 36 letters, digits and hyphens")
    check("/device", device, matches(_IDENTIFIER, device), "an identifier")
    check("/prev", prev, prev is None or matches(_HEX64, prev), "64 hex of the body before, or null")
    check("/schema", document.get("schema"), document.get("schema") == SCHEMA, SCHEMA)
    check("/seq", seq, type(seq) is int and 1 <= seq <= canonical.MAX_INTEGER, "an integer from 1")
    sent_at = document.get("sent_at")
    sent_at_ms = read_instant_ms(sent_at) if isinstance(sent_at, str) else None
    check("/sent_at", sent_at, sent_at_ms is not None, "an instant with Z or an offset, milliseconds allowed")
    clock, signature = _members(document, "clock", ("offset_ms", "source"), findings), _members(document, "sig", ("kid", "value"), findings)
    offset, source = clock.get("offset_ms"), clock.get("source")
    check("/clock/offset_ms", offset, type(offset) is int and abs(offset) < 2**31, "an integer of milliseconds")
    check("/clock/source", source, source in CLOCK_SOURCES, " or ".join(CLOCK_SOURCES))
    kid, value = signature.get("kid"), signature.get("value")
    check("/sig/kid", kid, matches(_KID, kid), "16 hex")
    check("/sig/value", value, matches(_HEX128, value), "128 hex")
    if findings.errors > before:
        return None
    return Identity(
        device=str(device),
        boot=str(boot),
        seq=int(str(seq)),
        prev=None if prev is None else str(prev),
        kid=str(kid),
        sent_at_ms=sent_at_ms or 0,
        clock=DeviceClock(str(source), int(str(offset))),
        signature=bytes.fromhex(str(value)),
        message=body[: body.rindex(_SIGNATURE)] + b"}",
    )


def _members(document: Mapping[str, object], name: str, wanted: tuple[str, ...], findings: FindingList) -> Mapping[str, object]:
    value = document.get(name)
    if isinstance(value, dict) and value.keys() == set(wanted):
        return value
    if name in document:
        findings.add("FIELD_INVALID", "error", f"/{name}", "correct the object", _show(value), f"exactly {' and '.join(wanted)}")
    return value if isinstance(value, dict) else {}


def _show(value: object) -> str:
    return value if isinstance(value, str) else type(value).__name__ if isinstance(value, dict | list) else str(value)


_Rows = list[tuple[int, bool, int, int, int]]


def _read_readings(readings: object, findings: FindingList) -> tuple[tuple[tuple[str | None, Quantity], ...], _Rows] | None:
    """Return the names and one row per reading; None where readings is no list of 1 to 1,000."""
    if not isinstance(readings, list) or not 1 <= len(readings) <= MAX_READINGS:
        got = f"{len(readings)} readings" if isinstance(readings, list) else _show(readings)
        findings.add("READINGS_COUNT", "error", "/readings", "send 1 to 1,000 readings in an envelope", got, f"1 to {MAX_READINGS}")
        return None
    # All that readings of one meter have in common is judged once: what is left of each are its instant and its value.
    kinds: dict[tuple[object, ...], _Kind | None] = {}
    names: dict[tuple[str | None, Quantity], int] = {}
    rows: _Rows = []
    for at, reading in enumerate(readings):
        row = _read_fast(reading, kinds, names)
        if row is None:
            explain_reading(reading, f"/readings/{at}", findings)
        else:
            rows.append(row)
    return tuple(names), rows


@dataclass(frozen=True)
class _Kind:
    """What readings that differ in t and v alone have in common."""

    members: int
    name: int
    register: bool
    factor: int
    limit: int
    quality: int


def _read_fast(
    reading: object, kinds: dict[tuple[object, ...], _Kind | None], names: dict[tuple[str | None, Quantity], int]
) -> tuple[int, bool, int, int, int] | None:
    """Return the row of a reading that is right, or None."""
    if type(reading) is not dict:
        return None
    get = reading.get
    key = (get("k"), get("m"), get("p"), get("q"), get("s"), get("u"), get("hist") is True)
    try:
        kind = kinds[key]
    except KeyError:
        kind = kinds[key] = _judge_kind(key, names)
    except TypeError:
        return None
    if kind is None or len(reading) != kind.members:
        return None
    time, text = get("t"), get("v")
    if type(time) is not str or type(text) is not str:
        return None
    instant, value = read_instant_ms(time), read_value(text, kind.factor)
    if instant is None or instant % 1000 or value is None or value > kind.limit:
        return None
    instant //= 1000
    if not kind.register and instant % SLOT_SECONDS:
        return None
    return kind.name, kind.register, instant, value, kind.quality


def _judge_kind(key: tuple[object, ...], names: dict[tuple[str | None, Quantity], int]) -> _Kind | None:
    k, meter, p, q, s, u, hist = key
    quantity, letter = _QUANTITIES.get(str(q)), LETTERS.get(str(s))
    interval = k == "interval"
    if quantity is None or letter is None or k not in ("interval", "register"):
        return None
    if (p != INTERVAL_TEXT) if interval else (p is not None):
        return None
    if meter is not None and (not isinstance(meter, str) or not _IDENTIFIER.fullmatch(meter)):
        return None
    factor = units_of(quantity, interval=interval).get(str(u))
    if factor is None:
        return None
    name = None if meter is None else str(meter), quantity
    # A member that stands there with another value than those above makes the count differ.
    members = 6 + (meter is not None) + interval + (hist is True)
    return _Kind(members, names.setdefault(name, len(names)), not interval, factor, limit_of(quantity, interval=interval), int(letter))
