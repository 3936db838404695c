"""Take signed bodies: form, key, identity, clock, meters, in this order, then into the envelope log (spec: metering §5).

`prepare` does what needs no transaction, the signature above all; `take` writes many bodies in one. What a body's readings change is
derived behind the answer (projection.py): an answer means that the body is kept, whatever happens to this process next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from ledger.metering.body import SIGNED, Form, judge, read_form
from ledger.metering.device_signature import is_signed_by
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.services.device_run import DeviceRuns, Run, check_order
from ledger.services.findings import read_findings
from ledger.services.meter_book import MeterBooks
from ledger.store.database import Database
from ledger.store.repositories import devices, envelopes
from ledger.store.repositories.envelopes import NewBody, Stamp, StoredEnvelope
from ledger.store.session import Session

Reason = Literal["form", "key", "revoked", "equivocation", "readings"]
MOST_LEARNT = 10_000
"""Entries of another process that are looked at one by one before all that is known is read anew."""
NOTHING_FOUND = canonical.dump(findings_document(()))


@dataclass(frozen=True)
class Offer:
    """A body as somebody handed it in for an institution."""

    institution: str
    actor: str
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Taken:
    """A body that is in the envelope log at `id`. `contiguous` is the greatest seq up to which nothing of its run is missing."""

    id: int
    duplicate: bool
    sha256: str
    device: str
    boot: str
    seq: int
    contiguous: int
    missing: tuple[tuple[int, int], ...]
    server_time: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Refused:
    """A body that is not kept, and at which step it failed; an equivocation is kept as an alarm."""

    reason: Reason
    findings: tuple[Finding, ...]


Outcome: TypeAlias = "Taken | Refused"


@dataclass(frozen=True)
class Prepared:
    """A body of good form under a key of the institution, with its signature verified."""

    offer: Offer
    form: Form
    device: str
    sha256: bytes
    kid: str
    packed: bytes = field(repr=False)


@dataclass(frozen=True)
class Known:
    """What the intake knows of an institution's log as it was at `stamp`; what came since is added to it."""

    stamp: Stamp
    runs: dict[str, DeviceRuns] = field(repr=False)
    ends: dict[str, int] = field(repr=False)


@dataclass(frozen=True)
class Took:
    """What became of bodies, one outcome each, and what is known of the logs once that is committed."""

    outcomes: tuple[Outcome, ...]
    known: dict[str, Known] = field(repr=False)


class Intake:
    """Takes bodies, for one thread; holds keys and meters, and how far devices have counted until another process writes to the log."""

    def __init__(self, database: Database) -> None:
        self._database, self._books = database, MeterBooks()
        self._keys: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._known: dict[str, Known] = {}

    def prepare(self, offer: Offer, session: Session | None = None) -> Prepared | Refused:
        """Return the body read and its signature verified, or why not. Without a session one is opened where a key is new.

        Raises:
            ValueError: the media type is not one of a signed body.
        """
        if offer.media_type not in SIGNED:
            raise ValueError(f"not a signed media type: {offer.media_type}")
        form, findings = read_form(offer.media_type, offer.body)
        if form is None:
            return Refused("form", findings)
        identity = form.identity
        known = self._find_key(offer.institution, identity.kid, session)
        if known is None:
            action = "enrol the device's key first, or send with a key that is enrolled here"
            found = Finding("SIGNATURE_UNKNOWN", "error", f"key {identity.kid}", action, identity.kid, "a key of this institution")
            return Refused("key", (found,))
        device, public_key = known
        if not is_signed_by(public_key, identity.signature, identity.message):
            action = "send the bytes that were signed, unchanged"
            found = Finding("SIGNATURE_WRONG", "error", f"key {identity.kid}", action, "another signature", "the signature of the key")
            return Refused("key", (found,))
        if identity.device not in (None, device):
            action = "sign with a key of the device that the envelope names"
            found = Finding("SIGNATURE_WRONG", "error", "/device", action, identity.device or "", f"{device}, whose key this is")
            return Refused("key", (found,))
        return Prepared(offer, form, device, hashlib.sha256(offer.body).digest(), identity.kid, envelopes.pack_body(offer.body))

    def take(self, session: Session, bodies: Sequence[Prepared], now: int) -> Took:
        """Take bodies in their order within one unit of work; true once that is committed (then `remember`)."""
        outcomes: list[Outcome] = [Refused("form", ())] * len(bodies)
        known: dict[str, Known] = {}
        by_institution: dict[str, list[int]] = {}
        for at, item in enumerate(bodies):
            by_institution.setdefault(item.offer.institution, []).append(at)
        self._learnt: dict[tuple[str, str, int], int] = {}
        for institution, own in by_institution.items():
            # Taken out: should this unit of work fail, what it learnt was never so.
            taking = _Taking(session, institution, self._books, self._known.pop(institution, None), now)
            for at in own:
                outcomes[at] = taking.take(bodies[at])
            taking.write()
            known[institution] = taking.known()
        return Took(tuple(outcomes), known)

    def remember(self, took: Took) -> None:
        """Keep what `take` learnt: to be called once its unit of work is committed."""
        for known in took.known.values():
            for runs in known.runs.values():
                runs.settle()
        self._known |= took.known

    def _find_key(self, institution: str, kid: str, session: Session | None) -> tuple[str, bytes] | None:
        known = self._keys.get((institution, kid))
        if known is not None:
            return known
        if session is None:
            with self._database.reading() as opened:
                found = devices.find_key(opened, institution, kid)
        else:
            found = devices.find_key(session, institution, kid)
        if found is None:
            return None
        # A key never changes hands; whether it is revoked is asked for every body.
        self._keys[institution, kid] = found.device, found.public_key
        return found.device, found.public_key


class _Taking:
    """Bodies of one institution within one unit of work."""

    def __init__(self, session: Session, institution: str, books: MeterBooks, known: Known | None, now: int) -> None:
        self._session, self._institution, self._now = session, institution, now
        self._stamp = envelopes.read_stamp(session, institution)
        self._book = books.get(session, institution, self._stamp)
        self._next = self._stamp.log_size
        self._runs = self._learn(known)
        same = known is not None and known.stamp.key_ends == self._stamp.key_ends
        self._ends = known.ends if known is not None and same else envelopes.list_last_seqs(session, institution)
        self._bodies: list[NewBody] = []
        self._envelopes: list[StoredEnvelope] = []
        self._findings: dict[int, tuple[Finding, ...]] = {}

    def _learn(self, known: Known | None) -> dict[str, DeviceRuns]:
        """Return the runs that were known, with what others wrote to the log since; none where that is too much, or the log another."""
        start, end = (0 if known is None else known.stamp.log_size), self._next
        if known is None or not 0 <= end - start <= MOST_LEARNT:
            return {}
        if end > start:
            for item in envelopes.list_envelopes_between(self._session, self._institution, start, end):
                if item.device in known.runs:
                    known.runs[item.device].learn(item)
        return known.runs

    def take(self, item: Prepared) -> Outcome:
        """Take one body, or refuse it."""
        identity = item.form.identity
        last_seq = self._ends.get(item.kid)
        if last_seq is not None and identity.seq > last_seq:
            action = "sign with a key that is in force; what was queued up to the cut-over is still taken"
            found = Finding("KEY_REVOKED", "error", f"key {item.kid}", action, f"seq {identity.seq}", f"at most seq {last_seq}")
            return Refused("revoked", (found,))
        runs = self._runs.get(item.device)
        if runs is None:
            runs = self._runs[item.device] = DeviceRuns(self._session, self._institution, item.device)
        runs.session = self._session
        earlier = runs.find(identity.boot, identity.seq)
        if earlier is not None:
            return self._answer_again(item, earlier, runs) if earlier.sha256 == item.sha256 else self._raise_alarm(item, earlier)
        judged = judge(item.form, self._book, item.device, self._now)
        if has_errors(judged.findings):
            return Refused("readings", judged.findings)
        number, restarted = runs.assign(identity.boot, identity.seq)
        if restarted and last_seq is not None:
            # Else whoever holds an ended key would have all numbers up to the cut-over again, as often as it names another boot.
            action = "sign with a key that is in force; an ended one begins no count anew"
            got, expected = f"seq {identity.seq} of a new boot", "the count that the key ended in"
            return Refused("revoked", (Finding("KEY_REVOKED", "error", f"key {item.kid}", action, got, expected),))
        run = runs.get(number)
        stored = StoredEnvelope(
            device=item.device,
            boot=identity.boot,
            seq=identity.seq,
            run=number,
            log_index=self._next,
            sha256=item.sha256,
            prev=None if identity.prev is None else bytes.fromhex(identity.prev),
            bytes=len(item.offer.body),
            readings=judged.readings,
            meters=judged.meters,
        )
        findings = (*judged.findings, *check_order(runs, stored, restarted))
        runs.add(stored)
        self._keep(item, stored, findings)
        return self._answer(stored, run, findings, duplicate=False)

    def write(self) -> None:
        """Write what was taken."""
        if self._bodies:
            envelopes.append_bodies(self._session, self._institution, self._bodies)
            envelopes.add_envelopes(self._session, self._institution, self._envelopes)
            self._bodies, self._envelopes = [], []

    def known(self) -> Known:
        """Return what is known once this is committed."""
        return Known(replace(self._stamp, log_size=self._next), self._runs, self._ends)

    def _keep(self, item: Prepared, stored: StoredEnvelope, findings: tuple[Finding, ...]) -> None:
        found = canonical.dump(findings_document(findings)) if findings else NOTHING_FOUND
        offer = item.offer
        body = NewBody(stored.log_index, offer.body, offer.media_type, found, offer.actor, self._now, item.packed, item.sha256)
        self._bodies.append(body)
        self._envelopes.append(stored)
        self._findings[stored.log_index] = findings
        self._next += 1

    def _answer(self, stored: StoredEnvelope, run: Run, findings: tuple[Finding, ...], *, duplicate: bool) -> Taken:
        return Taken(
            id=stored.log_index,
            duplicate=duplicate,
            sha256=stored.sha256.hex(),
            device=stored.device,
            boot=stored.boot,
            seq=stored.seq,
            contiguous=run.floor,
            missing=run.missing(),
            server_time=self._now,
            findings=findings,
        )

    def _answer_again(self, item: Prepared, earlier: StoredEnvelope, runs: DeviceRuns) -> Taken:
        findings = self._findings.get(earlier.log_index)
        if findings is None:
            stored = envelopes.find_findings(self._session, self._institution, earlier.log_index)
            findings = () if stored is None else read_findings(stored)
        return self._answer(earlier, runs.get(earlier.run), findings, duplicate=True)

    def _raise_alarm(self, item: Prepared, earlier: StoredEnvelope) -> Refused:
        # The alarm refers to the first body, which may wait to be written with this very one.
        self.write()
        offer = item.offer
        envelopes.add_alarm(
            self._session, self._institution, earlier, offer.body, media_type=offer.media_type, actor=offer.actor, at=self._now
        )
        action = "find out which body is right and why the device signed two; both are kept"
        place = f"device {earlier.device} boot {earlier.boot} seq {earlier.seq}"
        params = {"device": earlier.device, "boot": earlier.boot, "seq": str(earlier.seq), "log_index": str(earlier.log_index)}
        got, expected = item.sha256.hex(), earlier.sha256.hex()
        return Refused("equivocation", (Finding("EQUIVOCATION", "error", place, action, got, expected, params),))
