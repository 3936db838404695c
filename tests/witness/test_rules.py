"""What a witness answers: every status of the tlog-witness rules, and that no order of requests makes it shrink or fork."""

from __future__ import annotations

import base64
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import FixedClock
from ledger.errors import ConfigurationError, MalformedDocument
from ledger.merkle import plain
from ledger.records.checkpoint import Checkpoint, log_key, sign_checkpoint
from ledger.records.signed_note import Signature
from ledger.witness.request import read_request, write_request
from ledger.witness.service import Witness
from ledger.witness.state import FILE, WitnessState
from tests.child import run_together
from tests.witness.logs import LOG_KEY, NOTE_KEY, NOW, ORIGIN, WITNESS_KEY, Log, cosigned_at, open_witness
from verifier.checkpoint import read_vkey, verify_checkpoint

LOG = Log()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def witness(tmp_path: Path, clock: FixedClock) -> Witness:
    return open_witness(tmp_path, clock)


def test_a_growing_log_is_cosigned_at_every_step(witness: Witness, clock: FixedClock) -> None:
    for old, size in ((0, 1), (1, 2), (2, 7), (7, 7), (7, 8), (8, 70)):
        assert cosigned_at(witness.add_checkpoint(LOG.request(old, size)), LOG.note(size)) == clock.now()
        clock.advance(10)
    (known,) = witness.state.list_known()
    assert (known.origin, known.size, known.root, known.note) == (ORIGIN, 70, LOG.root(70), LOG.note(70))
    assert witness.state.list_evidence() == ()


def test_the_offline_verifier_reads_a_cosigned_note_and_passes_over_the_witness(witness: Witness) -> None:
    note = LOG.note(5) + witness.add_checkpoint(LOG.request(0, 5)).body
    found = verify_checkpoint(note, read_vkey(log_key(ORIGIN, LOG_KEY.public_key()).vkey), ORIGIN)
    assert (found.size, found.root) == (5, LOG.root(5))


def test_an_unknown_origin_is_404(witness: Witness) -> None:
    assert witness.add_checkpoint(Log(origin="other.example/log").request(0, 3)).status == 404


def test_no_valid_signature_of_the_log_is_403(witness: Witness) -> None:
    stranger = Log(key=Ed25519PrivateKey.from_private_bytes(b"\x13" * 32))
    assert witness.add_checkpoint(stranger.request(0, 3)).status == 403
    wrong = Signature(ORIGIN, log_key(ORIGIN, LOG_KEY.public_key()).key_id, b"\x01" * 64)
    text = LOG.note(3).partition("\n\n")[0] + "\n"
    assert witness.add_checkpoint(write_request(0, (), f"{text}\n{wrong.line}")).status == 403
    # A second, wrong line of the known key under a right one: the whole note is worthless.
    assert witness.add_checkpoint(write_request(0, (), LOG.note(3) + wrong.line)).status == 403
    assert witness.state.list_known() == ()


def test_signatures_of_others_beside_the_log_s_are_passed_over(witness: Witness, clock: FixedClock) -> None:
    others = Signature("somebody.example", b"abcd", b"x" * 64).line
    note = LOG.note(3) + others
    assert cosigned_at(witness.add_checkpoint(write_request(0, (), note)), note) == clock.now()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff" + LOG.request(0, 3), id="no UTF-8"),
        pytest.param(LOG.request(0, 3).replace(b"old 0", b"old 00"), id="a leading zero"),
        pytest.param(LOG.request(0, 3).replace(b"old 0", b"old -1"), id="a sign"),
        pytest.param(LOG.request(0, 3).replace(b"old 0", b"old  0"), id="two spaces"),
        pytest.param(LOG.request(0, 3).replace(b"old 0", b"new 0"), id="another word"),
        pytest.param(LOG.request(0, 3).replace(b"old 0", b"old 9223372036854775808"), id="2^63"),
        pytest.param(LOG.request(0, 3).replace(b"old 0\n", b"old 0\r\n"), id="carriage return"),
        pytest.param(write_request(0, [bytes(32)] * 64, LOG.note(3)), id="64 proof lines"),
        pytest.param(write_request(0, [bytes(31)], LOG.note(3)), id="a short hash"),
        pytest.param(LOG.request(1, 3).replace(b"=\n", b"\n", 1), id="base64 without its end"),
        pytest.param(LOG.request(0, 3)[:-1], id="no last newline"),
        pytest.param(b"old 0\n\n" + LOG.note(3).partition("\n\n")[0].encode() + b"\n", id="no signature"),
        pytest.param(LOG.request(0, 3).replace(b"\n3\n", b"\nthree\n"), id="no size"),
        pytest.param(b"old 0\n" + LOG.note(3).encode(), id="no empty line before the note"),
        pytest.param(LOG.request(0, 3) + b"x" * 65_536, id="too long"),
        pytest.param(write_request(4, (), LOG.note(3)), id="old greater than new"),
    ],
)
def test_what_is_malformed_is_400(witness: Witness, body: bytes) -> None:
    assert witness.add_checkpoint(body).status == 400
    assert witness.state.list_known() == ()


def test_another_old_size_is_409_with_the_size_that_is_known(witness: Witness) -> None:
    assert witness.add_checkpoint(write_request(2, LOG.proof(2, 3), LOG.note(3))) == _conflict(0)
    witness.add_checkpoint(LOG.request(0, 5))
    for old, size in ((0, 9), (4, 9), (6, 9), (0, 3), (3, 3)):
        assert witness.add_checkpoint(write_request(old, LOG.proof(old, size), LOG.note(size))) == _conflict(5)
    assert witness.state.list_evidence() == ()


def _conflict(size: int) -> object:
    from ledger.witness.service import Reply

    return Reply(409, f"{size}\n", "text/x.tlog.size")


def test_a_rollback_is_never_cosigned(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 9))
    assert witness.add_checkpoint(write_request(9, (), LOG.note(5))).status == 400
    assert witness.add_checkpoint(write_request(5, (), LOG.note(5))) == _conflict(9)
    assert witness.state.list_known()[0].size == 9


def test_the_same_size_with_another_root_is_422_and_both_notes_are_kept(witness: Witness) -> None:
    forked = Log("forged", common=4)
    witness.add_checkpoint(LOG.request(0, 9))
    assert witness.add_checkpoint(write_request(9, (), forked.note(9))).status == 422
    assert witness.add_checkpoint(write_request(9, (), forked.note(9))).status == 422
    (evidence,) = witness.state.list_evidence()
    assert (evidence.kind, evidence.origin, evidence.time) == ("two_roots", ORIGIN, NOW)
    assert (evidence.known, evidence.offered) == (LOG.note(9), forked.note(9))
    # The two notes alone prove it to anybody who knows the log's key.
    vkey = read_vkey(log_key(ORIGIN, LOG_KEY.public_key()).vkey)
    one, other = (verify_checkpoint(note, vkey, ORIGIN) for note in (evidence.known, evidence.offered))
    assert (one.size, one.root != other.root) == (other.size, True)


def test_an_old_size_signed_with_another_root_is_evidence_though_the_answer_is_409(witness: Witness) -> None:
    forked = Log("forged", common=2)
    witness.add_checkpoint(LOG.request(0, 4))
    witness.add_checkpoint(LOG.request(4, 9))
    assert witness.add_checkpoint(forked.request(0, 4)) == _conflict(9)
    assert [(item.kind, item.known, item.offered) for item in witness.state.list_evidence()] == [("two_roots", LOG.note(4), forked.note(4))]


def test_a_proof_that_fails_is_422(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 6))
    good = LOG.proof(6, 11)
    for proof in ((), good[:-1], good[::-1], (*good, bytes(32)), (bytes(32), *good[1:])):
        assert witness.add_checkpoint(write_request(6, proof, LOG.note(11))).status == 422
    forked = Log("forged", common=5)
    assert witness.add_checkpoint(forked.request(6, 11)).status == 422
    assert witness.add_checkpoint(write_request(6, good, LOG.note(6))).status == 422  # no proof between equal sizes
    kinds = [(item.kind, item.known, item.offered) for item in witness.state.list_evidence()]
    assert kinds == [("proof_refused", LOG.note(6), LOG.note(11)), ("proof_refused", LOG.note(6), forked.note(11))]
    assert witness.add_checkpoint(LOG.request(6, 11)).status == 200


def test_from_size_zero_the_proof_is_empty_and_an_empty_log_has_its_root(witness: Witness) -> None:
    assert witness.add_checkpoint(write_request(0, [bytes(32)], LOG.note(3))).status == 422
    wrong = sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), LOG_KEY)
    assert witness.add_checkpoint(write_request(0, (), wrong)).status == 422
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, plain.EMPTY_ROOT), LOG_KEY)
    for _ in range(2):
        assert witness.add_checkpoint(write_request(0, (), empty)).status == 200
    assert witness.add_checkpoint(LOG.request(0, 3)).status == 200


def test_extension_lines_are_cosigned_as_they_are(witness: Witness, clock: FixedClock) -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 3, LOG.root(3), ("a line of the log's own",)), LOG_KEY)
    assert cosigned_at(witness.add_checkpoint(write_request(0, (), note)), note) == clock.now()


def test_a_clock_set_back_does_not_make_a_later_statement_look_earlier(witness: Witness, clock: FixedClock) -> None:
    witness.add_checkpoint(LOG.request(0, 3))
    clock.advance(-1000)
    assert cosigned_at(witness.add_checkpoint(LOG.request(3, 4)), LOG.note(4)) == NOW


def test_two_keys_of_one_log_and_two_logs_are_kept_apart(tmp_path: Path, clock: FixedClock) -> None:
    second = Log(key=Ed25519PrivateKey.from_private_bytes(b"\x14" * 32))
    other = Log("other", origin="other.example/log", key=Ed25519PrivateKey.from_private_bytes(b"\x15" * 32))
    witness = open_witness(tmp_path, clock, LOG, second, other)
    assert witness.add_checkpoint(LOG.request(0, 3)).status == 200
    assert witness.add_checkpoint(second.request(3, 5)).status == 200
    assert witness.add_checkpoint(other.request(0, 8)).status == 200
    assert [(known.origin, known.size) for known in witness.state.list_known()] == [(ORIGIN, 5), ("other.example/log", 8)]


def test_the_state_is_the_same_after_a_restart(tmp_path: Path, clock: FixedClock) -> None:
    open_witness(tmp_path, clock).add_checkpoint(LOG.request(0, 6))
    again = open_witness(tmp_path, clock)
    assert again.add_checkpoint(LOG.request(0, 9)) == _conflict(6)
    assert again.add_checkpoint(LOG.request(6, 9)).status == 200


def test_the_file_itself_refuses_a_rollback_a_fork_and_an_erasure(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 6))
    witness.add_checkpoint(write_request(6, (), Log("forged").note(6)))
    with closing(sqlite3.connect(witness.state.file)) as connection:
        for sql in (
            "UPDATE log SET size = 5",
            "UPDATE log SET root = zeroblob(32)",
            "UPDATE log SET time = time - 1",
            "UPDATE log SET origin = 'x'",
            *(f"DELETE FROM {table}" for table in ("log", "cosigned", "evidence")),
            *(f"UPDATE {table} SET time = 1" for table in ("cosigned", "evidence")),
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(sql)


def test_a_file_of_something_else_is_no_state(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE something (x)")
        connection.commit()
    with pytest.raises(ConfigurationError, match="layout 0"):
        WitnessState(tmp_path)


def test_a_state_that_cannot_be_written_cosigns_nothing(tmp_path: Path, clock: FixedClock) -> None:
    witness = open_witness(tmp_path, clock)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    reply = witness.add_checkpoint(LOG.request(0, 3))
    assert (reply.status, "—" in reply.body) == (503, False)


def test_a_witness_s_key_is_no_log_s_key_and_no_log_is_no_witness(tmp_path: Path, clock: FixedClock) -> None:
    for keys in ([NOTE_KEY], []):
        with pytest.raises(ConfigurationError):
            Witness("w", WITNESS_KEY, keys, WitnessState(tmp_path), clock)


def test_of_many_requests_from_one_size_one_is_cosigned(witness: Witness) -> None:
    """Each of 12 forks offers its own next checkpoint at once: one wins, all others learn the size it left."""
    witness.add_checkpoint(LOG.request(0, 4))
    statuses: list[int] = []
    forks = [Log(f"fork {number}", common=4) for number in range(12)]
    bodies = [fork.request(4, 5 + number) for number, fork in enumerate(forks)]
    run_together([threading.Thread(target=lambda body=body: statuses.append(witness.add_checkpoint(body).status)) for body in bodies])
    assert sorted(statuses) == [200] + [409] * 11


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["true", "forged", "third"]), st.integers(0, 12), st.integers(0, 12), st.booleans()), max_size=25)
)
def test_no_order_of_requests_makes_a_witness_shrink_or_fork(requests: list[tuple[str, int, int, bool]]) -> None:
    logs = {name: Log(name, common=5) for name in ("true", "forged", "third")}
    with TemporaryDirectory() as folder:
        witness = open_witness(Path(folder), FixedClock(NOW))
        cosigned: list[tuple[int, str]] = []
        for name, old, size, helpful in requests:
            if size == 0:
                continue
            old = min(old, size)
            known = witness.state.list_known()
            if helpful and known:
                old = min(known[0].size, size)
            reply = witness.add_checkpoint(write_request(old, logs[name].proof(old, size), logs[name].note(size)))
            assert reply.status in (200, 409, 422)
            if reply.status == 200:
                cosigned.append((size, name))
        sizes = [size for size, _ in cosigned]
        assert sizes == sorted(sizes)
        # Whatever was cosigned is one history: below 5 the three agree, above it only one of them ever was.
        assert len({name for size, name in cosigned if size > 5}) <= 1
        if cosigned:
            assert witness.state.list_known()[0].size == sizes[-1]


@given(st.binary(max_size=300) | st.text(alphabet="old 0123\n—=A", max_size=60).map(str.encode))
def test_any_bytes_are_a_request_or_malformed(body: bytes) -> None:
    for candidate in (body, b"old 0\n" + body, b"old 0\n\n" + body, body + LOG.request(0, 3)):
        try:
            request = read_request(candidate)
        except MalformedDocument:
            continue
        assert write_request(request.old_size, request.proof, request.raw_note) == candidate


def test_the_example_of_the_rules_is_read() -> None:
    """c2sp.org/tlog-witness: the example request."""
    body = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""
    request = read_request(body.encode())
    assert (request.old_size, len(request.proof), request.checkpoint.size) == (20852014, 4, 20852163)
    assert request.checkpoint.root == base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert write_request(request.old_size, request.proof, request.raw_note) == body.encode()
