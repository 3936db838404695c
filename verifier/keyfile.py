"""Open an encrypted key file (Ethereum keystore version 3)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from verifier import aes, json_strict
from verifier.errors import Disagreement, Malformed, UsageError
from verifier.keccak import keccak256
from verifier.secp256k1 import N, address_of
from verifier.shapes import unhex

MAX_BYTES = 64 * 1024
MAX_SCRYPT_MEMORY = 1024**3
MAX_ITERATIONS = 10_000_000


def open_keyfile(data: bytes, passphrase: str) -> int:
    """Return the private key.

    Raises:
        Malformed: not a version 3 key file, or one that asks for more work than any tool writes.
        UsageError: the passphrase is wrong.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("KEYFILE", "key file", f"larger than {MAX_BYTES} bytes")
    value = json_strict.load(data)
    try:
        crypto = value.get("crypto") or value["Crypto"]
        if value["version"] != 3 or crypto["cipher"] != "aes-128-ctr":
            raise Malformed("KEYFILE", "key file", "version 3 with aes-128-ctr expected")
        cipher, counter = unhex(crypto["ciphertext"]), unhex(crypto["cipherparams"]["iv"])
        derived = _derive(crypto["kdf"], crypto["kdfparams"], passphrase.encode())
        code = unhex(crypto["mac"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Malformed("KEYFILE", "key file", f"a field is missing or of another form: {error}") from None
    if len(cipher) != 32 or len(counter) != 16:
        raise Malformed("KEYFILE", "key file", "32 bytes of key and 16 of counter expected")
    if not hmac.compare_digest(keccak256(derived[16:32] + cipher), code):
        raise UsageError("PASSPHRASE", "the passphrase does not open this key file")
    secret = int.from_bytes(_decrypt(derived[:16], counter, cipher), "big")
    if not 0 < secret < N:
        raise Malformed("KEYFILE", "key file", "the key is outside its range")
    stated = value.get("address")
    if isinstance(stated, str) and stated.lower().removeprefix("0x") != address_of(secret).hex():
        raise Malformed("KEYFILE", "key file", f"the key is of 0x{address_of(secret).hex()}, the file says {stated}")
    return secret


def _derive(kdf: str, parameters: Any, passphrase: bytes) -> bytes:
    salt, length = unhex(parameters["salt"]), parameters["dklen"]
    if length != 32:
        raise Malformed("KEYFILE", "key file /crypto/kdfparams/dklen", "32 expected")
    if kdf == "scrypt":
        n, r, p = parameters["n"], parameters["r"], parameters["p"]
        if not (1 < n <= 2**22 and 1 <= r <= 64 and 1 <= p <= 16) or 128 * n * r > MAX_SCRYPT_MEMORY:
            raise Malformed("KEYFILE", "key file /crypto/kdfparams", "more work or memory than a key file needs")
        return hashlib.scrypt(passphrase, salt=salt, n=n, r=r, p=p, maxmem=128 * r * (n + p + 2) + 2**20, dklen=32)
    if kdf == "pbkdf2" and parameters["prf"] == "hmac-sha256" and 1 <= parameters["c"] <= MAX_ITERATIONS:
        return hashlib.pbkdf2_hmac("sha256", passphrase, salt, parameters["c"], 32)
    raise Malformed("KEYFILE", "key file /crypto/kdf", "scrypt, or pbkdf2 with hmac-sha256, expected")


def _decrypt(key: bytes, counter: bytes, data: bytes) -> bytes:
    plain = aes.counter_mode(key, counter, data)
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        return plain
    decryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor()
    if decryptor.update(data) + decryptor.finalize() != plain:
        raise Disagreement("AES", "cryptography decrypts to something else")
    return plain
