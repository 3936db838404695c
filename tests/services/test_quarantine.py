"""What the relay puts aside: shown as such, settled by the operator, and signed again by the bank; other banks go on."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ledger.chain.client import ChainClient
from ledger.chain.errors import TransactionRejected
from ledger.chain.transaction import Call, sign_transaction
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.records.outbox import FINAL, QUARANTINED, QUEUED, REVERTED, SENT
from ledger.services import attestations, audit, outbox, statements
from ledger.services.attestations import AttestationView
from ledger.services.context import House
from ledger.services.fsck import check_house
from ledger.services.relay import build_relay
from tests.product import AUDITOR, CHAIN_ID, OPERATOR, Town, preparer

REASON = "the node refused it: looked at its log on the 28th"


class Refusing(ChainClient):
    """The town's own chain behind a node that refuses the next transaction for ever; with `swallow` it takes it and says the same."""

    def __init__(self, chain: ChainClient, *, swallow: bool = False) -> None:
        self.__dict__.update(chain.__dict__)
        self.left, self.swallow = 1, swallow

    def send_raw(self, raw: bytes) -> str:
        if self.left:
            self.left -= 1
            if self.swallow:
                super().send_raw(raw)
            raise TransactionRejected("this node does not like it", reason="malformed")
        return super().send_raw(raw)


def behind(town: Town, chain: ChainClient) -> House:
    """The town's house with another way to its chain."""
    house = copy.copy(town.house)
    house.chain = chain
    return house


def quarantine(town: Town, *, swallow: bool = False) -> int:
    """Let the node refuse the first row of oak's attestation, and return that row's number."""
    town.attest("oak", town.prepare("oak", "2025-03").id)
    build_relay(behind(town, Refusing(town.house.chain, swallow=swallow))).step(town.clock.now())
    town.clock.advance(1)
    (row,) = listed(town, QUARANTINED)
    assert row.nonce is not None
    return row.id


def listed(town: Town, state: str | None = None) -> tuple[outbox.OutboxView, ...]:
    with town.house.view(OPERATOR) as work:
        return outbox.list_transactions(work, state, 500).items


def operator(town: Town, act: str, *arguments: Any) -> Any:
    with town.work(OPERATOR) as work:
        return getattr(outbox, act)(work, *arguments)


def view(town: Town) -> AttestationView:
    with town.house.view(AUDITOR) as work:
        return attestations.get_attestation(work, "1")


def step(town: Town, passes: int = 8) -> None:
    relay = build_relay(town.house)
    for _ in range(passes):
        relay.step(town.clock.now())
        town.clock.advance(20)


def test_a_quarantined_transaction_is_shown_and_its_gap_holds_every_bank(town: Town) -> None:
    id = quarantine(town)
    shown = view(town)
    assert [(item.dataset, item.state) for item in shown.items] == [("METERS", "quarantined"), ("OPERATIONAL", "queued")]
    assert shown.state == "queued"
    assert "malformed" in (shown.items[0].error or "")
    town.attest("elm", town.prepare("elm", "2025-03").id)
    step(town)
    assert [row.id for row in listed(town, QUARANTINED)] == [id]
    assert FINAL not in {row.state for row in listed(town) if row.id > id}, "nothing goes on behind the gap"
    (row,) = listed(town, QUARANTINED)
    assert (row.kind, row.subject) == ("periods.submit", "statement/1/METERS")


def test_closing_the_gap_lets_the_others_go_on_and_retiring_lets_the_bank_sign_again(town: Town) -> None:
    id = quarantine(town)
    with pytest.raises(Conflict, match="is not spent for good"):
        operator(town, "retire_transaction", id, REASON)
    assert operator(town, "close_gap", REASON) is not None
    town.clock.advance(1)
    step(town)
    assert operator(town, "close_gap", REASON) is None, "there is none any more"
    assert [(item.dataset, item.state) for item in view(town).items] == [("METERS", "quarantined"), ("OPERATIONAL", "anchored")]
    with pytest.raises(Conflict, match="on its way"):
        town.prepare("oak", "2025-03", "error")

    retired = operator(town, "retire_transaction", id, REASON)
    assert (retired.state, REASON in retired.error) == (REVERTED, True)
    assert [(item.dataset, item.state) for item in view(town).items] == [("METERS", "rejected"), ("OPERATIONAL", "anchored")]
    assert view(town).state == "rejected"
    with pytest.raises(Conflict, match="is REVERTED"):
        operator(town, "retire_transaction", id, REASON)
    town.attest("oak", "1")
    town.relay()
    assert view(town).state == "anchored"
    with town.house.view(AUDITOR) as work:
        actions = [(entry.action, entry.actor) for entry in audit.list_audit_log(work, 500, None).items]
        assert check_house(work) == ()
    assert [action for action in actions if action[0].startswith("outbox.")] == [
        ("outbox.close_gap", "operator"),
        ("outbox.retire", "operator"),
    ]


def test_a_nonce_that_somebody_else_spent_may_be_retired_at_once(town: Town) -> None:
    house = town.house
    town.attest("oak", town.prepare("oak", "2025-03").id)
    call = Call(house.relayer_address, b"", 21_000)
    nonce = house.chain.nonce(house.relayer_address)
    build_relay(behind(town, Refusing(house.chain))).step(town.clock.now())
    house.chain.send_raw(sign_transaction(house.relayer, call, chain_id=CHAIN_ID, nonce=nonce, max_fee=house.chain.base_fee() * 2).raw)
    town.clock.advance(1)
    (row,) = listed(town, QUARANTINED)
    assert row.nonce == nonce
    assert operator(town, "retire_transaction", row.id, REASON).state == REVERTED


def test_what_the_chain_has_after_all_is_resumed_and_never_retired(town: Town) -> None:
    id = quarantine(town, swallow=True)
    with pytest.raises(Conflict, match="was mined after all"):
        operator(town, "retire_transaction", id, REASON)
    assert operator(town, "resume_transaction", id, REASON).state == SENT
    step(town)
    assert {row.state for row in listed(town)} == {FINAL}
    assert view(town).state == "anchored"


def test_what_the_chain_does_not_have_is_not_resumed(town: Town) -> None:
    id = quarantine(town)
    with pytest.raises(Conflict, match="the chain has no transaction"):
        operator(town, "resume_transaction", id, REASON)


@pytest.mark.parametrize("act", ["retire_transaction", "resume_transaction"])
def test_only_a_quarantined_transaction_is_settled_by_the_operator_with_a_reason(town: Town, act: str) -> None:
    town.attest("oak", town.prepare("oak", "2025-03").id)
    id = listed(town, QUEUED)[0].id
    with pytest.raises(Conflict, match="is QUEUED, expected QUARANTINED"):
        operator(town, act, id, REASON)
    with pytest.raises(InputError, match="no reason"):
        operator(town, act, id, "  ")
    with pytest.raises(NotFound):
        operator(town, act, 10**6, REASON)
    for actor in (AUDITOR, preparer("oak")):
        with pytest.raises(Forbidden), town.work(actor) as work:
            getattr(outbox, act)(work, id, REASON)


def test_the_outbox_is_listed_by_state_and_page(town: Town) -> None:
    everything = listed(town)
    with town.house.view(AUDITOR) as work:
        page = outbox.list_transactions(work, FINAL, 3)
        rest = outbox.list_transactions(work, FINAL, 500, page.next_key)
        assert (*page.items, *rest.items) == everything
        with pytest.raises(InputError, match="no state anchored"):
            outbox.list_transactions(work, "anchored")
        assert statements.list_statements(work, "oak", None, 1, None).items == ()
