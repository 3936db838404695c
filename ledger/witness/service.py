"""The rules: when a witness cosigns a checkpoint, and how it refuses (C2SP tlog-witness)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.clock import Clock
from ledger.errors import ConfigurationError, MalformedDocument, SignatureRefused
from ledger.merkle.plain import EMPTY_ROOT, ProofRefused, verify_consistency
from ledger.records.signed_note import COSIGNATURE, ED25519, NoteKey, cosign_text, verify_note
from ledger.witness.request import SIZE_TYPE, AddCheckpoint, read_request
from ledger.witness.state import Decision, Evidence, Known, StateFailed, WitnessState

log = logging.getLogger("lingtan.witness")

PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: status, body, type of the body."""

    status: int
    body: str
    content_type: str = PLAIN


class Witness:
    """A witness of the logs whose keys it was given. Safe from several threads."""

    def __init__(self, name: str, key: Ed25519PrivateKey, logs: Iterable[NoteKey], state: WitnessState, clock: Clock) -> None:
        """Take the witness's own name and key and the keys of the logs; a log's origin is the name of its key.

        Raises:
            ConfigurationError: no log, or a key of another type than 0x01.
        """
        self.name, self.state, self._key, self._clock = name, state, key, clock
        self.verifier_key = NoteKey(name, COSIGNATURE, key.public_key().public_bytes_raw()).vkey
        known: dict[str, list[NoteKey]] = {}
        for log_key in logs:
            if log_key.kind != ED25519:
                raise ConfigurationError(f"the key of {log_key.name} is a witness's, not a log's", hint="name the vkey of the log")
            known.setdefault(log_key.name, []).append(log_key)
        if not known:
            raise ConfigurationError("a witness without logs witnesses nothing", hint="name the vkey of a log with --log")
        self.logs: Mapping[str, list[NoteKey]] = known

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer one request. A cosignature is on its way only when the checkpoint is on the disk."""
        try:
            request = read_request(body)
        except MalformedDocument as error:
            return Reply(400, f"{error}\n")
        checkpoint = request.checkpoint
        if checkpoint.origin not in self.logs:
            return Reply(404, "this witness does not know the origin\n")
        try:
            verify_note(request.note, self.logs[checkpoint.origin])
        except SignatureRefused:
            return Reply(403, "no valid signature of the log's key\n")
        if request.old_size > checkpoint.size:
            return Reply(400, "the old size is greater than the checkpoint's\n")
        try:
            with self.state.deciding() as decision:
                reply = self._decide(decision, request)
        except StateFailed as error:
            log.error("%s", error)
            return Reply(503, "the witness cannot write its state; nothing was cosigned\n")
        log.info("%d %s old %d size %d", reply.status, checkpoint.origin, request.old_size, checkpoint.size)
        return reply

    def _decide(self, decision: Decision, request: AddCheckpoint) -> Reply:
        checkpoint = request.checkpoint
        known = decision.find_known(checkpoint.origin)
        cosigned = decision.find_cosigned(checkpoint.origin, checkpoint.size)
        if cosigned is not None and cosigned[0] != checkpoint.root:
            # Whatever old size was named: two roots signed for one size are proof by themselves.
            self._keep_evidence(decision, "two_roots", cosigned[1], request)
        size = known.size if known else 0
        if request.old_size != size:
            return Reply(409, f"{size}\n", SIZE_TYPE)
        try:
            _verify_extends(known, request)
        except ProofRefused as error:
            if known is not None and checkpoint.size > known.size:
                self._keep_evidence(decision, "proof_refused", known.note, request)
            return Reply(422, f"{error}\n")
        # A clock that was set back must not make a later statement look earlier.
        now = max(self._clock.now(), known.time if known else 0)
        decision.keep(Known(checkpoint.origin, checkpoint.size, checkpoint.root, request.raw_note, now))
        return Reply(200, cosign_text(request.note.text, self.name, self._key, now).line)

    def _keep_evidence(self, decision: Decision, kind: str, known: str, request: AddCheckpoint) -> None:
        origin = request.checkpoint.origin
        log.error("EVIDENCE %s against %s at size %d", kind, origin, request.checkpoint.size)
        decision.keep_evidence(Evidence(kind, origin, self._clock.now(), known, request.raw_note))


def _verify_extends(known: Known | None, request: AddCheckpoint) -> None:
    checkpoint = request.checkpoint
    if known is not None and known.size:
        verify_consistency(known.size, checkpoint.size, request.proof, known.root, checkpoint.root)
    elif request.proof:
        raise ProofRefused("a proof from size 0 must be empty")
    elif not checkpoint.size and checkpoint.root != EMPTY_ROOT:
        raise ProofRefused("an empty log has another root")
