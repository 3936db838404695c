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

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import MalformedDocument
from ledger.metering.csv_block import Bytes, Ints, Mask
from ledger.metering.device_signature import key_id_of
from ledger.metering.envelope_readings import IDENTIFIER, Columns, Names, read_objects, read_text
from ledger.metering.finding_list import FindingList
from ledger.metering.reading_values import CLOCK_SOURCES, INTERVAL_TEXT, read_instant_ms
from ledger.records import canonical
from ledger.records.findings import Finding

MEDIA_TYPE = "application/vnd.lingtan.readings+json"
SCHEMA = "lingtan.readings/1"
MAX_BYTES = 256 * 1024
MEMBERS = ("boot", "clock", "device", "prev", "readings", "schema", "sent_at", "seq", "sig")
_SIGNATURE = b',"sig":'
_READINGS, _BEHIND_READINGS = b'"readings":[', b'],"schema":'
_BOOT = re.compile(r"[0-9A-Za-z-]{1,36}", re.ASCII)
_HEX64, _HEX128, _KID = (re.compile(rf"[0-9a-f]{{{size}}}", re.ASCII) for size in (64, 128, 16))


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
    names: Names
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
    made = _read_by_text(body)
    if made is not None:
        return made, ()
    findings = FindingList("envelope")
    document = _load(body, findings)
    if document is None:
        return None, findings.close()
    identity = _read_identity(document, body, findings)
    columns = read_objects(document.get("readings"), findings)
    if identity is None or columns is None:
        return None, findings.close()
    return _join(identity, columns), findings.close()


def _read_by_text(body: bytes) -> Envelope | None:
    """Return the envelope without making an object of each reading, or None where something is wrong or spelt in another way."""
    begin, end = body.find(_READINGS) + len(_READINGS), body.rfind(_BEHIND_READINGS)
    if not len(_READINGS) <= begin < end or len(body) > MAX_BYTES or not body.isascii():
        return None
    # Readings in canonical form within a canonical document without readings make a canonical document. That the place is the member's,
    # and not within a text or an object, shows in the list being there, empty, and no member that is not ours.
    findings = FindingList("envelope")
    document = _load(body[:begin] + body[end:], findings)
    if document is None or document.get("readings") != []:
        return None
    identity = _read_identity(document, body, findings)
    columns = None if identity is None else read_text(body[begin:end].decode("ascii"))
    return None if identity is None or columns is None else _join(identity, columns)


def _join(identity: Identity, columns: Columns) -> Envelope:
    return Envelope(identity, columns.names, columns.name, columns.register, columns.times, columns.values, columns.quality)


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
    check("/device", device, matches(IDENTIFIER, device), "an identifier")
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
