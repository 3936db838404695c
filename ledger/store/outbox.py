"""The outbox: a business row and the intent to send its transaction commit together; the relay takes it from there (design: chain §4).

Services call `queue` inside their unit of work. The relay holds an `SqlOutbox`, which offers what ledger.chain.relay expects, each method
one transaction. QUEUED → SIGNED → SENT → MINED → FINAL | REVERTED | QUARANTINED; every step is also an event that stays.
What is to be sent never changes; nonce, raw bytes and hash are set once, in one transaction (a trigger refuses anything else).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from ledger.clock import Clock
from ledger.errors import Conflict
from ledger.records.outbox import FINAL, MINED, QUARANTINED, QUEUED, REVERTED, SENT, SIGNED, OutboxRow
from ledger.store.database import Database
from ledger.store.errors import AlreadyStored
from ledger.store.repositories.paging import Page, fetch_page, found
from ledger.store.tables import Outbox, OutboxEvent, OutboxLease

MAX_ERROR_LENGTH = 2_000


class LeaseLost(Conflict):
    """Another process holds the right to send with this signer's key."""

    code = "outbox.lease_lost"


class WrongState(Conflict):
    """The row is not in a state from which this step leads."""

    code = "outbox.wrong_state"


@dataclass(frozen=True)
class Payload:
    """One transaction to send: contract `to`, call data, gas limit; `kind` and `subject` name the business row, for lists and searches.

    The signer's address is kept in lower case, so that one key never has two rows of nonces.
    """

    signer: str
    chain_id: int
    to: str
    data: bytes
    gas: int
    kind: str
    subject: str

    def digest(self) -> str:
        """Return the hex SHA-256 over signer, chain id, contract, gas and data."""
        head = f"{self.signer.lower()}\n{self.chain_id}\n{self.to.lower()}\n{self.gas}\n".encode()
        return hashlib.sha256(head + self.data).hexdigest()


def queue(session: Session, idem_key: str, payload: Payload, *, now: int) -> OutboxRow:
    """Add the intent to send `payload`; the same key with the same payload gives the stored row back.

    Raises:
        AlreadyStored: the key stands for another payload.
    """
    earlier = session.exec(select(Outbox).where(Outbox.idem_key == idem_key)).one_or_none()
    if earlier is not None:
        if earlier.payload_hash != payload.digest():
            raise AlreadyStored(
                "this key stands for another transaction", idem_key=idem_key, stored=earlier.payload_hash, got=payload.digest()
            )
        return to_row(earlier)
    row = Outbox(
        idem_key=idem_key,
        kind=payload.kind,
        subject=payload.subject,
        signer=payload.signer.lower(),
        chain_id=payload.chain_id,
        to=payload.to,
        data=payload.data,
        gas=payload.gas,
        payload_hash=payload.digest(),
        state=QUEUED,
        attempts=0,
        next_at=now,
        at=now,
    )
    session.add(row)
    session.flush()
    _note(session, row, "queued", now)
    return to_row(row)


def get_outbox_row(session: Session, id: int) -> OutboxRow:
    """Return one row of the outbox.

    Raises:
        NotFound: there is none.
    """
    return to_row(found(session.get(Outbox, id), "outbox row", id=id))


def find_outbox_by_subject(session: Session, subject: str) -> list[OutboxRow]:
    """Return the transactions of a business row, oldest first."""
    return [to_row(row) for row in session.exec(select(Outbox).where(Outbox.subject == subject).order_by(col(Outbox.id))).all()]


def list_outbox(session: Session, *, state: str | None = None, limit: int = 100, after: int | None = None) -> Page[OutboxRow, int]:
    """Return the outbox in the order it was filled, of one state if given."""
    query = select(Outbox)
    if state is not None:
        query = query.where(Outbox.state == state)
    page = fetch_page(session, query, col(Outbox.id), lambda row: row.id, limit, after)
    return Page(tuple(to_row(row) for row in page.items), page.next_after)


def list_outbox_events(session: Session, outbox_id: int) -> list[OutboxEvent]:
    """Return every step in the life of a row."""
    return list(session.exec(select(OutboxEvent).where(OutboxEvent.outbox_id == outbox_id).order_by(col(OutboxEvent.id))).all())


def find_subject(session: Session, id: int) -> str:
    """Return what business row the transaction is about, as `kind/id…`; empty where there is no such transaction."""
    row = session.get(Outbox, id)
    return "" if row is None else row.subject


def retire(session: Session, id: int, reason: str, *, now: int) -> OutboxRow:
    """QUARANTINED → REVERTED: nothing can mine these bytes any more; what the row stood for may be signed again.

    Raises:
        WrongState: the row is not QUARANTINED.
    """
    return _settle_quarantined(session, id, REVERTED, f"retired: {reason}", now)


def resume(session: Session, id: int, reason: str, *, now: int) -> OutboxRow:
    """QUARANTINED → SENT: the chain has the transaction after all, and the relay goes on with it.

    Raises:
        WrongState: the row is not QUARANTINED.
    """
    return _settle_quarantined(session, id, SENT, f"resumed: {reason}", now)


def _settle_quarantined(session: Session, id: int, state: str, detail: str, now: int) -> OutboxRow:
    row = found(session.get(Outbox, id), "outbox row", id=id)
    if row.state != QUARANTINED:
        raise WrongState(f"outbox row {id} is {row.state}, expected {QUARANTINED}", hint="read the row again", id=id, state=row.state)
    row.state, row.next_at = state, now
    row.error = f"{row.error or 'quarantined'}; {detail}"[:MAX_ERROR_LENGTH]
    session.flush()
    _note(session, row, detail, now)
    return to_row(row)


def find_receipt(session: Session, id: int) -> bytes | None:
    """Return the receipt bytes the relay recorded with the block, or None."""
    row = session.get(Outbox, id)
    return None if row is None else row.receipt


class SqlOutbox:
    """The outbox as the relay works it. One object per relay process; `acquire_lease` before anything is signed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._tokens: dict[str, int] = {}

    def due(self, now: int, limit: int) -> Sequence[OutboxRow]:
        """Return rows to sign or to send (QUEUED, SIGNED, SENT) whose time has come, signed ones first, then oldest first."""
        query = (
            select(Outbox)
            .where(col(Outbox.state).in_((QUEUED, SIGNED, SENT)), Outbox.next_at <= now)
            .order_by(col(Outbox.nonce).is_(None), col(Outbox.nonce), col(Outbox.id))
            .limit(limit)
        )
        return self._rows(query)

    def in_flight(self) -> Sequence[OutboxRow]:
        """Return rows that are signed and not settled (SIGNED, SENT, MINED), by nonce."""
        query = select(Outbox).where(col(Outbox.state).in_((SIGNED, SENT, MINED)))
        return self._rows(query.order_by(col(Outbox.signer), col(Outbox.nonce)))

    def highest_nonce(self, chain_id: int, signer: str) -> int | None:
        """Return the highest nonce ever given out for the signer on that chain, or None."""
        query = select(func.max(col(Outbox.nonce))).where(Outbox.chain_id == chain_id, Outbox.signer == signer.lower())
        with self._database.reading() as session:
            return session.exec(query).one()

    def record_signed(self, id: int, nonce: int, raw_tx: bytes, tx_hash: str) -> None:
        """Give the row its nonce, raw bytes and hash, in one transaction and before anything is sent.

        Raises:
            WrongState: the row is not QUEUED.
            AlreadyStored: the nonce belongs to another row.
            LeaseLost: another process may send with this key.
        """
        with self._step(id, (QUEUED,), SIGNED, "signed") as row:
            row.nonce, row.raw_tx, row.tx_hash = nonce, raw_tx, tx_hash

    def record_sent(self, id: int, next_at: int) -> None:
        """Note that the stored bytes were broadcast; `next_at` is when to look again."""
        with self._step(id, (SIGNED, SENT), SENT, "sent") as row:
            row.attempts += 1
            row.next_at, row.error = next_at, None

    def record_mined(self, id: int, block_number: int, block_hash: str, receipt: bytes) -> None:
        """Note the block that holds the transaction, with its receipt."""
        with self._step(id, (SIGNED, SENT, MINED), MINED, "mined") as row:
            row.block_number, row.block_hash, row.receipt, row.error = block_number, block_hash, receipt, None

    def record_final(self, id: int) -> None:
        """Note that the block is final."""
        with self._step(id, (MINED,), FINAL, "final"):
            pass

    def record_reverted(self, id: int, error: str, block_number: int | None, block_hash: str | None) -> None:
        """Note that the contract refused: before it was signed (no block), or in a block."""
        with self._step(id, (QUEUED, SIGNED, SENT, MINED), REVERTED, error) as row:
            row.block_number, row.block_hash, row.error = block_number, block_hash, error[:MAX_ERROR_LENGTH]

    def record_quarantined(self, id: int, error: str) -> None:
        """Note that the row must not be touched until somebody has looked: its nonce was used by something else."""
        with self._step(id, (QUEUED, SIGNED, SENT, MINED), QUARANTINED, error) as row:
            row.error = error[:MAX_ERROR_LENGTH]

    def record_back_to_sent(self, id: int, next_at: int, reason: str) -> None:
        """Note that the block is gone (a reorganisation); the same bytes will be sent again."""
        with self._step(id, (MINED,), SENT, reason) as row:
            row.block_number, row.block_hash, row.receipt = None, None, None
            row.next_at, row.error = next_at, reason[:MAX_ERROR_LENGTH]

    def record_failure(self, id: int, next_at: int, error: str) -> None:
        """Note a failed attempt; the state stays."""
        with self._step(id, (QUEUED, SIGNED, SENT, MINED), None, error) as row:
            row.attempts += 1
            row.next_at, row.error = next_at, error[:MAX_ERROR_LENGTH]

    def acquire_lease(self, signer: str, holder: str, now: int, seconds: int) -> int | None:
        """Take or renew the right to send with the signer's key; return the fencing token, None while another holder has it.

        `holder` must name one process run (host, process id, a random part): a second process under the same name would count as the
        same holder. Once another holder has taken over, every step of the former one raises LeaseLost. A lease with more than half of
        `seconds` left is not written anew.
        """
        signer = signer.lower()
        token = self._find_fresh_lease(signer, holder, now + seconds // 2)
        if token is not None:
            return token
        with self._database.unit_of_work() as session:
            row = session.get(OutboxLease, signer)
            if row is None:
                row = OutboxLease(signer=signer, holder=holder, token=1, expires_at=now + seconds)
                session.add(row)
            elif row.holder == holder:
                row.expires_at = now + seconds
            elif row.expires_at <= now:
                row.holder, row.token, row.expires_at = holder, row.token + 1, now + seconds
            else:
                self._tokens.pop(signer, None)
                return None
            self._tokens[signer] = row.token
            return row.token

    def release_lease(self, signer: str, holder: str) -> None:
        """Give the right back at once, if `holder` has it."""
        signer = signer.lower()
        with self._database.unit_of_work() as session:
            row = session.get(OutboxLease, signer)
            if row is not None and row.holder == holder:
                row.expires_at = 0
        self._tokens.pop(signer, None)

    def _find_fresh_lease(self, signer: str, holder: str, until: int) -> int | None:
        with self._database.reading() as session:
            row = session.get(OutboxLease, signer)
            if row is None or row.holder != holder or row.expires_at <= until or self._tokens.get(signer) != row.token:
                return None
            return row.token

    def _rows(self, query: object) -> list[OutboxRow]:
        with self._database.reading() as session:
            return [to_row(row) for row in session.exec(query).all()]  # type: ignore[call-overload]

    @contextmanager
    def _step(self, id: int, allowed: tuple[str, ...], state: str | None, detail: str) -> Iterator[Outbox]:
        now = self._clock.now()
        with self._database.unit_of_work() as session:
            row = found(session.get(Outbox, id), "outbox row", id=id)
            self._check_lease(session, row.signer, now)
            if row.state not in allowed:
                raise WrongState(
                    f"outbox row {id} is {row.state}, expected {' or '.join(allowed)}", hint="read the row again", id=id, state=row.state
                )
            yield row
            if state is not None:
                row.state = state
            session.flush()
            _note(session, row, detail, now)

    def _check_lease(self, session: Session, signer: str, now: int) -> None:
        lease = session.get(OutboxLease, signer)
        if lease is None:
            return
        mine = self._tokens.get(signer)
        if mine == lease.token or (mine is None and lease.expires_at <= now):
            return
        raise LeaseLost(f"another process sends for {signer}", hint="acquire the lease again before going on", signer=signer)


def to_row(row: Outbox) -> OutboxRow:
    """Return the row as the relay sees it."""
    return OutboxRow(
        id=row.id,
        idem_key=row.idem_key,
        signer=row.signer,
        chain_id=row.chain_id,
        to=row.to,
        data=row.data,
        gas=row.gas,
        nonce=row.nonce,
        raw_tx=row.raw_tx,
        tx_hash=row.tx_hash,
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        block_number=row.block_number,
        block_hash=row.block_hash,
        error=row.error,
    )


def _note(session: Session, row: Outbox, detail: str, now: int) -> None:
    event = OutboxEvent(
        outbox_id=row.id,
        state=row.state,
        block_number=row.block_number,
        block_hash=row.block_hash,
        detail=detail[:MAX_ERROR_LENGTH],
        at=now,
    )
    session.add(event)
    session.flush()
