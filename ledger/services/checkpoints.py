"""Checkpoints: of the embedded chain's block log, and of an institution's envelope log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain.embedded.cosigned import Cosignature
from ledger.chain.typed_data import LogCheckpoint
from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import sid
from ledger.services import audit
from ledger.services.context import Work, require_own
from ledger.services.signing import queue, receive, signed_columns
from ledger.services.signing_request import SIGNING_SECONDS, SigningItem, signing_item
from ledger.services.transactions import find_transaction
from ledger.store.repositories import metering

SIGNERS = ("logkeeper", "approver")
"""Roles whose people hand in checkpoints of the envelope log; the contract asks the same of their keys."""


@dataclass(frozen=True)
class CosignedView:
    """The newest checkpoint that a quorum of witnesses cosigned: the note with their lines, and who at which time (Unix seconds)."""

    size: int
    root: str
    note: str
    quorum: int
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True)
class CheckpointView:
    """A signed checkpoint of the block log: size, root (hex), the whole note, and the key that signed it (vkey).

    `cosigned` is None without witnesses, and before a quorum of them has answered.
    """

    size: int
    root: str
    note: str
    verifier_key: str
    cosigned: CosignedView | None


@dataclass(frozen=True)
class LogCheckpointView:
    """An anchored root of an envelope log."""

    institution: str
    size: int
    root: str
    state: str
    tx_hash: str | None


def latest_checkpoint(work: Work) -> CheckpointView:
    """Return a checkpoint that covers the head of the embedded chain.

    Raises:
        NotFound: the chain is a node's: its finality is in its own headers.
    """
    found = work.house.chain.checkpoint_for(work.house.chain.block_number())
    if found is None:
        raise NotFound("this chain has no checkpoints", hint="on an external node, finality is in the block headers")
    return CheckpointView(found.size, found.root.hex(), found.note, found.verifier_key, _find_cosigned(work))


def _find_cosigned(work: Work) -> CosignedView | None:
    """Return the newest checkpoint that a quorum of witnesses cosigned, or None."""
    found = work.house.chain.find_cosigned()
    if found is None:
        return None
    quorum, checkpoint = work.house.settings.witness_quorum, found.checkpoint
    return CosignedView(checkpoint.size, checkpoint.root.hex(), found.note, quorum, found.cosignatures)


def consistency(work: Work, old: int, new: int) -> dict[str, object]:
    """Return the `lingtan.consistency/1` proof that the block log of size `new` extends the one of size `old`.

    Raises:
        NotFound: the chain is a node's, or the log is shorter.
    """
    chain = work.house.chain
    if chain.kind != "embedded":
        raise NotFound("this chain has no block log", hint="on an external node, finality is in the block headers")
    if not 1 <= old <= new <= chain.block_number() + 1:
        raise NotFound(f"the block log has {chain.block_number() + 1} blocks", hint="ask for 1 ≤ old ≤ new ≤ that size")
    origin = latest_checkpoint(work).verifier_key.split("+")[0]
    proof = [item.hex() for item in chain.log_consistency(old, new)]
    return {"schema": "lingtan.consistency/1", "origin": origin, "proofs": [{"old_size": str(old), "new_size": str(new), "hashes": proof}]}


def log_checkpoint_request(work: Work, institution: str) -> SigningItem:
    """Return the message that fixes the institution's envelope log as it stands now.

    Raises:
        Conflict: the log is empty.
    """
    require_own(work, institution, *SIGNERS)
    log = work.house.envelope_logs.open(work.session, institution)
    if not log.size:
        raise Conflict("the envelope log is empty", hint="send telemetry first", institution=institution)
    ledger = work.house.contracts.periods
    struct = LogCheckpoint(org=sid("org", institution), size=log.size, root=log.root(), deadline=work.clock.now() + SIGNING_SECONDS)
    return signing_item(ledger, struct)


def submit_log_checkpoint(work: Work, institution: str, message: Mapping[str, object], signature: str) -> LogCheckpointView:
    """Take the signed root of the envelope log and queue it. The same message again changes nothing, also when the log has grown since.

    Raises:
        InputError: the root is not that of the log at this size.
    """
    require_own(work, institution, *SIGNERS)
    received = receive(work, work.house.contracts.periods, LogCheckpoint, message, signature)
    struct = received.struct
    log = work.house.envelope_logs.open(work.session, institution, struct.size)
    if struct.org != sid("org", institution) or log.size != struct.size or log.root() != struct.root:
        raise InputError("the message fixes another log than the one stored here", hint="sign the message of the request unchanged")
    outbox_id = queue(work, work.house.contracts.periods, received, kind="periods.anchor_log", subject=f"log/{institution}/{struct.size}")
    kept = metering.find_checkpoint(work.session, struct.struct_hash().hex())
    if kept is None:
        kept = metering.add_log_checkpoint(
            work.session, institution, struct.size, struct.root.hex(), signed_columns(work, received, outbox_id)
        )
        audit.record(work, "log.checkpoint", f"{institution}/{struct.size}", institution=institution)
    transaction = find_transaction(work, kept.outbox_id)
    return LogCheckpointView(institution, kept.size, kept.root, transaction.state, transaction.tx_hash)
