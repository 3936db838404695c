"""What holds for every function that takes a signed message, on both engines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.contracts.conftest import City
from tests.contracts.engines import EthTesterEngine, Reverted
from tests.contracts.messages import FUNCTIONS, TYPES, sign, struct_hash, with_high_s
from tests.contracts.scenes import SCENES, Scene
from tests.contracts.world import CENTRE, NAMES, PEOPLE, ZERO, Refusal, World, abi_type, address_of, key_of, signature_of


@dataclass(frozen=True)
class Ready:
    """A scene whose preparation has run."""

    world: World
    scene: Scene
    message: dict[str, Any]


@pytest.fixture(scope="module", params=SCENES, ids=str)
def prepared(request: pytest.FixtureRequest, city: City) -> Callable[[], Ready]:
    """Prepare each scene once per engine; give it back fresh to every test."""
    scene: Scene = request.param
    world = city()
    message = scene.prepare(world)
    kept = world.engine.keep()

    def fresh() -> Ready:
        world.engine.restore(kept)
        return Ready(world.copy(), scene, dict(message))

    return fresh


@pytest.fixture
def ready(prepared: Callable[[], Ready]) -> Ready:
    return prepared()


def test_there_is_a_scene_for_every_function_that_writes() -> None:
    functions = [entry for kind in World.contracts.values() for entry in kind.functions.values()]
    writing = {entry["name"] for entry in functions if entry["stateMutability"] != "view"}
    assert writing == {scene.function for scene in SCENES} == set(FUNCTIONS)


def test_no_function_takes_ether_and_there_is_no_fallback() -> None:
    for kind in World.contracts.values():
        assert all(entry.get("stateMutability") != "payable" for entry in kind.abi)
        assert not [entry for entry in kind.abi if entry["type"] in ("fallback", "receive")]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_struct_in_the_abi_is_the_one_in_the_specification(function: str) -> None:
    contract, struct = FUNCTIONS[function]
    message, signature = World.contracts[contract].functions[function]["inputs"]
    assert tuple((abi_type(part), part["name"]) for part in message["components"]) == TYPES[struct]
    assert signature["type"] == "bytes"


@pytest.mark.parametrize("name", NAMES)
def test_the_domain_can_be_read_from_the_contract(world: World, name: str) -> None:
    fields, domain, version, chain_id, contract, salt, extensions = world.view(name, "eip712Domain")
    assert (fields, domain, version, chain_id) == (b"\x0f", "Lingtan", "1", world.engine.chain_id)
    assert contract == world.addresses[name].lower()
    assert salt == ZERO
    assert extensions == ()


def test_a_good_message_is_recorded_once_with_its_signer_and_hash(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    done = world.send(scene.function, message, by=scene.by)
    event = done.events[0].arguments
    assert event["signer"] == address_of(scene.by).lower()
    assert event["structHash"] == struct_hash(FUNCTIONS[scene.function][1], message)
    shown = {field: value for field, value in message.items() if field in event}
    assert {field: _plain(event[field]) for field in shown} == {field: _plain(value) for field, value in shown.items()}
    left_out = {"deadline", "measures"} if FUNCTIONS[scene.function][0] == "PeriodLedger" else set()
    assert set(message) - set(shown) <= left_out, "an event shows every field of its struct"

    world.engine.advance(10**10)
    again = world.send(scene.function, message, signature=b"anything")
    assert again.events == ()
    expired = message | {"deadline": world.engine.now() - 1}
    assert world.refusal(scene.function, expired, by=scene.by).name in {"AlreadyRecorded", "CommitmentsClosed", "DeadlinePassed"}


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value.lower() if isinstance(value, str) else value


def test_another_message_under_the_same_key_is_refused_with_both_hashes(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    world.send(scene.function, message, by=scene.by)
    rival = {**message, **scene.rival}
    struct = FUNCTIONS[scene.function][1]
    refusal = world.refusal(scene.function, rival, by=scene.by)
    assert refusal.name == "AlreadyRecorded"
    assert refusal.arguments[1:] == (struct_hash(struct, message), struct_hash(struct, rival))


def test_a_message_is_accepted_up_to_the_last_second_of_its_deadline(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    world.engine.advance(100)
    now = world.engine.now()
    assert world.find_refusal(scene.function, message | {"deadline": now}, by=scene.by) is None
    late = message | {"deadline": now - 1}
    assert world.refusal(scene.function, late, by=scene.by) == Refusal("DeadlinePassed", (now - 1, now))


def test_a_signature_for_another_chain_or_contract_is_refused(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    contract, struct = FUNCTIONS[scene.function]
    elsewhere = next(address for name, address in world.addresses.items() if name != contract)
    for chain_id, address in ((world.engine.chain_id + 1, world.addresses[contract]), (world.engine.chain_id, elsewhere)):
        signature = sign(struct, message, key_of(scene.by), chain_id, address)
        refusal = world.refusal(scene.function, message, signature=signature)
        assert refusal.name == "NotAuthorized"
        assert refusal.arguments[1] != address_of(scene.by).lower()


def test_a_malleable_or_malformed_signature_is_refused(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    good = world.sign(scene.function, message, scene.by)
    high = with_high_s(good)
    assert world.refusal(scene.function, message, signature=high) == Refusal("ECDSAInvalidSignatureS", (high[32:64],))
    assert world.refusal(scene.function, message, signature=good[:64]) == Refusal("ECDSAInvalidSignatureLength", (64,))
    assert world.refusal(scene.function, message, signature=good + b"\0") == Refusal("ECDSAInvalidSignatureLength", (66,))
    for wrong in (good[:64] + bytes([good[64] - 27]), bytes(64) + b"\x1b"):
        assert world.refusal(scene.function, message, signature=wrong) == Refusal("ECDSAInvalidSignature", ())


def test_a_stranger_is_refused(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    refusal = world.refusal(scene.function, message, by="stranger")
    org = message.get("org", ZERO)
    assert refusal == Refusal("NotAuthorized", (org, address_of("stranger").lower(), scene.role or 0, 0))


def test_ether_is_refused(tester_world: World) -> None:
    engine = tester_world.engine
    assert isinstance(engine, EthTesterEngine)
    for scene in SCENES[:6]:
        contract, message = FUNCTIONS[scene.function][0], scene.prepare(tester_world)
        data = tester_world.data(scene.function, message, tester_world.sign(scene.function, message, scene.by))
        engine.call(tester_world.addresses[contract], data)
        with pytest.raises(Reverted):
            engine.call(tester_world.addresses[contract], data, value=1)


def test_keys_of_other_roles_are_refused(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    admitted = {1, 2} if scene.function == "anchorLog" else {scene.role}
    for person, (_, role) in PEOPLE.items():
        if role not in admitted:
            refusal = world.refusal(scene.function, message, by=person)
            assert refusal.name in {"NotAuthorized", "SamePerson"}, person
    if scene.role is not None:
        assert world.refusal(scene.function, message, by="admin").name == "NotAuthorized"


def test_a_suspended_or_ended_key_or_institution_is_refused_until_it_stands_again(ready: Ready) -> None:
    world, scene, message = ready.world, ready.scene, ready.message
    if scene.role is None:
        # The admin is nobody's key: a suspended centre can still be put in order.
        world.send("setStanding", world.standing(CENTRE, True), by="admin")
        assert world.find_refusal(scene.function, message, by=scene.by) is None
        return
    org, role = PEOPLE[scene.by]
    suspensions: tuple[tuple[int, str, Callable[[bool], dict[str, Any]]], ...] = (
        (4, "setKeyStanding", lambda on: world.key_standing(org, scene.by, role, on)),
        (5, "setStanding", lambda on: world.standing(org, on)),
    )
    for status, function, build in suspensions:
        world.send(function, build(True), by="admin")
        refusal = world.refusal(scene.function, message, by=scene.by)
        assert refusal == Refusal("NotAuthorized", (org, address_of(scene.by).lower(), role, status))
        world.send(function, build(False), by="admin")
        assert world.find_refusal(scene.function, message, by=scene.by) is None
    world.send("endKey", world.key_end(org, scene.by, role, 1), by="admin")
    assert world.refusal(scene.function, message, by=scene.by) == Refusal("NotAuthorized", (org, address_of(scene.by).lower(), role, 3))


@pytest.mark.parametrize("name", NAMES)
def test_a_transfer_and_an_unknown_selector_are_refused(world: World, name: str) -> None:
    for data in (b"", hashlib.sha256(b"no such function").digest()[:4]):
        with pytest.raises(Reverted) as caught:
            world.engine.call(world.addresses[name], data)
        assert caught.value.data == b""


def test_selectors_of_the_artifacts_are_those_of_the_abi() -> None:
    for kind in World.contracts.values():
        expected = {signature_of(entry): keccak(text=signature_of(entry))[:4].hex() for entry in kind.functions.values()}
        assert kind.artifact["methodIdentifiers"] == expected
