"""The platform itself: who I am, the chain, checkpoints, the audit log, readiness."""

from __future__ import annotations

from api.schemas.base import ApiAnswer, ApiRequest, FindingAnswer, Instant, Message, Signature


class MeAnswer(ApiAnswer):
    """The person or device behind the token."""

    subject: str
    institution: str | None
    roles: tuple[str, ...]


class CosignatureAnswer(ApiAnswer):
    """One witness's word: its name and key id, and when this was the largest checkpoint it knew."""

    witness: str
    key_id: str
    time: Instant


class CosignedAnswer(ApiAnswer):
    """The newest checkpoint that a quorum of witnesses cosigned; the note holds their lines."""

    size: int
    root: str
    note: str
    quorum: int
    cosignatures: tuple[CosignatureAnswer, ...]


class CheckpointAnswer(ApiAnswer):
    """The latest signed checkpoint of the chain's block log: a C2SP note; and the newest one that witnesses cosigned."""

    size: int
    root: str
    note: str
    verifier_key: str
    cosigned: CosignedAnswer | None


class LogCheckpointRequest(ApiRequest):
    """A signed LogCheckpoint of the institution's envelope log."""

    message: Message
    signature: Signature


class LogCheckpointAnswer(ApiAnswer):
    """A log checkpoint and how far its transaction has come."""

    institution: str
    size: int
    root: str
    state: str
    tx_hash: str | None


class ContractAnswer(ApiAnswer):
    """A contract: its address and the keccak256 of its runtime code."""

    address: str
    code_hash: str


class ChainAnswer(ApiAnswer):
    """The chain, its contracts and its head."""

    chain_id: int
    kind: str
    genesis: str
    contracts: dict[str, ContractAnswer]
    head: int


class AuditAnswer(ApiAnswer):
    """One entry of the audit log; `hash` covers it and the hash before it."""

    seq: int
    at: Instant
    actor: str
    institution: str | None
    action: str
    object: str
    result: str
    hash: str


class HealthAnswer(ApiAnswer):
    """Whether the process lives, or what it waits for."""

    status: str
    checks: dict[str, str]


class DriftReportAnswer(ApiAnswer):
    """One whole cycle of the drift monitor: the chain's head at its start, how much was read and how long it took, and what was found."""

    started_at: Instant
    ended_at: Instant
    block: int
    block_time: Instant
    rows: int
    milliseconds: int
    clean: bool
    findings: tuple[FindingAnswer, ...]


class DriftAnswer(ApiAnswer):
    """The drift monitor: whether it runs, its last whole cycle, and what is wrong now (empty: nothing is known to be)."""

    running: bool
    every_seconds: int
    cycles: int
    last: DriftReportAnswer | None
    alarm: tuple[FindingAnswer, ...]
