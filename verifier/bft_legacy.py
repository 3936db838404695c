"""Hash and count the seals of headers older than QBFT: IBFT 2.0 of Besu, and IBFT of GoQuorum ("IBFT1").

No bundle is checked by these: a chain that began under them is pinned by its QBFT blocks. They are here for whoever must look further back.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from verifier import rlp
from verifier.errors import Malformed, Refused
from verifier.keccak import keccak256
from verifier.qbft import quorum, refuse_count
from verifier.secp256k1 import recover_seal

VANITY = 32
_COINBASE, _EXTRA = 2, 12
_COMMIT = b"\x02"  # what an IBFT1 commit seal appends to the block hash: the code of the message


@dataclass(frozen=True, slots=True)
class Sealed:
    """Hold whom a header names and who sealed it: addresses of 20 bytes; `proposer` is None where no seal shows it."""

    hash: bytes
    validators: tuple[bytes, ...]
    proposer: bytes | None
    committers: tuple[bytes, ...]


def ibft2_hashes(fields: list[rlp.Item]) -> tuple[bytes, bytes]:
    """Return (block hash, commit hash) of an IBFT 2.0 header: extraData of three items (no round, no seals), and of four (no seals).

    Raises:
        Malformed: not a header's fields, or extraData is not RLP([vanity, validators, vote, round of four bytes, seals]).
    """
    refuse_count(fields)
    items = _ibft2_extra(fields)
    return _hash(fields, rlp.encode(items[:3])), _hash(fields, rlp.encode(items[:4]))


def read_ibft2(raw: bytes) -> Sealed:
    """Return who sealed an IBFT 2.0 header, with its block hash.

    Raises:
        Malformed: not a header, or lenient extraData. Refused: a seal of nobody, of one twice or of a stranger; a proposer who is none.
    """
    fields = _fields(raw)
    items = _ibft2_extra(fields)
    block_hash, commit_hash = ibft2_hashes(fields)
    validators = _addresses(items[1])
    if any(a >= b for a, b in pairwise(validators)):
        raise Malformed("IBFT_VALIDATORS", "header extraData", "validators are strictly ascending")
    coinbase = rlp.text_of(fields[_COINBASE], 20)
    if coinbase not in validators:
        raise Refused("IBFT_PROPOSER", "the proposer is no validator", expected="one of them", found=coinbase.hex())
    return Sealed(block_hash, validators, coinbase, _signers(commit_hash, _seals(items[4]), validators))


def _ibft2_extra(fields: list[rlp.Item]) -> list[rlp.Item]:
    items = rlp.decode_list(rlp.text_of(fields[_EXTRA]))
    if len(items) != 5:
        raise Malformed("IBFT_EXTRA", "header extraData", "vanity, validators, vote, round and seals expected")
    rlp.text_of(items[0], VANITY)
    rlp.text_of(items[3], 4)
    vote = items[2]
    if vote != b"" and not (isinstance(vote, list) and len(vote) == 2 and vote[1] in (b"\xff", b"\x00") and rlp.text_of(vote[0], 20)):
        raise Malformed("IBFT_VOTE", "header extraData", "an empty string, or a recipient with 0xff or 0x00")
    _addresses(items[1])
    _seals(items[4])
    return items


def ibft1_hash(fields: list[rlp.Item], *, proposal: bool = False) -> bytes:
    """Return the block hash of a GoQuorum IBFT header (no commit seals), or with `proposal` what its proposer signs (no seal).

    Raises:
        Malformed: not a header's fields, or extraData is not 32 bytes and RLP([validators, proposer seal, commit seals]).
    """
    refuse_count(fields)
    vanity, items = _ibft1_extra(fields)
    return _hash(fields, vanity + rlp.encode([items[0], b"" if proposal else items[1], []]))


def read_ibft1(raw: bytes) -> Sealed:
    """Return who proposed and sealed a GoQuorum IBFT header, with its block hash.

    The proposer signs keccak(hash without any seal), a committer keccak(block hash ‖ 0x02).

    Raises:
        Malformed: not a header, or extraData of another form. Refused: a seal of nobody, of somebody twice or of a stranger.
    """
    fields = _fields(raw)
    items = _ibft1_extra(fields)[1]
    validators, block_hash = _addresses(items[0]), ibft1_hash(fields)
    proposer = recover_seal(keccak256(ibft1_hash(fields, proposal=True)), rlp.text_of(items[1], 65))
    if proposer not in validators:
        raise Refused("IBFT_PROPOSER", "the proposer is no validator", expected="one of them", found=proposer.hex())
    return Sealed(block_hash, validators, proposer, _signers(keccak256(block_hash + _COMMIT), _seals(items[2]), validators))


def _ibft1_extra(fields: list[rlp.Item]) -> tuple[bytes, list[rlp.Item]]:
    data = rlp.text_of(fields[_EXTRA])
    items = rlp.decode_list(data[VANITY:])
    if len(data) < VANITY or len(items) != 3:
        raise Malformed("IBFT_EXTRA", "header extraData", "32 bytes, then validators, proposer seal and commit seals expected")
    _addresses(items[0])
    rlp.text_of(items[1], 65)
    _seals(items[2])
    return data[:VANITY], items


def verify_quorum(sealed: Sealed, pinned: tuple[bytes, ...]) -> None:
    """Refuse unless the header's validators are those pinned and ceil(2N/3) of them sealed, as strictly as QBFT.

    Raises:
        Refused: IBFT_UNPINNED, IBFT_QUORUM.
    """
    if not pinned or sorted(sealed.validators) != sorted(pinned):
        raise Refused("IBFT_UNPINNED", "the header names other validators", expected=_listed(pinned), found=_listed(sealed.validators))
    if len(sealed.committers) < quorum(len(pinned)):
        raise Refused("IBFT_QUORUM", "too few commit seals", expected=str(quorum(len(pinned))), found=str(len(sealed.committers)))


def _fields(raw: bytes) -> list[rlp.Item]:
    fields = rlp.decode_list(raw)
    refuse_count(fields)
    return fields


def _hash(fields: list[rlp.Item], extra: bytes) -> bytes:
    return keccak256(rlp.encode([*fields[:_EXTRA], extra, *fields[_EXTRA + 1 :]]))


def _addresses(item: rlp.Item) -> tuple[bytes, ...]:
    found = tuple(rlp.text_of(address, 20) for address in item) if isinstance(item, list) else ()
    if not isinstance(item, list) or len(set(found)) != len(found):
        raise Malformed("IBFT_VALIDATORS", "header extraData", "a list of addresses, each once, expected")
    return found


def _seals(item: rlp.Item) -> tuple[bytes, ...]:
    if not isinstance(item, list):
        raise Malformed("IBFT_SEALS", "header extraData", "a list of seals expected")
    return tuple(rlp.text_of(seal, 65) for seal in item)


def _signers(digest: bytes, seals: tuple[bytes, ...], validators: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if len(seals) > len(validators):
        raise Refused("SEALS_TOO_MANY", "more seals than validators", expected=str(len(validators)), found=str(len(seals)))
    found: list[bytes] = []
    for index, seal in enumerate(seals):
        address = recover_seal(digest, seal)
        if address in found or address not in validators:
            code = "SEAL_TWICE" if address in found else "SEAL_STRANGER"
            raise Refused(code, "a seal counts once, and of a validator", element=f"seal {index}", found="0x" + address.hex())
        found.append(address)
    return tuple(sorted(found))


def _listed(addresses: tuple[bytes, ...]) -> str:
    return ", ".join("0x" + item.hex() for item in sorted(addresses))
