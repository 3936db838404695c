"""A deployment: the same contracts whatever dies in between, and no other chain's record taken for ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifacts import CONTRACTS, error_entries, load_artifact, read_artifact
from ledger.chain.deploy import check_deployment, deploy, plan_deployment
from ledger.chain.deployment import Deployment, load_deployment, save_deployment
from ledger.chain.errors import ChainError
from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, sign_transaction, transaction_hash
from ledger.clock import FixedClock
from ledger.errors import ConfigurationError, Conflict, IntegrityError, MalformedDocument, NotFound
from tests.chain.crash import Fuse, Killed, raise_killed
from tests.chain.product import START, EngineUnderTest, Product, open_embedded

ADMIN = Signer(b"\x61" * 32).address


def test_four_contracts_stand_where_the_record_says(engine: EngineUnderTest, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    deployment = deploy(engine.client, engine.relayer, ADMIN, record, pause=engine.tick)
    assert load_deployment(record) == deployment
    assert deployment.is_complete
    assert [contract.name for contract in deployment.contracts] == list(CONTRACTS)
    assert check_deployment(engine.client, deployment) == ()
    for contract in deployment.contracts:
        artifact = load_artifact(contract.name)
        code = engine.client.code(contract.address)
        assert artifact.matches(code)
        assert code != artifact.runtime_code  # the immutable values are in it
        assert contract.tx == transaction_hash(bytes.fromhex(contract.raw_tx[2:]))
    assert deployment.records_slot == 2


def test_the_second_run_sends_nothing(engine: EngineUnderTest, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    first = deploy(engine.client, engine.relayer, ADMIN, record, pause=engine.tick)
    before, text = engine.client.nonce(engine.relayer.address), record.read_bytes()
    assert deploy(engine.client, engine.relayer, ADMIN, record, pause=engine.tick) == first
    assert (engine.client.nonce(engine.relayer.address), record.read_bytes()) == (before, text)


@pytest.mark.slow
def test_a_run_that_dies_anywhere_is_finished_by_the_next(tmp_path: Path) -> None:
    signer = Signer(b"\x51" * 32)
    expected: dict[str, str] | None = None
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        clock, record = FixedClock(START), folder / "record.json"
        fuse = Fuse(step, raise_killed)
        died = deploy_and_maybe_die(folder, clock, signer, record, fuse)
        engine = open_embedded(folder / "chain.sqlite", clock)  # what waited in the pool is gone
        with engine.client:
            deployment = deploy(engine.client, signer, ADMIN, record, pause=engine.tick)
            assert engine.client.nonce(signer.address) == 4
            assert check_deployment(engine.client, deployment) == ()
        addresses = {contract.name: contract.address for contract in deployment.contracts}
        assert addresses == (expected := expected or addresses)
        if not died:
            assert step > 20
            return


def deploy_and_maybe_die(folder: Path, clock: FixedClock, signer: Signer, record: Path, fuse: Fuse) -> bool:
    engine = open_embedded(folder / "chain.sqlite", clock)
    guarded: Any = fuse.guard(engine.client, ("send_raw", "find_receipt", "code", "transaction_count"))
    try:
        deploy(guarded, signer, ADMIN, record, pause=engine.tick)
    except Killed:
        return True
    finally:
        engine.client.close()
    return False


def test_a_nonce_that_somebody_else_used_is_not_taken_for_ours(tmp_path: Path) -> None:
    engine = open_embedded(tmp_path / "chain.sqlite", FixedClock(START))
    with engine.client:
        save_deployment(tmp_path / "record.json", plan_deployment(engine.client, engine.relayer, ADMIN))
        engine.mine(Call(engine.relayer.address, b"", 21_000))
        with pytest.raises(Conflict, match="nonce 0 of the deployer"):
            deploy(engine.client, engine.relayer, ADMIN, tmp_path / "record.json", pause=engine.tick)


@pytest.mark.parametrize("difference", ["chain", "deployer", "admin"])
def test_a_record_of_something_else_is_refused(local_product: Product, tmp_path: Path, difference: str) -> None:
    record = tmp_path / "record.json"
    changes: dict[str, Any] = {
        "chain": {"chain_id": 1},
        "deployer": {"deployer": ADMIN},
        "admin": {"admin": Signer(b"\x62" * 32).address},
    }
    save_deployment(record, replace(local_product.deployment, **changes[difference]))
    with pytest.raises(Conflict, match="the deployment record has another"):
        deploy(local_product.engine.client, local_product.engine.relayer, local_product.admin.address, record)


def test_a_plan_of_another_build_is_not_finished_with_this_one(tmp_path: Path) -> None:
    engine = open_embedded(tmp_path / "chain.sqlite", FixedClock(START))
    with engine.client:
        plan = plan_deployment(engine.client, engine.relayer, ADMIN)
        first = replace(plan.contracts[0], artifact="00" * 32)
        save_deployment(tmp_path / "record.json", replace(plan, contracts=(first, *plan.contracts[1:])))
        with pytest.raises(Conflict, match="another build of ParticipantRegistry"):
            deploy(engine.client, engine.relayer, ADMIN, tmp_path / "record.json", pause=engine.tick)
        assert engine.client.nonce(engine.relayer.address) == 0


def test_the_check_names_what_differs(local_product: Product) -> None:
    client, deployment = local_product.engine.client, local_product.deployment

    def codes(changed: Deployment) -> list[tuple[str, str]]:
        return [(finding.code, finding.place) for finding in check_deployment(client, changed)]

    def with_contract(position: int, **changes: Any) -> Deployment:
        contracts = list(deployment.contracts)
        contracts[position] = replace(contracts[position], **changes)
        return replace(deployment, contracts=tuple(contracts))

    assert codes(deployment) == []
    assert codes(replace(deployment, chain_id=1)) == [("deployment.chain", "record")]
    assert codes(replace(deployment, genesis="0x00")) == [("deployment.genesis", "record")]
    assert codes(with_contract(2, code_hash="0x00")) == [("deployment.code", "PeriodLedger")]
    assert codes(with_contract(2, slots={"records": 3})) == [("deployment.slots", "PeriodLedger")]
    assert codes(with_contract(3, constructor=(ADMIN, ADMIN, ADMIN))) == [("deployment.wiring", "ClaimRegistry")]
    assert codes(with_contract(0, address=ADMIN)) == [("deployment.absent", "ParticipantRegistry")]
    other = deployment.contracts[1]
    assert ("deployment.build", "ParticipantRegistry") in codes(with_contract(0, address=other.address, code_hash=other.code_hash))


def test_a_deployment_that_reverts_is_named_as_such(tmp_path: Path) -> None:
    engine = open_embedded(tmp_path / "chain.sqlite", FixedClock(START))
    with engine.client:
        plan = plan_deployment(engine.client, engine.relayer, "0x" + "00" * 20)
        save_deployment(tmp_path / "record.json", plan)
        with pytest.raises(IntegrityError, match="InvalidAddress"):
            deploy(engine.client, engine.relayer, "0x" + "00" * 20, tmp_path / "record.json", pause=engine.tick)


def test_no_receipt_is_an_error_to_run_again(tmp_path: Path) -> None:
    engine = open_embedded(tmp_path / "chain.sqlite", FixedClock(START - 1))
    with engine.client:
        engine.send(Call(engine.relayer.address, b"", 21_000))
        # The clock stands still: nothing more is sealed.
        with pytest.raises(ChainError, match="no receipt of"):
            deploy(engine.client, engine.relayer, ADMIN, tmp_path / "record.json")
        assert deploy(engine.client, engine.relayer, ADMIN, tmp_path / "record.json", pause=engine.tick).is_complete


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(schema="lingtan.deployment/2"),
        lambda document: document.pop("genesis"),
        lambda document: document["contracts"].pop("PeriodLedger"),
        lambda document: document["contracts"]["PeriodLedger"].update(nonce="one"),
        lambda document: document["contracts"]["PeriodLedger"].update(constructor="0x"),
    ],
)
def test_a_document_that_is_no_record_is_refused(local_product: Product, change: Any) -> None:
    document = json.loads(json.dumps(local_product.deployment.to_document(), sort_keys=True))
    assert Deployment.from_document(document) == local_product.deployment
    change(document)
    with pytest.raises(MalformedDocument):
        Deployment.from_document(document)


def test_an_absent_record_and_an_absent_artifact_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no deployment record"):
        load_deployment(tmp_path / "absent.json")
    with pytest.raises(ConfigurationError, match="no artifact of Nothing"):
        load_artifact("Nothing")
    (tmp_path / "Bad.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="is no artifact"):
        read_artifact(tmp_path / "Bad.json")


def test_every_custom_error_of_the_contracts_can_be_named() -> None:
    names = {entry["name"] for entry in error_entries()}
    assert {"DeadlinePassed", "AlreadyRecorded", "RootMismatch", "OwnClaim", "NotAuthorized"} <= names


def test_the_relayer_needs_no_right_and_no_money(engine: EngineUnderTest) -> None:
    pauper = Signer(b"\x13" * 31 + bytes([engine.client.chain_id % 251]))
    nonce = engine.client.nonce(pauper.address)
    signed = sign_transaction(pauper, Call(ADMIN, b"", 21_000), chain_id=engine.client.chain_id, nonce=nonce)
    assert engine.wait(engine.client.send_raw(signed.raw)).status == 1
