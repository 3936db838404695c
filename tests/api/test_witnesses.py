"""A served house before a witness: what /v1/checkpoints says, that a dead witness stops nothing, and that one who knows better does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from starlette.testclient import TestClient

from api.app import create_app
from ledger.clock import SystemClock
from ledger.config import Settings, WitnessSetting
from ledger.errors import ConfigurationError
from ledger.records.outbox import QUEUED
from ledger.records.signed_note import read_note, read_vkey, verify_note
from ledger.services.fsck import check_house
from ledger.services.house import init_house, open_house
from ledger.store.outbox import list_outbox
from ledger.witness.service import Witness
from ledger.witness.state import WitnessState
from tests.api.scene import CHAIN_ID, FOREVER, KINDS, Scene, add_token, private_key, sid
from tests.product import OPERATOR
from tests.witness.logs import NOTE_KEY, WITNESS_KEY, WITNESS_NAME, serving


@dataclass
class Place:
    """A house that can be served again and again, and its witness's address."""

    settings: Settings
    witness: WitnessSetting

    @contextmanager
    def served(self) -> Iterator[Scene]:
        house = open_house(replace(self.settings, witnesses=(self.witness,), witness_quorum=1))
        try:
            with TestClient(create_app(house), raise_server_exceptions=False) as http:
                yield Scene(house, http)
        finally:
            house.close()


def settings_in(data: Path) -> Settings:
    return Settings(
        data=data,
        database_url=f"sqlite:///{data / 'ledger.sqlite'}",
        chain_url=f"embedded://{data / 'chain.sqlite'}",
        chain_id=CHAIN_ID,
        passphrase="only for this test",
        light_keys=True,
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A fresh house that nobody serves, and the vkey of its log, which the operator hands to witnesses."""
    settings = settings_in(tmp_path_factory.mktemp("prepared") / "house")
    init_house(settings, str(Account.from_key(private_key("admin")).address))
    house = open_house(settings)
    found = house.chain.checkpoint_for(0)
    house.close()
    assert found is not None
    return settings.data, found.verifier_key


@pytest.fixture
def place(prepared: tuple[Path, str], tmp_path: Path) -> Iterator[Place]:
    data, vkey = prepared
    shutil.copytree(data, tmp_path / "house")
    witness = Witness(WITNESS_NAME, WITNESS_KEY, [read_vkey(vkey)], WitnessState(tmp_path / "witness"), SystemClock())
    with serving(witness) as port:
        yield Place(settings_in(tmp_path / "house"), WitnessSetting(NOTE_KEY.vkey, f"http://127.0.0.1:{port}"))


def wait_for(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing after {seconds:.0f} seconds")


def test_the_latest_checkpoint_comes_with_the_latest_cosigned_one(place: Place) -> None:
    with place.served() as scene:
        add_token(scene, "operator")
        ready = scene.get(None, "/readyz")
        assert ready.json()["checks"] == {"database": "ok", "chain": "ok", "relay": "ok", "witnesses": "ok"}
        answer = wait_for(lambda: (found := scene.get("operator", "/v1/checkpoints").json())["cosigned"] and found)
        cosigned = answer["cosigned"]
        assert (cosigned["size"], cosigned["root"], cosigned["quorum"]) == (answer["size"], answer["root"], 1)
        assert [item["witness"] for item in cosigned["cosignatures"]] == [WITNESS_NAME]
        assert cosigned["note"].startswith(answer["note"])
        log, witness = verify_note(read_note(cosigned["note"]), [read_vkey(answer["verifier_key"]), NOTE_KEY])
        assert (log.time, witness.key) == (None, NOTE_KEY)
        proof = scene.house.chain.cosigned_checkpoint_for(0)
        assert proof is not None
        assert proof.note == cosigned["note"]


def test_a_house_whose_witness_is_down_serves_and_is_ready(place: Place) -> None:
    place.witness = WitnessSetting(NOTE_KEY.vkey, "http://127.0.0.1:9")
    with place.served() as scene:
        add_token(scene, "operator")
        assert scene.get(None, "/readyz").status_code == 200
        assert scene.get("operator", "/v1/checkpoints").json()["cosigned"] is None
        assert scene.house.chain.find_cosigned() is None


def register(scene: Scene, version: int) -> None:
    """Queue one message for the chain, as the admin of a fresh house does."""
    for name in ("operator", "admin"):
        add_token(scene, name)
    document = {"id": "bank-a", "kind": "bank", "name": {"en": "a", "zh": "甲"}, "timezone": "Asia/Shanghai", "region": "CN-ZJ"}
    assert scene.post("admin", "/v1/institutions", document).status_code == 201
    message = {"org": sid("org", "bank-a"), "kind": KINDS["bank"], "nameHash": bytes(32), "version": version, "deadline": FOREVER}
    body = {
        "struct": "RegisterInstitution",
        **scene.signed("admin", "RegisterInstitution", scene.contract("ParticipantRegistry"), **message),
    }
    answer = scene.post("admin", "/v1/institutions/bank-a/participant-actions", body)
    assert answer.status_code == 202, answer.text


def test_a_restored_house_is_not_ready_and_relays_and_publishes_nothing(place: Place) -> None:
    backup = place.settings.data.parent / "backup"
    shutil.copytree(place.settings.data, backup)
    with place.served() as scene:
        size = scene.house.chain.block_number() + 1
        register(scene, 1)
        wait_for(lambda: scene.house.chain.block_number() + 1 > size)
        # Asked for, the head is published at once; the witness sees it in the next second.
        scene.get("operator", "/v1/checkpoints")
        wait_for(lambda: (found := scene.house.chain.find_cosigned()) and found.checkpoint.size > size)
    shutil.rmtree(place.settings.data)
    shutil.copytree(backup, place.settings.data)
    with place.served() as scene:
        refused = scene.get(None, "/readyz")
        assert refused.status_code == 503
        assert [(item["pointer"], item["code"]) for item in refused.json()["errors"]] == [("witnesses", "CHECKPOINT_ROLLBACK")]
        register(scene, 1)
        time.sleep(1.5)
        # What is queued stays queued: nothing is built on a copy that is behind, and nothing more is published.
        assert scene.house.chain.block_number() + 1 == size
        with scene.house.view(OPERATOR) as work:
            assert "CHECKPOINT_ROLLBACK" in [finding.code for finding in check_house(work)]
            assert [row.state for row in list_outbox(work.session, limit=10).items][-1] == QUEUED
        assert (place.settings.checkpoints / "alarm.json").exists()
    assert not [path for path in place.settings.checkpoints.glob("*.note") if int(path.name[:12]) > size]


@pytest.mark.parametrize(
    ("witnesses", "message"),
    [
        ([WitnessSetting("nonsense", "http://127.0.0.1:1")], "vkey"),
        ([WitnessSetting("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "http://127.0.0.1:1")], "no witness's"),
        ([WitnessSetting(NOTE_KEY.vkey, "http://127.0.0.1:1")] * 2, "twice"),
    ],
)
def test_a_wrong_witness_is_refused_at_the_start(place: Place, witnesses: list[WitnessSetting], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        open_house(replace(place.settings, witnesses=tuple(witnesses), witness_quorum=1))
