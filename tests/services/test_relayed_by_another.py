"""A signed message is public once somebody has it: anybody may relay it, and the evidence is of whoever was first."""

from __future__ import annotations

from ledger.chain.transaction import sign_transaction
from ledger.chain.typed_data import PeriodAttestation
from ledger.services import anchors, attestations, claims
from ledger.services.attestations import read_message
from ledger.store.repositories import attestations as rows
from tests.product import AUDITOR, Town, signer


def relay_as_another(town: Town) -> list[str]:
    """Send oak's queued attestations from another account, and return the transactions' hashes when the chain has them."""
    chain, ledger, other = town.house.chain, town.house.contracts.periods, signer("a stranger's relayer")
    with town.house.view(AUDITOR) as work:
        stored = [(read_message(row), row.signature) for row in rows.list_statement_attestations(work.session, 1)]
    hashes = []
    for nonce, (message, signature) in enumerate(stored):
        call = ledger.prepare(PeriodAttestation.from_message(message), bytes.fromhex(signature[2:]))
        raw = sign_transaction(other, call, chain_id=chain.chain_id, nonce=nonce, max_fee=chain.base_fee() * 2).raw
        hashes.append(chain.send_raw(raw))
        town.clock.advance(1)
        receipt = chain.find_receipt(hashes[-1])
        assert receipt is not None
        assert receipt.status == 1
    return hashes


def test_the_anchor_names_the_transaction_that_recorded_it_and_not_ours(town: Town) -> None:
    town.attest("oak", town.prepare("oak", "2025-03").id)
    first = relay_as_another(town)
    town.relay()
    with town.house.view(AUDITOR) as work:
        shown = anchors.list_anchors(work, "oak", 10, None).items
        ours = [item.tx_hash for item in attestations.get_attestation(work, "1").items]
        proofs = [anchors.get_anchor_proof(work, anchor.id) for anchor in shown]
    assert [anchor.tx_hash for anchor in shown] == first
    assert not set(first) & set(ours), "ours changed nothing on chain"
    for anchor, proof in zip(shown, proofs, strict=True):
        assert (anchor.tx_hash, anchor.block_hash) == (proof["transaction"]["hash"], proof["block"]["hash"])
        assert str(anchor.block_number) == proof["block"]["number"]


def test_a_claim_rests_on_evidence_that_another_relayed(town: Town) -> None:
    town.attest("oak", town.prepare("oak", "2025-03").id)
    relay_as_another(town)
    town.relay()
    town.claim("oak", "1", "c1")
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert claims.get_claim(work, "oak:c1").state == "submitted"
