"""The durable queue: what it has taken is kept, in order, once, and unchanged, however its process ends."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import threading
from pathlib import Path

import pytest

from ledger.edge.queue import Queue, QueueFull
from ledger.edge.reading import NewReading
from ledger.errors import ConfigurationError, InputError, IntegrityError
from tests.child import Child, run_together
from tests.edge import queue_child
from tests.edge.queues import BOOT, DEVICE, NOW, Moment, bodies_of, check_chain, open_queue, register

DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite"


def test_readings_become_signed_bodies_that_hang_together(path: Path) -> None:
    queue = open_queue(path)
    for number in range(5):
        assert queue.put([register(number), register(number, "em-2")]).seqs == (number + 1,)
    documents = check_chain(bodies_of(path))
    assert [document["prev"] is None for document in documents] == [True, False, False, False, False]
    assert {document["boot"] for document in documents} == {BOOT}
    assert documents[0]["readings"][0] == {
        "hist": True, "k": "register", "m": "em-1", "q": "el.import", "s": "A", "t": "2026-11-11T14:00:00Z", "u": "kWh", "v": "0.5",
    }  # fmt: skip


def test_what_is_fresh_is_not_historic(path: Path) -> None:
    queue = open_queue(path)
    queue.put([register(996), register(995)])
    readings = check_chain(bodies_of(path))[0]["readings"]
    assert [reading.get("hist") for reading in readings] == [None, True]


def test_many_readings_become_several_bodies_of_a_thousand(path: Path) -> None:
    queue = open_queue(path)
    readings = [register(number, f"em-{meter}") for meter in range(3) for number in range(700)]
    assert queue.put(readings).seqs == (1, 2, 3)
    assert [len(document["readings"]) for document in check_chain(bodies_of(path))] == [1000, 1000, 100]


def test_the_same_readings_again_are_passed_over(path: Path) -> None:
    queue = open_queue(path)
    queue.put([register(1), register(2)])
    again = queue.put([register(1), register(2), register(3)])
    assert (again.seqs, again.repeated) == ((2,), 2)
    assert queue.put([register(1)]).seqs == ()
    assert len(check_chain(bodies_of(path))[1]["readings"]) == 1


def test_another_value_for_the_same_instant_is_sent_for_the_server_to_judge(path: Path) -> None:
    queue = open_queue(path)
    queue.put([register(1)])
    other = NewReading("register", "el.import", register(1).at, "99.5", "kWh", "em-1")
    assert queue.put([other]).seqs == (2,)


def test_the_count_goes_on_when_the_file_is_opened_again(path: Path) -> None:
    first = open_queue(path)
    first.put([register(1)])
    first.close()
    again = open_queue(path, new_boot=lambda: "another")
    again.put([register(2)])
    assert again.boot == BOOT
    check_chain(bodies_of(path))


@pytest.mark.parametrize(
    "reading",
    [
        register(0, at=NOW + 1000 * 900 + 301),
        NewReading("register", "el.import", NOW, "-1", "kWh"),
        NewReading("register", "el.import", NOW, "1.0000001", "kWh"),
        NewReading("register", "el.import", NOW, "1", "kW"),
        NewReading("register", "no.such", NOW, "1", "kWh"),
        NewReading("interval", "el.import", NOW + 1, "1", "kWh"),
        NewReading("register", "el.import", NOW, "1", "kWh", "not an id"),
        NewReading("register", "el.import", NOW, "1", "kWh", quality="X"),
    ],
)
def test_what_the_server_would_refuse_does_not_enter_the_chain(path: Path, reading: NewReading) -> None:
    queue = open_queue(path)
    with pytest.raises(InputError):
        queue.put([register(1), reading])
    assert bodies_of(path) == []
    assert queue.put([register(1)]).seqs == (1,)


def test_a_full_queue_tells_whoever_brings_readings_and_keeps_what_it_has(path: Path) -> None:
    queue = open_queue(path, bytes=5000)
    taken = 0
    with pytest.raises(QueueFull, match="QUEUE_FULL"):  # noqa: PT012
        for number in range(100):
            queue.put([register(number)])
            taken += 1
    assert 5 < taken < 15
    assert len(check_chain(bodies_of(path))) == taken
    body = queue.find_next()
    assert body is not None
    queue.acknowledge(body.seq, {}, None)
    assert queue.put([register(taken)]).seqs == (taken + 1,)
    check_chain(bodies_of(path))


def test_a_queue_whose_oldest_body_is_too_old_is_full_until_that_is_acknowledged(path: Path) -> None:
    moment = Moment()
    queue = open_queue(path, moment, days=30)
    queue.put([register(1)])
    moment.advance(30 * DAY)
    queue.put([register(2)])
    moment.advance(1)
    with pytest.raises(QueueFull, match="30 days"):
        queue.put([register(3)])
    queue.acknowledge(1, {}, None)
    assert queue.put([register(3)]).seqs == (3,)


def test_a_full_disk_is_a_full_queue(path: Path) -> None:
    queue = open_queue(path)
    queue.put([register(1)])
    pages = queue._db.execute("PRAGMA page_count").fetchone()[0]
    queue._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(QueueFull, match="the disk is full"):
        queue.put([register(number) for number in range(500)])
    queue._db.execute("PRAGMA max_page_count = 100000")
    assert queue.put([register(2)]).seqs == (2,)
    check_chain(bodies_of(path))


def test_the_oldest_comes_first_and_the_newest_on_request(path: Path) -> None:
    queue = open_queue(path)
    assert queue.find_next() is None
    for number in range(3):
        queue.put([register(number)])
    oldest, newest = queue.find_next(), queue.find_next(newest=True)
    assert oldest is not None
    assert newest is not None
    assert (oldest.seq, newest.seq) == (1, 3)
    assert oldest.sha256 == hashlib.sha256(oldest.body).hexdigest()


def test_the_bytes_of_a_body_never_change(path: Path) -> None:
    queue = open_queue(path)
    queue.put([register(1)])
    before = bodies_of(path)[0][1]
    queue.acknowledge(1, {"missing": []}, 42)
    queue.put([register(2)])
    queue.set_aside(2, 422, {"code": "READINGS_INVALID"})
    queue.retry()
    assert bodies_of(path)[0][1] == before
    assert queue.find_next() is not None


def test_the_measured_clock_stands_in_the_next_body(path: Path) -> None:
    queue = open_queue(path)
    queue.put([register(1)])
    queue.acknowledge(1, {}, -1234)
    queue.put([register(2)])
    clocks = [document["clock"] for document in check_chain(bodies_of(path))]
    assert clocks == [{"offset_ms": 0, "source": "none"}, {"offset_ms": -1234, "source": "network"}]


def test_what_is_refused_for_good_is_kept_aside_and_can_be_sent_again(path: Path) -> None:
    queue = open_queue(path)
    for number in range(3):
        queue.put([register(number)])
    queue.set_aside(1, 422, {"code": "findings", "detail": "METER_UNKNOWN"})
    following = queue.find_next()
    assert following is not None
    assert following.seq == 2
    status = queue.status()
    assert (status.waiting, len(status.aside)) == (2, 1)
    assert status.aside[0].problem["detail"] == "METER_UNKNOWN"
    assert queue.retry() == 1
    first = queue.find_next()
    assert first is not None
    assert first.seq == 1


def test_acknowledged_bodies_go_when_their_time_is_over_and_the_chain_goes_on(path: Path) -> None:
    moment = Moment()
    queue = open_queue(path, moment, keep_days=30)
    for number in range(3):
        queue.put([register(number)])
        queue.acknowledge(number + 1, {}, None)
    queue.put([register(3)])
    queue.set_aside(4, 422, {})
    moment.advance(30 * DAY)
    assert queue.prune() == 0
    moment.advance(1)
    assert queue.prune() == 3
    assert [seq for seq, _, _ in bodies_of(path)] == [4]
    queue.retry()
    queue.acknowledge(4, {}, None)
    last = hashlib.sha256(bodies_of(path)[0][1]).hexdigest()
    moment.advance(30 * DAY + 1)
    assert queue.prune() == 1
    queue.close()
    again = open_queue(path, moment)
    assert again.status().last_seq == 4
    assert again.put([register(9, at=moment.ms // 1000)]).seqs == (5,)
    assert check_chain(bodies_of(path), first=5)[0]["prev"] == last


def test_pruning_behind_a_body_that_was_set_aside_does_not_turn_the_count_back(path: Path) -> None:
    moment = Moment()
    queue = open_queue(path, moment, keep_days=1)
    queue.put([register(1)])
    queue.put([register(2)])
    queue.set_aside(1, 422, {})
    queue.acknowledge(2, {}, None)
    moment.advance(2 * DAY)
    assert queue.prune() == 1
    assert queue.status().last_seq == 2
    assert queue.put([register(3)]).seqs == (3,)


def test_nothing_is_pruned_that_was_not_acknowledged(path: Path) -> None:
    moment = Moment()
    queue = open_queue(path, moment, keep_days=1)
    for number in range(3):
        queue.put([register(number)])
    queue.set_aside(2, 409, {"code": "EQUIVOCATION"})
    moment.advance(365 * DAY)
    assert queue.prune() == 0
    assert len(bodies_of(path)) == 3


def test_what_a_restored_server_misses_is_sent_again(path: Path) -> None:
    moment = Moment()
    queue = open_queue(path, moment)
    for number in range(5):
        queue.put([register(number)])
    for seq in (1, 2, 3):
        queue.acknowledge(seq, {}, None)
    # Just now acknowledged: the answer was on its way meanwhile, or the server takes its time.
    queue.acknowledge(4, {"contiguous": 1, "missing": [[2, 3]]}, None)
    assert queue.status().waiting == 1
    moment.advance(601)
    queue.acknowledge(5, {"contiguous": 1, "missing": [[2, 4]]}, None)
    waiting = queue.find_next()
    assert waiting is not None
    assert waiting.seq == 2
    assert queue.status().waiting == 3


def test_nonsense_in_an_answer_changes_nothing(path: Path) -> None:
    queue = open_queue(path)
    queue.put([register(1)])
    queue.acknowledge(1, {"contiguous": "x", "missing": [[1], ["a", 2], 3, [1, 2, 3]]}, None)
    assert queue.status().contiguous is None
    assert queue.status().waiting == 0


def test_the_status_tells_where_the_queue_stands(path: Path) -> None:
    moment = Moment()
    queue = open_queue(path, moment)
    queue.put([register(1)])
    moment.advance(60)
    queue.put([register(2)])
    queue.acknowledge(1, {"contiguous": 1, "missing": []}, 7)
    queue.note_trouble("the server cannot be reached")
    queue.note_source("line", "METER_ERROR")
    document = queue.status().to_document()
    assert document == {
        "device": DEVICE, "boot": BOOT, "last_seq": 2, "waiting": 1, "waiting_bytes": len(bodies_of(path)[1][1]),
        "oldest": "2026-11-22T00:01:00Z", "acknowledged_kept": 1, "replaced": 0, "acknowledged_at": "2026-11-22T00:01:00Z", "contiguous": 1,
        "clock_offset_ms": 7, "trouble": "the server cannot be reached", "trouble_at": "2026-11-22T00:01:00Z",
        "sources": {"line": {"at": "2026-11-22T00:01:00Z", "trouble": "METER_ERROR"}}, "aside": [],
    }  # fmt: skip
    json.dumps(document)


def test_the_queue_of_another_device_is_refused(path: Path) -> None:
    open_queue(path).close()
    with pytest.raises(ConfigurationError, match="of device gateway-1, not of gateway-2"):
        open_queue(path, device="gateway-2")


def test_a_file_that_is_no_queue_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(IntegrityError, match="no queue of ours"):
        open_queue(path)


def test_every_commit_reaches_the_disk(path: Path) -> None:
    queue = open_queue(path)
    assert queue._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert queue._db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_threads_and_two_openers_share_one_count(path: Path) -> None:
    queues = [open_queue(path), open_queue(path)]

    def bring(queue: Queue, meter: str) -> None:
        for number in range(25):
            queue.put([register(number, meter)])

    run_together([threading.Thread(target=bring, args=(queues[at % 2], f"em-{at}")) for at in range(4)])
    assert len(check_chain(bodies_of(path))) == 100


@pytest.mark.slow
def test_a_kill_at_any_statement_loses_nothing_and_uses_no_seq_twice(tmp_path: Path) -> None:
    whole = Child(queue_child.work, tmp_path / "whole.sqlite", 0, False)
    told = list(whole.read_all())
    assert whole.wait() == 0
    statements = int(told[-1].split()[1])
    assert statements > 150
    # Every statement of the first rounds, then a sample of the rest; half of the kills fall into the middle of a statement.
    order = random.Random(39)
    steps = sorted({*range(1, 40), *order.sample(range(40, statements + 1), 12), statements})
    for step in steps:
        path = tmp_path / f"{step}.sqlite"
        child = Child(queue_child.work, path, step, step % 2 == 0)
        told = list(child.read_all())
        died = child.wait()
        assert died == -9 or (step % 2 == 0 and told[-1].startswith("done")), (step, died)
        check_after_kill(path, told, finished=died == 0)


def check_after_kill(path: Path, told: list[str], *, finished: bool) -> None:
    promised = {int(text.split()[2]): int(text.split()[1]) for text in told if text.startswith("kept")}
    acknowledged = {int(text.split()[1]) for text in told if text.startswith("acknowledged")}
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    found = bodies_of(path)
    # The last step prunes what was acknowledged: then what is left is no whole chain.
    if not finished and found and found[0][0] == 1:
        documents = check_chain(found)
        for seq, number in promised.items():
            assert [reading["v"] for reading in documents[seq - 1]["readings"]] == [f"{number + each}.5" for each in range(4)]
        for seq in acknowledged:
            assert found[seq - 1][2] == 1
    # The process starts again and brings the last readings again, as any source does that got no answer.
    queue = open_queue(path, Moment(NOW + 5 * DAY))
    number = len(promised) * 4
    before = {seq for seq, _, _ in found}
    queue.put([register(number + each) for each in range(4)])
    again = queue.put([register(number + each) for each in range(4)])
    assert (again.seqs, again.repeated) == ((), 4)
    after = bodies_of(path)
    assert all(seq > max(promised, default=0) for seq, _, _ in after if seq not in before)
    seqs = [seq for seq, _, _ in after]
    assert seqs == sorted(set(seqs))
    for seq, body, _ in after[1:]:
        earlier = next((other for number, other, _ in after if number == seq - 1), None)
        if earlier is not None:
            assert json.loads(body)["prev"] == hashlib.sha256(earlier).hexdigest()
    queue.close()
