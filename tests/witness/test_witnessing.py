"""The operator's side: an embedded chain before real witnesses, over HTTP, on this machine."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.embedded.cosigned import read_alarm, read_last_cosigned
from ledger.chain.embedded.node import EmbeddedNode
from ledger.chain.errors import CheckpointHalted, CheckpointMismatch, StorageFailed
from ledger.clock import FixedClock
from ledger.errors import InputError
from ledger.merkle.plain import leaf_hash, verify_consistency, verify_inclusion
from ledger.records.signed_note import COSIGNATURE, ED25519, NoteKey, read_note, read_vkey, verify_note
from ledger.services.witnessing import Peer, Witnessing, check_alarm
from ledger.witness.service import Witness
from ledger.witness.state import WitnessState
from tests.chain.embedded.probe import CHAIN_ID, START, create_probe, signed, store
from tests.witness.logs import serving
from verifier import checkpoint as verifier_checkpoint

KEY = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
NAMES = ("regulator.example/witness", "bank-b.example/witness", "auditor.example/witness")


@dataclass
class Watched:
    """A chain in a folder, and witnesses that outlive it."""

    folder: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    quorum: int = 1
    addresses: list[tuple[NoteKey, str]] = field(default_factory=list)
    nonce: int = 0

    def key(self, number: int) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes([0x30 + number]) * 32)

    def note_key(self, number: int) -> NoteKey:
        return NoteKey(NAMES[number], COSIGNATURE, self.key(number).public_key().public_bytes_raw())

    @contextmanager
    def opened(self) -> Iterator[tuple[EmbeddedNode, Witnessing]]:
        node = EmbeddedNode.open(
            self.folder / "chain.sqlite",
            CHAIN_ID,
            clock=self.clock,
            checkpoint_key=KEY,
            checkpoint_folder=self.folder / "checkpoints",
            witnesses=[key for key, _ in self.addresses],
            quorum=self.quorum if self.addresses else 0,
        )
        witnessing = Witnessing(node, tuple(self.addresses), self.clock)
        try:
            yield node, witnessing
        finally:
            witnessing.close()
            node.close()

    def grow(self, node: EmbeddedNode, blocks: int) -> None:
        """Seal blocks one second apart; the creation of the contract is one more. At another time they are other blocks."""
        if not self.nonce:
            node.engine.submit(create_probe())
            self.clock.advance(1)
            self.nonce = 1
        for _ in range(blocks):
            node.engine.submit(signed(self.nonce, store(self.nonce, self.nonce + 1)))
            self.clock.advance(1)
            self.nonce += 1
        node.engine.settle()

    def witness(self, number: int, vkey: str) -> Witness:
        state = WitnessState(self.folder.parent / f"witness-{number}")
        return Witness(NAMES[number], self.key(number), [read_vkey(vkey)], state, self.clock)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    (tmp_path / "house").mkdir()
    return Watched(tmp_path / "house")


@contextmanager
def witnesses(watched: Watched, count: int, quorum: int = 1) -> Iterator[list[Witness]]:
    """Serve witnesses of the chain, which learn its vkey as the operator's guide has it: from its book of checkpoints."""
    with watched.opened() as (node, _):
        assert node.book is not None
        vkey = node.book.verifier_key
    with ExitStack() as stack:
        served = [watched.witness(number, vkey) for number in range(count)]
        ports = [stack.enter_context(serving(witness)) for witness in served]
        watched.addresses = [(watched.note_key(number), f"http://127.0.0.1:{port}") for number, port in enumerate(ports)]
        watched.quorum = quorum
        yield served


def files(watched: Watched, ending: str) -> list[str]:
    return sorted(path.name for path in (watched.folder / "checkpoints").iterdir() if path.name.endswith(ending))


def test_every_checkpoint_is_shown_and_cosigned(watched: Watched) -> None:
    with witnesses(watched, 2, quorum=2) as served, watched.opened() as (node, witnessing):
        assert node.cosigned is not None
        assert node.cosigned.find() is None
        for blocks in (3, 1, 7):
            watched.grow(node, blocks)
            watched.clock.advance(60)
            witnessing.step()
            found = node.cosigned.find()
            assert found is not None
            assert found.checkpoint.size == node.engine.block_log.size
            assert [(item.witness, item.time) for item in found.cosignatures] == [(name, watched.clock.now()) for name in NAMES[:2]]
        assert [witness.state.list_known()[0].size for witness in served] == [found.checkpoint.size] * 2
        assert node.cosigned.find(found.checkpoint.size + 1) is None
        # A second implementation passes over the lines of witnesses and reads the operator's.
        vkey = node.book.verifier_key if node.book else ""
        theirs = verifier_checkpoint.verify_checkpoint(found.note, verifier_checkpoint.read_vkey(vkey), found.checkpoint.origin)
        assert (theirs.size, theirs.root) == (found.checkpoint.size, found.checkpoint.root)
        # The chain is in the note: three files for three sizes, none written twice.
        assert files(watched, ".cosigned") == [f"{size:012d}-000001.cosigned" for size in (5, 6, 13)]


def test_a_block_is_proven_in_the_newest_cosigned_checkpoint(watched: Watched) -> None:
    with witnesses(watched, 1), watched.opened() as (node, witnessing):
        watched.grow(node, 4)
        early = node.checkpoint_for(3)
        assert early is not None
        assert node.cosigned_checkpoint_for(3) is None
        watched.grow(node, 6)
        witnessing.step()
        proof = node.cosigned_checkpoint_for(3, since=early.size)
        assert proof is not None
        assert proof.size > early.size
        verify_inclusion(3, proof.size, leaf_hash(node.engine.header_rlp(3)), proof.inclusion, proof.root)
        verify_consistency(early.size, proof.size, proof.consistency, early.root, proof.root)
        (signed,) = verify_note(read_note(proof.note), [watched.note_key(0)])
        assert signed.time == proof.cosigned.time == watched.clock.now()
        watched.grow(node, 2)
        # What no cosigned checkpoint covers yet has none; a proof from a later size leads back as well.
        assert node.cosigned_checkpoint_for(proof.size) is None
        later = node.checkpoint_for(proof.size)
        assert later is not None
        back = node.cosigned_checkpoint_for(3, since=later.size)
        assert back is not None
        verify_consistency(back.size, later.size, back.consistency, back.root, later.root)
        with pytest.raises(InputError):
            node.cosigned_checkpoint_for(3, since=1000)


def test_a_witness_that_is_down_is_asked_again_later_and_later_and_the_other_suffices(watched: Watched) -> None:
    with witnesses(watched, 1):
        watched.addresses.append((watched.note_key(1), "http://127.0.0.1:9"))
        with watched.opened() as (node, witnessing):
            assert node.cosigned is not None
            watched.grow(node, 2)
            pauses = []
            for _ in range(4):
                witnessing.step()
                down: Peer = witnessing.peers[1]
                pauses.append(down.next_at - watched.clock.now())
                asked_again_at = down.next_at
                witnessing.step()  # too early: nothing is asked
                assert down.next_at == asked_again_at
                watched.clock.advance(pauses[-1])
            assert pauses == [5, 10, 20, 40]
            assert down.trouble
            assert node.alarm is None
            found = node.cosigned.find()
            assert found is not None
            assert [item.witness for item in found.cosignatures] == [NAMES[0]]


def test_a_quorum_is_reached_when_the_second_witness_is_back(watched: Watched) -> None:
    with witnesses(watched, 2, quorum=2):
        addresses = watched.addresses
        watched.addresses = [addresses[0], (addresses[1][0], "http://127.0.0.1:9")]
        with watched.opened() as (node, witnessing):
            watched.grow(node, 2)
            witnessing.step()
            assert node.cosigned is not None
            assert node.cosigned.find() is None
        watched.clock.advance(30)
        watched.addresses = addresses
        with watched.opened() as (node, witnessing):
            witnessing.step()
            assert node.cosigned is not None
            found = node.cosigned.find()
            assert found is not None
            assert sorted(item.time for item in found.cosignatures) == [watched.clock.now() - 30, watched.clock.now()]
            assert files(watched, ".cosigned")[-1].endswith("-000002.cosigned")


def test_an_idle_chain_is_cosigned_anew_every_day_beside_what_was_there(watched: Watched) -> None:
    with witnesses(watched, 1), watched.opened() as (node, witnessing):
        assert node.cosigned is not None
        watched.grow(node, 2)
        begun = watched.clock.now()
        for _ in range(3):
            witnessing.step()
            witnessing.step()
            watched.clock.advance(86_400)
        found = node.cosigned.find()
        assert found is not None
        assert [item.time for item in found.cosignatures] == [begun + 2 * 86_400]
        assert [name[-16:] for name in files(watched, ".cosigned")] == [f"-{number:06d}.cosigned"[-16:] for number in (1, 2, 3)]


def test_a_witness_that_has_another_size_is_shown_the_proof_from_there(watched: Watched, tmp_path: Path) -> None:
    with witnesses(watched, 1) as (witness,), watched.opened() as (node, witnessing):
        watched.grow(node, 3)
        witnessing.step()
        # What this process believes is wrong both ways: the answer names the size, and the proof is made from there.
        for believed in (0, 2, 1000):
            watched.grow(node, 2)
            watched.clock.advance(60)
            witnessing.peers[0].known = believed
            witnessing.step()
            assert witness.state.list_known()[0].size == node.engine.block_log.size


def test_what_was_published_stays_covered_when_the_house_is_opened_again(watched: Watched) -> None:
    with witnesses(watched, 1):
        with watched.opened() as (node, witnessing):
            watched.grow(node, 3)
            witnessing.step()
            size = node.engine.block_log.size
        with watched.opened() as (node, witnessing):
            assert witnessing.peers[0].known == size
            assert node.cosigned is not None
            found = node.cosigned.find()
            assert found is not None
            assert found.checkpoint.size == size
    last = read_last_cosigned(watched.folder / "checkpoints", [watched.note_key(0)], 1)
    assert last is not None
    assert (last.checkpoint, last.cosignatures) == (found.checkpoint, found.cosignatures)


def test_an_old_chain_file_beside_newer_cosigned_notes_is_refused(watched: Watched) -> None:
    """The notes themselves are gone too: what a witness said of them is enough."""
    with witnesses(watched, 1):
        with watched.opened() as (node, witnessing):
            watched.grow(node, 3)
        shutil.copy(watched.folder / "chain.sqlite", watched.folder / "backup.sqlite")
        with watched.opened() as (node, witnessing):
            watched.grow(node, 3)
            witnessing.step()
        shutil.copy(watched.folder / "backup.sqlite", watched.folder / "chain.sqlite")
        for name in [*files(watched, ".note"), "latest"]:
            (watched.folder / "checkpoints" / name).unlink()
        with pytest.raises(CheckpointMismatch, match=r"5 blocks, but 8 were cosigned"), watched.opened():
            pass
        # Not even when nobody is asked any more.
        watched.addresses = []
        with pytest.raises(CheckpointMismatch, match="cosigned"), watched.opened():
            pass


@contextmanager
def restored(watched: Watched, *, then: int) -> Iterator[Path]:
    """Grow a chain before one witness, keep a copy of the whole house, grow it by `then` blocks more, and put the copy back."""
    backup = watched.folder.parent / "backup"
    with witnesses(watched, 1):
        with watched.opened() as (node, witnessing):
            watched.grow(node, 3)
            witnessing.step()
        shutil.copytree(watched.folder, backup)
        nonce = watched.nonce
        with watched.opened() as (node, witnessing):
            watched.grow(node, then)
            witnessing.step()
            assert node.alarm is None
        true = watched.folder.parent / "true"
        shutil.move(watched.folder, true)
        shutil.copytree(backup, watched.folder)
        watched.nonce = nonce
        watched.clock.advance(600)
        yield true


def test_a_wholly_restored_house_opens_and_the_witness_stops_it(watched: Watched) -> None:
    with restored(watched, then=4) as true:
        with watched.opened() as (node, witnessing):
            assert node.alarm is None
            witnessing.hear()
            alarm = node.alarm
            assert alarm is not None
            assert (alarm.code, alarm.witness, alarm.ours, alarm.theirs) == ("CHECKPOINT_ROLLBACK", NAMES[0], 5, 9)
            # Nothing new was signed to find that out.
            assert files(watched, ".note") == [name for name in files(watched, ".note") if int(name[:12]) <= 5]
            watched.grow(node, 1)
            with pytest.raises(CheckpointHalted, match="CHECKPOINT_ROLLBACK"):
                node.checkpoint_for(5)
            watched.clock.advance(60)
            witnessing.step()
            assert files(watched, ".note")[-1] == "000000000005.note"
        (finding,) = check_alarm(alarm)
        assert (finding.code, finding.got, finding.expected) == ("CHECKPOINT_ROLLBACK", "5 blocks", "9 blocks")
        # It stands over a restart, and closing published nothing.
        with watched.opened() as (node, _):
            assert node.alarm == alarm
            with pytest.raises(CheckpointHalted):
                node.publish()
        # The right house back: the witness cosigns, and the alarm is put aside.
        shutil.copy(watched.folder / "checkpoints" / "alarm.json", true / "checkpoints" / "alarm.json")
        shutil.rmtree(watched.folder)
        shutil.move(true, watched.folder)
        watched.clock.advance(60)
        with watched.opened() as (node, witnessing):
            assert node.alarm is None
            watched.grow(node, 0)
            witnessing.peers[0].known = 0
            witnessing.hear()
            assert read_alarm(watched.folder / "checkpoints") is None
            assert files(watched, ".settled.json") == [f"alarm-{alarm.at}.settled.json"]


def test_a_restored_house_that_went_on_before_anybody_was_asked_is_a_fork_and_leaves_evidence(watched: Watched) -> None:
    with restored(watched, then=2):
        addresses, watched.addresses = watched.addresses, []
        with watched.opened() as (node, _):
            watched.grow(node, 8)
        watched.addresses = addresses
        with watched.opened() as (node, witnessing):
            witnessing.hear()
            assert node.alarm is not None
            assert node.alarm.code == "CHECKPOINT_FORK"
            with pytest.raises(CheckpointHalted, match="CHECKPOINT_FORK"):
                node.publish()
            (finding,) = check_alarm(node.alarm)
            assert finding.code == "CHECKPOINT_FORK"
        state = WitnessState(watched.folder.parent / "witness-0")
        (evidence,) = state.list_evidence()
        assert evidence.kind == "proof_refused"
        assert state.list_known()[0].size == 7
        # A restart does not help: the witness says the same again.
        with watched.opened() as (node, witnessing):
            witnessing.hear()
            assert node.alarm is not None


def test_a_chain_that_is_whole_beside_an_older_directory_of_checkpoints_goes_on(watched: Watched) -> None:
    with restored(watched, then=4) as true:
        shutil.copy(true / "chain.sqlite", watched.folder / "chain.sqlite")
        with watched.opened() as (node, witnessing):
            witnessing.hear()
            assert node.alarm is None
            watched.clock.advance(60)
            witnessing.step()
            assert node.alarm is None
            assert node.cosigned is not None
            found = node.cosigned.find()
            assert found is not None
            assert found.checkpoint.size == node.engine.block_log.size


def test_the_alarm_of_a_witness_that_is_no_longer_asked_stops_nothing(watched: Watched) -> None:
    with restored(watched, then=4):
        with watched.opened() as (node, witnessing):
            witnessing.hear()
            assert node.alarm is not None
        watched.addresses = []
        with watched.opened() as (node, _):
            assert node.alarm is None
            assert node.publish()


def test_a_witness_of_another_key_is_not_believed(watched: Watched) -> None:
    with witnesses(watched, 1):
        stranger = NoteKey(NAMES[0], COSIGNATURE, watched.key(2).public_key().public_bytes_raw())
        watched.addresses = [(stranger, watched.addresses[0][1])]
        with watched.opened() as (node, witnessing):
            watched.grow(node, 2)
            witnessing.step()
            assert witnessing.peers[0].trouble == "the answer holds no cosignature of the witness's key"
            assert files(watched, ".cosigned") == []


def test_a_witness_whose_clock_runs_ahead_is_not_believed(watched: Watched) -> None:
    with witnesses(watched, 1) as (witness,):
        witness._clock = FixedClock(watched.clock.now() + 10_000)
        with watched.opened() as (node, witnessing):
            watched.grow(node, 2)
            witnessing.step()
            assert "clock" in witnessing.peers[0].trouble
            assert files(watched, ".cosigned") == []


def test_a_witness_that_does_not_follow_this_log_is_named_and_nothing_stops(watched: Watched) -> None:
    other = NoteKey("another/log", ED25519, KEY.public_key().public_bytes_raw())
    with serving(watched.witness(0, other.vkey)) as port:
        watched.addresses = [(watched.note_key(0), f"http://127.0.0.1:{port}")]
        with watched.opened() as (node, witnessing):
            watched.grow(node, 2)
            witnessing.step()
            assert witnessing.peers[0].trouble.startswith("404")
            assert node.alarm is None


def test_a_changed_cosigned_note_is_noticed(watched: Watched) -> None:
    with witnesses(watched, 1):
        with watched.opened() as (node, witnessing):
            watched.grow(node, 3)
            witnessing.step()
        path = watched.folder / "checkpoints" / files(watched, ".cosigned")[-1]
        note = path.read_text()
        for changed in (note.replace("\n5\n", "\n4\n"), note[:-6] + "AAA=\n"):
            path.write_text(changed)
            with pytest.raises(CheckpointMismatch), watched.opened() as (node, _):
                node.cosigned_checkpoint_for(1)


def test_a_witness_that_answers_a_byte_at_a_time_holds_up_nobody(watched: Watched) -> None:
    with witnesses(watched, 1), socket.create_server(("127.0.0.1", 0)) as slow:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = slow.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not ended.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        watched.addresses.append((watched.note_key(1), f"http://127.0.0.1:{slow.getsockname()[1]}"))
        with watched.opened() as (node, witnessing):
            assert node.cosigned is not None
            for _ in range(2):
                watched.grow(node, 2)
                watched.clock.advance(60)
                begun = time.monotonic()
                witnessing.step(timeout=0.5)
                assert time.monotonic() - begun < 5
                found = node.cosigned.find()
                assert found is not None
                assert found.checkpoint.size == node.engine.block_log.size
            ended.set()
            thread.join(10)


def test_a_cosignature_that_could_not_be_kept_is_asked_for_again(watched: Watched) -> None:
    with witnesses(watched, 1), watched.opened() as (node, witnessing):
        assert node.cosigned is not None
        watched.grow(node, 2)
        node.publish()
        folder = watched.folder / "checkpoints"
        folder.rename(watched.folder / "away")
        with pytest.raises(StorageFailed):
            witnessing.step()
        (watched.folder / "away").rename(folder)
        assert node.cosigned.find() is None
        witnessing.step()
        assert node.cosigned.find() is not None
