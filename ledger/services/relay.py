"""Run the relay: outbox rows become transactions, final ones leave their evidence behind.

What happens at the end of a row runs at least once and does no harm twice: evidence and mirrored keys are stored under the keys of
what they are about.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from typing import Any, cast

from ledger.chain.artifacts import error_entries
from ledger.chain.client import Receipt
from ledger.chain.contracts.period_ledger import attestation_id_of
from ledger.chain.proof import capture_anchor, capture_log_anchor
from ledger.chain.relay import Alarm, Relay, RelaySettings
from ledger.chain.typed_data import PeriodAttestation, Role
from ledger.errors import LedgerError
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.records.outbox import OutboxRow
from ledger.services.attestations import read_attestation
from ledger.services.context import Actor, House
from ledger.services.witnessing import find_alarm
from ledger.store.outbox import SqlOutbox
from ledger.store.repositories import log_anchors, participants
from ledger.store.repositories.attested import KINDS, Attested
from ledger.store.repositories.participants import ChainPlace

PAUSE_SECONDS = 0.25
_LOG = logging.getLogger("lingtan.relay")
_RELAY = Actor("relay", None, frozenset({"operator"}))


def build_relay(house: House) -> Relay:
    """Return the relay of this process; one process at a time holds the lease of the relayer's key.

    An embedded chain is open in one process only (its file is locked), so after a crash the next process is the same holder and goes on
    at once; on a node, the next process waits until the lease of the dead one has run out.
    """
    holder = "embedded" if house.settings.embedded else f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
    return Relay(
        SqlOutbox(house.database, house.clock),
        house.chain,
        house.relayer,
        RelaySettings(holder=holder, confirmations=house.settings.confirmations),
        on_final=lambda row, receipt: keep_evidence(house, row, receipt),
        alarm=_alarm,
        errors=error_entries(),
    )


def run_relay(house: House, stop: threading.Event) -> None:
    """Step the relay until `stop` is set. An error of ours is logged and the next pass tries again.

    While a witness contradicts the chain nothing is sent: whatever is built on a restored old copy would be lost, or make a fork.
    """
    relay = build_relay(house)
    while not stop.is_set():
        try:
            if find_alarm(house) is None:
                relay.step(house.clock.now())
        except LedgerError as error:
            _LOG.warning("relay: %s: %s", error.code, error)
        stop.wait(PAUSE_SECONDS)


def keep_evidence(house: House, row: OutboxRow, receipt: Receipt) -> None:
    """Capture what proves a final transaction: the anchor of an attestation or an envelope log, the keys that the registry recorded."""
    attested = _find_attested(house, row)
    if attested is not None:
        rows, number, dataset, message = attested
        evidence = capture_anchor(
            house.chain,
            house.contracts.periods,
            receipt,
            dataset=dataset,
            id=attestation_id_of(message),
            mapping_slot=house.deployment.records_slot,
        )
        # Where somebody else relayed the message first, our receipt recorded nothing: the evidence is of the transaction that did.
        block, transaction = cast(dict[str, str], evidence["block"]), cast(dict[str, str], evidence["transaction"])
        with house.work(_RELAY) as work:
            rows.add_anchor(
                work.session,
                number,
                chain_id=house.chain.chain_id,
                contract=house.contracts.periods.address.lower(),
                tx_hash=transaction["hash"],
                block_number=int(block["number"]),
                block_hash=block["hash"],
                evidence=canonical.dump(evidence),
                at=work.clock.now(),
            )
    _keep_log_anchor(house, row, receipt)
    _mirror_keys(house, receipt)


def _keep_log_anchor(house: House, row: OutboxRow, receipt: Receipt) -> None:
    with house.database.reading() as session:
        checkpoint = log_anchors.find_checkpoint_by_outbox(session, row.id)
        if checkpoint is None:
            return
        number, org, struct_hash = checkpoint.id, sid("org", checkpoint.institution_id), checkpoint.struct_hash.removeprefix("0x")
    evidence = capture_log_anchor(house.chain, house.contracts.periods, receipt, org=org, struct_hash=bytes.fromhex(struct_hash))
    block, transaction = cast(dict[str, str], evidence["block"]), cast(dict[str, str], evidence["transaction"])
    with house.work(_RELAY) as work:
        log_anchors.add_log_anchor(
            work.session,
            number,
            block_number=int(block["number"]),
            block_hash=block["hash"],
            tx_hash=transaction["hash"],
            evidence=canonical.dump(evidence),
            at=work.clock.now(),
        )


def _find_attested(house: House, row: OutboxRow) -> tuple[Attested[Any, Any, Any], int, str, PeriodAttestation] | None:
    """Return which kind of statement a transaction attests, its attestation, its dataset, what was signed; None for other messages."""
    with house.database.reading() as session:
        for rows in KINDS:
            found = rows.find_attestation_by_outbox(session, row.id)
            if found is not None:
                return rows, found.id, found.dataset, read_attestation(found)
    return None


def _mirror_keys(house: House, receipt: Receipt) -> None:
    events = house.contracts.participants.events(receipt.logs)
    if not events:
        return
    place = ChainPlace(receipt.block_number, _block_time(house, receipt.block_number), receipt.tx_hash)
    with house.work(_RELAY) as work:
        for event in events:
            facts = event.arguments
            org = bytes(facts["org"]).hex() if "org" in facts else ""
            address = str(facts["key"]).lower() if "key" in facts else ""
            role = Role(facts["role"]).name.lower() if "role" in facts else ""
            version = int(facts["version"])
            if event.name == "KeyAdded":
                participants.add_participant_key(
                    work.session,
                    org=org,
                    address=address,
                    role=role,
                    valid_from=int(facts["validFrom"]),
                    valid_to=int(facts["validTo"]),
                    version=version,
                    place=place,
                )
            elif event.name == "KeyEnded":
                participants.add_key_event(
                    work.session,
                    org=org,
                    kind="key_ended",
                    version=version,
                    place=place,
                    address=address,
                    role=role,
                    valid_to=int(facts["validTo"]),
                )
            elif event.name == "KeyStandingSet":
                kind = "key_suspended" if facts["suspended"] else "key_reinstated"
                participants.add_key_event(work.session, org=org, kind=kind, version=version, place=place, address=address, role=role)
            elif event.name == "StandingSet":
                kind = "institution_suspended" if facts["suspended"] else "institution_reinstated"
                participants.add_key_event(work.session, org=org, kind=kind, version=version, place=place)


def _block_time(house: House, number: int) -> int:
    block = house.chain.block(number)
    stamp = block["timestamp"]
    return int(stamp, 16) if isinstance(stamp, str) else int(stamp)


def _alarm(alarm: Alarm) -> None:
    _LOG.error("relay alarm %s: %s", alarm.code, alarm.message)
