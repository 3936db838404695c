"""The envelope log of an institution as evidence: size and root, proofs of entries and between sizes, bodies (spec: metering §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.services.context import Work, require_visible
from ledger.services.log_tree import LogView
from ledger.services.transactions import find_transaction
from ledger.store.repositories import log_anchors, metering
from ledger.store.tables import LogCheckpoint

SCHEMA = "lingtan.log-proof/1"
EVIDENCE = ("block", "transaction", "receipt", "finality")


@dataclass(frozen=True)
class AnchoredSize:
    """The last root of a log that is final on the chain; times in Unix seconds."""

    size: int
    root: str
    signer: str
    block_number: int
    tx_hash: str
    anchored_at: int


@dataclass(frozen=True)
class SignedSize:
    """The last signed root of a log that the chain has or will have; `state` is that of its transaction."""

    size: int
    root: str
    signer: str
    state: str


@dataclass(frozen=True)
class LogHeadView:
    """An envelope log as it stands; `signed` and `anchored` None before the first checkpoint that is."""

    institution: str
    size: int
    root: str
    signed: SignedSize | None
    anchored: AnchoredSize | None


@dataclass(frozen=True)
class LogConsistencyView:
    """That the log of the size `old` is a prefix of the one of the size `new`: roots and hashes as hex."""

    institution: str
    old_size: int
    old_root: str
    new_size: int
    new_root: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class BodyView:
    """An entry of the envelope log, byte for byte."""

    media_type: str
    sha256: str
    body: bytes = field(repr=False)


def get_log(work: Work, institution: str) -> LogHeadView:
    """Return size and root of the log now, and what of it is anchored."""
    require_visible(work, institution)
    log = work.house.envelope_logs.open(work.session, institution)
    row = log_anchors.find_anchored_checkpoint(work.session, institution)
    last = log_anchors.find_signed_checkpoint(work.session, institution)
    signed = None if last is None else SignedSize(last.size, last.root, last.signer, find_transaction(work, last.outbox_id).state)
    return LogHeadView(institution, log.size, log.root().hex(), signed, None if row is None else _anchored(work, row))


def get_log_proof(work: Work, institution: str, index: int, size: int | None, old: int | None) -> dict[str, Any]:
    """Return the `lingtan.log-proof/1` of an entry in the log of `size` entries.

    Args:
        size: without it, that of the last anchored checkpoint where the entry is in it, else the log's as it stands.
        old: an earlier size, to which a proof of consistency is added.

    Raises:
        NotFound: the log has no such entry, size or earlier size.
    """
    require_visible(work, institution)
    return build_log_proof(work, institution, index, size, old)


def build_log_proof(work: Work, institution: str, index: int, size: int | None, old: int | None) -> dict[str, Any]:
    """Return the proof as `get_log_proof` does, for a use case that has decided who may see this entry.

    Raises:
        NotFound: the log has no such entry, size or earlier size.
    """
    anchored = log_anchors.find_anchored_checkpoint(work.session, institution, size=size)
    if size is None and anchored is not None and anchored.size > index:
        size = anchored.size
    log = _open(work, institution, size)
    if not 0 <= index < log.size:
        raise NotFound(f"the log has {log.size} entries", hint="ask for an index below the size")
    if old is not None and not 0 < old <= log.size:
        raise NotFound(f"the log of {log.size} entries has no earlier size {old}", hint="ask for 1 ≤ old ≤ size")
    return {
        "schema": SCHEMA,
        "institution": institution,
        "index": str(index),
        "size": str(log.size),
        "leaf": log.leaf(index).hex(),
        "root": log.root().hex(),
        "inclusion": [item.hex() for item in log.inclusion(index)],
        "consistency": None if old is None else _consistency(log, old),
        "anchor": None if anchored is None or anchored.size != log.size else _anchor_item(work, anchored),
    }


def get_log_consistency(work: Work, institution: str, old: int, new: int) -> LogConsistencyView:
    """Return the proof that the log only grew between two sizes.

    Raises:
        NotFound: the log never had such sizes.
    """
    require_visible(work, institution)
    log = _open(work, institution, new)
    if not 0 < old <= new:
        raise NotFound(f"no consistency from {old} to {new}", hint="ask for 1 ≤ old ≤ new ≤ the log's size")
    hashes = tuple(item.hex() for item in log.consistency(old))
    return LogConsistencyView(institution, old, log.root_at(old).hex(), new, log.root().hex(), hashes)


def get_body(work: Work, institution: str, id: str) -> BodyView:
    """Return an entry of the envelope log as it came in.

    Raises:
        NotFound: there is none.
    """
    require_visible(work, institution)
    if not id.isdecimal() or len(id) > 18:
        raise NotFound(f"{institution} has no telemetry {id[:20]!r}", hint="ids are whole numbers")
    row = metering.get_telemetry_body(work.session, institution, int(id))
    return BodyView(row.media_type, row.sha256, row.body)


def _open(work: Work, institution: str, size: int | None) -> LogView:
    log = work.house.envelope_logs.open(work.session, institution, size)
    if size is not None and (log.size != size or size < 1):
        raise NotFound(f"the log has {log.stored} entries", hint="ask for a size from 1 to that")
    return log


def _consistency(log: LogView, old: int) -> dict[str, object]:
    return {"old_size": str(old), "old_root": log.root_at(old).hex(), "hashes": [item.hex() for item in log.consistency(old)]}


def _anchored(work: Work, row: LogCheckpoint) -> AnchoredSize | None:
    anchor = log_anchors.find_log_anchor(work.session, row.id)
    if anchor is None:
        return None
    return AnchoredSize(row.size, row.root, row.signer, anchor.block_number, anchor.tx_hash, anchor.at)


def _anchor_item(work: Work, row: LogCheckpoint) -> dict[str, object] | None:
    anchor = log_anchors.find_log_anchor(work.session, row.id)
    if anchor is None:
        return None
    evidence = canonical.load(anchor.evidence)
    house = work.house
    return {
        "size": str(row.size),
        "root": row.root,
        "chain_id": str(house.chain.chain_id),
        "contract": house.contracts.periods.address.lower(),
        "message": canonical.load(row.message),
        "signature": row.signature,
        **{name: evidence[name] for name in EVIDENCE if isinstance(evidence, dict)},
    }
