"""How far the count of a device goes: what is there without a gap, what is missing, and which body follows which (spec: metering §5).

A device counts over all its starts (boots); bodies of boots that continue each other are one run. Bodies are never deleted, so a run is
kept as the stretches that are there without a gap, and what other processes wrote since is added to it. A number that never comes must
not make every later body dear: the bodies themselves are looked up where one has a neighbour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.records.findings import Finding
from ledger.store.repositories import envelopes
from ledger.store.repositories.envelopes import StoredEnvelope
from ledger.store.session import Session

MISSING_LISTED = 16


@dataclass
class Run:
    """A run of a device's seq: everything up to `floor` is there, `last` is the greatest.

    `tail` has bodies at hand, by seq from `floor` on: those added since `settle`, those at the floor and at the end. Of a seq that it has
    it has all bodies; of others that are there the database does.
    """

    floor: int
    tail: dict[int, list[StoredEnvelope]] = field(default_factory=dict)
    last: int = 0
    _first: list[int] = field(default_factory=list)
    _end: list[int] = field(default_factory=list)
    """The stretches above the floor, ascending and apart: their first seq, and their last."""

    @classmethod
    def of_stretches(cls, stretches: Iterable[tuple[int, int]]) -> Run:
        """Return the run of numbers that are there, as (first, last), ascending and apart."""
        run = cls(0)
        for first, end in stretches:
            run.last = end
            if first == 1:
                run.floor = end
            else:
                run._first.append(first)
                run._end.append(end)
        return run

    def add(self, item: StoredEnvelope) -> None:
        """Take a body in, and let the floor rise as far as nothing is missing."""
        seq = item.seq
        self.last = max(self.last, seq)
        if seq < self.floor:
            return
        if not self.has(seq):
            self.tail[seq] = [item]
            self._join(seq)
        elif seq in self.tail:
            self.tail[seq].append(item)
        if self._first and self._first[0] == self.floor + 1:
            self.floor = self._end[0]
            self.tail = {at: items for at, items in self.tail.items() if at >= self.floor}
            del self._first[0], self._end[0]

    def has(self, seq: int) -> bool:
        """Tell whether a body of this seq is there."""
        at = bisect_right(self._first, seq) - 1
        return seq <= self.floor or (at >= 0 and self._end[at] >= seq)

    def missing(self) -> tuple[tuple[int, int], ...]:
        """Return the first missing stretches, at most 16, as (first, last)."""
        ends = (self.floor, *self._end[: MISSING_LISTED - 1])
        return tuple((end + 1, first - 1) for end, first in zip(ends, self._first[:MISSING_LISTED], strict=False))

    def settle(self) -> None:
        """Keep at hand only what the next body is likely to follow: the others are in the database."""
        if len(self.tail) > 2:
            self.tail = {seq: self.tail[seq] for seq in (self.floor, self.last) if seq in self.tail}

    def _join(self, seq: int) -> None:
        """Add one seq to the stretches, which may close the gap between two."""
        at = bisect_left(self._first, seq)
        after = at < len(self._first) and self._first[at] == seq + 1
        if at > 0 and self._end[at - 1] == seq - 1:
            self._end[at - 1] = seq
            if after:
                self._end[at - 1] = self._end[at]
                del self._first[at], self._end[at]
        elif after:
            self._first[at] = seq
        else:
            self._first.insert(at, seq)
            self._end.insert(at, seq)


class DeviceRuns:
    """The runs of one device, read as they are needed; good for as long as they `learn` what anybody else writes to the log.

    `session` is the unit of work that asks just now.
    """

    def __init__(self, session: Session, institution: str, device: str) -> None:
        self.session, self._institution, self._device = session, institution, device
        self._runs: dict[int, Run] = {}
        self._of_boot: dict[str, int] = {}
        self._last: int | None = None
        self._added: dict[tuple[str, int], StoredEnvelope] = {}

    def find(self, boot: str, seq: int) -> StoredEnvelope | None:
        """Return the body of this identity, or None."""
        if (boot, seq) in self._added:
            return self._added[boot, seq]
        number = self._number_of(boot)
        if number is None:
            return None
        run = self.get(number)
        if not run.has(seq):
            return None
        if seq in run.tail:
            return next((item for item in run.tail[seq] if item.boot == boot), None)
        return envelopes.find_envelope(self.session, self._institution, self._device, boot, seq)

    def assign(self, boot: str, seq: int) -> tuple[int, bool]:
        """Return the run that a new body belongs to, and whether the device began to count again with it."""
        number = self._number_of(boot)
        if number is not None:
            return number, False
        last = self._last if self._last is not None else envelopes.find_last_run(self.session, self._institution, self._device)
        if last is None:
            return 0, False
        restarted = self.get(last).has(seq)
        return last + restarted, restarted

    def add(self, item: StoredEnvelope) -> None:
        """Take a new body in."""
        self.get(item.run).add(item)
        self._of_boot[item.boot] = item.run
        self._added[item.boot, item.seq] = item
        self._last = item.run if self._last is None else max(self._last, item.run)

    def learn(self, item: StoredEnvelope) -> None:
        """Take in a body that another process wrote to the log."""
        if item.run in self._runs:
            self._runs[item.run].add(item)
        self._of_boot[item.boot] = item.run
        if self._last is not None:
            self._last = max(self._last, item.run)

    def get(self, number: int) -> Run:
        """Return a run as it stands, with what this unit of work added."""
        if number not in self._runs:
            end = envelopes.find_unbroken_end(self.session, self._institution, self._device, number)
            stretches = [(1, end)] if end else envelopes.list_stretches(self.session, self._institution, self._device, number)
            self._runs[number] = Run.of_stretches(stretches)
        return self._runs[number]

    def list_at(self, number: int, seq: int) -> list[StoredEnvelope]:
        """Return the bodies of a seq, where it is not below the floor of its run."""
        run = self.get(number)
        if seq < run.floor or not run.has(seq):
            return []
        if seq in run.tail:
            return run.tail[seq]
        stored = envelopes.list_envelopes_of(self.session, self._institution, self._device, number, seq)
        there = {item.log_index for item in stored}
        mine = (item for item in self._added.values() if (item.run, item.seq) == (number, seq))
        return [*stored, *(item for item in mine if item.log_index not in there)]

    def settle(self) -> None:
        """Forget what the database has, now that the unit of work is committed."""
        self._added.clear()
        for run in self._runs.values():
            run.settle()

    def _number_of(self, boot: str) -> int | None:
        if boot not in self._of_boot:
            number = envelopes.find_run(self.session, self._institution, self._device, boot)
            if number is None:
                return None
            self._of_boot[boot] = number
        return self._of_boot[boot]


def check_order(runs: DeviceRuns, item: StoredEnvelope, restarted: bool) -> list[Finding]:
    """Return what a new body's place in its run shows, before it is added: SEQ_RESTARTED, SEQ_GAP, CHAIN_BROKEN."""
    found: list[Finding] = []
    place = f"device {item.device} boot {item.boot} seq {item.seq}"
    params = {"device": item.device, "boot": item.boot, "seq": str(item.seq)}
    if restarted:
        action = "find out how the device lost its count; what it sent before stays as it is"
        found.append(Finding("SEQ_RESTARTED", "warning", place, action, f"seq {item.seq} again", "the count to go on", params))
    last = runs.get(item.run).last
    if item.seq > last + 1:
        missing = {"first": str(last + 1), "last": str(item.seq - 1)}
        action = "nothing to do while the device still sends; what never comes is missing"
        found.append(Finding("SEQ_GAP", "info", place, action, f"seq {item.seq}", f"seq {last + 1}", {**params, **missing}))
    before, after = (runs.list_at(item.run, item.seq + step) for step in (-1, 1))
    broken = [item] if item.seq == 1 and item.prev is not None else []
    if before and all(item.prev != other.sha256 for other in before):
        broken.append(item)
    broken += [other for other in after if other.prev != item.sha256]
    for other in broken:
        where = f"device {other.device} boot {other.boot} seq {other.seq}"
        action = "compare with what the device keeps: a body is missing or was exchanged before it came here"
        got = "no body before" if other.prev is None else other.prev.hex()
        expected = "none, as the first" if other.seq == 1 else (item.sha256 if other is not item else before[0].sha256).hex()
        found.append(Finding("CHAIN_BROKEN", "warning", where, action, got, expected, {**params, "seq": str(other.seq)}))
    return found
