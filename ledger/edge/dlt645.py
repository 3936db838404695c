"""DL/T 645-2007 frames, bytes in, frame or refusal out (spec: metering §10).

`FE* 68 A0–A5 68 C L DATA CS 16`: the address is six BCD bytes, low byte first; every data byte travels with 33H added; CS is the sum of
all bytes from the first 68 modulo 256. A frame that is accepted encodes to the same bytes again, without its wake-up bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.errors import InputError

WAKE_UP = 0xFE
START = 0x68
END = 0x16
OFFSET = 0x33
READ = 0x11
READ_REPLY = 0x91
READ_ERROR = 0xD1
IMPORT = "00010000"
EXPORT = "00020000"
MAX_DATA = 200  # bytes; the standard's limit for a reply
HEAD = 10  # bytes before the data
LEAST = HEAD + 2
MAX_FRAME = LEAST + MAX_DATA
_ADDRESS = re.compile(r"[0-9]{12}", re.ASCII)
_IDENTIFIER = re.compile(r"[0-9A-F]{8}", re.ASCII)
_ENERGY_BYTES = 4  # XXXXXX.XX kWh
# The bits of an error reply, from bit 0.
_ERRORS = (
    "other error",
    "no such data",
    "not authorised",
    "baud rate cannot change",
    "too many zones",
    "too many slots",
    "too many tariffs",
)


class FrameRefused(InputError):
    """Bytes that are no frame, or not the frame that was asked for; `reason` is the name of the spec."""

    code = "edge.frame_refused"

    def __init__(self, reason: str, message: str, **facts: object) -> None:
        super().__init__(f"{reason}: {message}", hint="the meter is asked again; check wiring, address and baud rate", **facts)
        self.reason = reason


@dataclass(frozen=True)
class Frame:
    """A frame: the address as twelve digits, high digit first; the control byte; the data without the 33H of the line."""

    address: str
    control: int
    data: bytes = b""


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame, without wake-up bytes.

    Raises:
        InputError: the address is not twelve digits, or there are more than 200 bytes of data.
    """
    if not _ADDRESS.fullmatch(frame.address):
        raise InputError(f"not a meter's address: got {frame.address!r}, expected twelve digits", hint="read it from the meter's plate")
    if len(frame.data) > MAX_DATA:
        raise InputError(f"{len(frame.data)} bytes of data, expected at most {MAX_DATA}")
    address = bytes.fromhex(frame.address)[::-1]
    data = bytes((byte + OFFSET) & 0xFF for byte in frame.data)
    body = bytes((START, *address, START, frame.control, len(data))) + data
    return body + bytes((sum(body) & 0xFF, END))


def decode(data: bytes) -> Frame:
    """Return the one frame that `data` is, with or without wake-up bytes before it.

    Raises:
        FrameRefused: FRAME_START, FRAME_LENGTH, FRAME_END, CHECKSUM_WRONG, or BCD_WRONG for the address.
    """
    body = data.lstrip(bytes((WAKE_UP,)))
    if not body or body[0] != START or (len(body) > 7 and body[7] != START):
        raise FrameRefused("FRAME_START", f"got {body[:8].hex(' ') or 'nothing'}, expected 68, six bytes, 68")
    if len(body) < LEAST:
        raise FrameRefused("FRAME_LENGTH", f"got {len(body)} bytes, expected at least {LEAST}")
    length = body[9]
    if length > MAX_DATA or len(body) != LEAST + length:
        raise FrameRefused("FRAME_LENGTH", f"L is {length} and {len(body) - LEAST} bytes of data came, expected L of them and at most 200")
    if body[-1] != END:
        raise FrameRefused("FRAME_END", f"got {body[-1]:02X}, expected 16")
    checksum = sum(body[:-2]) & 0xFF
    if body[-2] != checksum:
        raise FrameRefused("CHECKSUM_WRONG", f"got {body[-2]:02X}, expected {checksum:02X}")
    address = body[6:0:-1].hex()
    if not _ADDRESS.fullmatch(address):
        raise FrameRefused("BCD_WRONG", f"the address {address} holds other digits than 0 to 9")
    return Frame(address, body[8], bytes((byte - OFFSET) & 0xFF for byte in body[HEAD:-2]))


def read_request(address: str, identifier: str) -> bytes:
    """Return the frame that asks the meter `address` for a data identifier of eight hex digits, DI3 first."""
    return encode(Frame(address, READ, _identifier_bytes(identifier)))


def read_energy(frame: Frame, address: str, identifier: str) -> str:
    """Return the kWh of a reply, as a decimal string with two places, such as 123456.78.

    Raises:
        FrameRefused: ADDRESS_DIFFERS, METER_ERROR (with the code), CONTROL_DIFFERS, FRAME_LENGTH, DI_DIFFERS, BCD_WRONG.
    """
    if frame.address != address:
        raise FrameRefused("ADDRESS_DIFFERS", f"got {frame.address}, expected {address}")
    if frame.control == READ_ERROR:
        bits = frame.data[0] if frame.data else 0
        meant = [text for at, text in enumerate(_ERRORS) if bits >> at & 1] or ["no reason given"]
        raise FrameRefused("METER_ERROR", f"code {bits:02X}: {', '.join(meant)}", error=bits)
    if frame.control != READ_REPLY:
        raise FrameRefused("CONTROL_DIFFERS", f"got {frame.control:02X}, expected {READ_REPLY:02X}")
    if len(frame.data) != 4 + _ENERGY_BYTES:
        raise FrameRefused("FRAME_LENGTH", f"{len(frame.data)} bytes of data, expected {4 + _ENERGY_BYTES}")
    found = frame.data[3::-1].hex().upper()
    if found != identifier:
        raise FrameRefused("DI_DIFFERS", f"got {found}, expected {identifier}")
    digits = frame.data[:3:-1].hex()
    if not digits.isdecimal():
        raise FrameRefused("BCD_WRONG", f"the value {digits} holds other digits than 0 to 9")
    return f"{digits[:6].lstrip('0') or '0'}.{digits[6:]}"


def energy_reply(address: str, identifier: str, hundredths: int) -> bytes:
    """Return the frame by which a meter tells a register of hundredths of a kWh: what a meter, or a test in its place, sends."""
    if not 0 <= hundredths < 10 ** (2 * _ENERGY_BYTES):
        raise InputError(f"{hundredths} hundredths of a kWh do not fit on the display", hint="it rolls over at 1,000,000 kWh")
    value = bytes.fromhex(f"{hundredths:08d}")[::-1]
    return encode(Frame(address, READ_REPLY, _identifier_bytes(identifier) + value))


def _identifier_bytes(identifier: str) -> bytes:
    if not _IDENTIFIER.fullmatch(identifier):
        raise InputError(f"not a data identifier: got {identifier!r}, expected eight hex digits, as {IMPORT}")
    return bytes.fromhex(identifier)[::-1]


class Framer:
    """Finds frames in a stream of bytes: noise is skipped, a damaged frame costs itself and no other.

    `refusals` holds what looked like a frame and was none, since the last `clear`, at most sixteen of them.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.refusals: list[FrameRefused] = []
        self.skipped = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they come and return the frames that they complete."""
        self._buffer += data
        return self._scan(final=False)

    def finish(self) -> list[Frame]:
        """Return the frames within what still waits for its end, which does not come any more."""
        frames = self._scan(final=True)
        self.skipped += len(self._buffer)
        self._buffer.clear()
        return frames

    def clear(self) -> None:
        """Forget all that came."""
        self._buffer.clear()
        self.refusals.clear()

    def _scan(self, *, final: bool) -> list[Frame]:
        frames = []
        while self._buffer:
            at = self._buffer.find(START)
            if at < 0:
                self._skip(len(self._buffer))
                break
            self._skip(at)
            size = self._find_size()
            if size is None and not final:
                break
            try:
                # Where the end does not come, what is there is short: decode says so by its name, and the search goes on behind the 68.
                frames.append(decode(bytes(self._buffer[: size or len(self._buffer)])))
                del self._buffer[: size or len(self._buffer)]
            except FrameRefused as refusal:
                if len(self.refusals) < 16:
                    self.refusals.append(refusal)
                self._skip(1)
        return frames

    def _find_size(self) -> int | None:
        """Return how many bytes to judge; None while the end of the frame may still come."""
        waiting = len(self._buffer)
        if waiting > 7 and self._buffer[7] != START:
            return 8
        if waiting < HEAD:
            return None
        size = LEAST + self._buffer[9]
        if size > MAX_FRAME:
            return HEAD
        return size if waiting >= size else None

    def _skip(self, count: int) -> None:
        self.skipped += count
        del self._buffer[:count]
