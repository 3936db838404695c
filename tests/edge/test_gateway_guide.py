"""The worked examples of docs/guides/gateway.md, recomputed from the specification with a library of another author."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.edge.dlt645 import FrameRefused, decode, read_energy, read_request
from ledger.metering.envelope import read_envelope

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "gateway.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (.+?) \| `(.+?)` \|$", TEXT, re.MULTILINE))
MESSAGE, FIRST, SECOND = (block.encode() for block in re.findall(r"^```json\n(.*?)\n```", TEXT, re.MULTILINE | re.DOTALL))
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(ROWS["private key (never use it)"]))


def test_the_key_and_its_name() -> None:
    public = KEY.public_key().public_bytes_raw()
    assert public.hex() == ROWS["public key"]
    assert hashlib.sha256(public).hexdigest()[:16] == ROWS["kid, the first 16 hex of SHA-256(public key)"]


def test_the_proof_of_the_enrolment() -> None:
    digest = hashlib.sha256(ROWS["code"].replace("-", "").encode()).digest()
    assert digest.hex() == ROWS["SHA-256 of the code"]
    message = b"lingtan/enrol/1\x00" + digest + KEY.public_key().public_bytes_raw()
    assert KEY.sign(message).hex() == ROWS["proof"]


def test_the_message_is_canonical_and_the_body_is_it_with_its_signature() -> None:
    assert rfc8785.dumps(json.loads(MESSAGE)) == MESSAGE
    signature = {"kid": ROWS["kid, the first 16 hex of SHA-256(public key)"], "value": KEY.sign(MESSAGE).hex()}
    assert MESSAGE[:-1] + b',"sig":' + rfc8785.dumps(signature) + b"}" == FIRST
    assert rfc8785.dumps(json.loads(FIRST)) == FIRST
    assert f"The body, {len(FIRST)} bytes" in TEXT


def test_the_second_body_follows_the_first() -> None:
    digest = hashlib.sha256(FIRST).hexdigest()
    assert f"Its SHA-256 is `{digest}`" in TEXT
    document = json.loads(SECOND)
    assert (document["prev"], document["seq"], document["boot"]) == (digest, 2, json.loads(FIRST)["boot"])
    signature = bytes.fromhex(document.pop("sig")["value"])
    Ed25519PublicKey.from_public_bytes(KEY.public_key().public_bytes_raw()).verify(signature, rfc8785.dumps(document))


@pytest.mark.parametrize("body", [FIRST, SECOND])
def test_the_server_reads_the_bodies(body: bytes) -> None:
    envelope, findings = read_envelope(body)
    assert findings == ()
    assert envelope is not None


def test_the_frames() -> None:
    address = "000000000001"
    assert read_request(address, "00010000") == bytes.fromhex(ROWS["read 00010000 of meter 000000000001"])
    assert read_energy(decode(bytes.fromhex(ROWS["reply: 123456.78 kWh"])), address, "00010000") == "123456.78"
    with pytest.raises(FrameRefused, match="METER_ERROR: code 02: no such data"):
        read_energy(decode(bytes.fromhex(ROWS["reply: error, no such data"])), address, "00010000")
