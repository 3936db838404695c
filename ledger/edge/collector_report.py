"""The XML of a building's collector: what it says as values, and what it is answered (spec: metering §10). Pure: no clock, no socket.

External entities, document types and processing of any kind are refused; so is a document with more than 2,000 values.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from ledger.edge.collector_frame import CollectorRefused
from ledger.records.findings import Finding

LOCAL = ZoneInfo("Asia/Shanghai")
GOOD = "192"
MAX_VALUES = 2_000
MAX_TEXT = 64
_TIME = re.compile(r"[0-9]{14}", re.ASCII)
_VALUE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_PLAIN = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Party:
    """Which collector of which building."""

    building: str
    gateway: str


@dataclass(frozen=True)
class CollectorValue:
    """One value of a report: the collector's own names of meter and function, Unix seconds, cumulative kWh as it was written."""

    meter: str
    function: str
    at: int
    value: str


@dataclass(frozen=True)
class Message:
    """What a collector said. `operation` is request, md5, notify, report or continuous; the rest as it applies."""

    party: Party
    operation: str
    sequence: str = ""
    digest: str = ""
    time: str = ""
    values: tuple[CollectorValue, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_message(data: bytes) -> Message:
    """Return what the XML says.

    Raises:
        CollectorRefused: COLLECTOR_XML: not XML, a document type, an entity, a missing or unusable field, too many values.
    """
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise CollectorRefused("COLLECTOR_XML", f"not XML that we read: {type(error).__name__}") from error
    if root.tag != "root":
        raise CollectorRefused("COLLECTOR_XML", "the outermost element is not root")
    party = Party(_name(root, "common/building_id"), _name(root, "common/gateway_id"))
    for tag, operations in (("id_validate", ("request", "md5")), ("heart_beat", ("notify",)), ("data", ("report", "continuous"))):
        part = root.find(tag)
        if part is None:
            continue
        operation = part.get("operation", "")
        if operation not in operations:
            raise CollectorRefused("COLLECTOR_XML", f"{tag} with another operation than {' or '.join(operations)}")
        if tag == "data":
            return _read_report(party, operation, part)
        digest = _text(part, "md5").lower() if operation == "md5" else ""
        return Message(party, operation, digest=digest)
    raise CollectorRefused("COLLECTOR_XML", "expected id_validate, heart_beat or data")


def _read_report(party: Party, operation: str, data: Any) -> Message:
    sequence, time = _name(data, "sequence"), _text(data, "time")
    at = read_time(time)
    if at is None:
        raise CollectorRefused("COLLECTOR_XML", "time is no yyyyMMddHHmmss of a day that exists")
    parsed = _text(data, "parser", _text(data, "parse", "yes")) == "yes"
    values, findings = [], []
    for count, (meter, function) in enumerate(_functions(data)):
        if count >= MAX_VALUES:
            raise CollectorRefused("COLLECTOR_XML", f"more than {MAX_VALUES} values in one report")
        name, code = meter.get("id", "")[:MAX_TEXT], function.get("id", "")[:MAX_TEXT]
        text, error = (function.text or "").strip(), function.get("error", "")
        got = "not parsed by the collector" if not parsed else f"error {error[:8]}, value {text[:20]}"
        if parsed and error == GOOD and _VALUE.fullmatch(text) and name and code:
            values.append(CollectorValue(name, code, at, text))
        else:
            findings.append(_refuse_value(name, code, got, time))
    return Message(party, operation, sequence=sequence, time=time, values=tuple(values), findings=tuple(findings))


def _functions(data: Any) -> Iterator[tuple[Any, Any]]:
    # Some collectors put their meters into an element of its own.
    for meter in (*data.findall("meter"), *data.findall("meters/meter")):
        for function in meter.findall("function"):
            yield meter, function


def _refuse_value(meter: str, function: str, got: str, time: str) -> Finding:
    printable = "".join(character if character.isprintable() else "\ufffd" for character in f"meter {meter} function {function}")
    return Finding(
        "COLLECTOR_ERROR",
        "warning",
        printable,
        "look at the meter and its line: the collector has no good value for it",
        got="".join(character if character.isprintable() else "\ufffd" for character in got),
        expected=f"error {GOOD} and a decimal number of kWh",
        params={"time": time},
    )


def _text(part: Any, path: str, otherwise: str | None = None) -> str:
    text = part.findtext(path)
    if text is None or len(text) > MAX_TEXT:
        if otherwise is not None and text is None:
            return otherwise
        raise CollectorRefused("COLLECTOR_XML", f"{path} is missing or too long")
    return str(text).strip()


def _name(part: Any, path: str) -> str:
    text = _text(part, path)
    if not _PLAIN.fullmatch(text):
        raise CollectorRefused("COLLECTOR_XML", f"{path} is no name of letters, digits, dots, hyphens and underscores")
    return text


def read_time(text: str) -> int | None:
    """Return the Unix seconds of a local time yyyyMMddHHmmss, None where there is no such time."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return int(datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=LOCAL).timestamp())
    except ValueError:
        return None


def write_time(seconds: int) -> str:
    """Return Unix seconds as local time yyyyMMddHHmmss."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(LOCAL).strftime("%Y%m%d%H%M%S")


def login_digest(key: bytes, sequence: str) -> str:
    """Return the MD5 by which a collector shows that it has the key: of the key and then the sequence it was given, in hex."""
    return hashlib.md5(key + sequence.encode("ascii"), usedforsecurity=False).hexdigest()


def is_login(key: bytes, sequence: str, digest: str) -> bool:
    """Tell whether the digest answers the challenge."""
    return hmac.compare_digest(login_digest(key, sequence), digest if digest.isascii() else "")


def write_challenge(party: Party, sequence: str) -> bytes:
    """Return the answer to a login request."""
    return _write(party, "sequence", f'<id_validate operation="sequence"><sequence>{sequence}</sequence></id_validate>')


def write_result(party: Party, passed: bool, now: int) -> bytes:
    """Return the answer to a digest, with our time."""
    result = "pass" if passed else "fail"
    inner = f'<id_validate operation="result"><result>{result}</result><time>{write_time(now)}</time></id_validate>'
    return _write(party, "result", inner)


def write_heart_beat(party: Party, now: int) -> bytes:
    """Return the answer to a heart-beat: our time, by which the collector may set its clock."""
    return _write(party, "time", f'<heart_beat operation="time"><time>{write_time(now)}</time></heart_beat>')


def write_receipt(message: Message, accepted: bool) -> bytes:
    """Return the answer to a report: OK when its values are safe here, ERROR when the collector must keep them."""
    operation = f"{message.operation}_ack"
    inner = f"<sequence>{message.sequence}</sequence><time>{message.time}</time><ack>{'OK' if accepted else 'ERROR'}</ack>"
    return _write(message.party, operation, f'<data operation="{operation}">{inner}</data>')


def _write(party: Party, kind: str, inner: str) -> bytes:
    common = f"<building_id>{escape(party.building)}</building_id><gateway_id>{escape(party.gateway)}</gateway_id><type>{kind}</type>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<root><common>{common}</common>{inner}</root>'.encode()
