"""Readings taken from the text are those that the objects give, in whatever envelope; what is not certain is left to the objects."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.metering import envelope
from ledger.metering.envelope import DeviceClock, interval_reading, read_envelope, register_reading, write_envelope
from ledger.metering.envelope_readings import Columns, _split_any, _split_run, read_objects, read_text
from ledger.metering.finding_list import FindingList
from ledger.records import canonical

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DAY = tuple(f"2026-03-01T{slot // 4:02d}:{slot % 4 * 15:02d}:00Z" for slot in range(96))


def body_of(readings: Any) -> bytes:
    return write_envelope(
        KEY, device="GW-1", boot="b0", seq=7, prev=None, sent_at_ms=1_772_323_200_000, clock=DeviceClock("ntp", 0), readings=readings
    )


def text_of(readings: Any) -> str:
    return canonical.dump(list(readings)).decode()[1:-1]


def columns(made: Columns) -> list[Any]:
    return [item.tolist() if hasattr(item, "tolist") else item for item in astuple(made)]


def from_objects(text: str) -> list[Any] | None:
    findings = FindingList("envelope")
    made = read_objects(json.loads(f"[{text}]"), findings)
    return None if made is None else columns(made)


values = st.from_regex(r"(0|[1-9][0-9]{0,12})(\.[0-9]{1,7})?", fullmatch=True)
odd = st.sampled_from(["", "-1", "1e3", "01", "1.", ".5", "1.2.3", "1,5", "１", "9" * 19, "0." + "0" * 18, '1"', "1\n2"])
instants = st.one_of(
    st.sampled_from(DAY),
    st.sampled_from(
        ["2026-03-01T08:15:00+08:00", "2026-03-01T00:07:00Z", "2026-02-29T00:00:00Z", "2026-03-01T00:00:00.500Z", "2026-03-01", "z"]
    ),
)
meters = st.sampled_from([None, "M-1", "M-2", "G.1_x", "-M", "M" * 64, "电表", 'M"'])
units = st.sampled_from(["kWh", "Wh", "MWh", "kW", "m3", "L", "MJ", "GJ", "kwh", ""])
quantities = st.sampled_from(["el.import", "el.export", "pv.generation", "gas.volume", "water.volume", "heat.energy", "steam"])


@st.composite
def one_reading(draw: st.DrawFn) -> dict[str, object]:
    make = draw(st.sampled_from([interval_reading, interval_reading, register_reading]))
    letter = draw(st.sampled_from(["A", "A", "A", "E", "M", "S", "X", "a"]))
    reading = make(draw(quantities), draw(instants), draw(values | odd), draw(units), meter=draw(meters), quality=letter)
    extra = draw(st.sampled_from([{}, {}, {}, {"hist": True}, {"hist": False}, {"hist": 1}, {"p": "PT1H"}, {"z": 1}, {"m": 5}]))
    return {**reading, **extra}


@st.composite
def alike(draw: st.DrawFn) -> list[dict[str, object]]:
    """Readings as a device writes them: few meters, one spelling, a number of decimals that seldom changes."""
    decimals = draw(st.integers(0, 7))
    made = []
    for _ in range(draw(st.integers(1, 12))):
        number = draw(st.integers(0, 10**13))
        text = str(number) if decimals == 0 else f"{number // 10**decimals}.{number % 10**decimals:0{decimals}d}"
        meter, unit = draw(st.sampled_from(["M-1", "M-2"])), draw(st.sampled_from(["kWh", "kWh", "Wh", "MWh"]))
        made.append(interval_reading("el.import", draw(st.sampled_from(DAY)), text, unit, meter=meter))
    return made


@given(st.lists(one_reading(), min_size=1, max_size=6) | alike())
@example([interval_reading("el.import", DAY[0], "9999999999999.9", "MWh", meter="M-1")])
@example([interval_reading("el.import", DAY[0], "0.5", "Wh"), interval_reading("el.import", DAY[1], "0.5000", "Wh")])
def test_what_the_text_gives_is_what_the_objects_give(readings: list[dict[str, object]]) -> None:
    text = text_of(readings)
    made = read_text(text)
    assert made is None or columns(made) == from_objects(text)


@given(st.lists(st.sampled_from(DAY), min_size=1, max_size=96), st.integers(0, 6), st.integers(0, 10**9))
def test_the_common_form_is_taken_from_the_text(times: list[str], decimals: int, first: int) -> None:
    numbers = [first + 7 * at for at in range(len(times))]
    texts = [f"{n // 10**decimals}.{n % 10**decimals:0{decimals}d}" if decimals else str(n) for n in numbers]
    made = read_text(text_of([interval_reading("el.import", at, text, "Wh", meter="M-1") for at, text in zip(times, texts, strict=True)]))
    if decimals > 3:  # a ten-thousandth of a watt-hour is no whole number of milliwatt-hours but where it ends in noughts
        assert made is None or made.values.tolist() == [number * 1000 // 10**decimals for number in numbers]
        return
    assert made is not None
    assert made.values.tolist() == [number * 1000 // 10**decimals for number in numbers]


@given(st.lists(one_reading(), min_size=1, max_size=3) | alike(), st.data())
def test_an_envelope_taken_from_its_text_is_canonical_and_read_as_by_its_objects(
    readings: list[dict[str, object]], data: st.DataObject
) -> None:
    body = bytearray(body_of(readings))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(body)))
        end = at + data.draw(st.integers(0, 12))
        body[at:end] = data.draw(
            st.sampled_from([b"", b'"', b",", b"]", b"[", b"}", b"{", b" ", b"0", b'"readings":[', b'],"schema":', b"\\", b"\n7.5"])
        )
    made = envelope._read_by_text(bytes(body))
    if made is None:
        return
    document = canonical.load_canonical(bytes(body))
    assert isinstance(document, dict)
    assert sorted(document) == list(envelope.MEMBERS)
    findings = FindingList("envelope")
    from_list = read_objects(document["readings"], findings)
    assert from_list is not None
    assert columns(from_list) == columns(Columns(made.names, made.name, made.register, made.times, made.values, made.quality))
    message = canonical.dump({name: value for name, value in document.items() if name != "sig"})
    assert made.identity.message == message


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + " ",
        lambda text: text.replace("},{", "}, {"),
        lambda text: text.replace("},{", "}x,{", 1),
        lambda text: text.replace('"k":"interval",', "", 1),
        lambda text: text.replace('"s":"A"', '"s":"A","s":"A"', 1),
        lambda text: text.replace("M-1", "M\\u002d1", 1),
        lambda text: text.replace("00:00Z", "00:00.000Z", 1) + ",",
        lambda text: text[:-2] + '\n7.5"}',
        lambda text: ",".join([text] * 501),
        lambda text: "",
    ],
)
def test_a_text_that_is_not_quite_so_is_left_to_the_objects(spoil: Any) -> None:
    text = text_of([interval_reading("el.import", at, "12.5", "kWh", meter="M-1") for at in DAY[:2]])
    assert read_text(text) is not None
    assert read_text(spoil(text)) is None


@given(st.lists(st.tuples(st.sampled_from(DAY), values | odd), min_size=1, max_size=12), st.data())
def test_a_run_of_readings_is_split_as_any_readings_are(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    text = text_of([interval_reading("el.import", at, value, "kWh", meter="M-1") for at, value in rows]) + ","
    at, piece = (
        data.draw(st.integers(0, len(text))),
        data.draw(st.sampled_from(["", "", "{", "}", '"', ",", '"},', "{}", "0", "T", "\n7.5"])),
    )
    text = text[:at] + piece + text[at + data.draw(st.integers(0, 5)) :] if piece else text
    run, plain = _split_run(text) if text.isascii() else None, _split_any(text)
    if run is not None and plain is not None:
        assert (set(run.kinds), run.instants, run.values) == (set(plain.kinds), plain.instants, plain.values)
    if piece == "" and plain is not None:
        assert run is not None


def test_an_envelope_is_read_the_same_with_its_readings_in_another_members_place() -> None:
    body = body_of([interval_reading("el.import", DAY[0], "12.5", "kWh", meter="M-1")])
    inner = body[body.index(b'"readings":[') : body.index(b',"schema":')]
    moved = body.replace(inner, b'"readings":[]').replace(b'"clock":{', b'"clock":{' + inner + b',"schema":1,')
    read, findings = read_envelope(moved)
    assert read is None
    assert {finding.code for finding in findings} & {"FIELD_INVALID", "ENVELOPE_NOT_CANONICAL", "READINGS_COUNT"}
