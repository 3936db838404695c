"""What `lingtan doctor` looks at: each check is named, says what it saw, and what to do where it failed."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ledger.cli.office import open_books, operator_actor, settings_of
from ledger.clock import SystemClock
from ledger.config import Settings
from ledger.errors import ConfigurationError, LedgerError

if TYPE_CHECKING:
    from ledger.services.context import House

Outcome = Literal["ok", "warning", "failed"]
CLOCK_SECONDS = 60
BACKLOG_SECONDS = 300
FREE_BYTES = 1 << 30
STALE_SECONDS = 2 * 86_400


@dataclass(frozen=True)
class Check:
    """One check: its name, its outcome, what was seen, and what to do (empty where it is ok)."""

    name: str
    outcome: Outcome
    detail: str
    fix: str = ""

    def to_document(self) -> dict[str, str]:
        """Return the check as JSON."""
        return {"check": self.name, "outcome": self.outcome, "detail": self.detail, "fix": self.fix}


def examine(environment: Mapping[str, str], data: Path | None) -> tuple[Check, ...]:
    """Return every check in order; without settings there is only the first."""
    try:
        settings = settings_of(environment, data)
    except ConfigurationError as error:
        return (Check("settings", "failed", str(error), error.hint),)
    checks = [Check("settings", "ok", f"data in {settings.data}, {'embedded chain' if settings.embedded else 'chain behind a URL'}")]
    checks += [*_keys(settings), _disk(settings), *_database(settings), *_chain(settings), *_witnesses(settings)]
    return tuple(checks)


def _keys(settings: Settings) -> Iterator[Check]:
    wanted = [settings.relayer_key, settings.cursor_key, settings.matching_key, *([settings.checkpoint_key] if settings.embedded else [])]
    missing = [file.name for file in wanted if not file.exists()]
    if missing:
        fix = "run `lingtan init`; after a restore, put the keys of the old server there"
        yield Check("keys", "failed", f"missing in {settings.keys}: {', '.join(missing)}", fix)
        return
    open_files = [file for file in (settings.keys, *wanted) if stat.S_IMODE(file.stat().st_mode) & 0o077]
    if open_files:
        listed = ", ".join(f"{file.name} {stat.S_IMODE(file.stat().st_mode):04o}" for file in open_files)
        yield Check("keys", "failed", f"others can read them: {listed}", f"chmod -R go= {settings.keys}")
        return
    from ledger.chain.keystore import load_key

    try:
        address = load_key(settings.relayer_key, settings.passphrase).address
    except LedgerError as error:
        yield Check("keys", "failed", str(error), "check LINGTAN_PASSPHRASE")
        return
    yield Check("keys", "ok", f"relayer {address}, readable by the owner alone")


def _disk(settings: Settings) -> Check:
    place = settings.data
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    detail = f"{free >> 20} MiB free at {place}"
    if not os.access(place, os.W_OK):
        return Check("disk", "failed", f"{place} cannot be written", "give the server's user the directory")
    return Check("disk", "ok", detail) if free > FREE_BYTES else Check("disk", "warning", detail, "make room: a full disk stops the chain")


def _database(settings: Settings) -> Iterator[Check]:
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.database_url.startswith("sqlite:") and not file.exists():
        yield Check("database", "failed", f"{file} does not exist", "run `lingtan init`")
        return
    try:
        with open_books(settings) as house:
            if not house.database.at_head():
                yield Check("database", "failed", f"it is at {house.database.revision() or 'no'} migration", "run `lingtan migrate`")
                return
            yield Check("database", "ok", f"{house.database.dialect}, at the head of its migrations")
            yield _backlog(house)
            yield from _devices(house)
    except LedgerError as error:
        yield Check("database", "failed", str(error), error.hint or "check LINGTAN_DATABASE_URL")


def _devices(house: House) -> Iterator[Check]:
    from ledger.services.device_alarms import check_device_alarms

    with house.view(operator_actor()) as work:
        for finding in check_device_alarms(work.session):
            yield Check("devices", "warning", f"{finding.code}: {finding.place}: {finding.got}", finding.action)


def _backlog(house: House) -> Check:
    from ledger.records.outbox import FINAL, QUARANTINED, QUEUED, REVERTED
    from ledger.store.outbox import list_outbox

    waiting, late, stuck = 0, 0, 0
    now, after = SystemClock().now(), None
    with house.view(operator_actor()) as work:
        while True:
            page = list_outbox(work.session, limit=500, after=after)
            for row in page.items:
                stuck += row.state == QUARANTINED
                if row.state not in (FINAL, REVERTED, QUARANTINED):
                    waiting += 1
                    late += now - row.next_at > BACKLOG_SECONDS and row.state == QUEUED
            after = page.next_after
            if after is None:
                break
    detail = f"{waiting} waiting, {late} of them for more than {BACKLOG_SECONDS // 60} minutes, {stuck} quarantined"
    if stuck:
        return Check("relay", "failed", detail, "read the log: the relay cannot send these, somebody must look")
    return (
        Check("relay", "warning", detail, "is `lingtan serve` running, and the chain reachable?") if late else Check("relay", "ok", detail)
    )


def _chain(settings: Settings) -> Iterator[Check]:
    from ledger.chain.errors import ChainLocked
    from ledger.services.house import open_house

    if settings.embedded and not Path(settings.chain_url.removeprefix("embedded://")).exists():
        yield Check("chain", "failed", "the chain file does not exist", "run `lingtan init`, or restore it from the backup")
        return
    try:
        house = open_house(settings)
    except ChainLocked as error:
        yield Check("chain", "warning", str(error), "the server runs: ask its /readyz, or stop it for the full check")
        return
    except LedgerError as error:
        yield Check("chain", "failed", str(error), error.hint)
        return
    try:
        head = house.chain.head()
        yield Check("chain", "ok", f"chain {house.chain.chain_id}, head {head.number}")
        yield Check("deployment", "ok", f"{len(house.deployment.contracts)} contracts, code as deployed")
        ahead = head.timestamp - SystemClock().now()
        if ahead > CLOCK_SECONDS:
            yield Check("clock", "failed", f"this machine is {ahead} s behind the chain's last block", "set the clock (NTP)")
        else:
            yield Check("clock", "ok", "not behind the chain")
    except LedgerError as error:
        yield Check("chain", "failed", str(error), error.hint)
    finally:
        house.close()


def _witnesses(settings: Settings) -> Iterator[Check]:
    """Look at the directory of checkpoints alone: the server may have the chain open."""
    if not settings.witnesses:
        return
    from ledger.chain.embedded.cosigned import read_alarm, read_last_cosigned
    from ledger.services.house import witness_keys
    from ledger.services.witnessing import check_alarm

    try:
        keys = [key for key, _ in witness_keys(settings)]
        alarm = read_alarm(settings.checkpoints)
        last = read_last_cosigned(settings.checkpoints, keys, settings.witness_quorum)
    except LedgerError as error:
        yield Check("witnesses", "failed", str(error), error.hint or "restore the checkpoint directory")
        return
    for finding in check_alarm(alarm):
        detail = f"{finding.code}: {alarm.witness if alarm else ''} knows {finding.expected}, here: {finding.got}"
        yield Check("witnesses", "failed", detail, finding.action)
        return
    if last is None:
        fix = "are the witnesses' URLs right, and do they follow this log's vkey? `lingtan serve` logs what they say"
        yield Check("witnesses", "warning", f"no checkpoint is cosigned by {settings.witness_quorum} of {len(keys)} witnesses yet", fix)
        return
    age = SystemClock().now() - last.time
    names = ", ".join(item.witness for item in last.cosignatures)
    detail = f"size {last.checkpoint.size} cosigned by {names} {age // 60} minutes ago"
    if age > STALE_SECONDS:
        yield Check("witnesses", "warning", detail, "ask the witnesses whether they run; without them a checkpoint is one operator's word")
    else:
        yield Check("witnesses", "ok", detail)
