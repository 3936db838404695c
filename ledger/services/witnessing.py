"""Show the embedded chain's checkpoints to witnesses, and keep what they say.

A witness that is down delays nothing: it is asked again, later and later. A witness that knows more of this chain than the chain does, or
something else, raises an alarm: nothing more is published or anchored until somebody has looked.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import httpx2

from ledger.chain.embedded.cosigned import AlarmCode, CheckpointAlarm, CosignedNotes
from ledger.chain.embedded.node import EmbeddedNode
from ledger.clock import Clock
from ledger.errors import LedgerError
from ledger.records.findings import Finding
from ledger.records.signed_note import NoteKey, Signature, read_note
from ledger.services.context import House
from ledger.services.house import witness_keys
from ledger.services.witness_call import Answer, ask_witness

log = logging.getLogger("lingtan.witnessing")

PAUSE_SECONDS = 1.0
PUBLISH_SECONDS = 60
REFRESH_SECONDS = 86_400
RETRY_SECONDS, LAST_RETRY_SECONDS = 5, 600
ASK_SECONDS = 10.0
START_SECONDS = 3.0
ATTEMPTS = 3


@dataclass
class Peer:
    """A witness as this process knows it: the size it has, what it last cosigned and when, when to ask it again, what went wrong."""

    key: NoteKey
    url: str
    known: int = 0
    cosigned: int = 0
    cosigned_at: int = 0
    next_at: int = 0
    pause: int = RETRY_SECONDS
    trouble: str = ""


@dataclass(frozen=True)
class _Word:
    """A cosignature as it was given: by whom, under which note of which size."""

    peer: Peer
    note: str
    size: int
    signature: Signature


class Witnessing:
    """One chain before its witnesses. Steps are one after the other, in whichever thread."""

    def __init__(self, node: EmbeddedNode, witnesses: tuple[tuple[NoteKey, str], ...], clock: Clock) -> None:
        """Take a node with a checkpoint key, and the key and URL of every witness."""
        self._node, self._clock = node, clock
        self.peers = tuple(Peer(key, url) for key, url in witnesses)
        self._published_at: int | None = None
        times = _notes(node).find_times()
        for peer in self.peers:
            peer.cosigned, peer.cosigned_at = times.get(peer.key.key_id.hex(), (0, 0))
            peer.known = peer.cosigned
        self._http = httpx2.Client(trust_env=False, follow_redirects=False)
        self._pool = ThreadPoolExecutor(max_workers=max(len(witnesses), 1), thread_name_prefix="lingtan-witness")
        self._asked: dict[NoteKey, Future[_Word | None]] = {}

    def hear(self, timeout: float = START_SECONDS) -> None:
        """Show every witness what is published already, before anything new is signed: a restored old copy is found out here.

        Args:
            timeout: for one witness, in seconds.

        Raises:
            LedgerError: the directory of checkpoints or the chain failed.
        """
        self._show(self.peers, timeout)

    def step(self, timeout: float = ASK_SECONDS) -> None:
        """Publish the head when a minute has passed, and show the newest checkpoint to every witness that has not cosigned it.

        Args:
            timeout: for one witness, in seconds.

        Raises:
            LedgerError: the directory of checkpoints or the chain failed; the next step tries again.
        """
        now = self._clock.now()
        if self._node.alarm is None:
            self._publish_when_due(now)
        newest = self._node.find_newest()
        size = newest[0].size if newest is not None else 0
        due = [peer for peer in self.peers if peer.next_at <= now and (peer.cosigned != size or now - peer.cosigned_at >= REFRESH_SECONDS)]
        self._show(due, timeout)

    def close(self) -> None:
        """Close the connections, whoever may still be answering."""
        self._http.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _show(self, peers: Sequence[Peer], timeout: float) -> None:
        newest = self._node.find_newest()
        if newest is None:
            return
        new = {
            peer.key: self._pool.submit(self._ask, peer, newest[1], newest[0].size, timeout)
            for peer in peers
            if peer.key not in self._asked
        }
        wait(new.values(), timeout=timeout + 1)
        # Who sends an answer a byte at a time holds up nobody: it is taken when it is there.
        self._asked |= new
        done = [key for key, future in self._asked.items() if future.done()]
        given = [word for key in done if (word := self._asked.pop(key).result()) is not None]
        for note in {word.note: None for word in given}:
            words = [word for word in given if word.note == note]
            _notes(self._node).add(note, [word.signature for word in words])
            for word in words:
                word.peer.cosigned, word.peer.cosigned_at = word.size, self._clock.now()

    def _publish_when_due(self, now: int) -> None:
        newest = self._node.find_newest()
        if newest is not None and newest[0].size == self._node.engine.block_log.size:
            return
        if self._published_at is None or now - self._published_at >= PUBLISH_SECONDS or newest is None:
            self._node.publish()
            self._published_at = now

    def _ask(self, peer: Peer, note: str, size: int, timeout: float) -> _Word | None:
        """Return the cosignature of one witness, or None: then the peer says when to ask again."""
        answer = self._ask_from_what_it_has(peer, note, size, timeout)
        now = self._clock.now()
        if answer.outcome == "cosigned" and answer.signature is not None:
            peer.known, peer.next_at, peer.pause, peer.trouble = size, now, RETRY_SECONDS, ""
            self._node.settle_alarm(peer.key.key_id.hex())
            return _Word(peer, note, size, answer.signature)
        if peer.trouble != answer.detail:
            log.warning("witness %s: %s", peer.key.name, answer.detail)
        peer.trouble, peer.next_at = answer.detail, now + peer.pause
        peer.pause = min(2 * peer.pause, LAST_RETRY_SECONDS)
        return None

    def _ask_from_what_it_has(self, peer: Peer, note: str, size: int, timeout: float) -> Answer:
        parts, blocks = read_note(note), self._node.engine.block_log
        old, answer = min(peer.known, size), Answer("failed", "it answers with another size each time")
        for _ in range(ATTEMPTS):
            with self._node.engine.mutex:
                proof = blocks.consistency(old, size) if 0 < old < size else ()
            answer = ask_witness(self._http, timeout, peer.url, peer.key, old, proof, note, parts, self._clock.now())
            if answer.outcome == "refused":
                self._alarm("CHECKPOINT_FORK", peer, size, old)
            if answer.outcome != "other_size":
                return answer
            peer.known = answer.size
            if answer.size > blocks.size:
                self._alarm("CHECKPOINT_ROLLBACK", peer, blocks.size, answer.size)
                return Answer("failed", f"it knows {answer.size} blocks, this chain has {blocks.size}")
            if answer.size > size:
                # The chain is long enough, only its directory of checkpoints is older: the head is shown next time.
                self._published_at = None
                return Answer("failed", f"it knows {answer.size} blocks, {size} are published")
            old = answer.size
        return answer

    def _alarm(self, code: AlarmCode, peer: Peer, ours: int, theirs: int) -> None:
        if self._node.alarm is None or self._node.alarm.code != code:
            log.error("%s: witness %s, %d blocks here, %d there", code, peer.key.name, ours, theirs)
            self._node.raise_alarm(CheckpointAlarm(code, peer.key.name, peer.key.key_id.hex(), ours, theirs, self._clock.now()))


def open_witnessing(house: House) -> Witnessing | None:
    """Return the witnessing of a house; None where no witness is named, or the chain is a node's."""
    node = house.chain.node
    witnesses = witness_keys(house.settings)
    return Witnessing(node, witnesses, house.clock) if node is not None and node.cosigned is not None and witnesses else None


def run_witnessing(witnessing: Witnessing, stop: threading.Event) -> None:
    """Step until `stop` is set. An error of ours is logged and the next pass tries again."""
    while not stop.wait(PAUSE_SECONDS):
        try:
            witnessing.step()
        except LedgerError as error:
            log.warning("witnessing: %s: %s", error.code, error)


def find_alarm(house: House) -> CheckpointAlarm | None:
    """Return the alarm that stands against the embedded chain, or None."""
    return house.chain.node.alarm if house.chain.node is not None else None


def check_alarm(alarm: CheckpointAlarm | None) -> Iterator[Finding]:
    """Yield what an alarm says, as a finding."""
    if alarm is None:
        return
    action = "keep every file; restore the newest chain file and its checkpoints together; ask the witness for its evidence"
    place, got, expected = f"block log, witness {alarm.witness}", f"{alarm.ours} blocks", f"{alarm.theirs} blocks"
    if alarm.code == "CHECKPOINT_ROLLBACK":
        yield Finding("CHECKPOINT_ROLLBACK", "error", place, action, got, expected)
    else:
        yield Finding("CHECKPOINT_FORK", "error", place, action, "another history", f"the history of {expected} that it cosigned")


def _notes(node: EmbeddedNode) -> CosignedNotes:
    if node.cosigned is None:
        raise LedgerError("this chain publishes no checkpoints", hint="open it with its checkpoint key")
    return node.cosigned
