"""Compute Keccak-256 as Ethereum uses it: the Keccak of 2011 (padding 0x01), not SHA3-256 of FIPS 202."""

from __future__ import annotations

_MASK = 2**64 - 1
_RATE = 136  # bytes absorbed per permutation: 1600 − 2·256 bits


def _round_constants() -> tuple[int, ...]:
    """Derive the 24 iota constants from the degree-8 LFSR of the Keccak reference, §1.2."""
    constants, register = [], 1
    for _ in range(24):
        value = 0
        for j in range(7):
            if register & 1:
                value |= 1 << ((1 << j) - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        constants.append(value)
    return tuple(constants)


def _lane_moves() -> tuple[tuple[int, int, int], ...]:
    """Derive (from, to, rotation) of rho and pi together; lane x, y is at index x + 5y."""
    moves, x, y = [(0, 0, 0)], 1, 0
    for t in range(24):
        moves.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), ((t + 1) * (t + 2) // 2) % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(moves)


_CONSTANTS = _round_constants()
_MOVES = _lane_moves()
_ROWS = (0, 5, 10, 15, 20)


def _permute(a: list[int]) -> list[int]:
    for constant in _CONSTANTS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]  # theta
        d = [c[x - 1] ^ ((c[(x + 1) % 5] << 1 | c[(x + 1) % 5] >> 63) & _MASK) for x in range(5)]
        b = [0] * 25
        for source, target, turn in _MOVES:  # rho and pi
            lane = a[source] ^ d[source % 5]
            b[target] = (lane << turn | lane >> (64 - turn)) & _MASK
        a = [b[y + x] ^ (~b[y + (x + 1) % 5] & b[y + (x + 2) % 5]) for y in _ROWS for x in range(5)]  # chi
        a[0] ^= constant  # iota
    return a


def keccak256(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 digest of `data`."""
    padding = _RATE - len(data) % _RATE
    padded = data + (b"\x81" if padding == 1 else b"\x01" + bytes(padding - 2) + b"\x80")
    state = [0] * 25
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            state[lane] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        state = _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])
