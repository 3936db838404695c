"""Hash QBFT headers and count their commit seals.

`extraData` is RLP([vanity, validators, vote, round, seals]). The block hash leaves round and seals out (round 0, no seals); the commit
hash keeps the round. Signers are counted by address, because one signature has two writings.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from verifier import rlp
from verifier.errors import Malformed, Refused
from verifier.keccak import keccak256
from verifier.secp256k1 import recover_seal

MAX_FIELDS = 23
_COINBASE, _EXTRA = 2, 12
_FIXED = {
    1: ("ommersHash", keccak256(b"\xc0")),
    7: ("difficulty", b"\x01"),
    13: ("mixHash", bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")),
    14: ("nonce", bytes(8)),
}


@dataclass(frozen=True, slots=True)
class Extra:
    """Hold the five items of extraData."""

    vanity: bytes
    validators: tuple[bytes, ...]
    vote: rlp.Item
    round: bytes
    seals: tuple[bytes, ...]


def refuse_form(fields: list[rlp.Item]) -> None:
    """Refuse a header whose constant fields are not those of every QBFT block, or whose proposer is none of its validators.

    Raises:
        Malformed: not a header, or extraData cannot be read. Refused: QBFT_FORM, with the field.
    """
    refuse_count(fields)
    for index, (name, wanted) in _FIXED.items():
        if fields[index] != wanted:
            raise Refused(
                "QBFT_FORM", f"{name} of a QBFT header is constant", element=name, expected=wanted.hex(), found=_shown(fields[index])
            )
    proposer, validators = fields[_COINBASE], read_extra(rlp.text_of(fields[_EXTRA])).validators
    if proposer not in validators:
        raise Refused("QBFT_FORM", "the proposer is no validator", element="coinbase", expected="one of them", found=_shown(proposer))


def refuse_count(fields: list[rlp.Item]) -> None:
    """Refuse a list that is too short or too long for a header's. Raises: Malformed."""
    if not 15 <= len(fields) <= MAX_FIELDS:
        raise Malformed("HEADER_FIELDS", "header", f"15 to {MAX_FIELDS} fields expected, {len(fields)} found")


def _shown(item: rlp.Item) -> str:
    return item.hex() if isinstance(item, bytes) else "a list"


def read_extra(data: bytes) -> Extra:
    """Return the items of extraData. Raises: Malformed for another form; lenient readings are how two clients come to disagree."""
    items = rlp.decode_list(data)
    if len(items) != 5 or not isinstance(items[1], list) or not isinstance(items[4], list):
        raise Malformed("QBFT_EXTRA", "header extraData", "vanity, validators, vote, round and seals expected")
    validators = tuple(rlp.text_of(item, 20) for item in items[1])
    if any(a >= b for a, b in pairwise(validators)):
        raise Malformed("QBFT_VALIDATORS", "header extraData", "validators are strictly ascending")
    vote = items[2]
    if vote != [] and not (
        isinstance(vote, list) and len(vote) == 2 and isinstance(vote[0], bytes) and len(vote[0]) == 20 and vote[1] in (b"", b"\xff")
    ):
        raise Malformed("QBFT_VOTE", "header extraData", "no vote, or a recipient with 0xff or an empty string")
    if rlp.integer_of(items[3]) >= 2**32:
        raise Malformed("QBFT_ROUND", "header extraData", "a round has at most four bytes")
    return Extra(rlp.text_of(items[0], 32), validators, vote, rlp.text_of(items[3]), tuple(rlp.text_of(item, 65) for item in items[4]))


def block_hash(fields: list[rlp.Item]) -> bytes:
    """Return the block hash of a header's fields: round 0, no seals. Raises: Malformed where they are none of a header."""
    refuse_count(fields)
    return _hash(fields, read_extra(rlp.text_of(fields[_EXTRA])), b"")


def commit_hash(fields: list[rlp.Item]) -> bytes:
    """Return what the commit seals sign: the round as it is, no seals. Raises: Malformed where the fields are none of a header."""
    refuse_count(fields)
    extra = read_extra(rlp.text_of(fields[_EXTRA]))
    return _hash(fields, extra, extra.round)


def _hash(fields: list[rlp.Item], extra: Extra, round_: bytes) -> bytes:
    stripped = rlp.encode([extra.vanity, list(extra.validators), extra.vote, round_, []])
    return keccak256(rlp.encode([*fields[:_EXTRA], stripped, *fields[_EXTRA + 1 :]]))


def quorum(validators: int) -> int:
    """Return how many of N validators must have sealed: ceil(2N/3)."""
    return -(-2 * validators // 3)


def committers(raw: bytes) -> tuple[Extra, tuple[bytes, ...]]:
    """Return (extra, the addresses that sealed), ascending.

    Raises:
        Refused: not a header's constant fields; a seal recovers nobody, somebody twice, or somebody outside the header's own validators.
        Malformed: not RLP of a header, or lenient extraData.
    """
    fields = rlp.decode_list(raw)
    refuse_form(fields)
    extra = read_extra(rlp.text_of(fields[_EXTRA]))
    digest = commit_hash(fields)
    found: list[bytes] = []
    if len(extra.seals) > len(extra.validators):
        raise Refused("SEALS_TOO_MANY", "more seals than validators", expected=str(len(extra.validators)), found=str(len(extra.seals)))
    for index, seal in enumerate(extra.seals):
        address = recover_seal(digest, seal)
        if address in found:
            raise Refused("SEAL_TWICE", "a validator's seal is counted once", element=f"seal {index}", found="0x" + address.hex())
        if address not in extra.validators:
            raise Refused(
                "SEAL_STRANGER", "a seal is of nobody in the header's validators", element=f"seal {index}", found="0x" + address.hex()
            )
        found.append(address)
    return extra, tuple(sorted(found))


def verify_quorum(raw: bytes, pinned: tuple[bytes, ...]) -> None:
    """Refuse unless a quorum of the header's validators sealed and a quorum of the pinned set is among them.

    Raises:
        Refused: code QBFT_QUORUM where seals are too few, QBFT_UNPINNED where the validators are others than the policy pins.
    """
    extra, sealed = committers(raw)
    if len(sealed) < quorum(len(extra.validators)) or not sealed:
        raise Refused("QBFT_QUORUM", "too few commit seals", expected=str(quorum(len(extra.validators))), found=str(len(sealed)))
    if tuple(sorted(pinned)) != extra.validators:
        raise Refused(
            "QBFT_UNPINNED",
            "the header names other validators than the policy",
            expected=", ".join("0x" + item.hex() for item in sorted(pinned)),
            found=", ".join("0x" + item.hex() for item in extra.validators),
        )
