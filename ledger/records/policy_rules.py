"""Refuse a policy that no verifier would read (spec: bundle §3): before anybody signs it, not when an auditor opens it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ledger.errors import InputError, MalformedDocument
from ledger.records import canonical
from ledger.records.signed_note import COSIGNATURE, ED25519, NoteKey, read_vkey

MAX_BYTES = 4 * 1024 * 1024
MAX_SIGNERS = MAX_WITNESSES = 32
MAX_SETS, MAX_VALIDATORS = 1_000, 256
MAX_HEIGHT = 2**256
_KEY = re.compile("[0-9a-f]{64}")
_ADDRESS = re.compile("0x[0-9a-f]{40}")
_COUNT = re.compile("0|[1-9][0-9]{0,77}")
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
# The y of the eight points whose signatures anybody can make (RFC 8032 leaves them to the user of the key).
_SMALL_ORDER = (
    0,
    1,
    _P - 1,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
)


def refuse_unreadable(policy: Mapping[str, Any]) -> None:
    """Refuse signers, validators and witnesses that bundle.md §3 calls malformed, and a policy of more than 4 MiB.

    Raises:
        InputError: with the place, what stands there and what may.
    """
    _refuse_signers(policy["signers"]["keys"], policy["signers"]["threshold"])
    _refuse_keys(policy["keys"])
    _refuse_validators(policy["validators"])
    _refuse_witnesses(policy["checkpoint"], policy["witnesses"])
    age = policy["max_age"]
    if age is not None and not (type(age) is int and 0 <= age < 2**53):
        raise _refused("max_age", str(age), "a number of seconds below 2^53, or none")
    previous = policy["previous"]
    if previous is not None and not (isinstance(previous, str) and _KEY.fullmatch(previous)):
        raise _refused("previous", str(previous), "the SHA-256 of the policy before, 64 hex, or none")
    if len(canonical.dump(dict(policy))) > MAX_BYTES:
        raise _refused("policy", "too large", f"at most {MAX_BYTES} bytes")


def is_binding_key(key: bytes) -> bool:
    """Say whether 32 bytes are a point of Ed25519 in its one writing, and none of the eight whose signatures anybody can make."""
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    if len(key) != 32 or y >= _P or y in _SMALL_ORDER:
        return False
    return pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) == 1  # x² = (y² − 1) / (d·y² + 1) has a root


def _refuse_signers(keys: Sequence[str], threshold: int) -> None:
    if not 1 <= len(keys) <= MAX_SIGNERS or len(set(keys)) != len(keys) or not 1 <= threshold <= len(keys):
        raise InputError(
            f"{threshold} of {len(keys)} signers cannot sign a policy",
            hint=f"name each once, {MAX_SIGNERS} at most, and a threshold they can reach",
        )
    for key in keys:
        if not _KEY.fullmatch(key) or not is_binding_key(bytes.fromhex(key)):
            raise _refused("signers", key, "the public half of an Ed25519 key, 64 lower-case hex; `lingtan keys policy` shows it")


def _refuse_keys(keys: Sequence[Mapping[str, Any]]) -> None:
    owners: dict[str, str] = {}
    for at, item in enumerate(keys):
        owner = owners.setdefault(item["address"], item["institution"])
        if owner != item["institution"]:
            both = f"{item['address']} of {owner} and of {item['institution']}"
            raise _refused(f"keys/{at}/address", both, "an address in one institution")


def _refuse_validators(sets: Any) -> None:
    if sets is None:
        return
    if not isinstance(sets, list) or len(sets) > MAX_SETS:
        raise _refused("validators", type(sets).__name__, f"a list of at most {MAX_SETS} sets, or none")
    ranges = sorted((_range(item, f"validators/{at}") for at, item in enumerate(sets)), key=lambda pair: pair[0])
    for (_, last), (first, _) in pairwise(ranges):
        if last is None or last >= first:
            raise _refused("validators", f"two sets for block {first}", "one set at most for any block: end the earlier one with `to`")


def _range(item: Any, place: str) -> tuple[int, int | None]:
    if not isinstance(item, dict) or not {"from", "addresses"} <= set(item) <= {"from", "to", "addresses"}:
        raise _refused(place, str(item)[:100], "from, to (may be absent) and addresses")
    first, last = _height(item["from"], f"{place}/from"), None if item.get("to") is None else _height(item["to"], f"{place}/to")
    if last is not None and last < first:
        raise _refused(f"{place}/to", str(last), f"a block at or after {first}")
    addresses = item["addresses"]
    if not isinstance(addresses, list) or not 1 <= len(addresses) <= MAX_VALIDATORS:
        raise _refused(f"{place}/addresses", str(addresses)[:100], f"1 to {MAX_VALIDATORS} addresses")
    for address in addresses:
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise _refused(f"{place}/addresses", str(address)[:100], "an address: 0x and 40 lower-case hex")
    if len(set(addresses)) != len(addresses):
        raise _refused(f"{place}/addresses", "an address twice", "each validator once")
    return first, last


def _height(value: Any, place: str) -> int:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _COUNT.fullmatch(text) or int(text) >= MAX_HEIGHT:
        raise _refused(place, str(value)[:100], "a block number, written in digits")
    return int(text)


def _refuse_witnesses(checkpoint: Any, witnesses: Any) -> None:
    log = [] if checkpoint is None else [_vkey(checkpoint["vkey"], ED25519, "checkpoint/vkey")]
    if witnesses is None:
        return
    texts, quorum = witnesses["keys"], witnesses["quorum"]
    keys = [*log, *(_vkey(text, COSIGNATURE, "witnesses/keys") for text in texts)]
    if len({key.name for key in keys}) != len(keys) or len({key.public_key for key in keys}) != len(keys):
        raise _refused("witnesses/keys", "a name or a key twice", "each witness with a name and a key of its own, neither the log's")
    if len(texts) > MAX_WITNESSES or type(quorum) is not int or not 1 <= quorum <= len(texts):
        raise _refused("witnesses/quorum", f"{quorum} of {len(texts)}", f"1 or more and no more than there are witnesses, {MAX_WITNESSES}")


def _vkey(text: Any, kind: int, place: str) -> NoteKey:
    try:
        key = read_vkey(str(text))
    except MalformedDocument as error:
        raise _refused(place, str(text)[:100], f"a vkey: {error.hint or error}") from error
    if key.kind != kind or not is_binding_key(key.public_key) or any(character < " " for character in key.name):
        raise _refused(place, str(text)[:100], f"a vkey of type 0x{kind:02x}, with an Ed25519 key and a name of one line")
    return key


def _refused(place: str, got: str, expected: str) -> InputError:
    return InputError(f"/{place} of the policy: got {got}; no verifier would read it", hint=f"expected {expected}", place=place)
