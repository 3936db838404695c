"""Enrol a device's key as the device and the preparer do it together."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.metering.enrolment import find_code_hash, prove
from ledger.services import devices
from ledger.services.context import Actor
from ledger.services.devices import EnrolledView
from tests.product import Town, preparer

NOBODY = Actor("nobody", None, frozenset())


def ask_for_code(town: Town, bank: str, device: str) -> str:
    """Return a one-time code, as the bank's preparer gets it."""
    with town.work(preparer(bank)) as work:
        return devices.issue_enrolment_code(work, bank, device).code


def send(town: Town, code: str, key: Ed25519PrivateKey, *, serial: str = "S-1", proof: bytes | None = None) -> EnrolledView | None:
    """Send an enrolment as a device does, without a token."""
    public = key.public_key().public_bytes_raw()
    made = prove(find_code_hash(code) or bytes(32), key) if proof is None else proof
    with town.work(NOBODY) as work:
        return devices.enrol_device(work, code=code, public_key=public, serial=serial, proof=made)


def enrol(town: Town, bank: str, device: str, key: Ed25519PrivateKey) -> EnrolledView:
    """Enrol a key with a fresh code."""
    enrolled = send(town, ask_for_code(town, bank, device), key)
    assert enrolled is not None
    return enrolled
