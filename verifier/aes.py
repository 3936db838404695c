"""Run AES-128 in counter mode (FIPS 197, SP 800-38A §6.5), for key files alone.

Not constant-time; `cryptography` is used instead where it is installed.
"""

from __future__ import annotations


def _tables() -> bytes:
    """Derive the S-box: the inverse in GF(2^8), then the affine map of FIPS 197 §5.1.1."""
    power, log = [1] * 256, [0] * 256
    for i in range(1, 256):
        power[i] = _times(power[i - 1], 3)
        log[power[i]] = i % 255
    box = bytearray(256)
    for value in range(256):
        inverse = power[(255 - log[value]) % 255] if value else 0
        spread = inverse * 0x101
        result = inverse ^ (spread >> 7) ^ (spread >> 6) ^ (spread >> 5) ^ (spread >> 4)
        box[value] = (result ^ 0x63) & 0xFF
    return bytes(box)


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


_BOX = _tables()


def _expand(key: bytes) -> list[bytes]:
    words = [key[at : at + 4] for at in range(0, 16, 4)]
    constant = 1
    for i in range(4, 44):
        word = words[-1]
        if i % 4 == 0:
            word = bytes(_BOX[byte] for byte in word[1:] + word[:1])
            word = bytes((word[0] ^ constant,)) + word[1:]
            constant = _times(constant, 2)
        words.append(bytes(a ^ b for a, b in zip(words[i - 4], word, strict=True)))
    return [b"".join(words[at : at + 4]) for at in range(0, 44, 4)]


def _encrypt(block: bytes, keys: list[bytes]) -> bytes:
    state = [a ^ b for a, b in zip(block, keys[0], strict=True)]
    for number, key in enumerate(keys[1:], start=1):
        state = [_BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]  # SubBytes and ShiftRows
        if number < 10:
            mixed = []
            for at in range(0, 16, 4):
                column = state[at : at + 4]
                whole = column[0] ^ column[1] ^ column[2] ^ column[3]
                mixed += [column[i] ^ whole ^ _times(column[i] ^ column[(i + 1) % 4], 2) for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, key, strict=True)]
    return bytes(state)


def counter_mode(key: bytes, counter: bytes, data: bytes) -> bytes:
    """Return `data` encrypted or decrypted with a 16-byte key from a 16-byte start of the counter."""
    keys, start = _expand(key), int.from_bytes(counter, "big")
    result = bytearray()
    for index, at in enumerate(range(0, len(data), 16)):
        stream = _encrypt(((start + index) % 2**128).to_bytes(16, "big"), keys)
        result += bytes(a ^ b for a, b in zip(data[at : at + 16], stream, strict=False))
    return bytes(result)
