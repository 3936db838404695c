"""Signed messages on their way to the chain: read, judge the signer, queue.

The judgement here is early advice with a clear reason; the contract decides again. Nothing here can make a signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ledger.chain.contracts.base import Contract
from ledger.chain.participants import verify_message
from ledger.chain.typed_data import TypedStruct, struct_fields
from ledger.clock import format_instant
from ledger.errors import InputError, SignatureRefused
from ledger.records import canonical
from ledger.services.context import Work
from ledger.store import outbox
from ledger.store.repositories.signed import Signed

S = TypeVar("S", bound=TypedStruct)

MAX_WHOLE = 2**63 - 1
"""The largest integer that a column holds; a uint64 on chain goes to 2^64 - 1."""


@dataclass(frozen=True)
class Received(Generic[S]):
    """A message whose signer was found."""

    struct: S
    signature: bytes
    signer: str
    digest: bytes


def read_signature(text: str) -> bytes:
    """Return the 65 bytes of a 0x signature.

    Raises:
        InputError: it is not one.
    """
    try:
        signature = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        signature = b""
    if len(signature) != 65 or not text.startswith("0x"):
        raise InputError("not a signature: expected 0x and 130 hex digits", hint="send r ‖ s ‖ v as the wallet made it")
    return signature


def receive(work: Work, contract: Contract, struct: type[S], message: Mapping[str, object], signature: str) -> Received[S]:
    """Return the struct of a message whose signer may sign it now.

    Raises:
        InputError: the message has wrong fields, or a number that no contract, clock or database will ever reach.
        SignatureRefused: past its deadline; signed by another bank, by a suspended or ended key, for another chain or contract.
    """
    value = struct.from_message(message)
    _check_sizes(value)
    now = work.clock.now()
    deadline = int(getattr(value, "deadline", 0))
    if deadline < now:
        raise SignatureRefused(
            f"the deadline {format_instant(deadline)} has passed, it is {format_instant(now)}",
            reason="signature.deadline_passed",
            hint="ask for a fresh signing request and sign again",
            deadline=deadline,
        )
    raw = read_signature(signature)
    signer = verify_message(work.house.contracts.participants, value, contract.domain, raw, now)
    return Received(value, raw, signer, value.digest(contract.domain))


def _check_sizes(value: TypedStruct) -> None:
    large = [field for field in struct_fields(type(value)) if field.type == "uint64" and int(getattr(value, field.attribute)) > MAX_WHOLE]
    if large:
        expected = "a decimal string of an integer from 0 to 2^63 - 1"
        raise InputError(
            f"{type(value).__name__}: {', '.join(field.name for field in large)} beyond 2^63 - 1, expected {expected}",
            hint="an open end of validity is 0; a deadline is a time in Unix seconds",
            struct=type(value).__name__,
            fields=tuple({"field": field.name, "got": str(getattr(value, field.attribute)), "expected": expected} for field in large),
        )


def queue(work: Work, contract: Contract, received: Received[S], *, kind: str, subject: str) -> int:
    """Queue the transaction that carries a message, in the same unit of work as its business row; return the outbox row's number."""
    call = contract.prepare(received.struct, received.signature)
    payload = outbox.Payload(
        signer=work.house.relayer_address,
        chain_id=work.house.chain.chain_id,
        to=contract.address,
        data=call.data,
        gas=call.gas,
        kind=kind,
        subject=subject,
    )
    # The signature is part of the key: after a refusal for good, the same person may sign the same words again.
    idem_key = f"{kind}:{contract.address}:{received.struct.struct_hash().hex()}:{received.signature.hex()[:16]}"
    return outbox.queue(work.session, idem_key, payload, now=work.clock.now()).id


def signed_columns(work: Work, received: Received[S], outbox_id: int | None) -> Signed:
    """Return what the store keeps of a received message."""
    return Signed(
        message=canonical.dump(received.struct.to_message()),
        signature="0x" + received.signature.hex(),
        signer=received.signer.lower(),
        struct_hash=received.struct.struct_hash().hex(),
        submitted_by=work.actor.subject,
        at=work.clock.now(),
        outbox_id=outbox_id,
    )
