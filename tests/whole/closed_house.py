"""A house that was filled and closed, to be copied and opened many times, and what must hold of every copy once its relay has run out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ledger.chain.embedded.fsck import check_chain
from ledger.chain.typed_data import Role
from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.identifiers import sid
from ledger.records.outbox import FINAL, OutboxRow
from ledger.records.period import Period
from ledger.services.activity import submit_activity
from ledger.services.fsck import check_house
from ledger.services.house import open_house
from ledger.services.periods import open_period
from ledger.services.relay import build_relay
from ledger.store.outbox import list_outbox
from ledger.store.repositories import attestations
from ledger.store.repositories.participants import list_keys
from tests.product import AUDITOR, CHAIN_ID, OPERATOR, Town, preparer
from tests.towns import Template, reopen
from tests.whole.scene import activity, record, tree

BANK, METER, ZONE = "bank", "M-1", "UTC"
FIRST_DAY = date(2025, 3, 1)


@dataclass(frozen=True)
class ClosedHouse:
    """A folder with everything in it, the time at which it was closed, and the versions of its participants."""

    folder: Path
    at: int
    versions: dict[str, int]

    def copy(self, folder: Path) -> ClosedHouse:
        """Copy the house to a new folder."""
        shutil.copytree(self.folder, folder)
        return ClosedHouse(folder, self.at, dict(self.versions))

    @contextmanager
    def open(self, *, seconds_later: int = 10, chain_url: str | None = None) -> Iterator[Town]:
        """Open it with the time set to `seconds_later` after it was closed."""
        clock = FixedClock(self.at + seconds_later)
        house = open_house(settings_of(self.folder, chain_url), clock=clock)
        try:
            yield Town(house, clock, dict(self.versions))
        finally:
            house.close()


def settings_of(folder: Path, chain_url: str | None = None) -> Settings:
    """Return the settings of a town that `open_town` set up in `folder`."""
    return Settings(
        data=folder,
        database_url=f"sqlite:///{folder / 'ledger.sqlite'}",
        chain_url=chain_url or f"embedded://{folder / 'chain.sqlite'}",
        chain_id=CHAIN_ID,
        passphrase="a passphrase of tests",
        run_relay=False,
        light_keys=True,
    )


def day_csv(day: date, reading: str = "1.25", meter: str = METER) -> bytes:
    """Return a whole day of readings in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    stamps = ((start + timedelta(minutes=15 * slot)).strftime("%Y-%m-%dT%H:%M:%SZ") for slot in range(96))
    return b"meter,timestamp,kW\n" + "".join(f"{meter},{stamp},{reading}\n" for stamp in stamps).encode()


def days_csv(first: date, days: int) -> bytes:
    """Return several whole days of the same readings in UTC, in one body."""
    bodies = [day_csv(first + timedelta(days=at)) for at in range(days)]
    return bodies[0] + b"".join(body.partition(b"\n")[2] for body in bodies[1:])


def build_house(centre: Template, folder: Path, *, periods: int) -> ClosedHouse:
    """Set up a bank beside the centre, with a metered day and a prepared statement per period; nothing is queued, all is closed."""
    with reopen(centre, folder) as town:
        for number in range(periods):
            day = FIRST_DAY + timedelta(days=number)
            period = Period.of_dates(f"p{number}", day, day, ZONE)
            document = activity(BANK, period, [record("petrol", "hq", "fuel.petrol.vehicles", f"{10 + number}", "L", period)])
            if number == 0:
                units = [("hq", None)]
                town.add_bank(
                    BANK,
                    tree(BANK, units, timezone=ZONE),
                    period=(period.id, day, day),
                    meter_units={METER: "hq"},
                    csv=[days_csv(FIRST_DAY, periods)],
                    activity_document=document,
                    timezone=ZONE,
                )
            else:
                with town.work(preparer(BANK)) as work:
                    open_period(work, BANK, id=period.id, first_day=day, last_day=day)
                    assert submit_activity(work, BANK, period.id, document).accepted
            statement = town.prepare(BANK, period.id)
            assert not statement.has_errors, statement.findings
        return ClosedHouse(folder, town.clock.now(), dict(town.versions))


def queue_work(town: Town, *, statements: int, keys: int) -> None:
    """Sign and queue the statements 1, 2, … and new keys of the bank, as its people and the admin do; nothing is relayed."""
    for number in range(statements):
        town.attest(BANK, str(number + 1))
    for number in range(keys):
        town.add_key(BANK, Role.LOGKEEPER, f"{BANK}.keeper{number}")


def drain(town: Town, passes: int = 40) -> list[OutboxRow]:
    """Let the relay run until every row is final; return the rows. A row that ends otherwise fails the test."""
    relay = build_relay(town.house)
    for _ in range(passes):
        relay.step(town.clock.now())
        with town.house.view(OPERATOR) as work:
            rows = list(list_outbox(work.session, limit=500).items)
        if all(row.state == FINAL for row in rows):
            return rows
        town.clock.advance(20)
    raise AssertionError([(row.idem_key[:40], row.state, row.error) for row in rows if row.state != FINAL])


def check_whole(town: Town, rows: list[OutboxRow], *, anchors: int, keys: int = 0) -> None:
    """Hold what must hold after any crash: one transaction and one event per row, one anchor per attestation, and nothing torn."""
    house = town.house
    assert {row.state for row in rows} == {FINAL}
    # Nonces: every number once and none left out, and the chain has counted as many.
    nonces = sorted(row.nonce if row.nonce is not None else -1 for row in rows)
    assert nonces == list(range(nonces[0], nonces[0] + len(rows)))
    assert house.chain.nonce(house.relayer_address) == nonces[-1] + 1
    # On the chain: exactly one event per attestation, in the transaction of its row.
    periods = house.contracts.periods
    topic = "0x" + periods.abi.event_topic("PeriodAttested").hex()
    logs = house.chain.logs({"fromBlock": "0x0", "toBlock": "latest", "address": periods.address, "topics": [topic]})
    submitted = {row.tx_hash for row in rows if row.idem_key.startswith("periods.submit")}
    assert len(submitted) == anchors
    assert Counter(log["transactionHash"] for log in logs) == Counter(submitted)
    # In the database: one anchor with evidence per attestation, every key mirrored once.
    with house.view(AUDITOR) as work:
        signed = attestations.list_attestations(work.session, limit=500).items
        assert len(signed) == anchors
        for attestation in signed:
            found = attestations.find_anchor(work.session, attestation.id)
            assert found is not None
            receipt = house.chain.find_receipt(found.tx_hash)
            assert receipt is not None
            assert (receipt.status, receipt.block_number, receipt.block_hash) == (1, found.block_number, found.block_hash)
        mirrored = [(key.address, key.role) for key in list_keys(work.session, sid("org", BANK).hex())]
        assert len(mirrored) == len(set(mirrored)) == 1 + keys
        # Every stored hash, the log of bodies, the hash-chained audit log, every statement down to its roots on the chain.
        assert check_house(work) == ()
    if house.chain.kind == "embedded":
        node = house.chain._node
        assert node is not None
        assert node.engine.check_integrity() == "ok"
        assert check_chain(node.engine) == ()


def fingerprint(town: Town) -> tuple[object, ...]:
    """Return what a second run must not change: the head and every row of the outbox."""
    head = town.house.chain.head()
    with town.house.view(OPERATOR) as work:
        return (head.number, head.hash, *list_outbox(work.session, limit=500).items)
