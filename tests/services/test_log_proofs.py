"""The envelope log as evidence: its root, its proofs, its anchors, against a plain tree and a verifier that shares no code."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest

from ledger.chain.transaction import sign_transaction
from ledger.chain.typed_data import LogCheckpoint, Role
from ledger.errors import Forbidden, NotFound
from ledger.merkle import plain
from ledger.records import canonical
from ledger.services import checkpoints, log_proofs
from ledger.services.log_tree import EnvelopeLogs
from ledger.store.repositories import metering
from ledger.store.tables import TelemetryBody
from tests.product import AUDITOR, Town, approver, person, sign, signer
from tests.services.books import signed
from verifier import rfc9162

KEEPER = person("oak.keeper", "oak", "logkeeper")


def grow(town: Town, count: int, bank: str = "oak") -> list[bytes]:
    """Append bodies to a bank's log; return all leaf hashes."""
    with town.work(approver(bank)) as work:
        start = metering.count_telemetry(work.session, bank)
        for number in range(start, start + count):
            body = b"body %d" % number
            metering.add_telemetry_body(work.session, bank, body, media_type="text/csv", findings=b"{}", actor="x", received_at=1)
        return metering.list_leaf_hashes(work.session, bank)


def anchor(town: Town, key: str = "oak.approver", actor: Any = None) -> str:
    """Sign the log as it stands and relay; return what became of it."""
    with town.work(actor or approver("oak")) as work:
        item = checkpoints.log_checkpoint_request(work, "oak")
        checkpoints.submit_log_checkpoint(work, "oak", item.message, sign(item, signer(key)))
    town.relay()
    with town.house.view(AUDITOR) as work:
        head = log_proofs.get_log(work, "oak").signed
        return "none" if head is None else head.state


def proof(town: Town, index: int, size: int | None = None, old: int | None = None) -> dict[str, Any]:
    with town.house.view(AUDITOR) as work:
        return log_proofs.get_log_proof(work, "oak", index, size, old)


def test_a_proof_leads_from_the_body_to_the_root_at_every_size(town: Town) -> None:
    leaves = grow(town, 20)
    for size in (1, 2, 7, 16, 21):
        for index in {0, size // 2, size - 1}:
            document = proof(town, index, size, old=max(1, size - 3))
            root = plain.root(leaves[:size])
            assert (document["root"], document["leaf"], document["anchor"]) == (root.hex(), leaves[index].hex(), None)
            rfc9162.verify_inclusion(index, size, leaves[index], [bytes.fromhex(item) for item in document["inclusion"]], root)
            older = document["consistency"]
            hashes = [bytes.fromhex(item) for item in older["hashes"]]
            rfc9162.verify_consistency(int(older["old_size"]), size, hashes, bytes.fromhex(older["old_root"]), root)


def test_what_the_log_never_had_is_not_found(town: Town) -> None:
    grow(town, 3)
    for index, size, old in ((4, None, None), (3, 3, None), (0, 5, None), (0, 4, 5)):
        with pytest.raises(NotFound):
            proof(town, index, size, old)
    with town.house.view(AUDITOR) as work:
        for old, new in ((0, 4), (5, 5), (3, 2)):
            with pytest.raises(NotFound):
                log_proofs.get_log_consistency(work, "oak", old, new)
        assert log_proofs.get_body(work, "oak", "1").body == b"body 1"
        for id in ("4", "x", "9" * 30):
            with pytest.raises(NotFound):
                log_proofs.get_body(work, "oak", id)


def test_a_proof_without_a_size_is_of_the_last_anchored_log_and_carries_its_block(town: Town) -> None:
    grow(town, 4)
    assert anchor(town) == "anchored"
    grow(town, 4)
    document = proof(town, 2)
    assert document["size"] == "5"
    evidence = document["anchor"]
    assert evidence["root"] == document["root"]
    assert evidence["contract"] == town.house.contracts.periods.address.lower()
    struct = LogCheckpoint.from_message(evidence["message"])
    assert (struct.size, struct.root.hex()) == (5, document["root"])
    assert set(evidence) == {
        *("size", "root", "chain_id", "contract", "message", "signature"),
        *("block", "transaction", "receipt", "finality"),
    }
    assert hashlib.sha256(b"\0body 2").hexdigest() == document["leaf"]
    assert proof(town, 7)["anchor"] is None, "not anchored yet"
    assert proof(town, 7)["size"] == "9"
    with town.house.view(AUDITOR) as work:
        head = log_proofs.get_log(work, "oak")
        assert head.anchored is not None
        assert (head.size, head.anchored.size, head.anchored.signer) == (9, 5, signer("oak.approver").address.lower())
    canonical.dump(document)


def test_a_logkeeper_with_a_key_of_its_own_keeps_the_log_and_does_nothing_else(town: Town) -> None:
    town.add_key("oak", Role.LOGKEEPER, "oak.keeper")
    town.relay()
    grow(town, 1)
    assert anchor(town, "oak.keeper", KEEPER) == "anchored"
    with town.work(person("oak.meter", "oak", "meter")) as work, pytest.raises(Forbidden):
        checkpoints.log_checkpoint_request(work, "oak")
    with town.work(person("elm.keeper", "elm", "logkeeper")) as work, pytest.raises(NotFound):
        checkpoints.log_checkpoint_request(work, "oak")


def test_the_evidence_is_of_the_transaction_that_recorded_the_checkpoint_and_not_of_ours(town: Town) -> None:
    grow(town, 1)
    with town.work(approver("oak")) as work:
        struct = LogCheckpoint.from_message(checkpoints.log_checkpoint_request(work, "oak").message)
        message, signature = signed(struct, town.house.contracts.periods, "oak.approver")
        ours = checkpoints.submit_log_checkpoint(work, "oak", message, signature)
    chain, call = town.house.chain, town.house.contracts.periods.prepare(struct, bytes.fromhex(signature[2:]))
    stranger = signer("a stranger's relayer")
    first = chain.send_raw(sign_transaction(stranger, call, chain_id=chain.chain_id, nonce=0, max_fee=chain.base_fee() * 2).raw)
    town.clock.advance(1)
    town.relay()
    evidence = proof(town, 0)["anchor"]
    assert evidence["transaction"]["hash"] == first != ours.tx_hash
    assert evidence["message"] == message


def test_a_hundred_thousand_entries_are_proven_without_reading_them_all_again(town: Town) -> None:
    count = 100_000
    leaves = [hashlib.sha256(b"\0%d" % number).digest() for number in range(count)]
    table = TelemetryBody.metadata.tables["telemetry_body"]
    with town.work(approver("elm")) as work:
        start = metering.count_telemetry(work.session, "elm")
        rows = [
            {
                "institution_id": "elm",
                "log_index": start + number,
                "sha256": hashlib.sha256(b"%d" % number).hexdigest(),
                "leaf_hash": leaf,
                "media_type": "text/csv",
                "received_at": 1,
                "actor": "x",
                "findings": b"{}",
                "body": b"%d" % number,
            }
            for number, leaf in enumerate(leaves)
        ]
        work.session.connection().execute(table.insert(), rows)
        whole = metering.list_leaf_hashes(work.session, "elm")
    with town.house.view(approver("elm")) as work:
        logs, began = EnvelopeLogs(), time.perf_counter()
        assert logs.open(work.session, "elm").root() == plain.root(whole)
        first, began = time.perf_counter() - began, time.perf_counter()
        view = logs.open(work.session, "elm")
        path = view.inclusion(77_777)
        again = time.perf_counter() - began
        assert path == plain.inclusion_proof(whole, 77_777)
        assert first < 20, "about 0.5 s on an idle machine"
        assert again < first, (again, first)
