"""Meters are polled over real sockets and a real pseudo-terminal."""

from __future__ import annotations

import os
import socket
import termios
import threading
import tty

import pytest

from ledger.edge.dlt645 import EXPORT, IMPORT, Framer, FrameRefused, energy_reply
from ledger.edge.dlt645_meter import LineDown, MeterSilent, SerialLine, check_line, open_line, poll_energy
from ledger.errors import ConfigurationError
from tests.edge.simulated_meters import MeterLine, served

FIRST, SECOND = "000000000001", "330500012345"
QUICK = 0.2


def meters(**options: object) -> MeterLine:
    registers = {(FIRST, IMPORT): 12345678, (SECOND, IMPORT): 99999999, (SECOND, EXPORT): 5}
    return MeterLine(registers, **options)  # type: ignore[arg-type]


def test_several_meters_on_one_line_are_read_one_after_the_other() -> None:
    with served(meters()) as line:
        wire = open_line(line.url)
        told = [poll_energy(wire, address, identifier) for address, identifier in line.registers]
        wire.close()
    assert told == ["123456.78", "999999.99", "0.05"]
    assert line.asked == list(line.registers)


def test_a_converter_that_echoes_is_understood() -> None:
    with served(meters(echo=True)) as line:
        assert poll_energy(open_line(line.url), FIRST, IMPORT) == "123456.78"


@pytest.mark.parametrize(
    "fault",
    [
        lambda reply: reply[:-2] + b"\x00\x16",
        lambda reply: reply[:9],
        lambda reply: b"",
        lambda reply: b"\x68\x00\xff" + bytes(20),
        lambda reply: energy_reply(SECOND, IMPORT, 1),
        lambda reply: energy_reply(FIRST, EXPORT, 1),
    ],
)
def test_a_meter_is_asked_again_after_a_fault_of_the_line(fault: object) -> None:
    with served(meters(faults=[fault, fault])) as line:
        assert poll_energy(open_line(line.url), FIRST, IMPORT, seconds=QUICK) == "123456.78"
    assert len(line.asked) == 3


def test_noise_around_an_answer_does_no_harm() -> None:
    with served(meters(faults=[lambda reply: b"\x00\xff\x68\x16" + reply + b"\x68\x68"])) as line:
        assert poll_energy(open_line(line.url), FIRST, IMPORT, seconds=QUICK) == "123456.78"


def test_after_three_faults_the_refusal_is_told_by_its_name() -> None:
    with served(meters(faults=[lambda reply: reply[:-2] + b"\x00\x16"] * 3)) as line, pytest.raises(FrameRefused, match="CHECKSUM_WRONG"):
        poll_energy(open_line(line.url), FIRST, IMPORT, seconds=QUICK)


def test_another_meters_answer_is_never_taken_for_this_ones() -> None:
    other = energy_reply(SECOND, IMPORT, 42)
    with served(meters(faults=[lambda reply: other] * 3)) as line, pytest.raises(FrameRefused, match="ADDRESS_DIFFERS"):
        poll_energy(open_line(line.url), FIRST, IMPORT, seconds=QUICK)


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_question() -> None:
    with served(meters()) as line:
        wire = open_line(line.url)
        wire.send(bytes.fromhex("68 45 23 01 00 05 33 68 11 04 33 33 34 33") + b"\x00\x16")
        assert poll_energy(wire, FIRST, IMPORT) == "123456.78"


def test_an_error_reply_is_told_at_once() -> None:
    with served(meters()) as line, pytest.raises(FrameRefused, match="METER_ERROR: code 02: no such data"):
        poll_energy(open_line(line.url), FIRST, EXPORT)
    assert len(line.asked) == 1


def test_a_meter_that_is_not_there_is_asked_three_times() -> None:
    with served(meters()) as line, pytest.raises(MeterSilent, match="asked 3 times"):
        poll_energy(open_line(line.url), "000000000009", IMPORT, seconds=QUICK)
    assert len(line.asked) == 3


def test_a_converter_that_is_away_or_goes_away_is_a_line_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        wire = open_line(url)
        server.accept()[0].close()
        with pytest.raises(LineDown):
            poll_energy(wire, FIRST, IMPORT)
    with pytest.raises(LineDown, match="cannot be reached"):
        open_line(url)


@pytest.mark.parametrize(
    "url",
    ["", "tcp://", "tcp://host", "tcp://host:99999999", "serial://", "serial://dev/ttyS0", "serial:///dev/ttyS0?baud=7", "http://a:1"],
)
def test_what_is_no_line_is_said(url: str) -> None:
    assert check_line(url) is not None
    with pytest.raises(ConfigurationError, match="not a line of meters"):
        open_line(url)


def test_a_serial_port_is_raw_and_is_polled() -> None:
    ours, theirs = os.openpty()
    tty.setraw(ours)
    line, framer = meters(), Framer()

    def serve() -> None:
        while True:
            try:
                os.write(ours, line.take(framer, os.read(ours, 4096)))
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    wire = open_line(f"serial://{os.ttyname(theirs)}?baud=9600")
    attributes = termios.tcgetattr(theirs)
    assert attributes[4:6] == [termios.B9600, termios.B9600]
    assert attributes[3] & (termios.ICANON | termios.ECHO) == 0
    assert poll_energy(wire, FIRST, IMPORT) == "123456.78"
    wire.close()
    os.close(theirs)
    os.close(ours)


def test_a_file_that_is_no_serial_port_is_said(tmp_path: object) -> None:
    with pytest.raises(LineDown, match="is no serial port"):
        SerialLine("/dev/null", 2400)
    with pytest.raises(LineDown, match="cannot be opened"):
        SerialLine("/dev/there-is-none", 2400)
