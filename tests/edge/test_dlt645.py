"""DL/T 645-2007: the vectors of worked case 39 byte for byte, every refusal by its name, and no mutation that slips through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.edge.dlt645 import (
    EXPORT,
    IMPORT,
    READ_ERROR,
    Frame,
    Framer,
    FrameRefused,
    decode,
    encode,
    energy_reply,
    read_energy,
    read_request,
)
from ledger.errors import InputError

ADDRESS = "000000000001"
REQUEST = bytes.fromhex("68 01 00 00 00 00 00 68 11 04 33 33 34 33 B3 16")
REPLY = bytes.fromhex("68 01 00 00 00 00 00 68 91 08 33 33 34 33 AB 89 67 45 17 16")


def with_checksum(frame: bytes) -> bytes:
    """Return the frame with its checksum put right, so that the fault behind it is found."""
    return frame[:-2] + bytes((sum(frame[:-2]) & 0xFF, frame[-1]))


def refusal(data: bytes, address: str = ADDRESS, identifier: str = IMPORT) -> str:
    with pytest.raises(FrameRefused) as refused:
        read_energy(decode(data), address, identifier)
    assert str(refused.value).startswith(refused.value.reason + ": ")
    return refused.value.reason


def test_the_vectors_are_those_of_the_worked_case(shared: Path) -> None:
    case = next(
        line for line in (shared / "domain" / "worked_cases.md").read_text(encoding="utf-8").splitlines() if line.startswith("**39.")
    )
    assert [bytes.fromhex(vector) for vector in re.findall(r"`(68 [0-9A-F ]+)`", case)] == [REQUEST, REPLY]


def test_the_request_of_the_worked_case_is_made_byte_for_byte() -> None:
    assert read_request(ADDRESS, IMPORT) == REQUEST


def test_the_reply_of_the_worked_case_is_123456_78_kwh() -> None:
    assert read_energy(decode(REPLY), ADDRESS, IMPORT) == "123456.78"
    assert energy_reply(ADDRESS, IMPORT, 12345678) == REPLY


@pytest.mark.parametrize(
    ("hundredths", "told"), [(0, "0.00"), (5, "0.05"), (99999999, "999999.99"), (100, "1.00"), (1_000_000, "10000.00")]
)
def test_a_register_comes_with_two_places_and_no_leading_zeros(hundredths: int, told: str) -> None:
    assert read_energy(decode(energy_reply(ADDRESS, EXPORT, hundredths)), ADDRESS, EXPORT) == told


def test_wake_up_bytes_change_nothing() -> None:
    for count in range(1, 9):
        assert decode(b"\xfe" * count + REPLY) == decode(REPLY)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("FRAME_START", b""),
        ("FRAME_START", b"\xfe\xfe\xfe\xfe"),
        ("FRAME_START", b"hello, meter!"),
        ("FRAME_START", b"\x00" + REPLY),
        ("FRAME_START", REPLY[:7] + b"\x69" + REPLY[8:]),
        ("FRAME_LENGTH", b"\x68"),
        ("FRAME_LENGTH", REPLY[:11]),
        ("FRAME_LENGTH", REPLY[:-1]),
        ("FRAME_LENGTH", REPLY + b"\x16"),
        ("FRAME_LENGTH", REPLY + REPLY),
        ("FRAME_LENGTH", with_checksum(REPLY[:9] + bytes((201,)) + b"\x33" * 201 + b"\x00\x16")),
        ("FRAME_LENGTH", encode(Frame(ADDRESS, 0x91, b"\x00\x00\x01\x00\x78\x56\x34"))),
        ("FRAME_LENGTH", encode(Frame(ADDRESS, 0x91, b""))),
        ("FRAME_END", REPLY[:-1] + b"\x17"),
        ("CHECKSUM_WRONG", REPLY[:-2] + b"\x18\x16"),
        ("CHECKSUM_WRONG", REPLY[:14] + b"\xac" + REPLY[15:]),
        ("ADDRESS_DIFFERS", energy_reply("000000000002", IMPORT, 1)),
        ("DI_DIFFERS", energy_reply(ADDRESS, EXPORT, 1)),
        ("CONTROL_DIFFERS", REQUEST),
        ("METER_ERROR", encode(Frame(ADDRESS, READ_ERROR, b"\x02"))),
        ("METER_ERROR", encode(Frame(ADDRESS, READ_ERROR))),
        ("BCD_WRONG", encode(Frame(ADDRESS, 0x91, b"\x00\x00\x01\x00\x78\x56\x3a\x12"))),
        ("BCD_WRONG", with_checksum(REPLY[:1] + b"\x0a" + REPLY[2:])),
    ],
)
def test_what_is_no_reply_is_refused_by_its_name(name: str, data: bytes) -> None:
    assert refusal(data) == name


def test_the_error_of_a_meter_comes_with_its_code_and_its_meaning() -> None:
    with pytest.raises(FrameRefused, match=r"METER_ERROR: code 06: no such data, not authorised") as refused:
        read_energy(decode(encode(Frame(ADDRESS, READ_ERROR, b"\x06"))), ADDRESS, IMPORT)
    assert refused.value.facts == {"error": 6}


@pytest.mark.parametrize("address", ["", "1", "00000000000a", "0000000000012", "AAAAAAAAAAAA", "００００００００００００"])
def test_an_address_is_twelve_digits(address: str) -> None:
    with pytest.raises(InputError, match="twelve digits"):
        read_request(address, IMPORT)


def test_what_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(InputError, match="at most 200"):
        encode(Frame(ADDRESS, 0x91, bytes(201)))
    with pytest.raises(InputError, match="eight hex digits"):
        read_request(ADDRESS, "0001")
    with pytest.raises(InputError, match="do not fit"):
        energy_reply(ADDRESS, IMPORT, 10**8)


frames = st.builds(Frame, st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii), st.integers(0, 255), st.binary(max_size=200))


@given(frames)
def test_a_frame_survives_the_line(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(frame=frames, at=st.integers(0, 10**6), byte=st.integers(0, 255), how=st.sampled_from(["change", "insert", "delete"]))
def test_a_mutated_frame_is_refused_or_identical(frame: Frame, at: int, byte: int, how: str) -> None:
    data = encode(frame)
    at %= len(data)
    mutated = {
        "change": data[:at] + bytes((byte,)) + data[at + 1 :],
        "insert": data[:at] + bytes((byte,)) + data[at:],
        "delete": data[:at] + data[at + 1 :],
    }[how]
    try:
        found = decode(mutated)
    except FrameRefused:
        return
    assert found == frame


@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_that_encodes_to_them_or_are_refused(data: bytes) -> None:
    try:
        frame = decode(data)
    except FrameRefused:
        return
    assert encode(frame) == data.lstrip(b"\xfe")


@given(st.lists(frames, max_size=5), st.lists(st.binary(max_size=9), min_size=6, max_size=6), st.integers(1, 50))
def test_frames_are_found_in_a_stream_however_it_is_cut(wanted: list[Frame], noise: list[bytes], piece: int) -> None:
    quiet = [bytes(byte for byte in part if byte != 0x68) for part in noise]
    stream = b"".join(part + encode(frame) for part, frame in zip(quiet, wanted, strict=False)) + quiet[-1]
    framer = Framer()
    found = [frame for start in range(0, len(stream), piece) for frame in framer.feed(stream[start : start + piece])]
    assert found == wanted
    assert framer.finish() == []


@given(st.binary(max_size=40), frames)
def test_a_frame_behind_any_noise_is_found_at_the_latest_when_the_line_is_quiet(noise: bytes, frame: Frame) -> None:
    framer = Framer()
    found = framer.feed(noise + encode(frame)) + framer.finish()
    assert frame in found or any(encode(frame) in encode(other) for other in found)


def test_a_damaged_frame_is_named_and_costs_no_other() -> None:
    framer = Framer()
    assert framer.feed(REPLY[:-2] + b"\x00\x16" + b"\xfe\xfe" + REPLY) == [decode(REPLY)]
    assert framer.refusals[0].reason == "CHECKSUM_WRONG"
    framer.clear()
    assert framer.refusals == []


def test_a_length_that_lies_swallows_the_next_frame_only_until_the_line_is_quiet() -> None:
    framer = Framer()
    assert framer.feed(REPLY[:9] + b"\xc8" + REPLY[10:] + REPLY) == []
    assert framer.finish() == [decode(REPLY)]


def test_noise_without_end_is_not_kept() -> None:
    framer = Framer()
    for _ in range(100):
        framer.feed(b"\x68" * 1000)
        assert len(framer._buffer) <= 300
    assert len(framer.refusals) <= 16
