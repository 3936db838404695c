"""Meters on a line: ask one after the other for its register, over TCP (an RS-485 converter) or a serial port of this machine.

One question is on the line at a time. A line is `tcp://host:port` or `serial:///dev/ttyS1`, optionally with `?baud=9600` (2400 without,
always 8 data bits, even parity, one stop bit). Every wait has a limit (spec: metering §10).
"""

from __future__ import annotations

import os
import select
import socket
import termios
import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from ledger.edge.dlt645 import WAKE_UP, Framer, FrameRefused, decode, read_energy, read_request
from ledger.errors import ConfigurationError, LedgerError

ATTEMPTS = 3
REPLY_SECONDS = 2.0
CONNECT_SECONDS = 10.0
WAKE_UPS = 4
_READ_BYTES = 4096
_BAUDS = (1200, 2400, 4800, 9600, 19200)


class LineDown(LedgerError):
    """The converter or the serial port cannot be opened, or went away; nothing is known about the meters behind it."""

    code = "edge.line_down"


class MeterSilent(LedgerError):
    """A meter gave no answer that could be read, in all attempts."""

    code = "edge.meter_silent"


class Line(Protocol):
    """Something that carries bytes to meters and back."""

    def send(self, data: bytes) -> None:
        """Put bytes on the line."""

    def receive(self, seconds: float) -> bytes:
        """Return the bytes that come within `seconds`; empty when none did."""

    def close(self) -> None:
        """Let go of the line."""


class TcpLine:
    """An RS-485 converter in transparent mode."""

    def __init__(self, host: str, port: int) -> None:
        try:
            self._socket = socket.create_connection((host, port), CONNECT_SECONDS)
        except OSError as error:
            raise LineDown(
                f"tcp://{host}:{port} cannot be reached: {error}", hint="is the converter on, and is this its address?"
            ) from error

    def send(self, data: bytes) -> None:
        """Put bytes on the line."""
        try:
            self._socket.settimeout(CONNECT_SECONDS)
            self._socket.sendall(data)
        except OSError as error:
            raise LineDown(f"the converter went away: {error}") from error

    def receive(self, seconds: float) -> bytes:
        """Return the bytes that come within `seconds`."""
        try:
            self._socket.settimeout(max(seconds, 0.001))
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LineDown(f"the converter went away: {error}") from error
        if not data:
            raise LineDown("the converter closed the connection", hint="it may serve one connection at a time: close the other one")
        return data

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class SerialLine:
    """A serial port of this machine: raw, 8 data bits, even parity, one stop bit."""

    def __init__(self, path: str, baud: int) -> None:
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise LineDown(f"{path} cannot be opened: {error.strerror}", hint="may this user open serial ports (group dialout)?") from error
        try:
            speed: int = getattr(termios, f"B{baud}")
            attributes = termios.tcgetattr(self._handle)
            control = attributes[6]
            control[termios.VMIN], control[termios.VTIME] = 0, 0
            flags = termios.CS8 | termios.PARENB | termios.CREAD | termios.CLOCAL
            termios.tcsetattr(self._handle, termios.TCSANOW, [0, 0, flags, 0, speed, speed, control])
            termios.tcflush(self._handle, termios.TCIOFLUSH)
        except termios.error as error:
            os.close(self._handle)
            raise LineDown(f"{path} is no serial port: {error}") from error

    def send(self, data: bytes) -> None:
        """Put bytes on the line."""
        end = time.monotonic() + CONNECT_SECONDS
        while data:
            _, writable, _ = select.select([], [self._handle], [], max(end - time.monotonic(), 0))
            if not writable:
                raise LineDown("the serial port takes no bytes")
            try:
                data = data[os.write(self._handle, data) :]
            except OSError as error:
                raise LineDown(f"the serial port went away: {error.strerror}") from error

    def receive(self, seconds: float) -> bytes:
        """Return the bytes that come within `seconds`."""
        readable, _, _ = select.select([self._handle], [], [], max(seconds, 0))
        if not readable:
            return b""
        try:
            return os.read(self._handle, _READ_BYTES)
        except OSError as error:
            raise LineDown(f"the serial port went away: {error.strerror}") from error

    def close(self) -> None:
        """Close the port."""
        os.close(self._handle)


def check_line(url: str) -> str | None:
    """Return what is wrong with a line's URL, None where nothing is."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme == "tcp":
        return None if parts.hostname and port else "expected tcp://host:port"
    if parts.scheme == "serial":
        baud = parse_qs(parts.query).get("baud", ["2400"])[0]
        good = parts.path.startswith("/") and not parts.hostname and baud.isdecimal() and int(baud) in _BAUDS
        return None if good else f"expected serial:///dev/…, with ?baud= one of {', '.join(map(str, _BAUDS))}"
    return "expected tcp://host:port or serial:///dev/…"


def open_line(url: str) -> Line:
    """Open the line of a URL.

    Raises:
        ConfigurationError: it is no URL of a line.
        LineDown: it cannot be opened.
    """
    fault = check_line(url)
    if fault is not None:
        raise ConfigurationError(f"not a line of meters: got {url!r}, {fault}")
    parts = urlsplit(url)
    if parts.scheme == "tcp":
        return TcpLine(str(parts.hostname), int(parts.port or 0))
    return SerialLine(parts.path, int(parse_qs(parts.query).get("baud", ["2400"])[0]))


def poll_energy(
    line: Line,
    address: str,
    identifier: str,
    *,
    attempts: int = ATTEMPTS,
    seconds: float = REPLY_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> str:
    """Ask a meter for an energy register and return its kWh as a decimal string.

    A converter that echoes the question, and answers of other meters that come late, are passed over.

    Raises:
        FrameRefused: METER_ERROR, or any other name where that was what the last attempt got.
        MeterSilent: nothing like a frame came.
        LineDown: the line went away.
    """
    request = read_request(address, identifier)
    last: FrameRefused | None = None
    for _ in range(attempts):
        framer = Framer()
        while line.receive(0):  # what came too late for the question before
            pass
        line.send(bytes((WAKE_UP,)) * WAKE_UPS + request)
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            data = line.receive(left)
            for frame in framer.feed(data) if data else framer.finish():
                if frame == decode(request):
                    continue
                try:
                    return read_energy(frame, address, identifier)
                except FrameRefused as refusal:
                    if refusal.reason == "METER_ERROR":
                        raise
                    last = refusal
        last = framer.refusals[0] if last is None and framer.refusals else last
    if last is not None:
        raise last
    raise MeterSilent(
        f"meter {address} does not answer: asked {attempts} times", hint="check its address, the two wires and the baud rate", meter=address
    )
