"""Compute Keccak-256 as Ethereum uses it: the Keccak of 2011 (padding 0x01), not SHA3-256 of FIPS 202."""

from __future__ import annotations

from functools import lru_cache

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


def _lane_moves() -> tuple[tuple[int, int, int, int, int], ...]:
    """Derive (from, its column, to, rotation, 64 less rotation) of rho and pi together; lane x, y is at index x + 5y."""
    moves, x, y = [(0, 0, 0, 0, 64)], 1, 0
    for t in range(24):
        turn = ((t + 1) * (t + 2) // 2) % 64
        moves.append((x + 5 * y, x, y + 5 * ((2 * x + 3 * y) % 5), turn, 64 - turn))
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(moves)


_CONSTANTS = _round_constants()
_MOVES = _lane_moves()
_ROWS = (0, 5, 10, 15, 20)


def _permute(a: list[int]) -> list[int]:
    mask = _MASK
    for constant in _CONSTANTS:
        a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24 = a
        c0, c1 = a0 ^ a5 ^ a10 ^ a15 ^ a20, a1 ^ a6 ^ a11 ^ a16 ^ a21  # theta
        c2, c3, c4 = a2 ^ a7 ^ a12 ^ a17 ^ a22, a3 ^ a8 ^ a13 ^ a18 ^ a23, a4 ^ a9 ^ a14 ^ a19 ^ a24
        d = (
            c4 ^ ((c1 << 1 | c1 >> 63) & mask),
            c0 ^ ((c2 << 1 | c2 >> 63) & mask),
            c1 ^ ((c3 << 1 | c3 >> 63) & mask),
            c2 ^ ((c4 << 1 | c4 >> 63) & mask),
            c3 ^ ((c0 << 1 | c0 >> 63) & mask),
        )
        b = [0] * 25
        for source, column, target, turn, rest in _MOVES:  # rho and pi
            lane = a[source] ^ d[column]
            b[target] = (lane << turn | lane >> rest) & mask
        a = []
        for row in _ROWS:  # chi
            b0, b1, b2, b3, b4 = b[row : row + 5]
            a += (b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4), b3 ^ (~b4 & b0), b4 ^ (~b0 & b1))
        a[0] ^= constant  # iota
    return a


@lru_cache(maxsize=4096)  # two datasets share header, account and proof nodes
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
